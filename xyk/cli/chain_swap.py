"""`xyk chain swap`: quoted, built, checked, shown, agreed to, signed here, relayed, followed."""

import asyncio
from pathlib import Path

import msgspec
import typer

from xyk.cli.chain_pins import ChainPins
from xyk.cli.chain_show import (
    bound_of,
    listing,
    path_text,
    percent,
    pipe_or_terminal,
    shown,
    units_of,
)
from xyk.cli.exits import NO, Stop
from xyk.cli.keystore_file import open_keystore
from xyk.client.chain_intent import Buy, Sell
from xyk.client.chain_terms import COIN_DECIMALS, ChainPin, ChainToken
from xyk.client.chain_wallet import ChainWallet, Plan, Undone
from xyk.client.connection import Connection, Unanswered
from xyk.client.signing import Json, WrongDeployment
from xyk.domain.decimals import base_units
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import checksum


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    """As the command line says it: whole tokens, `gas_cost_max` in whole coins. `is_out`: the
    amount is what comes out. `limit`: what the other amount must keep, empty for the quote less
    slippage, which is the exchange's word."""

    url: str
    deployment: str
    token_in: str
    token_out: str
    amount: str
    is_out: bool
    slippage_bps: int
    limit: str
    gas_cost_max: str
    deadline_s: int
    is_agreed: bool
    patience_s: float

    def run(self, key_file: Path, password_file: Path | None, trust_file: Path) -> None:
        """Raises Stop, Refused and Unanswered."""
        if self.is_agreed and not self.limit:
            raise Stop(NO, "--yes signs what nobody saw: name --limit, the worst that you take")
        try:
            gas_cost_max = base_units(self.gas_cost_max, COIN_DECIMALS)
        except ValueError as fault:
            raise Stop(NO, f"--max-gas: {fault}") from None
        pins = ChainPins(trust_file)
        wallet = open_keystore(key_file, password_file)
        asyncio.run(self._run(wallet, pins, gas_cost_max))

    async def _run(self, wallet: Wallet, pins: ChainPins, gas_cost_max: int) -> None:
        connection = Connection(self.url, patience_s=self.patience_s)
        pin = pins.get(self.url, self.deployment)
        chain = ChainWallet(
            connection,
            self.deployment,
            wallet,
            pin=pin,
            gas_cost_max=gas_cost_max,
            deadline_s=self.deadline_s,
        )
        try:
            await self._swap(chain, pins, is_first=pin is None)
        except WrongDeployment as fault:
            hint = f"if that is meant, take it out of {pins.path}"
            raise WrongDeployment(f"{fault}; {hint}") from None
        except Undone as fault:
            raise Stop(NO, str(fault)) from None
        except ValueError as fault:
            raise Stop(NO, str(fault)) from None
        except (KeyError, TypeError) as fault:
            raise Stop(NO, f"{self.url} answers no sense: {fault!r}") from None
        finally:
            await connection.close()

    async def _swap(self, chain: ChainWallet, pins: ChainPins, *, is_first: bool) -> None:
        given, wanted = await chain.token(self.token_in), await chain.token(self.token_out)
        units = units_of(self.amount, wanted if self.is_out else given)
        other = given if self.is_out else wanted
        limit = units_of(self.limit or "1", other)  # both are shown in whole tokens
        quote = await chain.quote(
            self.token_in,
            self.token_out,
            amount_in=None if self.is_out else units,
            amount_out=units if self.is_out else None,
        )
        bound = bound_of(quote, self.is_out, self.slippage_bps)
        if self.limit:
            self._expect_within(limit, quote, other)
            bound = min(bound, limit) if self.is_out else max(bound, limit)
        intent = (Buy if self.is_out else Sell)(given, wanted, units, bound)
        plan = await chain.prepare(intent)
        pin = await chain.pin()
        console = pipe_or_terminal()
        console.print(listing(self._shown(plan, chain, pin, given, wanted, is_first)))
        if not self.is_agreed and not typer.confirm("Sign and send it?", default=False):
            raise Stop(NO, "nothing was signed")
        pins.keep(self.url, self.deployment, pin, given, wanted)
        outcome = await self._follow(chain, plan)
        for line in received(outcome, given, wanted, pin):
            print(line)

    def _expect_within(self, limit: int, quote: Json, other: ChainToken) -> None:
        """Raises Stop where the quote is worse."""
        quoted = int(quote["amountIn" if self.is_out else "amountOut"])
        if quoted > limit if self.is_out else quoted < limit:
            verb = "costs" if self.is_out else "gives"
            raise Stop(
                NO, f"it {verb} {shown(quoted, other)} now, --limit is {shown(limit, other)}"
            )

    async def _follow(self, chain: ChainWallet, plan: Plan) -> Json:
        outcome: Json = {}
        for transaction, call in zip(plan.transactions, plan.calls, strict=True):
            signed = chain.sign(transaction)
            print(f"{call.function}: {signed.hash}", flush=True)
            await chain.send(signed)
            try:
                outcome = await chain.wait(signed.hash)
            except Unanswered as fault:
                raise Stop(NO, f"{fault}; it may still be mined: do not swap again yet") from None
            if outcome["status"] != "mined":
                raise Undone(outcome)
            print(f"  mined in block {outcome['block']}", flush=True)
        return outcome

    def _shown(
        self,
        plan: Plan,
        chain: ChainWallet,
        pin: ChainPin,
        given: ChainToken,
        wanted: ChainToken,
        is_first: bool,
    ) -> dict[str, str]:
        """Bounds, path and approvals from what is signed itself; what is expected is the
        exchange's word."""
        *approvals, last = plan.calls
        swap, told = last.arguments, plan.told
        pays, gets = int(told["amountIn"]), int(told["amountOut"])
        most = swap.get("amountIn", swap.get("amountInMax", plan.transactions[-1].value))
        least = swap.get("amountOutMin", swap.get("amountOut"))
        rows = {
            "you give": f"{shown(pays, given)}, at most {shown(int(most), given)}",
            "you get": f"{shown(gets, wanted)}, at least {shown(int(least), wanted)}",
            "": f"{named(given)}; {named(wanted)}",
            "over": path_text(list(swap["path"]), pin),
            "impact": f"{percent(told.get('priceImpactBps', 0))}, without the pools' fees",
            "approval": ", then ".join(
                f"the router may take {shown(one.arguments['value'], given)}" for one in approvals
            )
            or "none is needed",
            "gas": f"at most {shown(plan.gas_cost, pin.token(pin.coin))}",
            "for": f"{checksum(chain.address)}, within {self.deadline_s // 60} minutes",
            "through": f"{last.function} of the router {checksum(pin.router)}, "
            f"chain {pin.chain_id}",
        }
        if is_first:
            rows["new"] = (
                "you sign for this deployment for the first time: compare the chain, the router "
                "and the tokens' addresses with what their makers publish"
            )
        return rows


def named(token: ChainToken) -> str:
    """With what a symbol stands for."""
    what = "is the chain's own coin" if token.native else f"is {checksum(token.address)}"
    return f"{token.symbol} {what}"


def received(outcome: Json, given: ChainToken, wanted: ChainToken, pin: ChainPin) -> list[str]:
    """By the transaction's own logs, as the exchange reads them."""
    amounts = outcome.get("amounts") or {}
    lines = []
    if "amountOut" in amounts:
        got, paid = int(amounts["amountOut"]), int(amounts["amountIn"])
        lines.append(f"received {shown(got, wanted)} for {shown(paid, given)}")
    if outcome.get("gasUsed") and outcome.get("effectiveGasPrice"):
        cost = int(outcome["gasUsed"]) * int(outcome["effectiveGasPrice"])
        lines.append(f"gas cost {shown(cost, pin.token(pin.coin))}")
    return lines

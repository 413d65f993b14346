"""The exchange and its naive twin side by side: every command goes to both, and they must agree on
the outcome and on everything that they know afterwards."""

from typing import Any

import msgspec

from tests.naive.twin import Twin
from tests.naive.vault import Fields, Outcome
from xyk.domain import events as ev
from xyk.domain.commands import ACTIONS, FaucetDeposit, Genesis
from xyk.domain.rejections import Rejected
from xyk.domain.request import EIP712, FAUCET, GENESIS, Request
from xyk.domain.units import decode_journal
from xyk.exchange.decide import decide
from xyk.exchange.evolve import apply
from xyk.exchange.invariants import check, check_all
from xyk.exchange.state import State
from xyk.exchange.trial_balance import TrialBalance

SALT = "0x" + "5a" * 32
WINDOW_S = 2 * 24 * 60 * 60  # a nonce before now less this is refused, so it may be forgotten


class Disagreement(AssertionError):
    """The two minds differ; DESIGN says who is right."""


class Minds:
    """`do` gives the outcome that both agree on: a code of refusal, or the twin's dict."""

    def __init__(self, genesis: Fields, now_ms: int) -> None:
        self.genesis = genesis
        self.now_ms = now_ms
        self.state = State()
        self.books = TrialBalance(self.state)
        self.entries: list[tuple[int, int, tuple[ev.AnyEvent, ...]]] = []
        self.twin = Twin(genesis, now_ms)
        self._submit(_genesis_command(genesis), GENESIS, "")
        self.compare_everything("Genesis")

    def do(self, kind: str, fields: Fields, signer: str, now_ms: int) -> str | Outcome:
        self.now_ms = now_ms
        if kind == "FaucetDeposit":
            ours = self._submit(FaucetDeposit(**fields), FAUCET, "")
        else:
            action = msgspec.convert(fields, ACTIONS[kind], dec_hook=decode_journal)
            ours = self._submit(action, EIP712, signer)
        theirs = self.twin.submit(kind, fields, signer, now_ms)
        if isinstance(ours, Rejected):
            if ours.code.name != theirs:
                self._disagree(kind, f"xyk: {ours}\ntwin: {theirs}")
            return ours.code.name
        if isinstance(theirs, str) or outcome_of(ours) != theirs:
            self._disagree(kind, f"xyk: {outcome_of(ours)}\ntwin: {theirs}")
        self.compare_everything(kind)
        return theirs

    def replayed(self) -> State:
        """The recorded events folded from nothing."""
        state = State()
        for seq, now_ms, events in self.entries:
            apply(state, seq, now_ms, events)
        return state

    def _submit(self, command: Any, scheme: str, signer: str) -> tuple[ev.AnyEvent, ...] | Rejected:
        """Decide and fold, every invariant after it; the events begin with the nonce if signed."""
        seq = self.state.seq + 1
        before = self.state.digest()
        events = decide(self.state, Request(seq, self.now_ms, signer, "", scheme, command))
        assert self.state.digest() == before, "decide touched the state"
        if isinstance(events, Rejected):
            return events
        self.entries.append((seq, self.now_ms, events))
        apply(self.state, seq, self.now_ms, events)
        check(self.state, events)
        check_all(self.state)
        self.books.check()
        if scheme == EIP712:
            assert events[0] == ev.NonceUsed(signer=signer, nonce=command.nonce)
            return events[1:]
        return events

    def compare_everything(self, kind: str) -> None:
        ours, theirs = self._known_by_both()
        for what, mine in ours.items():
            if mine != theirs[what]:
                self._disagree(kind, f"{what}\nxyk: {mine}\ntwin: {theirs[what]}")

    def _known_by_both(self) -> tuple[Fields, Fields]:
        floor_s = self.now_ms // 1000 - WINDOW_S
        return known_by_state(self.state, floor_s), known_by_twin(self.twin, floor_s)

    def _disagree(self, kind: str, how: str) -> None:
        raise Disagreement(f"{kind} at seq {self.state.seq}: {how}")


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _genesis_command(genesis: Fields) -> Genesis:
    plain = {
        "salt": SALT,
        "operator": genesis["operator"],
        "fee_recipient": genesis["operator"],
        "sandbox": genesis["sandbox"],
        "assets": genesis["assets"],
        "markets": [{_snake(key): value for key, value in m.items()} for m in genesis["markets"]],
    }
    return msgspec.convert(plain, Genesis)


def outcome_of(events: tuple[ev.AnyEvent, ...]) -> Outcome:
    """What the events say, in the twin's words."""
    swaps = [event for event in events if isinstance(event, ev.PoolSwapped)]
    if swaps:
        assert len(swaps) == len(events)
        return {
            "amountIn": swaps[0].amount_in,
            "amountOut": swaps[-1].amount_out,
            "route": [_hop(swap) for swap in swaps],
        }
    match events[-1]:
        case ev.LiquidityAdded() as added:
            return {**_liquidity(added), "locked": added.locked}
        case ev.LiquidityRemoved() as removed:
            return _liquidity(removed)
        case ev.Deposited() as deposited:
            return {"asset": deposited.asset, "amount": deposited.amount}
        case ev.Transferred() | ev.Withdrawn() as moved:
            return {"asset": moved.asset, "amount": moved.amount, "recipient": moved.recipient}
        case _:
            return {}


def _hop(swap: ev.PoolSwapped) -> Fields:
    return {
        "market": swap.market,
        "assetIn": swap.asset_in,
        "assetOut": swap.asset_out,
        "amountIn": swap.amount_in,
        "amountOut": swap.amount_out,
        "fee": swap.fee,
        "tradeId": swap.trade_id,
        "priceForming": swap.price_forming,
    }


def _liquidity(event: ev.LiquidityAdded | ev.LiquidityRemoved) -> Fields:
    return {
        "market": event.market,
        "amountBase": event.amount_base,
        "amountQuote": event.amount_quote,
        "liquidity": event.liquidity,
        "protocolLiquidity": event.protocol_liquidity,
    }


def known_by_state(state: State, nonce_floor_s: int) -> Fields:
    ledger = state.ledger
    return {
        "balances": {
            (account, asset): available
            for asset in ledger.assets()
            for account, available, _ in ledger.balances(asset)
            if available
        },
        "pools": {
            pool.market: (
                (pool.reserve_base, pool.reserve_quote),
                pool.total_supply,
                pool.k_last,
                pool.fee_bps,
                (pool.price_base_cumulative, pool.price_quote_cumulative),
            )
            for pool in state.pools.values()
        },
        "markets": {
            market.symbol: (
                *(market.base, market.quote, market.implicit, market.status, market.book),
                *(market.tick_size, market.lot_size, market.maker_fee_bps, market.taker_fee_bps),
            )
            for market in state.markets.values()
        },
        "assets": [(asset.symbol, asset.token, asset.decimals) for asset in state.assets.values()],
        "agents": {
            (owner, agent): (known.valid_until, known.revoked)
            for owner, agents in state.agents.items()
            for agent, known in agents.items()
        },
        "api keys": {
            key: (known.owner, known.valid_until, known.revoked)
            for key, known in state.api_keys.items()
        },
        "trades": {market: last for market, last in state.trade_ids.items() if last},
        "nonces": {
            (signer, second << 8 | slot)
            for second, word in state.nonces.items()
            for signer, bits in word.items()
            for slot in range(256)
            if bits >> slot & 1 and second >= nonce_floor_s
        },
        "operator": state.operator,
        "protocol": state.protocol_recipient,
    }


def known_by_twin(twin: Twin, nonce_floor_s: int) -> Fields:
    return {
        "balances": {key: amount for key, amount in twin.balances.items() if amount},
        "pools": {
            name: (
                tuple(pair.reserves),
                pair.supply,
                pair.k_last,
                pair.fee_bps,
                tuple(pair.cumulative),
            )
            for name, pair in twin.pairs.items()
        },
        "markets": {
            name: (
                *(terms["base"], terms["quote"], terms["implicit"], terms["status"], terms["book"]),
                *(terms["tickSize"], terms["lotSize"], terms["makerFeeBps"], terms["takerFeeBps"]),
            )
            for name, terms in twin.markets.items()
        },
        "assets": [(asset["symbol"], asset["token"], asset["decimals"]) for asset in twin.assets],
        "agents": {
            key: (known["validUntil"], known["revoked"]) for key, known in twin.agents.items()
        },
        "api keys": {
            key: (known["owner"], known["validUntil"], known["revoked"])
            for key, known in twin.api_keys.items()
        },
        "trades": twin.trades,
        "nonces": {(signer, nonce) for signer, nonce in twin.nonces if nonce >> 8 >= nonce_floor_s},
        "operator": twin.operator,
        "protocol": twin.protocol_recipient,
    }

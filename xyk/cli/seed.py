"""`--seed-demo`: a demo account fills the sandbox's empty pools through the signed path, in
process.

Its key stays in the data folder. The prices agree with each other, so that no route is an
arbitrage at the start: 2,000 USDC an ETH, 60,000 a BTC, 150 a SOL.
"""

from pathlib import Path
from typing import NamedTuple

from xyk.cli.exits import CONFIG, Stop
from xyk.cli.keys import DEMO, kept_wallet
from xyk.domain.commands import AddLiquidity, FaucetDeposit
from xyk.domain.rejections import Rejected
from xyk.domain.request import EIP712, FAUCET
from xyk.engine.clock import Clock
from xyk.engine.entry import Evidence
from xyk.engine.submission import Submission
from xyk.engine.writer import Writer
from xyk.exchange.state import State
from xyk.wallet.signer import NonceClock, Wallet
from xyk.wallet.typed_data import Domain, digest

DEADLINE_S = 60


class Deposit(NamedTuple):
    """Whole tokens for one pool."""

    market: str
    base: int
    quote: int


DEPOSITS = (
    Deposit("ETH_USDC", 100, 200_000),
    Deposit("BTC_USDC", 5, 300_000),
    Deposit("SOL_USDC", 2_000, 300_000),
    Deposit("ETH_BTC", 90, 3),
)


async def seed_demo(writer: Writer, state: State, clock: Clock, data: Path) -> int:
    """How many pools were empty and are filled now."""
    if not state.sandbox:
        raise Stop(CONFIG, "--seed-demo is for a sandbox; this deployment is none")
    wallet = kept_wallet(data, DEMO)
    domain = Domain(state.salt, state.chain_id, state.contract)
    nonces = NonceClock()
    filled = 0
    for deposit in DEPOSITS:
        pool = state.pools.get(deposit.market)
        if pool is None or pool.total_supply:
            continue
        action = _action(state, wallet.address, deposit, clock.now_ms() // 1000, nonces)
        for token, amount in (
            (action.token_a, action.amount_a_desired),
            (action.token_b, action.amount_b_desired),
        ):
            wish = FaucetDeposit(owner=wallet.address, token=token, amount=amount)
            await _submit(writer, Submission(wish, Evidence(scheme=FAUCET)))
        await _submit(writer, _signed(wallet, domain, action))
        filled += 1
    return filled


def _action(
    state: State, owner: str, deposit: Deposit, now_s: int, nonces: NonceClock
) -> AddLiquidity:
    market = state.markets[deposit.market]
    base, quote = state.assets[market.base], state.assets[market.quote]
    amount_base = deposit.base * 10**base.decimals
    amount_quote = deposit.quote * 10**quote.decimals
    return AddLiquidity(
        owner=owner,
        token_a=base.token,
        token_b=quote.token,
        amount_a_desired=amount_base,
        amount_b_desired=amount_quote,
        amount_a_min=amount_base,
        amount_b_min=amount_quote,
        nonce=nonces.next_nonce(now_s),
        deadline=now_s + DEADLINE_S,
    )


def _signed(wallet: Wallet, domain: Domain, action: AddLiquidity) -> Submission:
    return Submission(
        action,
        Evidence(
            scheme=EIP712,
            signer=wallet.address,
            digest="0x" + digest(domain, action).hex(),
            signature=wallet.sign(domain, action),
        ),
    )


async def _submit(writer: Writer, submission: Submission) -> None:
    outcome = await writer.submit(submission)
    if isinstance(outcome, Rejected):
        raise Stop(CONFIG, f"--seed-demo was refused: {outcome.code.name}, {outcome.message}")

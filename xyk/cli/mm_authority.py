"""Who a market maker signs as: an agent, which the wallet approves once by its signature.

The agent's key is kept in a file of its own, because an owner may approve 64 agents over time and
no more. The wallet signs its approval, and where accounts are private its sign-in; after that its
key is not needed, nor kept in memory.
"""

from pathlib import Path
from typing import Any, NamedTuple

from xyk.cli.exits import CONFIG, NO, Stop
from xyk.cli.keys import kept_wallet
from xyk.cli.keystore_file import open_keystore
from xyk.cli.trader import needed_wallet, owner_address
from xyk.client.client import Client
from xyk.client.connection import Refused
from xyk.maker.exchange_clock import ExchangeClock
from xyk.maker.market_maker import PATIENCE_S, PERISH_S
from xyk.wallet.signer import Wallet

HOUR_S = 3_600
AGENT_SUFFIX = ".agent"

Json = dict[str, Any]


class Authority(NamedTuple):
    """`agent` signs for `owner` until `valid_until`, unix seconds, 0 where it is the owner itself.
    `session`: of the owner, where reads are private."""

    owner: str
    agent: Wallet
    valid_until: int
    salt: str
    session: Json | None


async def authority(
    url: str,
    salt: str,
    key_file: Path | None,
    password_file: Path | None,
    agent_file: Path | None,
    owner: str,
    agent_hours: int,
) -> Authority:
    """Raises Stop, Refused, Unanswered."""
    holder = owner_address(owner)
    wallet = signing_wallet(key_file, password_file)
    clock = ExchangeClock()
    async with Client(
        url,
        wallet,
        owner=holder or None,
        salt=salt or None,
        timeout_s=PERISH_S,
        patience_s=PATIENCE_S,
        now_s=clock.now_s,
    ) as client:
        await clock.measure(client)
        pinned = (await client.domain()).salt
        account = await _account(client, is_own=not holder)
        if holder:
            valid_until = 0 if holder == wallet.address else _approved(account, wallet.address)
            _is_valid(valid_until, clock, wallet.address, holder)
            return Authority(holder, wallet, valid_until, pinned, client.session)
        agent = _agent_wallet(key_file, agent_file)
        until = _approved(account, agent.address, _place(key_file, agent_file))
        if until < clock.now_s() + agent_hours * HOUR_S / 2:
            until = int(clock.now_s()) + agent_hours * HOUR_S
            await client.approve_agent(agent.address, until)
        return Authority(wallet.address, agent, until, pinned, client.session)


def signing_wallet(key_file: Path | None, password_file: Path | None) -> Wallet:
    """Of a file with the key, of a keystore, or of XYK_KEY. Raises Stop."""
    if key_file is not None and _is_keystore(key_file):
        return open_keystore(key_file, password_file)
    return needed_wallet(key_file)


def _is_keystore(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip().startswith(b"{")
    except OSError:
        return False  # whoever reads it as a key says what is wrong


def _place(key_file: Path | None, agent_file: Path | None) -> Path:
    if agent_file is not None:
        return agent_file
    if key_file is None:
        raise Stop(CONFIG, "with the key in XYK_KEY name an --agent-file for the agent's key")
    return key_file.with_name(key_file.name + AGENT_SUFFIX)


def _agent_wallet(key_file: Path | None, agent_file: Path | None) -> Wallet:
    """Made at the first start."""
    place = _place(key_file, agent_file)
    try:
        return kept_wallet(place.parent, place.name)
    except OSError as fault:
        raise Stop(CONFIG, f"{place} cannot be written: {fault.strerror}") from None


async def _account(client: Client, *, is_own: bool) -> Json:
    try:
        return await client.account()
    except Refused as refused:
        if refused.status != 401 or not is_own:
            raise
    await client.sign_in()
    return await client.account()


def _approved(account: Json, agent: str, place: Path | None = None) -> int:
    """Until when, 0 for never yet. Raises Stop for one that was revoked."""
    for one in account["agents"]:
        if one["agent"].lower() == agent:
            if one["revoked"]:
                hint = "" if place is None else f"; remove {place} and a fresh key is made"
                raise Stop(NO, f"the agent {agent} was revoked and stays so for ever{hint}")
            return int(one["validUntil"])
    return 0


def _is_valid(valid_until: int, clock: ExchangeClock, agent: str, owner: str) -> None:
    if agent != owner and valid_until < clock.now_s() + PERISH_S:
        said = "its approval is over" if valid_until else "it was never approved"
        raise Stop(NO, f"{agent} may not sign for {owner}: {said}")

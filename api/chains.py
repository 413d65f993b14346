"""What all routes below /api/v1/chain share: the deployment that a path names, how fresh its mirror
is, and how its tokens are named."""

from typing import NamedTuple

from api.markets import View
from api.problems import Refused
from api.services import Services
from api.views import token_form_fault
from xyk.chain.mirror import LIVE
from xyk.chain.pair import Token
from xyk.chain.venue import Venue
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import parse_hex

CHAIN_PATH = "/api/v1/chain"


class ChainView(View, frozen=True, kw_only=True):
    """Base of what is answered of a chain: the block that it is of, and the ms since that block's
    own time."""

    block: int
    block_hash: str
    age_ms: int


class ChainPost(NamedTuple):
    """A POST route of a deployment, for the documents; `path` has {deployment} in it. `makes`: 201
    where it made something, 200 where that was there."""

    path: str
    summary: str
    request: type
    answer: type
    makes: bool = False


def named_venue(services: Services, name: str) -> Venue:
    """Raises Refused."""
    venue = services.chains.get(name)
    if venue is None:
        raise Refused(
            Rejected(
                Code.RESOURCE_NOT_FOUND, f"No deployment {name[:40]!r}; GET {CHAIN_PATH} lists them"
            )
        )
    return venue


def live_age_ms(venue: Venue, now_ms: int) -> int:
    """The age of the mirrored block, where it is fresh enough to act on. Raises Refused."""
    fault = staleness(venue, now_ms)
    if fault is not None:
        raise Refused(fault)
    return venue.state(now_ms).age_ms


def staleness(venue: Venue, now_ms: int) -> Rejected | None:
    """Why nobody should act on what is mirrored, with its age."""
    state = venue.state(now_ms)
    if state.status == LIVE:
        return None
    block = venue.mirror.block
    shown = f"block {block.number}, {state.age_ms} ms old" if block.hash else "no block yet"
    reason = f": {venue.without_urls(state.reason)}" if state.reason else ""
    return Rejected(
        Code.NODE_UNAVAILABLE,
        f"The mirror of {venue.deployment.name} is {state.status} ({shown}){reason}; try again "
        "later",
    )


def chain_token(venue: Venue, text: str, path: str) -> Token:
    """By address, in any case, or by symbol; the native coin's symbol stands for the wrapped one.
    Raises Refused."""
    fault = token_form_fault(text, path)
    if fault is not None:
        raise Refused(fault)
    deployment, tokens = venue.deployment, venue.mirror.tokens
    if text == deployment.coin:
        token = tokens.get(deployment.wrapped)
    elif text.startswith("0x"):
        token = tokens.get(parse_hex(text, 20))
    else:
        token = next((one for one in tokens.values() if one.symbol == text), None)
    if token is None:
        raise Refused(
            Rejected(
                Code.INVALID_ASSET,
                f"No mirrored pair of {deployment.name} has {text[:42]!r}; GET "
                f"{CHAIN_PATH}/{deployment.name}/pairs lists the tokens",
            )
        )
    return token

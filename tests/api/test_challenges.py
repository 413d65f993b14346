"""Sign-in messages that wait for their signature: how long, how many, and who gives way."""

from api.challenges import CHALLENGE_S, PER_IP_MAX, Challenges
from api.limits import Limited
from xyk.domain.rejections import Code, Rejected
from xyk.wallet.session import SignIn


def make(nonce: str, now_s: int) -> SignIn:
    return SignIn(
        domain="d",
        uri="http://d",
        address="0x" + "11" * 20,
        chain_id=1,
        nonce=nonce,
        issued=now_s,
        expires=now_s + 9,
        salt="0x" + "5a" * 32,
    )


def test_a_challenge_lives_for_five_minutes() -> None:
    now = [1_000]
    challenges = Challenges(lambda: now[0])
    first, second = (challenges.open("a", make) for _ in range(2))
    assert isinstance(first, SignIn) and isinstance(second, SignIn)
    now[0] += CHALLENGE_S
    assert challenges.take(first.nonce) == first
    assert challenges.take(first.nonce) is None
    now[0] += 1
    assert challenges.take(second.nonce) is None
    assert len(challenges) == 0


def test_open_challenges_are_bounded() -> None:
    now = [1_000]
    challenges = Challenges(lambda: now[0], open_max=PER_IP_MAX + 2)
    opened = [challenges.open("a", make) for _ in range(PER_IP_MAX)]
    now[0] += 100
    refused = challenges.open("a", make)
    assert isinstance(refused, Limited) and refused.code is Code.TOO_MANY_REQUESTS
    assert refused.retry_after_s == CHALLENGE_S - 100 + 1
    assert isinstance(challenges.open("b", make), SignIn)
    assert isinstance(opened[0], SignIn) and challenges.take(opened[0].nonce) is not None
    assert isinstance(challenges.open("a", make), SignIn), "one has gone"
    assert isinstance(challenges.open("c", make), SignIn)
    assert len(challenges) == PER_IP_MAX + 2, (
        "and from here on the one with most gives up its oldest"
    )
    assert isinstance(challenges.open("d", make), SignIn)
    assert isinstance(opened[1], SignIn) and challenges.take(opened[1].nonce) is None
    assert isinstance(opened[2], SignIn) and challenges.take(opened[2].nonce) is not None
    now[0] += CHALLENGE_S - 99
    assert isinstance(challenges.open("d", make), SignIn), "the old ones are over"
    assert len(challenges) == 5


def test_who_has_few_challenges_is_never_displaced() -> None:
    challenges = Challenges(lambda: 1_000, open_max=20)
    victim = challenges.open("victim", make)
    for number in range(200):
        challenges.open(str(number % 4), make)
    for number in range(200):
        challenges.open(f"more {number}", make)
    full = challenges.open("one more", make)
    assert isinstance(full, Rejected) and full.code is Code.OVERLOADED, "all have one"
    assert len(challenges) == 20
    assert isinstance(victim, SignIn) and challenges.take(victim.nonce) == victim
    assert isinstance(challenges.open("one more", make), SignIn)

"""The Python client: signs actions with a wallet, posts them until answered, follows the stream."""

from xyk.client.client import Client
from xyk.client.connection import Refused, Unanswered
from xyk.client.market_terms import Unfit
from xyk.client.stream import Stream

__all__ = ["Client", "Refused", "Stream", "Unanswered", "Unfit"]

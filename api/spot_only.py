"""What clients of the convention ask for and a spot exchange has not: empty lists where they ask
for a list, NOT_IMPLEMENTED where they want something done."""

from typing import Any

from litestar import HttpMethod, Request, get, route

from api.markets import BLOCKCHAIN, View
from api.problems import Refused
from api.services import Given
from api.views import address
from xyk.domain.rejections import Code, Rejected

LISTS = (
    *("/api/v1/markPrices", "/api/v1/openInterest", "/api/v1/fundingRates", "/api/v1/collateral"),
    *("/api/v1/borrowLend/markets", "/api/v1/borrowLend/markets/history"),
    *("/api/v1/prediction", "/api/v1/prediction/tags", "/api/v1/market-sessions"),
)
ACTIONS = (
    *("/api/v1/borrowLend", "/api/v1/account/convertDust", "/api/v1/strategy"),
    *("/api/v1/strategies", "/api/v1/rfq", "/api/v1/rfq/quote", "/api/v1/rfq/accept"),
    *("/api/v1/rfq/refresh", "/api/v1/rfq/cancel", "/wapi/v1/user/2fa"),
)


class WalletView(View, frozen=True, kw_only=True):
    blockchain: str
    address: str


@get("/api/v1/securities", summary="No securities: always empty", tags=["markets"])
async def get_securities() -> list[str]:
    """Clients that load all markets ask for this list too."""
    return []


@get("/api/v1/wallets", summary="Addresses that hold what was deposited", tags=["system"])
async def get_wallets(services: Given) -> list[WalletView]:
    """The exchange's contract in chain mode; none where the exchange keeps the ledger itself."""
    contract = services.state.contract
    return [WalletView(blockchain=BLOCKCHAIN, address=address(contract))] if contract else []


@get(list(LISTS), include_in_schema=False)
async def get_nothing() -> list[str]:
    return []


@route(
    list(ACTIONS),
    http_method=[HttpMethod.GET, HttpMethod.POST, HttpMethod.PATCH, HttpMethod.DELETE],
    include_in_schema=False,
)
async def refuse_action(request: Request[Any, Any, Any]) -> None:
    raise Refused(
        Rejected(
            Code.NOT_IMPLEMENTED,
            f"{request.scope['path']} is for margin, derivatives or RFQ; this exchange trades spot "
            "only, GET /docs lists its routes",
        )
    )

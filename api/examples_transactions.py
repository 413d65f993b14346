"""Examples of unsigned transactions, for the documents: on mainnet's pair of WETH and USDC."""

from api.examples_chain import AT, PAIR, USDC, WETH, Json
from api.views import address
from xyk.chain import router_calls as calls
from xyk.chain.call import Call
from xyk.chain.permit import PermitDomain

_OWNER = "0x" + "ee" * 20
_ROUTER = "0x7a250d5630b4cf539739df2c5dacb4c659f2488d"
_PATH = "/api/v1/chain/{deployment}/tx/"
_DEADLINE = 1_763_720_000
_ETHER = 10**18
_MIN_OUT, _OUT = 1_983_832_211, 1_993_801_218
_MAX_IN, _IN = 1_004_513_540_621_865_597, 999_516_000_000_000_000
_SHARES = 10**15


def _transaction(kind: str, description: str, call: Call, gas: int, nonce: int) -> Json:
    return {
        "kind": kind,
        "description": description,
        "type": "0x2",
        "chainId": "0x1",
        "from": address(_OWNER),
        "to": address(call.to),
        "data": "0x" + call.data.hex(),
        "value": hex(call.value),
        "gas": hex(gas),
        "maxFeePerGas": hex(3 * 10**9),
        "maxPriorityFeePerGas": hex(10**9),
        "nonce": hex(nonce),
    }


def _built(*transactions: Json, **fields: object) -> Json:
    return {"transactions": list(transactions), **fields, "simulated": True, **AT}


_way = calls.Way(_ROUTER, (WETH, USDC), _OWNER, _DEADLINE, native_in=True)
_sold = calls.sell(_way, _ETHER, _MIN_OUT)
_bought = calls.buy(_way, 2_000 * 10**6, _MAX_IN)
_native = calls.Sides(
    *(_ROUTER, USDC, WETH, 1_990 * 10**6, _ETHER * 995 // 1_000, _OWNER, _DEADLINE), native_b=True
)
_SWAP = {"path": [WETH, USDC], "priceImpactBps": 1, "deadline": _DEADLINE}
_LEAST = {"amountAMin": str(_native.b_min), "amountBMin": str(_native.a_min)}
_BOTH = {"amountA": str(_ETHER), "amountB": str(2_000 * 10**6)} | _LEAST
_PERMIT = PermitDomain("Uniswap V2", "1", 1, PAIR, 0).typed_data(
    _OWNER, _ROUTER, _SHARES, _DEADLINE
)
_approve = calls.approve(USDC, _ROUTER, 2_000 * 10**6)

# Body and answer of each route.
POSTS: dict[str, tuple[Json, Json]] = {
    _PATH + "sell": (
        {"owner": _OWNER, "tokenIn": "ETH", "tokenOut": "USDC", "amountIn": str(_ETHER)},
        _built(
            _transaction("swap", "Swap 1 ETH for at least 1983.832211 USDC", _sold, 180_000, 7),
            amountIn=str(_ETHER),
            amountOut=str(_OUT),
            minAmountOut=str(_MIN_OUT),
            **_SWAP,
        ),
    ),
    _PATH + "buy": (
        {"owner": _OWNER, "tokenIn": "ETH", "tokenOut": "USDC", "amountOut": str(2_000 * 10**6)},
        _built(
            _transaction(
                "swap",
                "Buy 2000 USDC for at most 1.004513540621865597 ETH",
                _bought,
                190_000,
                7,
            ),
            amountIn=str(_IN),
            amountOut=str(2_000 * 10**6),
            maxAmountIn=str(_MAX_IN),
            **_SWAP,
        ),
    ),
    _PATH + "add-liquidity": (
        {
            "owner": _OWNER,
            "tokenA": "ETH",
            "tokenB": "USDC",
            "amountADesired": str(_ETHER),
            "amountBDesired": str(2_000 * 10**6),
        },
        _built(
            _transaction("approve", "Allow the router 2000 USDC", _approve, 66_000, 7),
            _transaction(
                "add-liquidity",
                "Add up to 2000 USDC and 1 ETH",
                calls.add_liquidity(_native, 2_000 * 10**6, _ETHER),
                230_000,
                8,
            ),
            liquidity=str(_SHARES),
            deadline=_DEADLINE,
            **_BOTH,
        ),
    ),
    _PATH + "remove-liquidity": (
        {"owner": _OWNER, "tokenA": "ETH", "tokenB": "USDC", "liquidity": str(_SHARES)},
        _built(permit=_PERMIT, liquidity=str(_SHARES), deadline=_DEADLINE, **_BOTH),
    ),
    _PATH + "approve": (
        {"owner": _OWNER, "token": "USDC", "amount": str(2_000 * 10**6)},
        _built(
            _transaction("approve", "Allow the router 2000 USDC", _approve, 66_000, 7),
            amount=str(2_000 * 10**6),
        ),
    ),
    _PATH + "wrap": (
        {"owner": _OWNER, "amount": str(_ETHER)},
        _built(
            _transaction("wrap", "Wrap 1 ETH", calls.wrap(WETH, _ETHER), 54_000, 7),
            amount=str(_ETHER),
        ),
    ),
    _PATH + "unwrap": (
        {"owner": _OWNER, "amount": str(_ETHER)},
        _built(
            _transaction("unwrap", "Unwrap 1 ETH", calls.unwrap(WETH, _ETHER), 43_000, 7),
            amount=str(_ETHER),
        ),
    ),
}

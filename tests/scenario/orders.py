"""What limit orders do in a book without a pool, for a trader to read. ETH_USDC has a tick of 0.01
USDC, lots of 0.0001 ETH, a maker fee of 2 bps and a taker fee of 5; the operator gets the fees."""

SCENARIOS = {
    "an order that meets nobody rests, is seen in the book, and holds what it may have to pay": """
        alice has 10_000 USDC
        bob has 1 ETH
        alice bids 2 ETH at 2_000              -> rests 2 ETH, 4_000 USDC held
        bob asks 1 ETH at 2_000.01             -> rests 1 ETH, 1 ETH held
        alice owns                             -> 6_000 USDC
        alice has on hold                      -> 4_000 USDC
        bob owns                               -> nothing
        bob has on hold                        -> 1 ETH
        book ETH_USDC
            |   | 2_000.01 | 1 |
            | 2 | 2_000    |   |
        last of ETH_USDC                       -> none
    """,
    "a taker pays 5 bps of what it receives, a maker 2 bps": """
        alice has 1 ETH
        bob has 2_000 USDC
        alice asks 1 ETH at 2_000
        # 1 * 0.0005 = 0.0005 ETH; 2,000 * 0.0002 = 0.4 USDC
        bob bids 1 ETH at 2_000 -> buys 1 ETH at 2_000 from alice (fees 0.0005 ETH, 0.4 USDC)
                                -> filled
        alice owns              -> 1_999.6 USDC
        bob owns                -> 0.9995 ETH
        operator owns           -> 0.4 USDC 0.0005 ETH
        last of ETH_USDC        -> 1 ETH for 2_000 USDC
        book ETH_USDC
            |   |   |   |
    """,
    "a fee of a fraction of a unit is a whole unit, the taker's and the maker's": """
        alice has 0.0001 ETH 123.45 USDC
        bob has 0.0001 ETH 123.45 USDC
        # 0.0001 ETH at 123.45 are 12,345 units: 5 bps are 6.1725, so 7; 2 bps are 2.469, so 3
        alice bids 0.0001 ETH at 123.45 -> rests 0.0001 ETH, 0.012345 USDC held
        bob asks 0.0001 ETH at 123.45
            -> sells 0.0001 ETH at 123.45 to alice (fees 0.000007 USDC, 0.00000002 ETH)
            -> filled
        bob owns                        -> 123.462338 USDC
        alice owns                      -> 123.437655 USDC 0.00019998 ETH
        alice asks 0.0001 ETH at 123.45
        bob bids 0.0001 ETH at 123.45
            -> buys 0.0001 ETH at 123.45 from alice (fees 0.00000005 ETH, 0.000003 USDC)
            -> filled
        operator owns                   -> 0.00001 USDC 0.00000007 ETH
    """,
    "a taker takes the best price first, then who came first, at the makers' prices": """
        alice has 1 ETH
        bob has 1 ETH
        carol has 2 ETH
        dave has 10_000 USDC
        alice asks 1 ETH at 2_001
        bob asks 1 ETH at 2_000
        carol asks 2 ETH at 2_000
        # 2,000 * 3 + 2,001 * 0.5 = 7,000.5; 5 bps of 1, 2 and 0.5 ETH; 2 bps of 1,000.5 are 0.2001
        dave bids 3.5 ETH at 2_010
            -> buys 1 ETH at 2_000 from bob (fees 0.0005 ETH, 0.4 USDC)
            -> buys 2 ETH at 2_000 from carol (fees 0.001 ETH, 0.8 USDC)
            -> buys 0.5 ETH at 2_001 from alice (fees 0.00025 ETH, 0.2001 USDC)
            -> filled
        dave owns                              -> 2_999.5 USDC 3.49825 ETH
        dave has on hold                       -> nothing
        book ETH_USDC
            |   | 2_001 | 0.5 |
        last of ETH_USDC                       -> 0.5 ETH for 1_000.5 USDC
    """,
    "a large order sweeps a whole side, and the rest of it is the best on its own": """
        alice has 4_000 USDC
        bob has 3_000 USDC
        carol has 5 ETH
        alice bids 1 ETH at 2_000
        alice bids 1 ETH at 1_990
        bob bids 1 ETH at 1_995
        book ETH_USDC
            | 1 | 2_000 |   |
            | 1 | 1_995 |   |
            | 1 | 1_990 |   |
        # 5 bps of 2,000, 1,995 and 1,990 are 1, 0.9975 and 0.995 USDC
        carol asks 5 ETH at 1_980
            -> sells 1 ETH at 2_000 to alice (fees 1 USDC, 0.0002 ETH)
            -> sells 1 ETH at 1_995 to bob (fees 0.9975 USDC, 0.0002 ETH)
            -> sells 1 ETH at 1_990 to alice (fees 0.995 USDC, 0.0002 ETH)
            -> rests 2 ETH, 2 ETH held
        book ETH_USDC
            |   | 1_980 | 2 |
        carol owns                             -> 5_982.0075 USDC
        alice owns                             -> 10 USDC 1.9996 ETH
    """,
    "an order that was filled in part keeps its place": """
        alice has 2 ETH
        bob has 1 ETH
        carol has 9_000 USDC
        alice asks 2 ETH at 2_000
        bob asks 1 ETH at 2_000
        carol bids 1 ETH at 2_000
            -> buys 1 ETH at 2_000 from alice (fees 0.0005 ETH, 0.4 USDC)
            -> filled
        queue ETH_USDC at 2_000                -> 1 ETH of alice, 1 ETH of bob
        carol bids 1.5 ETH at 2_000
            -> buys 1 ETH at 2_000 from alice (fees 0.0005 ETH, 0.4 USDC)
            -> buys 0.5 ETH at 2_000 from bob (fees 0.00025 ETH, 0.2 USDC)
            -> filled
        queue ETH_USDC at 2_000                -> 0.5 ETH of bob
    """,
    "immediate or cancel takes what is there and nothing rests": """
        alice has 1 ETH
        bob has 9_000 USDC
        bob bids 2 ETH at 2_000 IOC            -> rejected INSUFFICIENT_LIQUIDITY
        alice asks 1 ETH at 2_000
        bob bids 2 ETH at 1_999.99 IOC         -> rejected INSUFFICIENT_LIQUIDITY
        bob bids 2 ETH at 2_005 IOC
            -> buys 1 ETH at 2_000 from alice (fees 0.0005 ETH, 0.4 USDC)
            -> expired with 1 ETH left
        bob owns                               -> 7_000 USDC 0.9995 ETH
        book ETH_USDC
            |   |   |   |
    """,
    "fill or kill takes the whole or nothing": """
        alice has 1 ETH
        bob has 1 ETH
        carol has 9_000 USDC
        alice asks 1 ETH at 2_000
        bob asks 1 ETH at 2_010
        carol bids 2.0001 ETH at 2_010 FOK     -> rejected INSUFFICIENT_LIQUIDITY
        carol bids 2 ETH at 2_009.99 FOK       -> rejected INSUFFICIENT_LIQUIDITY
        carol owns                             -> 9_000 USDC
        # 2 bps of 2,010 are 0.402
        carol bids 2 ETH at 2_010 FOK
            -> buys 1 ETH at 2_000 from alice (fees 0.0005 ETH, 0.4 USDC)
            -> buys 1 ETH at 2_010 from bob (fees 0.0005 ETH, 0.402 USDC)
            -> filled
        carol owns                             -> 4_990 USDC 1.999 ETH
    """,
    "post-only rests or is refused, it never takes": """
        alice has 1 ETH
        bob has 9_000 USDC
        alice asks 1 ETH at 2_000
        bob bids 1 ETH at 2_000 post-only      -> rejected INVALID_ORDER
        the refusal says Order would immediately match and take -> yes
        bob bids 1 ETH at 1_999.99 post-only   -> rests 1 ETH, 1_999.99 USDC held
        bob bids 1 ETH at 1_990 IOC post-only  -> rejected INVALID_ORDER
        bob bids 1 ETH at 1_990 FOK post-only  -> rejected INVALID_ORDER
        bob bids 1 ETH at 1_980 for 60 s post-only -> rests 1 ETH, 1_980 USDC held
        book ETH_USDC
            |   | 2_000    | 1 |
            | 1 | 1_999.99 |   |
            | 1 | 1_980    |   |
    """,
    "good till date lives until its second comes, and its money is free then": """
        alice has 9_000 USDC
        bob has 9 ETH
        alice bids 1 ETH at 2_000 for 0 s      -> rejected INVALID_ORDER
        alice bids 1 ETH at 2_000 GTD          -> rejected INVALID_ORDER
        alice bids 3 ETH at 2_000 for 60 s as 1
        alice bids 1 ETH at 2_000 for 61 s as 2
        59 s pass                              -> nothing
        bob asks 1 ETH at 2_000
            -> sells 1 ETH at 2_000 to alice (fees 1 USDC, 0.0002 ETH)
            -> filled
        1 s pass                    -> alice 1 expired with 2 ETH left, 4_000 USDC freed
        alice has on hold                      -> 2_000 USDC
        1 s pass                    -> alice 2 expired with 1 ETH left, 2_000 USDC freed
        alice has on hold                      -> nothing
        alice owns                             -> 7_000 USDC 0.9998 ETH
    """,
    "in the middle of a sweep orders expire, and the rest of the sweep goes round them": """
        alice has 2 ETH
        bob has 1 ETH
        carol has 1 ETH
        dave has 9_000 USDC
        alice asks 2 ETH at 2_000 for 60 s as 1
        bob asks 1 ETH at 2_001 as 2
        carol asks 1 ETH at 2_000.50 for 60 s as 3
        dave bids 1 ETH at 2_001 IOC
            -> buys 1 ETH at 2_000 from alice (fees 0.0005 ETH, 0.4 USDC)
            -> filled
        # nobody looked for 60 s: the clock's entries come before the next order all the same
        dave bids 3 ETH at 2_001 after 60 s
            -> alice 1 expired with 1 ETH left, 1 ETH freed
            -> carol 3 expired with 1 ETH left, 1 ETH freed
            -> buys 1 ETH at 2_001 from bob (fees 0.0005 ETH, 0.4002 USDC)
            -> rests 2 ETH, 4_002 USDC held
        alice owns                             -> 1_999.6 USDC 1 ETH
        carol owns                             -> 1 ETH
    """,
    "a negative maker fee is paid out of the taker's fee, in what the taker receives": """
        operator sets ETH_USDC to fees -2 and 5
        alice has 1 ETH 2_000 USDC
        bob has 1 ETH 2_000 USDC
        alice asks 1 ETH at 2_000
        # the taker gives 0.0005 ETH, the maker gets 0.0002 of them, the operator 0.0003
        bob bids 1 ETH at 2_000
            -> buys 1 ETH at 2_000 from alice (fee 0.0005 ETH, rebate 0.0002 ETH)
            -> filled
        alice owns                             -> 4_000 USDC 0.0002 ETH
        operator owns                          -> 0.0003 ETH
        # 12,345 units of USDC: a fee of 6.1725 rounds up to 7, a rebate of 2.469 down to 2
        alice bids 0.0001 ETH at 123.45
        bob asks 0.0001 ETH at 123.45
            -> sells 0.0001 ETH at 123.45 to alice (fee 0.000007 USDC, rebate 0.000002 USDC)
            -> filled
        operator owns                          -> 0.000005 USDC 0.0003 ETH
        operator sets ETH_USDC to fees -6 and 5 -> rejected INVALID_PRICE
        operator sets ETH_USDC to fees 6 and 5  -> rejected INVALID_PRICE
    """,
    "a rebate as large as the fee leaves the operator what rounding leaves": """
        operator sets ETH_USDC to fees -5 and 5
        alice has 123.45 USDC
        bob has 0.0002 ETH
        alice bids 0.0002 ETH at 123.45
        # a fee of 6.1725 is 7 units, a rebate of 6.1725 is 6
        bob asks 0.0001 ETH at 123.45
            -> sells 0.0001 ETH at 123.45 to alice (fee 0.000007 USDC, rebate 0.000006 USDC)
            -> filled
        operator owns                          -> 0.000001 USDC
        operator sets ETH_USDC to fees 0 and 0
        bob asks 0.0001 ETH at 123.45
            -> sells 0.0001 ETH at 123.45 to alice
            -> filled
        operator owns                          -> 0.000001 USDC
    """,
    "fees may change beside resting orders; tick, lot, pool fee and book may not": """
        alice has 1 ETH
        bob has 9_000 USDC
        alice asks 1 ETH at 2_000 as 1
        operator sets ETH_USDC to tick 0.02     -> rejected INVALID_ORDER
        operator sets ETH_USDC to lot 0.001     -> rejected INVALID_ORDER
        operator sets ETH_USDC to pool fee 25   -> rejected INVALID_ORDER
        operator sets ETH_USDC to book off      -> rejected INVALID_ORDER
        bob sets ETH_USDC to fees 0 and 0       -> rejected FORBIDDEN
        # a book beside a pool of 30 bps may charge 59 bps: 9,970^2 <= 10^4 * (10^4 - t)
        operator sets ETH_USDC to fees 0 and 60 -> rejected INVALID_PRICE
        operator sets ETH_USDC to fees 0 and 59 -> ok
        bob bids 0.5 ETH at 2_000
            -> buys 0.5 ETH at 2_000 from alice (fee 0.00295 ETH)
            -> filled
        alice cancels 1          -> alice 1 cancelled with 0.5 ETH left, 0.5 ETH freed
        operator sets ETH_USDC to tick 0.02     -> ok
        operator sets ETH_USDC to lot 0.001     -> ok
        operator sets ETH_USDC to pool fee 50   -> ok
        bob bids 0.001 ETH at 1_999.99          -> rejected INVALID_PRICE
        bob bids 0.0015 ETH at 2_000            -> rejected INVALID_QUANTITY
        bob bids 0.001 ETH at 2_000             -> rests 0.001 ETH, 2 USDC held
        bob cancels everything
        # one tick times one lot must be a whole USDC unit: 0.02 * 0.00001 is 0.2 units
        operator sets ETH_USDC to lot 0.00001   -> rejected INVALID_QUANTITY
        operator sets ETH_USDC to book off      -> ok
        bob bids 0.001 ETH at 2_000             -> rejected INVALID_ORDER
    """,
    "an order is whole lots at a whole tick and worth at least a cent": """
        alice has 10 ETH 9_000 USDC
        alice bids 1.00005 ETH at 2_000        -> rejected INVALID_QUANTITY
        alice asks 1 ETH at 2_000.005          -> rejected INVALID_PRICE
        alice asks 3 ETH for 6_000.01 USDC     -> rejected INVALID_PRICE
        alice asks 3 ETH for 6_000.03 USDC     -> rests 3 ETH, 3 ETH held
        book ETH_USDC
            |   | 2_000.01 | 3 |
        alice asks 0 ETH for 1 USDC            -> rejected INVALID_QUANTITY
        alice bids 1 ETH for 0 USDC            -> rejected INVALID_QUANTITY
        # 0.0001 ETH at 99.99 are 9,999 units of USDC, at 100 they are 10,000
        alice bids 0.0001 ETH at 99.99         -> rejected INVALID_QUANTITY
        alice bids 0.0001 ETH at 100           -> rests 0.0001 ETH, 0.01 USDC held
        # 2^112 - 1 base units is the most
        alice asks 5_192_296_858_534_828 ETH at 0.01 -> rejected INVALID_QUANTITY
    """,
    "an order needs all that it might cost, even where it would cost less or rest less": """
        alice has 5 ETH
        bob has 4_000 USDC
        alice asks 2 ETH at 1_999
        bob bids 2 ETH at 2_000.01             -> rejected INSUFFICIENT_FUNDS
        bob bids 2 ETH at 2_000.01 IOC         -> rejected INSUFFICIENT_FUNDS
        bob bids 3 ETH at 2_000 IOC            -> rejected INSUFFICIENT_FUNDS
        bob bids 2 ETH at 2_000
            -> buys 2 ETH at 1_999 from alice (fees 0.001 ETH, 0.7996 USDC)
            -> filled
        bob owns                               -> 2 USDC 1.999 ETH
        # what is on hold is not there a second time
        alice asks 2 ETH at 2_010              -> rests 2 ETH, 2 ETH held
        alice asks 1.0001 ETH at 2_010         -> rejected INSUFFICIENT_FUNDS
        alice sends 1.0001 ETH to bob          -> rejected INSUFFICIENT_FUNDS
        alice withdraws 1.0001 ETH             -> rejected INSUFFICIENT_FUNDS
        alice sells 1.0001 ETH for USDC        -> rejected INSUFFICIENT_FUNDS
        alice asks 1 ETH at 2_010              -> rests 1 ETH, 1 ETH held
        dave bids 1 ETH at 1                   -> rejected INSUFFICIENT_FUNDS
    """,
    "the first fault of an order in the documented order is the one that is told": """
        alice has 1 ETH 2_000 USDC
        alice asks 1 NONE at 0.005 late        -> rejected EXPIRED
        alice asks 1 NONE at 0.005             -> rejected INVALID_ASSET
        alice asks 1 SOL at 0.005              -> rejected INVALID_MARKET
        alice asks 1 ETH for 1 ETH             -> rejected SAME_TOKEN
        operator sets ETH_USDC to paused
        alice asks 0 ETH for 1 USDC            -> rejected TRADING_PAUSED
        operator sets ETH_USDC to open
        alice asks 0 ETH for 1 USDC            -> rejected INVALID_QUANTITY
        alice asks 2.00005 ETH for 4_000.11 USDC IOC post-only -> rejected INVALID_PRICE
        alice asks 2.00005 ETH at 2_000 IOC post-only     -> rejected INVALID_QUANTITY
        alice asks 2 ETH at 2_000 IOC post-only -> rejected INVALID_ORDER
        alice asks 2 ETH at 2_000 RejectAll    -> rejected INVALID_ORDER
        alice asks 2 ETH at 2_000 DAY          -> rejected INVALID_ORDER
        alice asks 2 ETH at 2_000 as 4_294_967_296 -> rejected INVALID_ORDER
        alice asks 2 ETH at 2_000 IOC          -> rejected INSUFFICIENT_FUNDS
        alice asks 1 ETH at 2_000 IOC          -> rejected INSUFFICIENT_LIQUIDITY
        alice asks 1 ETH at 2_000 as 4_294_967_295 -> rests 1 ETH, 1 ETH held
    """,
    "an order's number is its owner's and free again once the order is over": """
        alice has 9_000 USDC
        bob has 9_000 USDC
        alice bids 1 ETH at 2_000 as 7         -> rests 1 ETH, 2_000 USDC held
        alice bids 1 ETH at 1_990 as 7         -> rejected INVALID_ORDER
        bob bids 1 ETH at 2_000 as 7           -> rests 1 ETH, 2_000 USDC held
        alice cancels 7              -> alice 7 cancelled with 1 ETH left, 2_000 USDC freed
        alice cancels 7                        -> rejected RESOURCE_NOT_FOUND
        alice bids 1 ETH at 1_990 as 7         -> rests 1 ETH, 1_990 USDC held
        bob cancels 7                -> bob 7 cancelled with 1 ETH left, 2_000 USDC freed
    """,
    "a round trip between two traders costs both of them their fees": """
        alice has 1 ETH
        bob has 2_001 USDC
        alice asks 1 ETH at 2_000
        bob bids 1 ETH at 2_000
        bob asks 1 ETH at 2_000                -> rejected INSUFFICIENT_FUNDS
        bob asks 0.9995 ETH at 2_000           -> rests 0.9995 ETH, 0.9995 ETH held
        # 5 bps of 0.9995 ETH; 2 bps of 1,999 USDC
        alice bids 0.9995 ETH at 2_000
            -> buys 0.9995 ETH at 2_000 from bob (fees 0.00049975 ETH, 0.3998 USDC)
            -> filled
        # 2,000 - 0.4 - 1,999 and 0.9995 - 0.00049975; 1 + 1,999 - 0.3998
        alice owns                             -> 0.6 USDC 0.99900025 ETH
        bob owns                               -> 1_999.6002 USDC
        operator owns                          -> 0.7998 USDC 0.00099975 ETH
    """,
}

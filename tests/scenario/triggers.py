"""Trigger orders: they wait off the book with their money held, and go off by the clock once a
price-forming fill has reached their price, before anybody's next command."""

SCENARIOS = {
    "a stop waits off the book, its money held, and goes off when its price trades": """
        alice has 9_000 USDC
        bob has 9 ETH
        carol has 1 ETH
        carol asks 1 ETH at 1_900 once at 1_950 or below -> rejected INVALID_PRICE
        alice bids 1 ETH at 2_000
        bob asks 1 ETH at 2_000
        alice bids 1 ETH at 1_960
        alice bids 1 ETH at 1_950
        alice bids 1 ETH at 1_940
        # the last price is 2,000
        carol asks 1 ETH at 1_900 once at 2_000 or below as 1 -> rejected INVALID_PRICE
        carol asks 1 ETH at 1_900 once at 1_950 or below as 1 -> waits, 1 ETH held
        carol owns                             -> nothing
        book ETH_USDC
            | 1 | 1_960 |   |
            | 1 | 1_950 |   |
            | 1 | 1_940 |   |
        bob asks 1 ETH at 1_960
            -> sells 1 ETH at 1_960 to alice (fees 0.98 USDC, 0.0002 ETH)
            -> filled
        the clock                              -> nothing
        bob asks 1 ETH at 1_950
            -> sells 1 ETH at 1_950 to alice (fees 0.975 USDC, 0.0002 ETH)
            -> sets off carol 1
            -> filled
        # the clock is before dave: of the bid at 1,940 nothing is left for him
        dave has 1 ETH
        carol owns                             -> 1_939.03 USDC
        dave asks 1 ETH at 1_940 IOC           -> rejected INSUFFICIENT_LIQUIDITY
    """,
    "what goes off takes, and rests what is left": """
        alice has 9_000 USDC
        bob has 9 ETH 9_000 USDC
        carol has 9_000 USDC
        alice bids 1 ETH at 2_000
        bob asks 1 ETH at 2_000
        bob asks 1 ETH at 2_050
        bob asks 1 ETH at 2_060
        carol bids 3 ETH at 2_070 once at 2_050 or above as 1 -> waits, 6_210 USDC held
        alice bids 0.5 ETH at 2_050
            -> buys 0.5 ETH at 2_050 from bob (fees 0.00025 ETH, 0.205 USDC)
            -> sets off carol 1
            -> filled
        # 0.5 * 2,050 + 2,060 spent, 1.5 * 2,070 held
        the clock
            -> carol 1 goes off
            -> buys 0.5 ETH at 2_050 from bob (fees 0.00025 ETH, 0.205 USDC)
            -> buys 1 ETH at 2_060 from bob (fees 0.0005 ETH, 0.412 USDC)
            -> rests 1.5 ETH, 3_105 USDC held
        carol owns                             -> 2_810 USDC 1.49925 ETH
    """,
    "of those that one fill sets off the nearest goes first, then the oldest": """
        alice has 9_000 USDC
        bob has 9 ETH
        carol has 9 ETH
        alice bids 1 ETH at 2_000
        bob asks 1 ETH at 2_000
        carol asks 1 ETH at 1_850 once at 1_900 or below as 1
        carol asks 1 ETH at 1_851 once at 1_920 or below as 2
        carol asks 1 ETH at 1_852 once at 1_900 or below as 3
        carol asks 1 ETH at 1_853 once at 1_899 or below as 4
        alice bids 1 ETH at 1_900
        bob asks 1 ETH at 1_900
            -> sells 1 ETH at 1_900 to alice (fees 0.95 USDC, 0.0002 ETH)
            -> sets off carol 2 and carol 1 and carol 3
            -> filled
        the clock
            -> carol 2 goes off
            -> rests 1 ETH, 1 ETH held
            -> carol 1 goes off
            -> rests 1 ETH, 1 ETH held
            -> carol 3 goes off
            -> rests 1 ETH, 1 ETH held
    """,
    "a cascade: what goes off sets off the next, which queue behind those already due": """
        alice has 90_000 USDC
        bob has 9 ETH
        carol has 9 ETH
        alice bids 1 ETH at 2_000
        bob asks 1 ETH at 2_000
        alice bids 1 ETH at 1_950
        alice bids 1 ETH at 1_900
        alice bids 1 ETH at 1_850
        alice bids 1 ETH at 1_800
        carol asks 1 ETH at 1_700 once at 1_950 or below as 1
        carol asks 1 ETH at 1_700 once at 1_940 or below as 2
        carol asks 1 ETH at 1_700 once at 1_900 or below as 3
        carol asks 1 ETH at 1_990 once at 1_950 or below as 4
        bob asks 1 ETH at 1_950
            -> sells 1 ETH at 1_950 to alice (fees 0.975 USDC, 0.0002 ETH)
            -> sets off carol 1 and carol 4
            -> filled
        the clock
            -> carol 1 goes off
            -> sells 1 ETH at 1_900 to alice (fees 0.95 USDC, 0.0002 ETH)
            -> sets off carol 2 and carol 3
            -> filled
            -> carol 4 goes off
            -> rests 1 ETH, 1 ETH held
            -> carol 2 goes off
            -> sells 1 ETH at 1_850 to alice (fees 0.925 USDC, 0.0002 ETH)
            -> filled
            -> carol 3 goes off
            -> sells 1 ETH at 1_800 to alice (fees 0.9 USDC, 0.0002 ETH)
            -> filled
        last of ETH_USDC                       -> 1 ETH for 1_800 USDC
    """,
    "a sweep sets off by each of its fills, in their order": """
        alice has 9_000 USDC
        bob has 9 ETH
        carol has 9 ETH
        alice bids 1 ETH at 2_000
        bob asks 1 ETH at 2_000
        alice bids 1 ETH at 1_950
        alice bids 1 ETH at 1_900
        carol asks 1 ETH at 2_100 once at 1_900 or below as 1
        carol asks 1 ETH at 2_100 once at 1_910 or below as 2
        carol asks 1 ETH at 2_100 once at 1_950 or below as 3
        bob asks 2 ETH at 1_900
            -> sells 1 ETH at 1_950 to alice (fees 0.975 USDC, 0.0002 ETH)
            -> sells 1 ETH at 1_900 to alice (fees 0.95 USDC, 0.0002 ETH)
            -> sets off carol 3 and carol 2 and carol 1
            -> filled
    """,
    "a fill below a lot sets nothing off": """
        alice has 100 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        bob has 9 ETH
        carol has 9 ETH
        # 200,000 * 0.997 / 100.997
        bob sells 1 ETH for USDC               -> 1_974.316068 USDC
        last of ETH_USDC                       -> 1 ETH for 1_974.316068 USDC
        carol asks 1 ETH at 1_800 once at 1_960 or below as 1 -> waits, 1 ETH held
        # 198,025.683932 beside 101 ETH: 0.00009 ETH at about 1,954.76, below 1,960, but no lot
        bob sells 0.00009 ETH for USDC         -> 0.175928 USDC
        last of ETH_USDC                       -> 1 ETH for 1_974.316068 USDC
        the clock                              -> nothing
        bob sells 0.0001 ETH for USDC
            -> 0.195476 USDC
            -> sells 0.0001 ETH to the pool for 0.195476 USDC
            -> sets off carol 1
        last of ETH_USDC                       -> 0.0001 ETH for 0.195476 USDC
    """,
    "a fill below a cent sets nothing off": """
        alice has 100 ETH 5_000 USDC
        alice adds 100 ETH 5_000 USDC
        bob has 9 ETH
        carol has 9 ETH
        # 5,000 * 0.997 / 100.997; then 4,950.642099 beside 101 ETH is 48.87 an ETH with the fee
        bob sells 1 ETH for USDC               -> 49.357901 USDC
        carol asks 1 ETH at 40 once at 49 or below as 1 -> waits, 1 ETH held
        bob sells 0.0002 ETH for USDC          -> 0.009773 USDC
        last of ETH_USDC                       -> 1 ETH for 49.357901 USDC
        bob sells 0.0003 ETH for USDC
            -> 0.01466 USDC
            -> sells 0.0003 ETH to the pool for 0.01466 USDC
            -> sets off carol 1
    """,
    "one that cannot execute fails, and its money is free": """
        alice has 9_000 USDC
        bob has 9 ETH
        carol has 9 ETH 900 USDC
        alice bids 1 ETH at 2_000
        bob asks 1 ETH at 2_000
        carol asks 2 ETH at 1_900 FOK once at 1_950 or below as 1 -> waits, 2 ETH held
        carol asks 2 ETH at 1_960 IOC once at 1_949 or below as 2 -> waits, 2 ETH held
        carol asks 2 ETH at 1_700 IOC once at 1_949 or below as 3 -> waits, 2 ETH held
        alice bids 1 ETH at 1_950
        alice bids 1 ETH at 1_940
        bob asks 1 ETH at 1_950
        the clock
            -> carol 1 goes off
            -> fails, InsufficientLiquidity
        carol has on hold                      -> 4 ETH
        bob asks 0.5 ETH at 1_940
            -> sells 0.5 ETH at 1_940 to alice (fees 0.485 USDC, 0.0001 ETH)
            -> sets off carol 2 and carol 3
            -> filled
        the clock
            -> carol 2 goes off
            -> fails, InsufficientLiquidity
            -> carol 3 goes off
            -> sells 0.5 ETH at 1_940 to alice (fees 0.485 USDC, 0.0001 ETH)
            -> expired with 1.5 ETH left
        carol has on hold                      -> nothing
        carol owns                             -> 1_869.515 USDC 8.5 ETH
    """,
    "one that waits can be replaced and cancelled; its trigger price stays": """
        alice has 9_000 USDC
        bob has 9 ETH
        carol has 3 ETH
        alice bids 1 ETH at 2_000
        bob asks 1 ETH at 2_000
        alice bids 2 ETH at 1_950
        carol asks 1 ETH at 1_900 once at 1_950 or below as 1 -> waits, 1 ETH held
        carol asks 1 ETH at 1_900 once at 1_950 or below post-only -> rejected INVALID_ORDER
        carol asks 1 ETH at 1_900 once at 1_950 or below as 2 -> waits, 1 ETH held
        # a price that crosses is no matter while it waits
        carol replaces 1 by 2 ETH at 1_880     -> waits, 2 ETH held
        carol replaces 1 by 2.5 ETH at 1_880   -> rejected INSUFFICIENT_FUNDS
        carol replaces 1 by 0.5 ETH at 1_880   -> waits, 0.5 ETH held
        carol cancels 2                -> carol 2 cancelled with 1 ETH left, 1 ETH freed
        bob asks 1 ETH at 1_950
            -> sells 1 ETH at 1_950 to alice (fees 0.975 USDC, 0.0002 ETH)
            -> sets off carol 1
            -> filled
        the clock
            -> carol 1 goes off
            -> sells 0.5 ETH at 1_950 to alice (fees 0.4875 USDC, 0.0001 ETH)
            -> filled
    """,
    "a swap against the pool sets off by the price that it paid, fee included": """
        alice has 100 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        bob has 90_000 USDC
        carol has 90_000 USDC
        # 200,000 * 0.1 / (99.9 * 0.997), one unit more than rounded down
        bob buys 0.1 ETH with USDC             -> 200.802609 USDC
        last of ETH_USDC                       -> 0.1 ETH for 200.802609 USDC
        carol bids 1 ETH at 2_100 once at 2_008.02 or above -> rejected INVALID_PRICE
        carol bids 1 ETH at 2_100 IOC once at 2_030.366151 or above as 1 -> waits, 2_100 USDC held
        carol bids 1 ETH at 2_100 IOC once at 2_030.366152 or above as 2 -> waits, 2_100 USDC held
        # 200,200.802609 * 1 / (98.9 * 0.997)
        bob buys 1 ETH with USDC
            -> 2_030.366151 USDC
            -> buys 1 ETH from the pool for 2_030.366151 USDC
            -> sets off carol 1
        # 202,231.16876 / (97.9 * 0.997); then the last unit below 2,100 is the 1,601st lot
        the clock
            -> carol 1 goes off
            -> buys 1 ETH from the pool for 2_071.906924 USDC
            -> sets off carol 2
            -> filled
            -> carol 2 goes off
            -> buys 0.1601 ETH from the pool for 335.65969 USDC
            -> expired with 0.8399 ETH left
    """,
    "a hundred go off between two commands; those of a closed market wait until it opens": """
        alice has 9_000 USDC
        bob has 9 ETH
        carol has 9 ETH
        alice bids 1 ETH at 2_000
        bob asks 1 ETH at 2_000
        alice bids 3 ETH at 1_950
        carol asks 0.01 ETH at 1_900 once at 1_950 or below 102 times -> waits, 0.01 ETH held
        carol has on hold                      -> 1.02 ETH
        bob asks 1 ETH at 1_950
        # the first hundred are before the operator, who is before the last two
        operator sets ETH_USDC to paused
        carol has on hold                      -> 0.02 ETH
        queue ETH_USDC at 1_950                -> 1 ETH of alice
        the clock                              -> nothing
        alice cancels everything in BTC_USDC   -> nothing
        operator sets ETH_USDC to open
        carol has on hold                      -> 0.02 ETH
        alice cancels everything
            -> an order of carol goes off
            -> sells 0.01 ETH at 1_950 to alice (fees 0.00975 USDC, 0.000002 ETH)
            -> filled
            -> an order of carol goes off
            -> sells 0.01 ETH at 1_950 to alice (fees 0.00975 USDC, 0.000002 ETH)
            -> filled
            -> an order of alice cancelled with 0.98 ETH left, 1_911 USDC freed
        # 1.02 * 1,950 less 5 bps
        carol owns                             -> 1_988.0055 USDC 7.98 ETH
    """,
    "timers and expiries reach waiting orders as well": """
        alice has 9_000 USDC
        bob has 9 ETH
        carol has 9 ETH
        alice bids 1 ETH at 2_000
        bob asks 1 ETH at 2_000
        carol asks 1 ETH at 1_900 once at 1_950 or below for 30 s as 1 -> waits, 1 ETH held
        carol asks 1 ETH at 1_900 once at 1_950 or below as 2 -> waits, 1 ETH held
        carol sets a timer of 40 s
        30 s pass                      -> carol 1 expired with 1 ETH left, 1 ETH freed
        10 s pass
            -> timer of carol for all markets is off
            -> carol 2 cancelled with 1 ETH left by its timer, 1 ETH freed
        carol owns                             -> 9 ETH
    """,
}

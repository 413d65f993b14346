"""Pools that begin, fall asleep and wake beside a live book."""

SCENARIOS = {
    "a first deposit may not cross the orders that rest, and the refusal names the range": """
        alice has 100 ETH 200_000 USDC
        bob has 1 ETH 1_900 USDC
        bob bids 1 ETH at 1_900
        bob asks 1 ETH at 2_100
        # 2,500 is above the ask, 1,500 below the bid; allowed is what leaves no round trip of two
        # lots: 2,100 / 0.9995 / 0.997 is about 2,107, 1,900 * 0.9995 * 0.997 about 1,893
        alice adds 10 ETH 25_000 USDC          -> rejected INVALID_PRICE
        the refusal says the allowed ratio is 1893277117 to 2107456686 -> yes
        alice adds 10 ETH 15_000 USDC          -> rejected INVALID_PRICE
        pool ETH_USDC                          -> 0 ETH 0 USDC
        alice adds 10 ETH 21_074.566861 USDC   -> rejected INVALID_PRICE
        alice adds 10 ETH 18_932.771166 USDC   -> rejected INVALID_PRICE
        # sqrt(10^19 * 21,074,566,860) less 1,000
        alice adds 10 ETH 21_074.56686 USDC    -> 0.000459070439692082 shares
        book ETH_USDC
            |   | 2_100 | 1 |
            | 1 | 1_900 |   |
    """,
    "at the other end of the range": """
        alice has 100 ETH 200_000 USDC
        bob has 1 ETH 1_900 USDC
        bob bids 1 ETH at 1_900
        bob asks 1 ETH at 2_100
        alice adds 10 ETH 18_932.771166 USDC   -> rejected INVALID_PRICE
        alice adds 10 ETH 18_932.771167 USDC   -> 0.000435118043373438 shares
        pool ETH_USDC                          -> 10 ETH 18_932.771167 USDC
    """,
    "quote, swap, orders and depth pass a sleeping pool by": """
        alice has 10 ETH 20_000 USDC
        bob has 10 ETH 20_000 USDC
        # less than a lot of 0.0001 ETH; sqrt(9 * 10^13 * 180,000) less 1,000 shares
        alice adds 0.00009 ETH 0.18 USDC       -> 0.000000004024921359 shares
        0.001 ETH gives in USDC                -> rejected INSUFFICIENT_LIQUIDITY
        bob sells 0.001 ETH for USDC           -> rejected INSUFFICIENT_LIQUIDITY
        bob bids 1 ETH at 9_000 IOC            -> rejected INSUFFICIENT_LIQUIDITY
        curve of ETH_USDC
            |   |   |   |
        # far beyond the pool's 2,000, and yet they rest
        bob bids 1 ETH at 3_000                -> rests 1 ETH, 3_000 USDC held
        alice asks 1 ETH at 3_001              -> rests 1 ETH, 1 ETH held
        # 3,000 less 5 bps
        1 ETH gives in USDC                    -> 2_998.5 USDC, worst 2_998.5
        alice sells 0.5 ETH for USDC
            -> 1_499.25 USDC
            -> sells 0.5 ETH at 3_000 to bob (fees 0.75 USDC, 0.0001 ETH)
        pool ETH_USDC                          -> 0.00009 ETH 0.18 USDC
    """,
    "a pool may only wake where it crosses no order": """
        alice has 10 ETH 20_000 USDC
        bob has 10 ETH 20_000 USDC
        alice adds 0.00009 ETH 0.18 USDC
        bob bids 1 ETH at 2_100 as 1
        bob asks 1 ETH at 2_200 as 2
        # a later deposit is cut to the pool's ratio of 2,000, whatever is named
        alice adds 1 ETH 2_000 USDC            -> rejected INVALID_PRICE
        alice adds 1 ETH 2_150 USDC            -> rejected INVALID_PRICE
        # one that leaves it asleep is no matter
        alice adds 0.000009 ETH 0.018 USDC     -> 0.000000000402492235 shares
        pool ETH_USDC                          -> 0.000099 ETH 0.198 USDC
        bob cancels 1             -> bob 1 cancelled with 1 ETH left, 2_100 USDC freed
        # 10^18 * 4,427,414,594 / (9.9 * 10^13)
        alice adds 1 ETH 2_000 USDC            -> 0.000044721359535353 shares
        # 2,000.198 * 0.00997 / (1.000099 + 0.00997)
        0.01 ETH gives in USDC                 -> 19.743179 USDC, worst 1_954.83
        bob bids 1 ETH at 2_100 post-only      -> rejected INVALID_ORDER
    """,
    "withdrawn to sleep, the pool leaves the book alone, and a deposit wakes it": """
        alice has 20 ETH 40_000 USDC
        bob has 1 ETH 1_990 USDC
        carol has 1 ETH 9_000 USDC
        alice adds 10 ETH 20_000 USDC          -> 0.000447213595498957 shares
        bob asks 1 ETH at 2_010 as 1
        bob bids 1 ETH at 1_990 as 2
        # 0.00009 ETH beside 0.18 USDC are left: 4,024,922,359 shares
        alice removes 447_209_570_577_598u shares of ETH_USDC
            -> 9.999910000000011171 ETH 19_999.82 USDC
        carol bids 0.5 ETH at 2_010
            -> buys 0.5 ETH at 2_010 from bob (fees 0.00025 ETH, 0.201 USDC)
            -> filled
        carol sells 0.5 ETH for USDC
            -> 994.5025 USDC
            -> sells 0.5 ETH at 1_990 to bob (fees 0.4975 USDC, 0.0001 ETH)
        carol bids 1 ETH at 2_010
            -> buys 0.5 ETH at 2_010 from bob (fees 0.00025 ETH, 0.201 USDC)
            -> rests 0.5 ETH, 1_005 USDC held
        # the ratio is still 2,000: with it the pool asks 2,006.018, below the bid, less its fee:
        # 2,010 * 0.9995 = 2,008.995
        alice adds 1 ETH 2_000 USDC            -> rejected INVALID_PRICE
        carol cancels everything
        alice adds 1 ETH 2_000 USDC            -> 0.000044721359544444 shares
        # until 1,990 the pool takes 10 lots; 0.499 * 1,990 less 5 bps
        carol asks 0.5 ETH at 1_990
            -> sells 0.499 ETH at 1_990 to bob (fees 0.496505 USDC, 0.0000998 ETH)
            -> sells 0.001 ETH to the pool for 1.992014 USDC
            -> filled
    """,
    "what everybody leaves behind may be at no market price, and then the pool sleeps on": """
        alice has 20 ETH 90_000 USDC
        bob has 1 ETH 1_990 USDC
        alice adds 10 ETH 20_000 USDC
        bob asks 1 ETH at 2_010 as 1
        bob bids 1 ETH at 1_990 as 2
        # 1,000 of 447,213,595,499,957 shares stay for ever: of 10 ETH 22,360,679.8 units, of 20,000
        # USDC 0.04 units, and both rounded up for the pool: 44,721 USDC an ETH
        alice removes all shares of ETH_USDC   -> 9.99999999997763932 ETH 19_999.999999 USDC
        pool ETH_USDC                          -> 0.00000000002236068 ETH 0.000001 USDC
        1 ETH costs in USDC                    -> rejected INSUFFICIENT_LIQUIDITY
        0.5 ETH gives in USDC                  -> 994.5025 USDC, worst 1_989
        curve of ETH_USDC
            |   |   |   |
        alice adds 1 ETH 90_000 USDC           -> rejected INVALID_PRICE
        the refusal says the allowed ratio is 1982244850 to 2017861154 -> yes
        bob cancels 1                          -> bob 1 cancelled with 1 ETH left, 1 ETH freed
        # beside a bid alone any higher ratio will do
        alice adds 1 ETH 90_000 USDC           -> 0.000044721359099 shares
        pool ETH_USDC                          -> 1.00000000002236068 ETH 44_721.3591 USDC
        # 44,721.3591 * 0.00997 / 1.00997
        bob sells 0.01 ETH for USDC            -> 441.470489 USDC
    """,
    "the depth of a pool": """
        alice has 100 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        # 200,000 ticks: 2^17 * 5 bps are 65 ticks, 0.65 USDC
        curve of ETH_USDC
            |        | 2_007.85 | 0.0162 |
            |        | 2_007.2  | 0.0162 |
            |        | 2_006.55 | 0.0132 |
            | 0.0113 | 1_993.55 |        |
            | 0.0163 | 1_992.9  |        |
            | 0.0164 | 1_992.25 |        |
    """,
}

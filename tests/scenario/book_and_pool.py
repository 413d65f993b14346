"""Book and pool together: one price, best first after all fees. Most tables begin with a pool of
100 ETH beside 200,000 USDC at 30 bps, which asks 2,000 / 0.997 = 2,006.018 for its first ETH and
bids 1,994; x* and y* are what it takes or gives until its marginal price, fee inside, is a level's.
"""

SCENARIOS = {
    "the worked example: a bid of 15 ETH at 2,025 walks curve and book and rests": """
        alice has 108 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        alice asks 3 ETH at 2_012
        alice asks 5 ETH at 2_020
        bob has 31_000 USDC
        # pool: 100 - sqrt(100 * 200,000 / 0.997 / 2,025) = 0.46970 ETH for 946.673205 USDC
        # book: 3 * 2,012 + 5 * 2,020 = 16,136; 6.5303 * 2,025 = 13,223.8575 on hold
        bob bids 15 ETH at 2_025
            -> buys 3 ETH at 2_012 from alice (fees 0.0015 ETH, 1.2072 USDC)
            -> buys 5 ETH at 2_020 from alice (fees 0.0025 ETH, 2.02 USDC)
            -> buys 0.4697 ETH from the pool for 946.673205 USDC
            -> rests 6.5303 ETH, 13_223.8575 USDC held
        pool ETH_USDC                          -> 99.5303 ETH 200_946.673205 USDC
        # 31,000 - 946.673205 - 16,136 - 13,223.8575; 3 + 5 - 0.004 + 0.4697
        bob owns                               -> 693.469295 USDC 8.4657 ETH
        bob has on hold                        -> 13_223.8575 USDC
        book ETH_USDC
            | 6.5303 | 2_025 |   |
    """,
    "the same on the other side: an ask of 15 ETH at 1,975": """
        alice has 100 ETH 216_000 USDC
        alice adds 100 ETH 200_000 USDC
        alice bids 3 ETH at 1_990
        alice bids 5 ETH at 1_980
        bob has 15 ETH
        # pool: (sqrt(0.997 * 100 * 200,000 / 1,975) - 100) / 0.997 = 0.4813 ETH
        # 5 bps of 5,970 and 9,900 USDC; 2 bps of 3 and 5 ETH
        bob asks 15 ETH at 1_975
            -> sells 3 ETH at 1_990 to alice (fees 2.985 USDC, 0.0006 ETH)
            -> sells 5 ETH at 1_980 to alice (fees 4.95 USDC, 0.001 ETH)
            -> sells 0.4813 ETH to the pool for 955.128955 USDC
            -> rests 6.5187 ETH, 6.5187 ETH held
        # 5,970 + 9,900 - 7.935 + 955.128955
        bob owns                               -> 16_817.193955 USDC
    """,
    "a limit bounds the last unit from the pool, not the average": """
        alice has 100 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        bob has 4_000 USDC
        # 1 ETH would cost 2,026.3 on average, its last unit 2,046; until 2,010 there are 0.0991
        bob bids 1 ETH at 2_010
            -> buys 0.0991 ETH from the pool for 198.993592 USDC
            -> rests 0.9009 ETH, 1_810.809 USDC held
        carol has 1 ETH
        # the bid at 2,010 is better than the pool now, which bids 0.997 * 2,003.98; 5 and 2 bps
        carol asks 0.5 ETH at 1_990
            -> sells 0.5 ETH at 2_010 to bob (fees 0.5025 USDC, 0.0001 ETH)
            -> filled
    """,
    "a limit at a level caps the pool at the limit, not at the level's price with the fee": """
        alice has 103 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        alice asks 3 ETH at 2_012
        bob has 4_000 USDC
        # y*(2,012) is 1,487 lots; y*(2,012 / 0.9995) would be 1,737
        # 0.8513 * 2,012 = 1,712.8156, 2 bps of it 0.3425632 rounded up
        bob bids 1 ETH at 2_012
            -> buys 0.8513 ETH at 2_012 from alice (fees 0.00042565 ETH, 0.342564 USDC)
            -> buys 0.1487 ETH from the pool for 298.73911 USDC
            -> filled
    """,
    "fill or kill and post-only count the whole lots of book and pool": """
        alice has 108 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        bob has 40_000 USDC
        # until 2,006.02 the pool has less than a lot, until 2,006.03 two
        bob bids 1 ETH at 2_006.03 post-only   -> rejected INVALID_ORDER
        bob bids 1 ETH at 2_006.02 IOC         -> rejected INSUFFICIENT_LIQUIDITY
        bob bids 1 ETH at 2_006.02 post-only as 1 -> rests 1 ETH, 2_006.02 USDC held
        bob replaces 1 by 1 ETH at 2_006.03    -> rejected INVALID_ORDER
        bob cancels everything
        bob bids 0.0003 ETH at 2_006.03 FOK    -> rejected INSUFFICIENT_LIQUIDITY
        alice asks 3 ETH at 2_012
        alice asks 5 ETH at 2_020
        # 3 + 5 + 0.4697, as in the worked example
        bob bids 8.4698 ETH at 2_025 FOK       -> rejected INSUFFICIENT_LIQUIDITY
        bob bids 8.4697 ETH at 2_025 FOK
            -> buys 3 ETH at 2_012 from alice (fees 0.0015 ETH, 1.2072 USDC)
            -> buys 5 ETH at 2_020 from alice (fees 0.0025 ETH, 2.02 USDC)
            -> buys 0.4697 ETH from the pool for 946.673205 USDC
            -> filled
    """,
    "a swap fills a level in whole lots, and what is less than a lot goes to the pool": """
        alice has 108 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        alice asks 3 ETH at 2_012
        alice asks 5 ETH at 2_020
        bob has 10_000 USDC
        # until 2,020 / 0.9995 the pool takes 748.227143; 3 * 2,012 = 6,036; 15,919 lots of 0.202
        # are 3,215.638; 0.134857 is less than a lot and goes to the pool: 748.362 for 0.371671...
        10_000 USDC gives in ETH               -> 4.961275953531582549 ETH, worst 2_021.02
        bob sells 10_000 USDC for ETH
            -> 4.961275953531582549 ETH
            -> buys 3 ETH at 2_012 from alice (fees 0.0015 ETH, 1.2072 USDC)
            -> buys 1.5919 ETH at 2_020 from alice (fees 0.00079595 ETH, 0.643128 USDC)
            -> buys 0.371671903531582549 ETH from the pool for 748.362 USDC
        bob owns                               -> 4.961275953531582549 ETH
    """,
    "a swap sweeps a whole side, and the curve takes the rest": """
        alice has 108 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        alice asks 3 ETH at 2_012
        alice asks 5 ETH at 2_020
        bob has 20_000 USDC
        # 20,000 - 6,036 - 10,100 = 3,864 for the pool
        bob sells 20_000 USDC for ETH
            -> 9.885802547733456256 ETH
            -> buys 3 ETH at 2_012 from alice (fees 0.0015 ETH, 1.2072 USDC)
            -> buys 5 ETH at 2_020 from alice (fees 0.0025 ETH, 2.02 USDC)
            -> buys 1.889802547733456256 ETH from the pool for 3_864 USDC
        book ETH_USDC
            |   |   |   |
    """,
    "an exact purchase beside a pool: whole lots of the book, the last bit from the curve": """
        alice has 103 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        alice asks 3 ETH at 2_012
        bob has 3_000 USDC
        # y*(2,012 / 0.9995) = 0.173733293637330467; 8,266 lots net 0.8261867; the rest of 0.00008
        # from the pool: 0.1738133 for 349.279713; 8,266 * 0.2012 = 1,663.1192
        1 ETH costs in USDC                    -> 2_012.398913 USDC, worst 2_013.01
        bob buys 1 ETH with USDC
            -> 2_012.398913 USDC
            -> buys 0.8266 ETH at 2_012 from alice (fees 0.0004133 ETH, 0.332624 USDC)
            -> buys 0.1738133 ETH from the pool for 349.279713 USDC
        bob owns                               -> 987.601087 USDC 1 ETH
    """,
    "dust may not push the pool across an order": """
        alice has 101 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        # the pool bids 1,994: the ask meets nothing there; 1,994 / 0.997^2 is just where the pool
        # asks, so that it takes nothing more behind this order
        alice asks 1 ETH at 1_994              -> rests 1 ETH, 1 ETH held
        bob has 10 USDC
        bob sells 0.1993 USDC for ETH          -> rejected INSUFFICIENT_LIQUIDITY
        bob sells 1 USDC for ETH
            -> 0.00049975 ETH
            -> buys 0.0005 ETH at 1_994 from alice (fees 0.00000025 ETH, 0.0002 USDC)
            -> 0.003 USDC unspent
        # an exact purchase takes one more whole lot instead, and its owner keeps what is over
        bob buys 0.00005 ETH with USDC
            -> 0.1994 USDC
            -> buys 0.0001 ETH at 1_994 from alice (fees 0.00000005 ETH, 0.00004 USDC)
            -> 0.00004995 ETH over
        bob owns                               -> 8.8036 USDC 0.0005997 ETH
        pool ETH_USDC                          -> 100 ETH 200_000 USDC
    """,
    "without a pool a swap takes whole lots and leaves the rest unspent": """
        alice has 1 ETH 400 USDC
        bob has 3_000 USDC 1 ETH
        alice asks 1 ETH at 2_000
        bob sells 0.199999 USDC for ETH        -> rejected INSUFFICIENT_LIQUIDITY
        bob sells 0.35 USDC for ETH
            -> 0.00009995 ETH
            -> buys 0.0001 ETH at 2_000 from alice (fees 0.00000005 ETH, 0.00004 USDC)
            -> 0.15 USDC unspent
        # 5,002 lots net 0.4999499, 5,003 net 0.50004985 for 1,000.6
        bob buys 0.5 ETH with USDC max 1_000.599999 -> rejected SLIPPAGE_EXCEEDED
        bob buys 0.5 ETH with USDC max 1_000.6
            -> 1_000.6 USDC
            -> buys 0.5003 ETH at 2_000 from alice (fees 0.00025015 ETH, 0.20012 USDC)
            -> 0.00004985 ETH over
        bob buys 0.5 ETH with USDC             -> rejected INSUFFICIENT_LIQUIDITY
        # 0.4996 left for 999.2
        bob sells 1_999 USDC for ETH
            -> 0.4993502 ETH
            -> buys 0.4996 ETH at 2_000 from alice (fees 0.0002498 ETH, 0.19984 USDC)
            -> 999.8 USDC unspent
        # the other side: 0.00015 ETH are one lot
        alice bids 0.2 ETH at 1_990
        bob sells 0.00015 ETH for USDC
            -> 0.1989 USDC
            -> sells 0.0001 ETH at 1_990 to alice (fees 0.0001 USDC, 0.00000002 ETH)
            -> 0.00005 ETH unspent
    """,
    "a way over two markets: what the second does not take stays with the trader": """
        alice has 102 ETH 5 BTC 1_000 USDC
        alice adds 100 ETH 5 BTC
        alice asks 1 ETH at 2_000
        alice bids 0.5 ETH at 1_990
        bob has 2_000 USDC 1 BTC
        # 5,000 lots for 1,000 USDC; 0.49975 ETH give 0.02478902 BTC
        bob sells 1_000.1 USDC for BTC
            -> 0.02478902 BTC via ETH_USDC ETH_BTC
            -> buys 0.5 ETH at 2_000 from alice (fees 0.00025 ETH, 0.2 USDC)
            -> sells 0.49975 ETH to the pool for 0.02478902 BTC
            -> 0.1 USDC unspent
        bob owns                               -> 1_000 USDC 1.02478902 BTC
    """,
    "a way over two markets: dust in the middle": """
        alice has 102 ETH 5 BTC 1_000 USDC
        alice adds 100 ETH 5 BTC
        alice bids 0.5 ETH at 1_990
        bob has 2_000 USDC 1 BTC
        # 0.01 BTC give 0.199003187643838186 ETH, of which 1,990 lots are sold for 396.01 less 5 bps
        bob sells 0.01 BTC for USDC
            -> 395.811995 USDC via ETH_BTC ETH_USDC
            -> buys 0.199003187643838186 ETH from the pool for 0.01 BTC
            -> sells 0.199 ETH at 1_990 to alice (fees 0.198005 USDC, 0.0000398 ETH)
            -> 0.000003187643838186 ETH left on the way
        bob owns             -> 2_395.811995 USDC 0.99 BTC 0.000003187643838186 ETH
    """,
    "a way over two markets, planned backwards: the surplus of the last lot": """
        alice has 102 ETH 5 BTC
        alice adds 100 ETH 5 BTC
        alice asks 1 ETH at 2_000
        bob has 2_000 USDC
        # 0.01 BTC need 0.201003813042333414 ETH; 2,012 lots net 0.2010994 for 402.4 USDC
        bob buys 0.01 BTC with USDC
            -> 402.4 USDC via ETH_USDC ETH_BTC
            -> buys 0.2012 ETH at 2_000 from alice (fees 0.0001006 ETH, 0.08048 USDC)
            -> sells 0.201003813042333414 ETH to the pool for 0.01 BTC
            -> 0.000095586957666586 ETH left on the way
        bob owns                   -> 1_597.6 USDC 0.01 BTC 0.000095586957666586 ETH
    """,
    "a quote is what the swap gives, and good for as long as the orders that it uses": """
        alice has 9 ETH
        bob has 9_000 USDC
        alice asks 1 ETH at 2_000 for 20 s
        alice asks 1 ETH at 2_010 for 90 s
        # 0.9995 and 0.99950 * 0.5; 2,000 / 0.9995 = 2,001.0005 and 2,010 / 0.9995 = 2,011.0055
        2_000 USDC gives in ETH                -> 0.9995 ETH, worst 2_001.01, good for 20 s
        3_005 USDC gives in ETH                -> 1.49925 ETH, worst 2_011.01, good for 20 s
        1.49925 ETH costs in USDC              -> 3_005 USDC, worst 2_011.01, good for 20 s
        bob sells 3_005 USDC for ETH min 1.49925
        # of 2,010 USDC half would be unspent
        2_010 USDC gives in ETH                -> 0.49975 ETH, worst 2_011.01, good for 90 s
        1_005 USDC gives in ETH                -> 0.49975 ETH, worst 2_011.01, good for 90 s
        20 s pass                              -> nothing
        1_005 USDC gives in ETH                -> 0.49975 ETH, worst 2_011.01, good for 70 s
        2 ETH gives in USDC                    -> rejected INSUFFICIENT_LIQUIDITY
    """,
    "funds of a swap: all that is offered, or what an exact purchase costs": """
        alice has 1 ETH
        bob has 1_000 USDC
        alice asks 1 ETH at 2_000
        # part of it would stay unspent, and yet it must be there
        bob sells 1_000.05 USDC for ETH        -> rejected INSUFFICIENT_FUNDS
        bob buys 2 ETH with USDC               -> rejected INSUFFICIENT_LIQUIDITY
        bob buys 0.9 ETH with USDC             -> rejected INSUFFICIENT_FUNDS
        # 5,000 lots for exactly what there is
        bob buys 0.49975 ETH with USDC
            -> 1_000 USDC
            -> buys 0.5 ETH at 2_000 from alice (fees 0.00025 ETH, 0.2 USDC)
    """,
}

"""What API keys place in the Backpack form: market orders above all. ETH_USDC has a tick of 0.01
USDC, lots of 0.0001 ETH, a maker fee of 2 bps and a taker fee of 5."""

SCENARIOS = {
    "a market order goes no further than 5 % beyond the best price after fees": """
        bob has 9 ETH 9_000 USDC
        carol has 6_303.149999 USDC
        carol has a key
        bob bids 1 ETH at 1_980
        bob asks 1 ETH at 2_000
        bob asks 1 ETH at 2_101.05
        bob asks 1 ETH at 2_101.06
        # 2,000 / 0.9995 = 2,001.0005; 5 % more are 2,101.0505, so 2,101.05; three of it: 6,303.15
        key of carol buys 3 ETH at market      -> rejected INSUFFICIENT_FUNDS
        carol has 0.000001 USDC
        key of carol buys 3 ETH at market as 1
            -> buys 1 ETH at 2_000 from bob (fees 0.0005 ETH, 0.4 USDC)
            -> buys 1 ETH at 2_101.05 from bob (fees 0.0005 ETH, 0.42021 USDC)
            -> expired with 1 ETH left
        carol owns                             -> 2_202.1 USDC 1.999 ETH
    """,
    "a seller's worst price is 5 % below the best one after fees": """
        bob has 9 ETH 9_000 USDC
        carol has 3 ETH
        carol has a key
        bob asks 1 ETH at 2_010
        bob bids 1 ETH at 2_000
        bob bids 1 ETH at 1_899.05
        bob bids 1 ETH at 1_899.04
        # 2,000 * 0.9995 = 1,999; 95 % of it are 1,899.05
        key of carol sells 3 ETH at market
            -> sells 1 ETH at 2_000 to bob (fees 1 USDC, 0.0002 ETH)
            -> sells 1 ETH at 1_899.05 to bob (fees 0.949525 USDC, 0.0002 ETH)
            -> expired with 1 ETH left
        carol owns                             -> 3_897.100475 USDC 1 ETH
    """,
    "a tolerance of its own, in per cent or ticks, takes the band's place": """
        bob has 9 ETH 9_000 USDC
        carol has 9 ETH 90_000 USDC
        carol has a key
        bob bids 0.1 ETH at 1_980
        bob asks 0.1 ETH at 2_000
        bob asks 0.1 ETH at 2_001.03
        bob asks 0.1 ETH at 2_001.04
        bob asks 0.1 ETH at 2_021.01
        bob asks 0.1 ETH at 2_021.02
        # 2,001.0005 and three ticks: 2,001.03
        key of carol buys 1 ETH at market within 3 ticks
            -> buys 0.1 ETH at 2_000 from bob (fees 0.00005 ETH, 0.04 USDC)
            -> buys 0.1 ETH at 2_001.03 from bob (fees 0.00005 ETH, 0.040021 USDC)
            -> expired with 0.8 ETH left
        bob asks 0.1 ETH at 2_000
        # 2,001.0005 * 1.01 = 2,021.010505
        key of carol buys 1 ETH at market within 1 %
            -> buys 0.1 ETH at 2_000 from bob (fees 0.00005 ETH, 0.04 USDC)
            -> buys 0.1 ETH at 2_001.04 from bob (fees 0.00005 ETH, 0.040021 USDC)
            -> buys 0.1 ETH at 2_021.01 from bob (fees 0.00005 ETH, 0.040421 USDC)
            -> expired with 0.7 ETH left
        bob bids 0.1 ETH at 2_000
        bob bids 0.1 ETH at 1_998.97
        bob bids 0.1 ETH at 1_998.96
        # 1,999 less three ticks: 1,998.97
        key of carol sells 1 ETH at market within 3 ticks
            -> sells 0.1 ETH at 2_000 to bob (fees 0.1 USDC, 0.00002 ETH)
            -> sells 0.1 ETH at 1_998.97 to bob (fees 0.099949 USDC, 0.00002 ETH)
            -> expired with 0.8 ETH left
        # the tick of the best price itself is always within
        key of carol sells 0.1 ETH at market within 0 %
            -> sells 0.1 ETH at 1_998.96 to bob (fees 0.099948 USDC, 0.00002 ETH)
            -> filled
    """,
    "of book and curve the better one after fees sets the band": """
        alice has 100 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        carol has 1_053.154999 USDC
        carol has a key
        # 2,000 / 0.997 * 1.05 = 2,106.319, so 2,106.31; half of it is 1,053.155
        key of carol buys 0.5 ETH at market    -> rejected INSUFFICIENT_FUNDS
        carol has 0.000001 USDC
        # 200,000 * 0.5 / 99.5 / 0.997 = 1,008.0492734
        key of carol buys 0.5 ETH at market
            -> buys 0.5 ETH from the pool for 1_008.049274 USDC
            -> filled
    """,
    "a quote amount is the most spent, and the most received, in whole lots": """
        bob has 9 ETH 9_000 USDC
        carol has 1 ETH 1_000.1 USDC
        carol has a key
        bob bids 1 ETH at 1_999
        bob asks 1 ETH at 2_000
        # a lot costs 0.2 USDC: 1,000.1 buy 5,000 lots, and half a lot's price stays
        key of carol buys ETH for 1_000.11 USDC at market -> rejected INSUFFICIENT_FUNDS
        key of carol buys ETH for 1_000.1 USDC at market
            -> buys 0.5 ETH at 2_000 from bob (fees 0.00025 ETH, 0.2 USDC)
            -> filled
        carol owns                             -> 0.1 USDC 1.49975 ETH
        # a lot brings 0.1999: 500 of them bring 99.95, one more would be 100.1499
        key of carol sells ETH for 100 USDC at market
            -> sells 0.05 ETH at 1_999 to bob (fees 0.049975 USDC, 0.00001 ETH)
            -> filled
        carol owns                             -> 100.000025 USDC 1.44975 ETH
        # less than a lot
        key of carol buys ETH for 0.1 USDC at market -> expired with 0 ETH left, less than a lot
        key of carol buys ETH for 0.009999 USDC at market -> rejected INVALID_QUANTITY
    """,
    "a quote amount that the market cannot use up leaves the order expired": """
        bob has 9 ETH 9_000 USDC
        carol has 9_000 USDC
        carol has a key
        bob bids 1 ETH at 1_990
        bob asks 0.1 ETH at 2_000
        key of carol buys ETH for 1_000 USDC at market
            -> buys 0.1 ETH at 2_000 from bob (fees 0.00005 ETH, 0.04 USDC)
            -> expired with 0 ETH left
        carol owns                             -> 8_800 USDC 0.09995 ETH
    """,
    "a quote amount goes over book and curve together": """
        alice has 100 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        bob has 1 ETH
        bob asks 0.1 ETH at 2_010
        carol has 3_000 USDC
        carol has a key
        # Before the ask the pool sells up to 2,010 / 0.9995 after fees: 100 - 100 * sqrt(2,000 /
        # (2,011.0055 * 0.997)) = 0.12408..., 1,240 lots, for 200,000 * 0.124 / 99.876 / 0.997 =
        # 249.0551. Then 0.1 ETH for 201. What is left of 1,000 USDC goes to the pool again: all
        # of it for at most 799 USDC, that is 799 * 0.997 = 796.603 net, 100 * 796.603 /
        # 200,796.603 = 0.39672135 ETH, 3,967 lots: 200,000 * 0.3967 / 99.6033 / 0.997 = 798.9568236
        key of carol buys ETH for 1_000 USDC at market
            -> buys 0.1 ETH at 2_010 from bob (fees 0.00005 ETH, 0.0402 USDC)
            -> buys 0.3967 ETH from the pool for 798.956824 USDC
            -> filled
    """,
    "what finds nothing is accepted, expires, and changes nothing": """
        bob has 9 ETH 9_000 USDC
        carol has 9 ETH 9_000 USDC
        carol has a key
        bob bids 1 ETH at 1_990
        bob asks 1 ETH at 2_000
        key of carol bids 1 ETH at 1_995 IOC   -> expired with 1 ETH left
        key of carol bids 1.5 ETH at 2_000 FOK -> expired with 1.5 ETH left, all or nothing
        key of carol buys 1.5 ETH at market FOK -> expired with 1.5 ETH left, all or nothing
        key of carol bids 1 ETH at 2_000 post-only -> rejected INVALID_ORDER
        bob cancels everything
        # nothing was traded yet, and without both sides there is no price to hold a key against
        key of carol buys 1 ETH at market      -> rejected INVALID_PRICE
        bob bids 1 ETH at 1_990
        carol asks 1 ETH at 1_990
            -> sells 1 ETH at 1_990 to bob (fees 0.995 USDC, 0.0002 ETH)
            -> filled
        key of carol buys 1 ETH at market      -> expired with 1 ETH left, nothing to take
        key of carol buys ETH for 10 USDC at market -> expired with 0 ETH left, nothing to take
        carol owns                             -> 10_989.005 USDC 8 ETH
        carol has on hold                      -> nothing
    """,
    "an order that meets its owner first expires, or cancels what it meets": """
        bob has 9 ETH 9_000 USDC
        carol has 9 ETH 20_000 USDC
        carol has a key
        bob bids 1 ETH at 1_990
        carol asks 1 ETH at 2_000 as 1
        bob asks 1 ETH at 2_001
        key of carol bids 1 ETH at 2_001       -> expired with 1 ETH left by self-trade
        key of carol bids 1 ETH at 2_000 post-only -> rejected INVALID_ORDER
        key of carol buys 1 ETH at market      -> expired with 1 ETH left by self-trade
        key of carol buys ETH for 500 USDC at market -> expired with 0 ETH left by self-trade
        key of carol bids 1 ETH at 2_001 FOK RejectMaker
            -> carol 1 cancelled with 1 ETH left by self-trade, 1 ETH freed
            -> buys 1 ETH at 2_001 from bob (fees 0.0005 ETH, 0.4002 USDC)
            -> filled
        bob asks 1 ETH at 2_000
        carol asks 1 ETH at 2_005 as 2
        key of carol buys 2 ETH at market RejectBoth
            -> buys 1 ETH at 2_000 from bob (fees 0.0005 ETH, 0.4 USDC)
            -> carol 2 cancelled with 1 ETH left by self-trade, 1 ETH freed
            -> expired with 1 ETH left by self-trade
        carol asks 1 ETH at 2_005 as 3
        bob bids 1 ETH at 1_995
        # nobody else is there: its own order goes, and nothing is bought
        key of carol buys 1 ETH at market RejectMaker
            -> carol 3 cancelled with 1 ETH left by self-trade, 1 ETH freed
            -> expired with 1 ETH left, nothing to take
    """,
    "a market trigger waits with the band around its trigger price": """
        bob has 9 ETH 9_000 USDC
        carol has 2 ETH 2_152.5 USDC
        carol has a key
        dave has 1 ETH 9_000 USDC
        key of carol buys 1 ETH at market once at 2_050 -> rejected INVALID_PRICE
        bob bids 1 ETH at 1_990
        bob asks 1 ETH at 2_000
        dave bids 0.1 ETH at 2_000
        key of carol buys 1 ETH at market once at 2_000 -> rejected INVALID_PRICE
        key of carol buys 1 ETH at market once at 2_050.005 -> rejected INVALID_PRICE
        # 2,050 * 1.05 and 1,990 * 0.95
        key of carol buys 1 ETH at market once at 2_050 as 1  -> waits, 2_152.5 USDC held
        key of carol sells 1 ETH at market once at 1_990 as 2 -> waits, 1 ETH held
        bob asks 1 ETH at 2_050
        bob asks 1 ETH at 2_152.5
        dave bids 1.8 ETH at 2_050
            -> buys 0.9 ETH at 2_000 from bob (fees 0.00045 ETH, 0.36 USDC)
            -> buys 0.9 ETH at 2_050 from bob (fees 0.00045 ETH, 0.369 USDC)
            -> sets off carol 1
            -> filled
        # spot is now (1,990 + 2,050) / 2 = 2,020, and 2,152.5 is within a tenth of it
        the clock
            -> carol 1 goes off
            -> buys 0.1 ETH at 2_050 from bob (fees 0.00005 ETH, 0.041 USDC)
            -> buys 0.9 ETH at 2_152.5 from bob (fees 0.00045 ETH, 0.38745 USDC)
            -> filled
        key of carol cancels what rests        -> nothing
        key of carol cancels what waits        -> carol 2 cancelled with 1 ETH left, 1 ETH freed
    """,
    "a key works as an agent does, until it is revoked": """
        alice has 100 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        carol has 9 ETH 90_000 USDC
        carol has a key
        key of carol bids 1 ETH at 1_900 as 1  -> rests 1 ETH, 1_900 USDC held
        key of carol asks 1 ETH at 1_799.99    -> rejected INVALID_PRICE
        # a tenth from spot, 2,200, is left long before 9 ETH
        key of carol bids 9 ETH at 2_500 IOC   -> rejected INVALID_PRICE
        key of carol asks 1 ETH at 2_100 as 1  -> rejected INVALID_ORDER
        key of carol asks 1 ETH at 2_100.001   -> rejected INVALID_PRICE
        key of carol asks 1.00005 ETH at 2_100 -> rejected INVALID_QUANTITY
        key of carol cancels 2                 -> rejected RESOURCE_NOT_FOUND
        key of carol cancels 1
            -> carol 1 cancelled with 1 ETH left, 1_900 USDC freed
        key of carol bids 1 ETH at 1_900 as 1  -> rests 1 ETH, 1_900 USDC held
        carol revokes the key
        key of carol cancels everything        -> rejected UNAUTHORIZED
        key of dave cancels everything         -> rejected UNAUTHORIZED
    """,
}

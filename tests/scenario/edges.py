"""Edges of the rules: dust, tokens without decimals, listings, agents' triggers, closed ways."""

SCENARIOS = {
    "dust goes to the pool until the pool's other side meets the order, and no further": """
        alice has 101 ETH 200_000 USDC
        alice adds 100 ETH 200_000 USDC
        alice asks 1 ETH at 1_994.01
        bob has 10 USDC
        # x*(1,994.01 / 0.997^2) is 0.503012 USDC, then 0.312727, then 0.122441
        bob sells 0.19 USDC for ETH            -> 0.000094714910290772 ETH
        bob sells 0.19 USDC for ETH            -> 0.000094714730602721 ETH
        bob sells 0.19 USDC for ETH            -> 0.000061036569653861 ETH; 0.067559 USDC unspent
        bob sells 0.19 USDC for ETH            -> rejected INSUFFICIENT_LIQUIDITY
        pool ETH_USDC                 -> 99.999749533789452646 ETH 200_000.502441 USDC
    """,
    "of a token without decimals even the smallest fee is a whole token": """
        operator lists COW_USDC with a book of tick 0.01 and lot 1
        alice has 1_000 COW
        bob has 9_000 USDC
        carol has 2_002 COW
        alice asks 1_000 COW at 2
        # 5 bps of 10 COW is a whole one, of 1 COW as well, which leaves nothing
        bob bids 10 COW at 2
            -> buys 10 COW at 2 from alice (fees 1 COW, 0.004 USDC)
            -> filled
        bob bids 1 COW at 2
            -> buys 1 COW at 2 from alice (fees 1 COW, 0.0004 USDC)
            -> filled
        bob owns                               -> 8_978 USDC 9 COW
        # a swap that would give nothing is none
        bob sells 2 USDC for COW               -> rejected INSUFFICIENT_LIQUIDITY
        bob sells 4 USDC for COW
            -> 1 COW
            -> buys 2 COW at 2 from alice (fees 1 COW, 0.0008 USDC)
        # 100 net are 101 lots: a fee of 0.0505 is one; 202 USDC
        bob buys 100 COW with USDC
            -> 202 USDC
            -> buys 101 COW at 2 from alice (fees 1 COW, 0.0404 USDC)
    """,
    "the operator takes over a user's market; while orders rest its terms stay": """
        operator lists GEM with 8 decimals
        alice has 100 GEM 2_000 USDC
        alice adds 100 GEM 1_000 USDC          -> 0.00000000316227666 shares
        bob has 10 GEM 1_000 USDC
        bob asks 1 GEM at 12                   -> rejected INVALID_ORDER
        bob lists GEM_USDC with a book of tick 0.01 and lot 0.01 -> rejected FORBIDDEN
        operator lists GEM_USDC with a book of tick 0.01 and lot 0.01 -> ok
        bob asks 1 GEM at 12                   -> rests 1 GEM, 1 GEM held
        bob asks 1.001 GEM at 12               -> rejected INVALID_QUANTITY
        pool GEM_USDC                          -> 100 GEM 1_000 USDC
        operator sets GEM_USDC to lot 0.001    -> rejected INVALID_ORDER
        operator lists GEM_USDC with a book of tick 0.01 and lot 0.001 -> rejected INVALID_MARKET
    """,
    "a user's market with a book and resting orders is not taken over under them": """
        operator lists GEM with 8 decimals
        alice has 100 GEM 2_000 USDC
        bob has 10 GEM
        alice adds 100 GEM 1_000 USDC
        # one tick of one unit times a lot of 0.000001 GEM is no whole unit of USDC
        operator sets GEM_USDC to book on      -> rejected INVALID_QUANTITY
        operator sets GEM_USDC to tick 1       -> ok
        operator sets GEM_USDC to book on      -> ok
        bob asks 1 GEM at 12 as 1              -> rests 1 GEM, 1 GEM held
        operator lists GEM_USDC with a book of tick 0.01 and lot 0.01 -> rejected INVALID_ORDER
        bob cancels 1                          -> bob 1 cancelled with 1 GEM left, 1 GEM freed
        operator lists GEM_USDC with a book of tick 0.01 and lot 0.01 -> ok
    """,
    "an agent's trigger is held against spot when it goes off": """
        alice has 90_000 USDC 10 ETH
        bob has 90_000 USDC 10 ETH
        alice approves bot for 600 s
        bob bids 1 ETH at 1_990
        alice asks 1 ETH at 1_990
        bob bids 1 ETH at 1_980
        carol has 10 ETH
        carol asks 1 ETH at 2_020
        # a price of 1,700 is no matter while it waits; spot is 2,000 then, and 10 % below is 1,800
        alice asks 1 ETH at 1_700 once at 1_985 or below as 1 by bot -> waits, 1 ETH held
        alice asks 1 ETH at 1_820 once at 1_985 or below as 2 by bot -> waits, 1 ETH held
        bob bids 1 ETH at 1_900
        carol asks 1 ETH at 1_980
            -> sells 1 ETH at 1_980 to bob (fees 0.99 USDC, 0.0002 ETH)
            -> sets off alice 1 and alice 2
            -> filled
        # the middle of 1,900 and 2,020 is 1,960, a tenth below it 1,764
        the clock
            -> alice 1 goes off
            -> fails, InvalidPrice
            -> alice 2 goes off
            -> sells 1 ETH at 1_900 to bob (fees 0.95 USDC, 0.0002 ETH)
            -> filled
    """,
    "a closed market is no way for a swap while another one is open": """
        alice has 21 ETH 2 BTC
        alice asks 1 ETH at 2_000
        alice adds 20 ETH 1 BTC
        alice asks 0.1 BTC at 41_000
        bob has 9_000 USDC
        # 5,125 lots of 0.2 USDC, less 5 bps
        1_025 USDC gives in ETH                -> 0.51224375 ETH, worst 2_001.01
        operator sets ETH_USDC to paused
        # 0.025 BTC for 1,025, less 5 bps 0.0249875; 20 * 0.0249125375 / 1.0249125375
        bob sells 1_025 USDC for ETH
            -> 0.486139774634184333 ETH via BTC_USDC ETH_BTC
            -> buys 0.025 BTC at 41_000 from alice (fees 0.0000125 BTC, 0.205 USDC)
            -> buys 0.486139774634184333 ETH from the pool for 0.0249875 BTC
    """,
}

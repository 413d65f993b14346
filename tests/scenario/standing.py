"""Orders that stand: replaced, cancelled, expired, and what a market's status does to them."""

SCENARIOS = {
    "less at the same price keeps its place and frees the money": """
        alice has 9_000 USDC
        bob has 9_000 USDC
        carol has 9 ETH
        alice bids 2 ETH at 2_000 as 1
        bob bids 1 ETH at 2_000 as 1
        alice replaces 1 by 1.5 ETH at 2_000   -> keeps its place with 1.5 ETH, 1_000 USDC freed
        queue ETH_USDC at 2_000                -> 1.5 ETH of alice, 1 ETH of bob
        carol asks 1.6 ETH at 2_000
            -> sells 1.5 ETH at 2_000 to alice (fees 1.5 USDC, 0.0003 ETH)
            -> sells 0.1 ETH at 2_000 to bob (fees 0.1 USDC, 0.00002 ETH)
            -> filled
    """,
    "more, another price, or the same again goes to the end of the queue": """
        alice has 9_000 USDC
        bob has 9_000 USDC
        carol has 2 ETH
        alice bids 1 ETH at 2_000 as 1
        bob bids 1 ETH at 2_000 as 1
        alice replaces 1 by 1.5 ETH at 2_000   -> rests 1.5 ETH, 3_000 USDC held
        queue ETH_USDC at 2_000                -> 1 ETH of bob, 1.5 ETH of alice
        bob replaces 1 by 1 ETH at 2_000       -> rests 1 ETH, 2_000 USDC held
        queue ETH_USDC at 2_000                -> 1.5 ETH of alice, 1 ETH of bob
        # away and back again is the end of the queue as well
        alice replaces 1 by 1.5 ETH at 1_990   -> rests 1.5 ETH, 2_985 USDC held
        alice replaces 1 by 1.5 ETH at 2_000   -> rests 1.5 ETH, 3_000 USDC held
        queue ETH_USDC at 2_000                -> 1 ETH of bob, 1.5 ETH of alice
        # a better price is the front
        alice replaces 1 by 1.5 ETH at 2_000.01 -> rests 1.5 ETH, 3_000.015 USDC held
        carol asks 2 ETH at 2_000
            -> sells 1.5 ETH at 2_000.01 to alice (fees 1.500008 USDC, 0.0003 ETH)
            -> sells 0.5 ETH at 2_000 to bob (fees 0.5 USDC, 0.0001 ETH)
            -> filled
    """,
    "a replacement names the new total, and what is filled counts": """
        alice has 3 ETH
        bob has 9_000 USDC
        alice asks 3 ETH at 2_000 as 1
        bob bids 1 ETH at 2_000
        alice replaces 1 by 1 ETH at 2_000     -> rejected INVALID_QUANTITY
        alice replaces 1 by 0.5 ETH at 2_050   -> rejected INVALID_QUANTITY
        alice replaces 1 by 2.5 ETH at 2_000   -> keeps its place with 1.5 ETH, 0.5 ETH freed
        alice replaces 1 by 2.5 ETH at 2_010   -> rests 1.5 ETH, 1.5 ETH held
        alice replaces 1 by 4 ETH at 2_010     -> rejected INSUFFICIENT_FUNDS
        alice replaces 1 by 3 ETH at 2_010     -> rests 2 ETH, 2 ETH held
        alice replaces 1 by 1.0001 ETH at 2_010 -> keeps its place with 0.0001 ETH, 1.9999 ETH freed
        alice owns                             -> 1_999.6 USDC 1.9999 ETH
    """,
    "a replacement that crosses takes like a new order, under its old number": """
        alice has 2 ETH
        bob has 9_000 USDC
        carol has 9_000 USDC
        alice asks 1 ETH at 2_000
        alice asks 1 ETH at 2_005
        bob bids 3 ETH at 1_990 as 5
        bob replaces 5 by 3 ETH at 2_001
            -> buys 1 ETH at 2_000 from alice (fees 0.0005 ETH, 0.4 USDC)
            -> rests 2 ETH, 4_002 USDC held
        bob replaces 5 by 2 ETH at 2_005
            -> buys 1 ETH at 2_005 from alice (fees 0.0005 ETH, 0.401 USDC)
            -> filled
        # 9,000 - 2,000 - 2,005
        bob owns                               -> 4_995 USDC 1.999 ETH
        bob cancels 5                          -> rejected RESOURCE_NOT_FOUND
        bob replaces 5 by 3 ETH at 1_990       -> rejected RESOURCE_NOT_FOUND
    """,
    "a post-only order stays post-only: a replacement that would take is refused": """
        alice has 1 ETH
        bob has 4_000 USDC
        alice asks 1 ETH at 2_000
        bob bids 1 ETH at 1_990 post-only as 1
        bob replaces 1 by 1 ETH at 2_000       -> rejected INVALID_ORDER
        queue ETH_USDC at 1_990                -> 1 ETH of bob
        bob has on hold                        -> 1_990 USDC
        bob replaces 1 by 2 ETH at 1_999.99    -> rests 2 ETH, 3_999.98 USDC held
        bob replaces 1 by 2 ETH at 2_000.01    -> rejected INVALID_ORDER
        queue ETH_USDC at 1_999.99             -> 2 ETH of bob
    """,
    "a replacement may use what the order holds, and no more than is there": """
        alice has 2_000 USDC
        alice bids 1 ETH at 1_999 as 1         -> rests 1 ETH, 1_999 USDC held
        alice replaces 1 by 1 ETH at 2_000.01  -> rejected INSUFFICIENT_FUNDS
        alice replaces 1 by 1 ETH at 2_000     -> rests 1 ETH, 2_000 USDC held
        alice owns                             -> nothing
        alice replaces 1 by 4 ETH at 500       -> rests 4 ETH, 2_000 USDC held
        alice replaces 1 by 1 ETH at 400       -> rests 1 ETH, 400 USDC held
        alice owns                             -> 1_600 USDC
    """,
    "a replacement keeps market and side, and is its owner's": """
        alice has 2 ETH 3_000 USDC
        bob has 3_000 USDC
        alice bids 1 ETH at 2_000 as 1
        alice replaces 1 by 1 ETH at 2_100 ask -> rejected INVALID_ORDER
        alice replaces 1 by 1 BTC at 2_000     -> rejected INVALID_ORDER
        alice replaces 1 by 1 SOL at 2_000     -> rejected INVALID_MARKET
        alice replaces 1 by 1 ETH at 2_000.001 -> rejected INVALID_PRICE
        alice replaces 1 by 0 ETH at 2_000     -> rejected INVALID_QUANTITY
        alice replaces 1 by 0.00005 ETH at 2_000 -> rejected INVALID_QUANTITY
        bob replaces 1 by 1 ETH at 2_000       -> rejected RESOURCE_NOT_FOUND
        alice has on hold                      -> 2_000 USDC
    """,
    "an order is cancelled by its number or its id, once, by its owner": """
        alice has 9_000 USDC
        bob has 9_000 USDC
        alice bids 1 ETH at 2_000 as 1
        alice bids 1 ETH at 1_990 as 2
        bob cancels order 1 of alice           -> rejected RESOURCE_NOT_FOUND
        bob cancels 1                          -> rejected RESOURCE_NOT_FOUND
        alice cancels 3                        -> rejected RESOURCE_NOT_FOUND
        alice cancels order x                  -> rejected RESOURCE_NOT_FOUND
        alice cancels order 1     -> alice 1 cancelled with 1 ETH left, 2_000 USDC freed
        alice cancels order 1                  -> rejected RESOURCE_NOT_FOUND
        alice cancels 2           -> alice 2 cancelled with 1 ETH left, 1_990 USDC freed
        alice owns                             -> 9_000 USDC
    """,
    "all of one owner's orders go at once, of one market or of all": """
        alice has 9_000 USDC 2 ETH
        bob has 9_000 USDC
        alice bids 1 ETH at 2_000 as 1
        alice bids 0.1 BTC at 20_000 as 2
        alice asks 2 ETH at 2_100 as 3
        bob bids 1 ETH at 2_000 as 4
        alice cancels everything in ETH_USDC
            -> alice 1 cancelled with 1 ETH left, 2_000 USDC freed
            -> alice 3 cancelled with 2 ETH left, 2 ETH freed
        alice cancels everything in ETH_USDC   -> nothing
        alice cancels everything in DOGE_USDC  -> rejected INVALID_MARKET
        alice cancels everything
            -> alice 2 cancelled with 0.1 BTC left, 2_000 USDC freed
        alice cancels everything               -> nothing
        queue ETH_USDC at 2_000                -> 1 ETH of bob
    """,
    "the dead man's switch cancels what is open when it fires, and is gone then": """
        alice has 9_000 USDC 2 ETH
        alice bids 1 ETH at 2_000 as 1
        alice bids 0.1 BTC at 20_000 as 2
        alice sets a timer of 30 s for ETH_USDC -> timer of alice for ETH_USDC in 30 s
        20 s pass                              -> nothing
        # set again, it starts again
        alice sets a timer of 30 s for ETH_USDC -> timer of alice for ETH_USDC in 30 s
        alice asks 2 ETH at 2_100 as 3
        29 s pass                              -> nothing
        1 s pass
            -> timer of alice for ETH_USDC is off
            -> alice 1 cancelled with 1 ETH left by its timer, 2_000 USDC freed
            -> alice 3 cancelled with 2 ETH left by its timer, 2 ETH freed
        alice bids 1 ETH at 2_000 as 1
        60 s pass                              -> nothing
        alice has on hold                      -> 4_000 USDC
    """,
    "a timer for all markets runs beside the others, and 0 s stops it": """
        alice has 9_000 USDC
        bob has 1 ETH
        alice bids 1 ETH at 2_000 as 1
        alice bids 0.1 BTC at 20_000 as 2
        alice sets a timer of 86_401 s         -> rejected INVALID_QUANTITY
        alice sets a timer of 60 s             -> timer of alice for all markets in 60 s
        alice sets a timer of 90 s for BTC_USDC -> timer of alice for BTC_USDC in 90 s
        alice sets a timer of 0 s              -> timer of alice for all markets is off
        # what comes after the time meets no order of hers, even if nobody looked before
        bob asks 1 ETH at 2_000 IOC after 60 s
            -> sells 1 ETH at 2_000 to alice (fees 1 USDC, 0.0002 ETH)
            -> filled
        bob has 1 BTC
        bob asks 0.1 BTC at 20_000 IOC after 30 s -> rejected INSUFFICIENT_LIQUIDITY
        alice has on hold                      -> nothing
        alice owns                             -> 7_000 USDC 0.9998 ETH
    """,
    "expiries and timers run by their time, an expiry first": """
        alice has 9_000 USDC
        alice bids 1 ETH at 1_000 as 1
        alice bids 1 ETH at 1_001 for 30 s as 2
        alice bids 1 ETH at 1_002 for 31 s as 3
        alice bids 1 ETH at 1_003 for 90 s as 4
        alice sets a timer of 30 s             -> timer of alice for all markets in 30 s
        100 s pass
            -> alice 2 expired with 1 ETH left, 1_001 USDC freed
            -> timer of alice for all markets is off
            -> alice 1 cancelled with 1 ETH left by its timer, 1_000 USDC freed
            -> alice 3 cancelled with 1 ETH left by its timer, 1_002 USDC freed
            -> alice 4 cancelled with 1 ETH left by its timer, 1_003 USDC freed
    """,
    "a closed market refuses orders and replaces, and lets cancels, expiries and timers work": """
        alice has 9_000 USDC
        bob has 9 ETH
        alice bids 1 ETH at 2_000 as 1
        alice bids 1 ETH at 1_990 for 30 s as 2
        alice bids 1 ETH at 1_980 as 3
        operator sets ETH_USDC to cancel_only
        bob asks 1 ETH at 2_000                -> rejected TRADING_PAUSED
        bob sells 1 ETH for USDC               -> rejected TRADING_PAUSED
        1 ETH gives in USDC                    -> rejected TRADING_PAUSED
        alice replaces 1 by 0.5 ETH at 2_000   -> rejected TRADING_PAUSED
        alice cancels 1           -> alice 1 cancelled with 1 ETH left, 2_000 USDC freed
        operator sets ETH_USDC to paused
        alice sets a timer of 40 s             -> timer of alice for all markets in 40 s
        30 s pass                 -> alice 2 expired with 1 ETH left, 1_990 USDC freed
        10 s pass
            -> timer of alice for all markets is off
            -> alice 3 cancelled with 1 ETH left by its timer, 1_980 USDC freed
        alice cancels everything               -> nothing
        operator sets ETH_USDC to open
        alice bids 1 ETH at 2_000              -> rests 1 ETH, 2_000 USDC held
    """,
    "an agent places, replaces and cancels within a tenth of spot": """
        alice has 90_000 USDC 10 ETH
        bob has 90_000 USDC 10 ETH
        alice approves bot for 600 s
        alice bids 1 ETH at 2_000 by bot       -> rejected INVALID_PRICE
        bob bids 1 ETH at 1_990
        alice bids 1 ETH at 2_000 by bot       -> rejected INVALID_PRICE
        bob asks 1 ETH at 2_010
        bob asks 2 ETH at 2_210
        # spot is the middle, 2,000: at most 2,200 for a bid, at least 1,800 for an ask
        alice bids 1 ETH at 2_200.01 by bot    -> rejected INVALID_PRICE
        alice asks 1 ETH at 1_799.99 by bot    -> rejected INVALID_PRICE
        alice bids 2 ETH at 2_210 IOC by bot   -> rejected INVALID_PRICE
        alice bids 1 ETH at 2_210 IOC by bot
            -> buys 1 ETH at 2_010 from bob (fees 0.0005 ETH, 0.402 USDC)
            -> filled
        # now the middle of 1,990 and 2,210 is 2,100
        alice asks 1 ETH at 2_050 as 1 by bot  -> rests 1 ETH, 1 ETH held
        alice replaces 1 by 1 ETH at 1_817.99 by bot -> rejected INVALID_PRICE
        alice replaces 1 by 1 ETH at 2_040 by bot -> rests 1 ETH, 1 ETH held
        alice cancels everything by bot
            -> alice 1 cancelled with 1 ETH left, 1 ETH freed
        alice sells 1 ETH for USDC by bot
            -> 1_989.005 USDC
            -> sells 1 ETH at 1_990 to bob (fees 0.995 USDC, 0.0002 ETH)
        alice revokes bot
        alice cancels everything by bot        -> rejected UNAUTHORIZED
    """,
    "a market without a book takes orders against its pool, but nothing rests there": """
        alice has 100 ETH 5 BTC
        alice adds 100 ETH 5 BTC
        bob has 10 ETH 5 BTC
        bob asks 1 ETH at 0.04 in BTC          -> rejected INVALID_ORDER
        bob asks 1 ETH at 0.04 in BTC for 60 s -> rejected INVALID_ORDER
        bob asks 1 ETH at 0.04 in BTC post-only -> rejected INVALID_ORDER
        # 500,000,000 * 0.997 / (100 + 0.997): 0.04935790964...
        bob asks 1 ETH at 0.04 in BTC FOK
            -> sells 1 ETH to the pool for 0.0493579 BTC
            -> filled
        # 495,064,210 * 0.997 / (101 + 0.997): 0.04839152...
        bob sells 1 ETH for BTC                -> 0.04839152 BTC
    """,
}

"""Nobody trades with himself: self-trade prevention in each mode. Owners are compared."""

SCENARIOS = {
    "RejectTaker lets the fills before the own order stand and ends the order there": """
        alice has 2 ETH
        bob has 1 ETH 9_000 USDC
        alice asks 1 ETH at 2_000
        bob asks 1 ETH at 2_001 as 1
        alice asks 1 ETH at 2_002
        bob bids 3 ETH at 2_002
            -> buys 1 ETH at 2_000 from alice (fees 0.0005 ETH, 0.4 USDC)
            -> expired with 2 ETH left by self-trade
        bob owns                               -> 7_000 USDC 0.9995 ETH
        book ETH_USDC
            |   | 2_002 | 1 |
            |   | 2_001 | 1 |
        # it is the default; with nothing before the own order there is nothing to accept
        bob bids 3 ETH at 2_002 RejectTaker    -> rejected INVALID_ORDER
        bob bids 3 ETH at 2_002 IOC            -> rejected INVALID_ORDER
        bob bids 1 ETH at 2_000.99             -> rests 1 ETH, 2_000.99 USDC held
    """,
    "RejectTaker with fill or kill or post-only is refused where an own order is met": """
        alice has 2 ETH
        bob has 1 ETH 9_000 USDC
        alice asks 1 ETH at 2_000
        bob asks 1 ETH at 2_001
        bob bids 2 ETH at 2_001 FOK            -> rejected INVALID_ORDER
        bob bids 1 ETH at 2_000 FOK
            -> buys 1 ETH at 2_000 from alice (fees 0.0005 ETH, 0.4 USDC)
            -> filled
        bob bids 1 ETH at 2_001 post-only      -> rejected INVALID_ORDER
        bob bids 1 ETH at 2_001 RejectBoth post-only -> rejected INVALID_ORDER
        bob bids 1 ETH at 2_001 RejectBoth FOK -> rejected INVALID_ORDER
        book ETH_USDC
            |   | 2_001 | 1 |
    """,
    "RejectMaker cancels the own order and goes on": """
        alice has 2 ETH
        bob has 1 ETH 9_000 USDC
        alice asks 1 ETH at 2_000
        bob asks 1 ETH at 2_001 as 1
        alice asks 1 ETH at 2_002
        # 2 bps of 2,000 and 2,002
        bob bids 3 ETH at 2_002 RejectMaker
            -> buys 1 ETH at 2_000 from alice (fees 0.0005 ETH, 0.4 USDC)
            -> bob 1 cancelled with 1 ETH left by self-trade, 1 ETH freed
            -> buys 1 ETH at 2_002 from alice (fees 0.0005 ETH, 0.4004 USDC)
            -> rests 1 ETH, 2_002 USDC held
        # 9,000 - 2,000 - 2,002 - 2,002; 1 + 2 * 0.9995
        bob owns                               -> 2_996 USDC 2.999 ETH
        book ETH_USDC
            | 1 | 2_002 |   |
    """,
    "RejectMaker does not cancel what the order does not reach": """
        alice has 2 ETH
        bob has 1 ETH 9_000 USDC
        alice asks 1 ETH at 2_000
        bob asks 1 ETH at 2_001 as 1
        bob bids 1 ETH at 2_001 RejectMaker
            -> buys 1 ETH at 2_000 from alice (fees 0.0005 ETH, 0.4 USDC)
            -> filled
        # its limit ends before the own order
        bob bids 1 ETH at 2_000.5 RejectMaker  -> rests 1 ETH, 2_000.5 USDC held
        book ETH_USDC
            |   | 2_001   | 1 |
            | 1 | 2_000.5 |   |
    """,
    "if a RejectMaker order is refused, its owner's orders stay": """
        alice has 2 ETH
        bob has 1 ETH 9_000 USDC
        bob asks 1 ETH at 2_000 as 1
        alice asks 1 ETH at 2_001 as 1
        bob bids 2 ETH at 2_001 RejectMaker FOK -> rejected INSUFFICIENT_LIQUIDITY
        bob bids 1 ETH at 2_000 RejectMaker IOC -> rejected INSUFFICIENT_LIQUIDITY
        queue ETH_USDC at 2_000                -> 1 ETH of bob
        # fill or kill counts without own orders
        bob bids 1 ETH at 2_001 RejectMaker FOK
            -> bob 1 cancelled with 1 ETH left by self-trade, 1 ETH freed
            -> buys 1 ETH at 2_001 from alice (fees 0.0005 ETH, 0.4002 USDC)
            -> filled
    """,
    "RejectBoth cancels the own order and ends the new one": """
        alice has 2 ETH
        bob has 1 ETH 9_000 USDC
        alice asks 1 ETH at 2_000
        bob asks 0.5 ETH at 2_001 as 1
        bob asks 0.5 ETH at 2_001 as 2
        bob bids 3 ETH at 2_002 RejectBoth
            -> buys 1 ETH at 2_000 from alice (fees 0.0005 ETH, 0.4 USDC)
            -> bob 1 cancelled with 0.5 ETH left by self-trade, 0.5 ETH freed
            -> expired with 2 ETH left by self-trade
        bob bids 3 ETH at 2_002 RejectBoth
            -> bob 2 cancelled with 0.5 ETH left by self-trade, 0.5 ETH freed
            -> expired with 3 ETH left by self-trade
        bob has on hold                        -> nothing
        bob owns                               -> 7_000 USDC 1.9995 ETH
    """,
    "an agent's orders are its owner's orders": """
        alice has 9_000 USDC 2 ETH
        bob has 9_000 USDC 9 ETH
        alice approves bot for 600 s
        bob approves bot for 600 s
        bob bids 1 ETH at 1_990
        alice asks 1 ETH at 2_000 as 1
        alice bids 1 ETH at 2_000 by bot       -> rejected INVALID_ORDER
        bob bids 1 ETH at 2_000 by bot
            -> buys 1 ETH at 2_000 from alice (fees 0.0005 ETH, 0.4 USDC)
            -> filled
    """,
    "a swap cancels its owner's orders as it reaches them, and a quote for the owner says so": """
        alice has 3 ETH 2_000 USDC
        bob has 1 ETH 8_000 USDC
        bob asks 1 ETH at 2_000 as 1
        alice asks 2 ETH at 2_010
        # for anybody 1 at 2,000 and 1 at 2,010; for bob 2 at 2,010, less 5 bps each time
        4_010 USDC gives in ETH                -> 1.999 ETH, worst 2_011.01
        bob asks what 4_020 USDC gives in ETH  -> 1.999 ETH, worst 2_011.01
        bob sells 4_020 USDC for ETH
            -> 1.999 ETH
            -> bob 1 cancelled with 1 ETH left by self-trade, 1 ETH freed
            -> buys 2 ETH at 2_010 from alice (fees 0.001 ETH, 0.804 USDC)
        bob owns                               -> 3_980 USDC 2.999 ETH
        # a swap that is refused leaves its owner's orders
        bob asks 1 ETH at 2_000 as 1
        alice asks 1 ETH at 2_010
        bob sells 2_010 USDC for ETH min 1     -> rejected SLIPPAGE_EXCEEDED
        queue ETH_USDC at 2_000                -> 1 ETH of bob
        # one lot costs 0.2 USDC: with less the own order is not reached
        bob sells 0.19 USDC for ETH            -> rejected INSUFFICIENT_LIQUIDITY
        queue ETH_USDC at 2_000                -> 1 ETH of bob
        # of the 1 ETH of alice 0.9995 would come
        bob buys 0.9999 ETH with USDC          -> rejected INSUFFICIENT_LIQUIDITY
        bob buys 0.9995 ETH with USDC
            -> 2_010 USDC
            -> bob 1 cancelled with 1 ETH left by self-trade, 1 ETH freed
            -> buys 1 ETH at 2_010 from alice (fees 0.0005 ETH, 0.402 USDC)
    """,
}

"""What pools do, for a trader to read: names and tables in the language of this folder."""

SCENARIOS = {
    "the first deposit sets the price, and a thousand share units are locked for ever": """
        alice has 10 ETH 40_000 USDC
        alice adds 10 ETH 20_000 USDC          -> 0.000447213595498957 shares
        pool ETH_USDC                          -> 10 ETH 20_000 USDC
        alice owns                             -> 20_000 USDC
        alice owns shares of ETH_USDC          -> 0.000447213595498957 shares
        shares of ETH_USDC                     -> 0.000447213595499957 shares
    """,
    "a sale pays the curve less 0.3 %, and its minimum holds to the unit": """
        alice has 10 ETH 20_000 USDC
        alice adds 10 ETH 20_000 USDC
        bob has 1 ETH
        bob sells 1 ETH for USDC min 1_813.221788  -> rejected SLIPPAGE_EXCEEDED
        bob sells 1 ETH for USDC min 1_813.221787  -> 1_813.221787 USDC
        bob owns                                   -> 1_813.221787 USDC
        pool ETH_USDC                              -> 11 ETH 18_186.778213 USDC
    """,
    "a purchase costs one unit more than the curve, and its maximum holds to the unit": """
        alice has 10 ETH 20_000 USDC
        alice adds 10 ETH 20_000 USDC
        bob has 5_000 USDC
        bob buys 1 ETH with USDC max 2_228.908949  -> rejected SLIPPAGE_EXCEEDED
        bob buys 1 ETH with USDC max 2_228.90895   -> 2_228.90895 USDC
        bob owns                                   -> 2_771.09105 USDC 1 ETH
        bob buys 9 ETH with USDC                   -> rejected INSUFFICIENT_LIQUIDITY
        bob buys 8_999_999_999_999_999_999u ETH with USDC -> rejected INSUFFICIENT_FUNDS
    """,
    "the amounts that Uniswap published": """
        operator lists DAI with 18 decimals
        alice has 15 ETH 10 DAI
        alice adds 5 ETH 10 DAI                  -> 7.071067811865474244 shares
        bob has 2 ETH
        bob buys 1 DAI with ETH max 0.557227237267357628 -> rejected SLIPPAGE_EXCEEDED
        bob sells 1 ETH for DAI min 1.662497915624478907 -> rejected SLIPPAGE_EXCEEDED
        bob sells 1 ETH for DAI                  -> 1.662497915624478906 DAI
    """,
    "a later deposit is cut to the pool's ratio": """
        alice has 10 ETH 0.5 BTC
        alice adds 10 ETH 0.5 BTC                -> 0.000022360679773997 shares
        bob has 1 ETH 1 BTC
        bob adds 1 ETH 0.04 BTC min 0.8 ETH 0.04000001 BTC -> rejected SLIPPAGE_EXCEEDED
        bob adds 1 ETH 0.04 BTC min 0.8 ETH 0.04 BTC       -> 0.000001788854381999 shares
        bob owns                                 -> 0.96 BTC 0.2 ETH
    """,
    "what is left of a pool that everybody left": """
        alice has 4 BTC 20_000 USDC
        alice adds 1 BTC 10_000 USDC             -> 0.000000000999999 shares
        alice removes all shares of BTC_USDC     -> 0.999999 BTC 9_999.99 USDC
        pool BTC_USDC                            -> 0.000001 BTC 0.01 USDC
        bob has 1 BTC
        bob sells 1 BTC for USDC                 -> rejected INSUFFICIENT_LIQUIDITY
        alice adds 1 BTC 10_000 USDC             -> 0.000000001 shares
        bob sells 1 BTC for USDC                 -> 4_992.491225 USDC
    """,
    "the protocol takes a sixth of the growth, from the next deposit or withdrawal on": """
        operator lists DAI with 18 decimals
        operator gives the protocol fee to carol
        alice has 1_000 ETH 1_000 DAI
        alice adds 1_000 DAI 1_000 ETH           -> 999.999999999999999 shares
        bob has 1 ETH
        bob sells 1 ETH for DAI                  -> 0.996006981039903216 DAI
        carol owns shares of DAI_ETH             -> 0 shares
        alice removes all shares of DAI_ETH
        alice owns -> 1_000.999749999812686031 ETH 999.003743517276398339 DAI
        carol owns shares of DAI_ETH             -> 0.000249750499251388 shares
        pool DAI_ETH -> 0.000249501683698445 DAI 0.000250000187313969 ETH
    """,
    "a protocol fee that is switched on later starts at the next deposit": """
        alice has 20 ETH 40_000 USDC
        alice adds 10 ETH 20_000 USDC
        bob has 5 ETH
        bob sells 5 ETH for USDC
        operator gives the protocol fee to carol
        alice adds 1 ETH 5_000 USDC
        carol owns shares of ETH_USDC            -> 0 shares
        bob sells 1_000 USDC for ETH
        alice removes 1u shares of ETH_USDC      -> rejected INSUFFICIENT_LIQUIDITY
        alice removes 0.0001 shares of ETH_USDC  -> 3.134531134812298161 ETH 3_193.987341 USDC
        carol owns shares of ETH_USDC            -> 0.000000007827592301 shares
        operator gives the protocol fee to nobody
        alice removes 0.0001 shares of ETH_USDC  -> 3.134531134812298161 ETH 3_193.987341 USDC
        carol owns shares of ETH_USDC            -> 0.000000007827592301 shares
    """,
    "a deposit must be worth more than the locked minimum": """
        alice has 5_000u ETH 5_000u BTC
        alice adds 1_000u ETH 1_000u BTC         -> rejected INSUFFICIENT_LIQUIDITY
        alice adds 1_001u ETH 1_001u BTC         -> 0.000000000000000001 shares
        pool ETH_BTC                             -> 0.000000000000001001 ETH 0.00001001 BTC
        alice adds 0u ETH 5u BTC                 -> rejected INVALID_QUANTITY
        alice adds 5u ETH 1u BTC                 -> 0.000000000000000001 shares
    """,
    "a swap takes the way that pays most": """
        alice has 40 ETH 80_000 USDC 4 BTC
        alice adds 10 ETH 20_000 USDC
        alice adds 2 BTC 40_000 USDC
        alice adds 20 ETH 2 BTC
        bob has 6 ETH 1_000 USDC
        bob sells 0.1 ETH for USDC               -> 197.431606 USDC
        bob sells 5 ETH for USDC                 -> 6_636.671668 USDC via ETH_BTC BTC_USDC
        bob buys 0.01 BTC with USDC              -> 140.07186 USDC
        bob buys 0.01 BTC with ETH               -> 0.072778934999777087 ETH via ETH_USDC BTC_USDC
    """,
    "of two ways that pay the same the shorter one is taken": """
        operator lists DAI with 18 decimals
        alice has 9_000u SOL 9_000u DAI 9_000u BTC
        alice adds 2_000u DAI 2_000u SOL
        alice adds 2_000u DAI 2_000u BTC
        alice sells 10u SOL for BTC              -> 0.00000008 BTC via DAI_SOL DAI_BTC
        alice sells 10u BTC for SOL              -> 0.00000001 SOL via DAI_BTC DAI_SOL
        alice adds 2_000u SOL 1_700u BTC
        alice sells 10u SOL for BTC              -> 0.00000008 BTC
        operator sets SOL_BTC to paused
        alice sells 10u SOL for BTC              -> 0.00000008 BTC via DAI_SOL DAI_BTC
    """,
    "of two ways that pay the same and are as long the one first by name is taken": """
        operator lists DAI with 18 decimals
        alice has 9_000u ETH 9_000u BTC 9_000u SOL 9_000u DAI
        alice adds 2_000u DAI 2_000u SOL
        alice adds 2_000u SOL 2_000u BTC
        alice adds 2_000u DAI 2_000u ETH
        alice adds 2_000u ETH 2_000u BTC
        alice sells 10u DAI for BTC              -> 0.00000008 BTC via DAI_ETH ETH_BTC
        alice buys 5u BTC with DAI               -> 0.000000000000000007 DAI via DAI_ETH ETH_BTC
        pool DAI_SOL                             -> 0.000000000000002 DAI 0.000002 SOL
    """,
    "a paused market lets liquidity out and nothing else": """
        alice has 20 ETH 40_000 USDC
        alice adds 10 ETH 20_000 USDC
        operator sets ETH_USDC to paused
        alice sells 1 ETH for USDC               -> rejected TRADING_PAUSED
        alice adds 1 ETH 2_000 USDC              -> rejected TRADING_PAUSED
        alice removes 0.0001 shares of ETH_USDC  -> 2.236067977499794392 ETH 4_472.135954 USDC
        alice withdraws 1 ETH                    -> ok
        operator sets * to cancel_only
        alice buys 1 ETH with USDC               -> rejected TRADING_PAUSED
        operator sets ETH_USDC to open
        alice sells 1 ETH for USDC               -> 1_767.081449 USDC
        bob sets ETH_USDC to paused              -> rejected FORBIDDEN
    """,
    "beside a book a tiny pool sleeps; without one it trades": """
        alice has 1 ETH 1 USDC 1 BTC
        alice adds 1_000_000u ETH 999_999u USDC  -> 0.000000000000998999 shares
        alice sells 100_000u ETH for USDC        -> rejected INSUFFICIENT_LIQUIDITY
        alice adds 1_000_000u ETH 1u USDC        -> rejected INSUFFICIENT_LIQUIDITY
        alice adds 1_001u ETH 1_001u BTC         -> 0.000000000000000001 shares
        alice sells 100u ETH for BTC             -> 0.0000009 BTC
        alice sells 1u ETH for BTC               -> rejected INSUFFICIENT_LIQUIDITY
    """,
    "an agent trades within a tenth of spot and never carries money away": """
        alice has 20 ETH 40_000 USDC
        alice adds 10 ETH 20_000 USDC
        alice sells 0.1 ETH for USDC by bot      -> rejected INVALID_SIGNATURE
        alice approves bot for 60 s              -> ok
        alice sells 0.1 ETH for USDC by bot      -> 197.431606 USDC
        alice sells 1 ETH for USDC by bot        -> rejected SLIPPAGE_EXCEEDED
        alice buys 1 ETH with USDC by bot        -> rejected SLIPPAGE_EXCEEDED
        alice buys 0.4 ETH with USDC by bot      -> 819.057933 USDC
        alice withdraws 1 ETH by bot             -> rejected FORBIDDEN
        alice sends 1 ETH to bot by bot          -> rejected FORBIDDEN
        alice approves bob for 60 s by bot       -> rejected FORBIDDEN
        alice adds 1 ETH 0.1 BTC by bot          -> rejected FORBIDDEN
        60 s pass
        alice sells 0.1 ETH for USDC by bot      -> 209.799906 USDC
        1 s pass
        alice sells 0.1 ETH for USDC by bot      -> rejected UNAUTHORIZED
        alice approves bot for 60 s              -> ok
        alice revokes bot                        -> ok
        alice sells 0.1 ETH for USDC by bot      -> rejected UNAUTHORIZED
        alice approves bot for 60 s              -> rejected FORBIDDEN
    """,
    "an agent's deposit insists on nearly all of it": """
        alice has 20 ETH 40 USDC
        alice adds 10 ETH 20 USDC
        alice approves bot for 60 s
        alice adds 1 ETH 2 USDC min 0.95 ETH 1.899999 USDC by bot -> rejected SLIPPAGE_EXCEEDED
        alice adds 1 ETH 2 USDC min 0.95 ETH 1.9 USDC by bot      -> 0.000001414213562373 shares
        alice adds 1 ETH 2.2 USDC min 0.95 ETH 2.09 USDC by bot   -> rejected SLIPPAGE_EXCEEDED
    """,
    "a user opens a market, and the operator takes it over once": """
        operator lists GEM with 8 decimals
        alice has 100 GEM 100 SOL 2_000 USDC
        alice adds 100 SOL 100 GEM               -> 0.000000031622775601 shares
        pool GEM_SOL                             -> 100 GEM 100 SOL
        operator lists SOL_GEM with pool fee 100 -> rejected INVALID_MARKET
        operator lists GEM_SOL with pool fee 100 -> ok
        operator lists GEM_SOL with pool fee 30  -> rejected INVALID_MARKET
        bob has 1 GEM
        bob sells 1 GEM for SOL                  -> 0.980295078 SOL
        bob lists GEM_USDC with pool fee 30      -> rejected FORBIDDEN
        alice adds 1 GEM 1 GEM                   -> rejected SAME_TOKEN
        alice adds 1 GEM 1 NONE                  -> rejected INVALID_ASSET
    """,
    "shares are money to send, but not to withdraw": """
        alice has 8_000 COW 2_000u SOL
        alice adds 8_000 COW 2_000u SOL           -> 0.000000000000003 shares
        bob removes 1u shares of COW_SOL         -> rejected INSUFFICIENT_FUNDS
        alice sends all shares of COW_SOL to bob -> ok
        alice removes 1u shares of COW_SOL       -> rejected INSUFFICIENT_FUNDS
        alice withdraws shares of COW_SOL        -> rejected INVALID_ASSET
        bob removes 1_000u shares of COW_SOL min 2_001 COW 0 SOL    -> rejected SLIPPAGE_EXCEEDED
        bob removes 1_000u shares of COW_SOL min 0 COW 501u SOL     -> rejected SLIPPAGE_EXCEEDED
        bob removes 1_000u shares of COW_SOL min 2_000 COW 500u SOL -> 2_000 COW 0.0000005 SOL
        bob removes all shares of COW_SOL        -> 4_000 COW 0.000001 SOL
        bob removes all shares of COW_SOL        -> rejected INVALID_QUANTITY
    """,
    "the first fault in the documented order is the one that is told": """
        alice has 1 ETH 2_000 USDC
        alice adds 0.5 ETH 1_000 USDC
        operator lists DAI with 18 decimals
        operator sets ETH_USDC to paused
        mallory sells 0 NONE for NONE by stranger late -> rejected INVALID_SIGNATURE
        alice sells 0 NONE for NONE late         -> rejected EXPIRED
        alice sells 0 NONE for USDC              -> rejected INVALID_ASSET
        alice sells 0 DAI for USDC               -> rejected POOL_NOT_FOUND
        alice sells 0 ETH for USDC               -> rejected TRADING_PAUSED
        operator sets ETH_USDC to open
        alice sells 0 ETH for ETH                -> rejected SAME_TOKEN
        alice sells 0 ETH for USDC               -> rejected INVALID_QUANTITY
        alice sells 2 ETH for BTC min 9          -> rejected INSUFFICIENT_FUNDS
        alice sells 0.1 ETH for BTC min 9        -> rejected INSUFFICIENT_LIQUIDITY
        alice sells 0.1 ETH for USDC min 9_000   -> rejected SLIPPAGE_EXCEEDED
    """,
    "money goes to the last unit and not one further": """
        alice has 1 ETH 5 COW
        alice sends 1_000_000_000_000_000_001u ETH to bob -> rejected INSUFFICIENT_FUNDS
        alice sends 1 ETH to bob                 -> ok
        alice owns                               -> 5 COW
        bob withdraws 0 ETH                      -> rejected INVALID_QUANTITY
        bob withdraws 1 ETH                      -> ok
        bob owns                                 -> nothing
        alice sends 5 COW to nobody              -> rejected INVALID_ORDER
        alice sends 5 NONE to bob                -> rejected INVALID_ASSET
    """,
    "a reserve stops at 2^112 - 1": """
        operator lists DAI with 18 decimals
        alice has 5_192_296_858_534_827_628_530_496_329_220_095 COW 9 DAI
        alice has 10_000_000_000_000_000 COW
        alice adds 5_192_296_858_534_827_528_530_496_329_220_095 COW 1 DAI
        alice sells 100_000_000_000_000_001 COW for DAI -> rejected RESERVE_OVERFLOW
        alice sells 100_000_000_000_000_000 COW for DAI -> 0.000000000000000019 DAI
        pool DAI_COW -> 0.999999999999999981 DAI 5_192_296_858_534_827_628_530_496_329_220_095 COW
        alice sells 10_000_000_000_000_000 COW for DAI  -> rejected RESERVE_OVERFLOW
        alice buys 1u DAI with COW                      -> rejected RESERVE_OVERFLOW
        alice adds 1u DAI 10_000_000_000_000_000 COW    -> rejected RESERVE_OVERFLOW
    """,
    "an exact purchase that the pool cannot give is refused before the purse is looked at": """
        alice has 10 ETH 20_000 USDC
        alice adds 10 ETH 20_000 USDC
        dave buys 10 ETH with USDC               -> rejected INSUFFICIENT_LIQUIDITY
        dave buys 1 ETH with USDC                -> rejected INSUFFICIENT_FUNDS
        dave sells 1 ETH for USDC                -> rejected INSUFFICIENT_FUNDS
        dave sells 1 SOL for USDC                -> rejected POOL_NOT_FOUND
    """,
}

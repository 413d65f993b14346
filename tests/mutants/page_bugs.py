"""Bugs that somebody could make in the page. Each costs a build of it, and most a browser."""

from tests.mutants.bug import Bug

TRADING = "tests/browser/test_trading.py::test_what_a_trader_presses_is_what_the_exchange_has"
WALLETS = (
    "tests/browser/test_wallet.py::test_wallets_connect_and_sign_on_the_network_of_the_deployment"
)
AGENTS = "tests/browser/test_wallet.py::test_an_agent_trades_without_pop_ups_until_its_end"
SIGN_IN = "tests/browser/test_wallet.py::test_a_sign_in_opens_what_is_private"
POOL = "tests/browser/test_pool.py::test_liquidity_by_hand_is_what_the_exchange_did"
RECOVERY = (
    "tests/browser/test_recovery.py::test_a_page_shows_what_is_true_after_the_server_came_back"
)
PAUSED = (
    "tests/browser/test_recovery.py"
    "::test_a_pause_by_the_operator_closes_the_forms_until_trading_resumes"
)
OPERATOR = "tests/browser/test_operator.py::test_the_operator_watches_and_pauses"
ANALYTICS = "tests/browser/test_analytics.py::test_the_figures_are_sums_over_what_was_traded"
KEYBOARD = "tests/browser/test_views.py::test_by_keyboard_alone"
VIEWS = "tests/browser/test_views.py::test_the_views"
SOAK = "tests/browser/test_soak.py::test_memory_of_the_page[60]"
SOURCES = "tests/web/test_page_sources.py"

PAGE_BUGS: tuple[Bug, ...] = (
    Bug(
        "the page signs on another network",
        "web/src/lib/wallet.svelte.ts",
        (
            (
                "        if (this.isOnWrongChain) {\n",
                "        if (this.isOnWrongChain && false) {\n",
            ),
        ),
        WALLETS,
        only="on another network",
    ),
    Bug(
        "the wallet's other account is not taken",
        "web/src/lib/wallet.svelte.ts",
        (
            (
                "      if (isHeard) this.#takeAccount(injected, firstOf(accounts))\n",
                "      if (!isHeard) this.#takeAccount(injected, firstOf(accounts))\n",
            ),
        ),
        WALLETS,
        only="the account that the wallet changes to",
    ),
    Bug(
        "the faucet gives another token",
        "web/src/wallet/faucet.ts",
        (
            (
                "JSON.stringify({ owner, token }))",
                "JSON.stringify({ owner, token: owner }))",
            ),
        ),
        WALLETS,
        only="the faucet fills it",
    ),
    Bug(
        "a swap signed for whatever it brings",
        "web/src/desk/swap_ticket.svelte.ts",
        (("minAmountOut: bound })", 'minAmountOut: "0" })'),),
        f"{TRADING}[trading.mjs]",
        only="a swap gives what was shown",
    ),
    Bug(
        "a swap the other way round",
        "web/src/desk/swap_ticket.svelte.ts",
        (
            (
                "tokenIn: wish.tokenIn.address, tokenOut: wish.tokenOut.address",
                "tokenIn: wish.tokenOut.address, tokenOut: wish.tokenIn.address",
            ),
        ),
        f"{TRADING}[trading.mjs]",
        only="received exactly",
    ),
    Bug(
        "a second try that may execute beside the first",
        "web/src/lib/intent.ts",
        (
            (
                "    this.#nonce ??= nextNonce(deployment.nowS())\n",
                "    this.#nonce = nextNonce(deployment.nowS())\n",
            ),
        ),
        f"{TRADING}[trading.mjs]",
        only="moves past the limit",
    ),
    Bug(
        "the post-only mark is lost",
        "web/src/desk/LimitForm.svelte",
        (
            (
                "        timeInForce: inForce,\n        postOnly,\n",
                "        timeInForce: inForce,\n        postOnly: false,\n",
            ),
        ),
        f"{TRADING}[orders.mjs]",
        only="post-only",
    ),
    Bug(
        "a replacement at the old price",
        "web/src/desk/ReplaceForm.svelte",
        (
            (
                "const found = $derived(read(terms, { side: order.side, price: limit,",
                "const found = $derived(read(terms, { side: order.side, price: order.price,",
            ),
        ),
        f"{TRADING}[orders.mjs]",
        only="an order rests",
    ),
    Bug(
        "cancel all cancels one market",
        "web/src/desk/cancel.ts",
        (('act("CancelAllOrders", { market })', 'act("CancelAllOrders", { market: "ETH_USDC" })'),),
        f"{TRADING}[orders.mjs]",
        only="all orders are cancelled",
    ),
    Bug(
        "a deposit at any ratio",
        "web/src/pool/AddLiquidity.svelte",
        (("          amountBMin: String(least(b, bps)),\n", '          amountBMin: "0",\n'),),
        POOL,
        only="what is added and minted",
    ),
    Bug(
        "all is removed whatever was chosen",
        "web/src/pool/RemoveLiquidity.svelte",
        (("        liquidity: String(shares),\n", "        liquidity: String(held),\n"),),
        POOL,
        only="removing a part",
    ),
    Bug(
        "an agent signs past its end",
        "web/src/lib/wallet.svelte.ts",
        (
            (
                "this.agent.validUntil > deployment.nowS() + AGENT_MARGIN_S",
                "this.agent.validUntil > 0",
            ),
        ),
        AGENTS,
        only="the end that is chosen",
    ),
    Bug(
        "a revoked agent's key is kept",
        "web/src/wallet/trading_agent.ts",
        (("  if (wallet.owner === owner && isOwn) wallet.dropAgent()\n", ""),),
        AGENTS,
        only="until it is revoked",
    ),
    Bug(
        "a session that ran out is not renewed",
        "web/src/lib/session.svelte.ts",
        (("    return tokens.expiresAt > deployment.nowMs() + MARGIN_MS\n", "    return true\n"),),
        SIGN_IN,
        only="outlives reloads",
    ),
    Bug(
        "another account is shown the first one's orders",
        "web/src/lib/account.svelte.ts",
        (("    this.account = null\n    this.orders = []\n    this.isHidden = false\n", ""),),
        SIGN_IN,
        only="another account of the wallet",
    ),
    Bug(
        "the trades of before stay after the server was away",
        "web/src/lib/market.svelte.ts",
        (
            (
                "        subscribed: () => void this.#loadTrades(),\n",
                "        subscribed: () => void (this.isLoaded || this.#loadTrades()),\n",
            ),
        ),
        RECOVERY,
        only="comes back: the page says so",
    ),
    Bug(
        "the book of before stays after the server was away",
        "web/src/lib/market.svelte.ts",
        (
            (
                "        subscribed: () => void this.#loadDepth(),\n",
                "        subscribed: () => void (this.isLoaded || this.#loadDepth()),\n",
            ),
            # The next frame has a gap, which alone would be enough.
            (
                "    if (BigInt(frame.U) > this.#updated + 1n) {\n",
                "    if (BigInt(frame.U) > this.#updated + 1n && !this.isLoaded) {\n",
            ),
        ),
        RECOVERY,
        only="comes back: the page says so",
    ),
    Bug(
        "a gap in the depth is passed over",
        "web/src/lib/market.svelte.ts",
        (
            (
                "    if (BigInt(frame.U) > this.#updated + 1n) {\n",
                "    if (BigInt(frame.U) > this.#updated + 1n && !this.isLoaded) {\n",
            ),
        ),
        f"{SOURCES}::test_its_own_checks_pass[test]",
    ),
    Bug(
        "an order without an answer is signed anew",
        "web/src/lib/act.ts",
        (
            (
                "      const isOpen = fault instanceof Unanswered || (",
                "      const isOpen = (",
            ),
        ),
        RECOVERY,
        only="as the server was killed",
    ),
    Bug(
        "a level that is gone stays in the book",
        "web/src/lib/market.svelte.ts",
        (("    if (Number(quantity) === 0) side.delete(price)\n    else side", "    side"),),
        RECOVERY,
        only="two browsers",
    ),
    Bug(
        "an order is offered while its market is paused",
        "web/src/desk/LimitForm.svelte",
        (('    if (listing.orderBookState !== "Open") return no(closedText(listing))\n', ""),),
        PAUSED,
    ),
    Bug(
        "pause stops orders but not cancels",
        "web/src/operator/MarketControls.svelte",
        (
            (
                '      await act("SetMarketStatus", { market, status })\n',
                '      await act("SetMarketStatus", { market, status: "cancel_only" })\n',
            ),
        ),
        OPERATOR,
        only="a market pauses and resumes",
    ),
    Bug(
        "another gauge's number",
        "web/src/operator/figures.ts",
        (
            (
                '    openOrders: gauge("xyk_open_orders"),\n',
                '    openOrders: gauge("xyk_queue_depth"),\n',
            ),
        ),
        OPERATOR,
        only="the figures are those of /metrics",
    ),
    Bug(
        "the fees of one side are left out",
        "web/src/analytics/sums.ts",
        (("inQuote(pool.baseFees, pool.quoteFees,", 'inQuote("0", pool.quoteFees,'),),
        ANALYTICS,
        only="are the sums of what was traded",
    ),
    Bug(
        "a dialog loses the focus",
        "web/src/ui/Dialog.svelte",
        (("    return () => void tick().then(giveBack)\n", "    return () => void tick()\n"),),
        KEYBOARD,
        only="a dialog keeps the focus",
    ),
    Bug(
        "arrows change the tab and not the focus",
        "web/src/desk/Tabs.svelte",
        (("    document.getElementById(`${name}-${tab}`)?.focus()\n", ""),),
        KEYBOARD,
        only="connect, swap, place and cancel",
    ),
    Bug(
        "a choice of tokens without a label",
        "web/src/desk/TokenAmount.svelte",
        (('      aria-label="{label}: token"\n', ""),),
        VIEWS,
        only="trade, light, on a desk",
    ),
    Bug(
        "wider than a phone",
        "web/src/ui/Dialog.svelte",
        (("width: min(420px, 100vw); max-width: 100vw;", "width: 420px; max-width: none;"),),
        VIEWS,
        only="the wallet's dialogs, light, 390",
    ),
    Bug(
        "every frame is kept",
        "web/src/lib/stream.svelte.ts",
        (
            ("  #lastRequest = 0\n", "  #lastRequest = 0\n  #frames: unknown[] = []\n"),
            (
                "    if (frame.stream !== undefined) {\n",
                "    this.#frames.push(frame)\n    if (frame.stream !== undefined) {\n",
            ),
        ),
        SOAK,
    ),
    Bug(
        "a list of trades that is never cut",
        "web/src/lib/market.svelte.ts",
        (
            (
                "this.trades = [...news, ...this.trades].slice(0, TRADES_KEPT)",
                "this.trades = [...news, ...this.trades]",
            ),
        ),
        f"{SOURCES}::test_its_own_checks_pass[test]",
    ),
    Bug(
        "all of a library in the page",
        "web/src/lib/keys.ts",
        (
            (
                'import { getAddress } from "viem/utils"\n',
                'import { getAddress } from "viem/utils"\nimport * as chains from "viem/chains"\n',
            ),
            (
                "  return getAddress(address)\n",
                "  return getAddress(address, Object.values(chains).length)\n",
            ),
        ),
        f"{SOURCES}::test_it_is_light",
    ),
    Bug(
        "the least that is accepted is rounded down",
        "web/src/pool/shares.ts",
        (
            (
                "  return (amount * (BPS - slippageBps) + BPS - 1n) / BPS\n",
                "  return (amount * (BPS - slippageBps)) / BPS\n",
            ),
        ),
        f"{SOURCES}::test_its_own_checks_pass[test]",
    ),
    Bug(
        "a script in the page's own text",
        "web/index.html",
        (("  <body>\n", "  <body>\n    <script>document.title = location.host</script>\n"),),
        f"{SOURCES}::test_its_index_needs_nothing_that_the_policy_refuses",
    ),
    Bug(
        "a font from elsewhere",
        "web/src/App.svelte",
        (("<style>\n", '<style>\n  @import url("https://fonts.example.org/ui.css");\n'),),
        "tests/web/test_page_tidy.py::test_the_page_is_tidy",
    ),
)

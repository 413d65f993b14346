"""Bugs that somebody could make in the market maker and the demo's traders."""

from tests.mutants.bug import Bug

MAKER_BUGS: tuple[Bug, ...] = (
    Bug(
        "the dead man's switch is never armed",
        "xyk/maker/market_maker.py",
        (
            (
                "        return time.monotonic() - self._armed_s > self.pace.timeout_s / 3\n",
                "        return False\n",
            ),
        ),
        "tests/maker/test_survival.py::test_the_server_is_away_until_the_switch_fires",
    ),
    Bug(
        "the switch stays armed after an orderly end",
        "xyk/maker/market_maker.py",
        (("        await self._answers([disarm])\n", ""),),
        "tests/maker/test_survival.py::test_an_orderly_end_cancels_all_and_disarms",
    ),
    Bug(
        "the last cancel is left out",
        "xyk/maker/market_maker.py",
        (
            (
                "            await self._withdraw_all()\n            self._is(ENDED",
                "            self._is(ENDED",
            ),
        ),
        "tests/maker/test_survival.py::test_an_orderly_end_cancels_all_and_disarms",
    ),
    Bug(
        "quotes outlive the agent's approval",
        "xyk/maker/market_maker.py",
        (
            (
                "        if self.pace.valid_until and left_s < PERISH_S:\n"
                "            await self._withdraw_all()\n",
                "        if self.pace.valid_until and left_s < PERISH_S:\n",
            ),
        ),
        "tests/maker/test_authority.py::test_an_agents_key_alone_is_enough_until_it_ends",
    ),
    Bug(
        "a paused market is not noticed",
        "xyk/maker/market_view.py",
        (('market["orderBookState"] == OPEN\n', 'market["orderBookState"] != ""\n'),),
        "tests/maker/test_survival.py::test_a_pause_and_the_end_of_it",
    ),
    Bug(
        "a pause is for ever",
        "xyk/maker/market_maker.py",
        (
            (
                "        if not view.is_open:\n            await view.read_terms()\n",
                "        self._asked_s = time.monotonic()\n",
            ),
        ),
        "tests/maker/test_survival.py::test_a_pause_while_the_price_moves",
    ),
    Bug(
        "a new tick and lot are not noticed",
        "xyk/maker/market_view.py",
        (("        if terms != self.terms:\n", "        if terms is None:\n"),),
        "tests/maker/test_survival.py::test_a_new_tick_and_lot_while_it_waits",
    ),
    Bug(
        "as many lots of another size",
        "xyk/maker/market_maker.py",
        (
            (
                "            style = self.style._replace(lots=self._size // grid.lot_size)\n",
                "            style = self.style\n",
            ),
        ),
        "tests/maker/test_survival.py::test_a_new_tick_and_lot_while_it_waits",
    ),
    Bug(
        "what is open already is not read",
        "xyk/maker/market_view.py",
        (
            (
                "self.orders.reset(await self._client.open_orders(symbol))",
                "self.orders.reset([])",
            ),
        ),
        "tests/maker/test_survival.py::test_the_server_restarts[SIGTERM]",
    ),
    Bug(
        "cancelled and placed again instead of replaced",
        "xyk/maker/changes.py",
        (
            (
                "                rest.append((0 if retreats else 1, Change(order, quote)))\n",
                "                cancels.append(Change(order, None))\n"
                "                rest.append((3 - retreats, Change(None, quote)))\n",
            ),
        ),
        "tests/maker/test_limits.py::test_it_replaces_and_cancels_nothing",
    ),
    Bug(
        "what moves towards the other side goes first",
        "xyk/maker/changes.py",
        (("(0 if retreats else 1, Change", "(1 if retreats else 0, Change"),),
        "tests/maker/test_changes.py",
    ),
    Bug(
        "the skew has the wrong sign",
        "xyk/maker/quoting.py",
        (
            (
                "    return size if excess > 0 else -size\n",
                "    return -size if excess > 0 else size\n",
            ),
        ),
        "tests/maker/test_skew.py::test_what_it_holds_shifts_its_quotes",
    ),
    Bug(
        "the ladder begins a level further out",
        "xyk/maker/quoting.py",
        (("half + level * style.step_bps", "half + (level + 1) * style.step_bps"),),
        "tests/maker/test_quoting.py::test_the_ladder",
    ),
    Bug(
        "bids beyond the funds",
        "xyk/maker/quoting.py",
        (
            (
                "        lots = min(style.lots, grid.lots_worth(ticks, funds))\n",
                "        lots = style.lots\n",
            ),
        ),
        "tests/maker/test_quoting.py",
    ),
    Bug(
        "more base than the most",
        "xyk/maker/market_view.py",
        (
            (
                "            base=base.available + base.locked,\n",
                "            base=base.available,\n",
            ),
        ),
        "tests/maker/test_limits.py::test_it_never_holds_more_base",
    ),
    Bug(
        "a file without a price keeps the old one",
        "xyk/maker/reference.py",
        (
            ("                self._price = None\n                with", "                with"),
            (
                'self.why, self._price, self._seen = f"{self._path}: {why}", None, None',
                'self.why, self._seen = f"{self._path}: {why}", None',
            ),
        ),
        "tests/maker/test_references.py::test_a_file_without_a_price[0]",
    ),
    Bug(
        "the price of a market that is lost stays good",
        "xyk/maker/reference.py",
        (("        elif self._now_s() - self._heard_s > LOST_S:\n", "        elif False:\n"),),
        "tests/maker/test_references.py::test_a_market_of_another_exchange",
    ),
    Bug(
        "a jump is tried in one step",
        "xyk/maker/market_maker.py",
        (
            (
                "        if self.view.pool is None and bid is not None and ask is not None:\n",
                "        if False:\n",
            ),
        ),
        "tests/maker/test_references.py::test_a_file_jumps_where_there_is_no_pool",
    ),
    Bug(
        "moves further apart than the switch bears",
        "xyk/cli/mm.py",
        (
            (
                "    if wishes.refresh_s > wishes.timeout_s / 3:\n",
                "    if wishes.refresh_s > wishes.timeout_s:\n",
            ),
        ),
        "tests/maker/test_flags.py",
    ),
    Bug(
        "the demo's taker drives the pool away from the price",
        "xyk/maker/taker.py",
        (
            (
                '            return Trade("take", gap > 0,',
                '            return Trade("take", gap < 0,',
            ),
        ),
        "tests/maker/test_taker.py",
    ),
    Bug(
        "a new agent at each start of the demo's traders",
        "xyk/cli/demo_traders.py",
        (
            (
                "data / DEMO_MAKER, None, data / DEMO_AGENT, owner",
                'data / DEMO_MAKER, None, data / f"{os.getpid()}.agent", owner',
            ),
        ),
        "tests/maker/test_demo_traders.py"
        "::test_they_move_every_chart_come_back_and_end_with_the_server",
    ),
)

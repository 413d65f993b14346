"""Bugs that somebody could make in what follows a chain and relays to it."""

from tests.mutants.bug import Bug

CHAIN_BUGS: tuple[Bug, ...] = (
    Bug(
        "the impact of a route is rounded down",
        "xyk/chain/route.py",
        (
            (
                "        return -(-BPS * (whole - kept) // whole)\n",
                "        return BPS * (whole - kept) // whole\n",
            ),
        ),
        "tests/chain/test_route.py",
    ),
    Bug(
        "a middle pair may overflow the last one",
        "xyk/chain/route.py",
        (("                if most < amount <= room:\n", "                if most < amount:\n"),),
        "tests/chain/test_route.py",
    ),
    Bug(
        "the dearest way to an exact amount",
        "xyk/chain/route.py",
        (
            (
                "                if amount and not 0 < least <= amount:\n",
                "                if amount and amount > least:\n",
            ),
        ),
        "tests/chain/test_route.py",
    ),
    Bug(
        "a reorg undoes no reserves",
        "xyk/chain/mirror.py",
        (("            self._pools.undo(joined)\n", "            pass\n"),),
        "tests/chain/test_mirror_reorgs.py",
    ),
    Bug(
        "a reorg is told to nobody",
        "xyk/chain/mirror.py",
        (("            listener.dropped(ancestor)\n", "            pass\n"),),
        "tests/chain/test_mirror_reorgs.py",
    ),
    Bug(
        "a reorg deeper than the rule is followed",
        "xyk/chain/mirror.py",
        (
            (
                '        raise Halted(\n            f"block {mine[-1].number} was final',
                "        return mine[-1]\n"
                '        raise Halted(\n            f"block {mine[-1].number} was final',
            ),
        ),
        "tests/chain/test_mirror_reorgs.py",
    ),
    Bug(
        "an old block is shown as live",
        "xyk/chain/mirror.py",
        (("        elif age_ms > limit_ms:\n", "        elif False:\n"),),
        "tests/chain/test_lies.py",
    ),
    Bug(
        "a node that is away is shown as live",
        "xyk/chain/mirror.py",
        (("        elif seen_ms_ago > limit_ms:\n", "        elif False:\n"),),
        "tests/chain/test_lies.py",
    ),
    Bug(
        "what became final is told to nobody",
        "xyk/chain/mirror.py",
        (
            (
                "            for listener in self.listeners:\n"
                "                await listener.final(final)\n",
                "            pass\n",
            ),
        ),
        "tests/chain/test_mirror_restart.py",
    ),
    Bug(
        "blocks are not compared by parent",
        "xyk/chain/source.py",
        (("        if blocks[0].parent != after.hash:\n", "        if False:\n"),),
        "tests/chain/test_mirror_reorgs.py",
    ),
    Bug(
        "a range is never halved",
        "xyk/chain/source.py",
        (
            ("                self._span = max(1, (end - after.number) // 2)\n", ""),
            (
                "                if is_narrowest or isinstance(fault, RpcDown):\n",
                "                if True:\n",
            ),
        ),
        "tests/chain/test_mirror_weather.py::test_ranges_that_are_too_wide_are_halved",
    ),
    Bug(
        "logs of another block are believed",
        "xyk/chain/source.py",
        (
            (
                "        if log.number != block.number or log.hash != block.hash:\n",
                "        if False:\n",
            ),
        ),
        "tests/chain/test_lies.py",
    ),
    Bug(
        "logs in the order of the node",
        "xyk/chain/logs.py",
        (("    decoded.sort(key=lambda one: (one.number, one.index))\n", ""),),
        "tests/chain/test_logs.py",
    ),
    Bug(
        "a transaction of another chain is relayed",
        "xyk/chain/admission.py",
        (("    if transaction.chain_id != deployment.chain_id:\n", "    if False:\n"),),
        "tests/chain/test_admission.py",
    ),
    Bug(
        "any contract is called through the relay",
        "xyk/chain/admission.py",
        (("    if not is_target(mirror, to):\n", "    if False:\n"),),
        "tests/chain/test_admission.py",
    ),
    Bug(
        "no bound is a bound",
        "xyk/chain/admission.py",
        (
            (
                "        if call.arguments.get(name) == 0:\n",
                "        if call.arguments.get(name) == -1:\n",
            ),
        ),
        "tests/chain/test_admission.py",
    ),
    Bug(
        "a deadline that passed is relayed",
        "xyk/chain/admission.py",
        (
            (
                "    if deadline_s is None or now_s <= deadline_s <= now_s + DEADLINE_AHEAD_S:\n",
                "    if deadline_s is None or deadline_s <= now_s + DEADLINE_AHEAD_S:\n",
            ),
        ),
        "tests/chain/test_admission.py",
    ),
    Bug(
        "anybody may be approved",
        "xyk/chain/admission.py",
        (('        if call.arguments["spender"] == router:\n', "        if router:\n"),),
        "tests/chain/test_admission.py",
    ),
    Bug(
        "bytes after a transaction are ignored",
        "xyk/chain/raw.py",
        (("    if end != len(raw):\n", "    if False:\n"),),
        "tests/chain/test_raw.py",
    ),
    Bug(
        "a signature for every chain",
        "xyk/chain/raw.py",
        (("    if v < 35:\n", "    if v < 27:\n"),),
        "tests/chain/test_raw.py",
    ),
    Bug(
        "relayed before it is on disk",
        "xyk/chain/relay.py",
        (("        await self._relayed.put(row)\n", ""),),
        "tests/chain/test_relay.py",
    ),
    Bug(
        "a nonce with a gap is relayed",
        "xyk/chain/relay.py",
        (("    if nonce > account.next_nonce:\n", "    if False:\n"),),
        "tests/chain/test_relay.py",
    ),
    Bug(
        "a receipt of a dropped block is final",
        "xyk/chain/follower.py",
        (("        if there.hash != block_hash:\n", "        if False:\n"),),
        "tests/chain/test_follower_lies.py",
    ),
    Bug(
        "a dropped transaction is not sent again",
        "xyk/chain/follower.py",
        (("                await self._send_again(kept)\n", "                pass\n"),),
        "tests/chain/test_follower.py",
    ),
    Bug(
        "an endpoint of another chain is asked",
        "xyk/chain/node.py",
        (
            (
                "        if self._chain_id is not None and chain_id != self._chain_id:\n",
                "        if False:\n",
            ),
        ),
        "tests/chain/test_node.py",
    ),
    Bug(
        "a node sends us elsewhere",
        "xyk/chain/node.py",
        (('"allow_redirects": False', '"allow_redirects": True'),),
        "tests/chain/test_node_secrets.py",
    ),
    Bug(
        "a permit for another domain is offered",
        "xyk/chain/permit.py",
        (
            (
                "    return domain if domain.separator() == separator else None\n",
                "    return domain\n",
            ),
        ),
        "tests/chain/test_transactions.py",
    ),
    Bug(
        "gas is not counted in the best price",
        "api/best_price.py",
        (
            (
                "        left = max(0, int(view.amount_out) - cost)\n",
                "        left = int(view.amount_out)\n",
            ),
        ),
        "tests/chain/test_best_price.py",
    ),
    Bug(
        "what is paid is rounded down between venues",
        "api/best_price.py",
        (
            (
                "    return -(-amount // unit) if up else amount // unit\n",
                "    return amount // unit\n",
            ),
        ),
        "tests/chain/test_best_price.py",
    ),
    Bug(
        "the least amount counts as the best to pay",
        "api/best_price.py",
        (
            (
                "        (one.net if is_sale else -one.net, one.venue)",
                "        (one.net, one.venue)",
            ),
        ),
        "tests/chain/test_best_price.py",
    ),
)

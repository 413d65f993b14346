"""Bugs that somebody could make: small patches of the source, and what must catch each.

Those of what follows a chain are in `chain_bugs.py`.
"""

from tests.mutants.bug import Bug

OWN_BUGS: tuple[Bug, ...] = (
    Bug(
        "acknowledge before the commit",
        "xyk/engine/committer.py",
        (("        if seq > self.head[0]:\n", "        if seq > self.head[0] + 256:\n"),),
    ),
    Bug(
        "frame before the commit",
        "xyk/engine/committer.py",
        (
            (
                "            await self._journal.append([one.entry for one in group.committed])\n",
                "            self._on_committed(group.committed)\n"
                "            await self._journal.append([one.entry for one in group.committed])\n",
            ),
            ("            self._on_committed(group.committed)\n        except", "        except"),
        ),
    ),
    Bug(
        "read before the commit",
        "api/services.py",
        (("        await self.writer.committed(self.state.seq)\n", ""),),
    ),
    Bug(
        "refusal before the commit",
        "xyk/engine/writer.py",
        (
            (
                "        item.needs_seq = self._state.seq  # also",
                "        if isinstance(answer, Committed):\n"
                "            item.needs_seq = self._state.seq  # also",
            ),
        ),
        "tests/engine/test_writer.py",
    ),
    Bug(
        "skipped fsync",
        "xyk/storage/journal.py",
        (('    "synchronous = FULL",\n', '    "synchronous = OFF",\n'),),
    ),
    Bug(
        "a log that only memory has is believed",
        "xyk/storage/journal.py",
        (("        log.write(part)\n", ""),),
    ),
    Bug(
        "second writer let in",
        "xyk/storage/lock.py",
        (("fcntl.LOCK_EX | fcntl.LOCK_NB", "fcntl.LOCK_SH | fcntl.LOCK_NB"),),
    ),
    Bug(
        "stale snapshot taken for the journal's end",
        "xyk/engine/snapshot.py",
        (
            (
                "    await follow(start.replica, journal, progress=progress)\n    try:",
                "    if start.snapshot is None:\n"
                "        await follow(start.replica, journal, progress=progress)\n    try:",
            ),
        ),
    ),
    Bug(
        "damaged snapshot stops the start",
        "xyk/engine/snapshot.py",
        (
            (
                '            raise ValueError("its text does not have its checksum")\n'.replace(
                    "            ", "        "
                ),
                '        raise KeyError("its text does not have its checksum")\n',
            ),
        ),
    ),
    Bug(
        "a snapshot's hash may rot",
        "xyk/engine/snapshot.py",
        (
            (
                '    hashed = sha256(f"{entry_hash}\\n".encode() if version > 2 else b"")\n',
                "    hashed = sha256()\n",
            ),
        ),
        "tests/engine/test_snapshot.py",
    ),
    Bug(
        "agents are not in the snapshot",
        "xyk/exchange/state.py",
        (('            "agents": self.agents,\n', '            "agents": {},\n'),),
    ),
    Bug(
        "lost nonce word",
        "xyk/exchange/evolve.py",
        (("    word[signer] = bits | bit\n", "    word[signer] = bit\n"),),
    ),
    Bug(
        "a refusal spends the nonce",
        "xyk/engine/writer.py",
        (
            (
                "        if isinstance(outcome, Rejected):\n            return outcome\n"
                "        kind, events",
                "        if isinstance(outcome, Rejected):\n"
                '            if evidence.scheme == "eip712":\n'
                "                word = state.nonces.setdefault(command.nonce // 256, {})\n"
                "                bits = word.get(evidence.signer, 0)\n"
                "                word[evidence.signer] = bits | 1 << command.nonce % 256\n"
                "            return outcome\n"
                "        kind, events",
            ),
        ),
    ),
    Bug(
        "receipt lost after a restart",
        "xyk/engine/receipts.py",
        (
            (
                "        if seq is None:\n            return None\n",
                "        if seq != 0:\n            return None\n",
            ),
        ),
    ),
    Bug(
        "the clock goes backwards",
        "xyk/engine/writer.py",
        (("max(now_ms, self._state.now_ms)", "now_ms"),),
    ),
    Bug(
        "swap rounded against the pool",
        "amm/constant_product.py",
        (
            (
                "    return effective_in * reserve_out // (reserve_in * BPS + effective_in)\n",
                "    return -(-effective_in * reserve_out // (reserve_in * BPS + effective_in))\n",
            ),
        ),
    ),
    Bug(
        "swap rounded twice for the pool",
        "amm/constant_product.py",
        (
            (
                "    return effective_in * reserve_out // (reserve_in * BPS + effective_in)\n",
                "    out = effective_in * reserve_out // (reserve_in * BPS + effective_in)\n"
                "    return max(out - 1, 0)\n",
            ),
        ),
    ),
    Bug(
        "missing release on cancel",
        "xyk/exchange/fold_orders.py",
        (
            (
                "    if event.released:\n        _release",
                '    if event.released and event.status != "Cancelled":\n        _release',
            ),
        ),
    ),
    Bug(
        "duplicate fill",
        "xyk/exchange/taking.py",
        (
            (
                "            events.append(_filled(edge, step.order, step.lots, owner, order_id,"
                " trade_id))\n",
                "            events.append(_filled(edge, step.order, step.lots, owner, order_id,"
                " trade_id))\n            events.append(events[-1])\n",
            ),
        ),
    ),
    Bug(
        "trigger not activated",
        "xyk/exchange/due.py",
        (("    if activations_left and orders.due:\n", "    if not activations_left:\n"),),
    ),
    Bug(
        "order outlives its time",
        "xyk/exchange/due.py",
        (
            (
                "        and expiry[0] * 1000 <= now_ms\n",
                "        and expiry[0] * 1000 + 5_000 <= now_ms\n",
            ),
        ),
    ),
    Bug(
        "an agent may withdraw",
        "xyk/exchange/decide.py",
        (("    if type(command) not in AGENT_MAY:\n", "    if command is None:\n"),),
    ),
    Bug(
        "a revoked agent may go on",
        "xyk/exchange/evolve.py",
        (("[event.agent].valid_until, revoked=True)", "[event.agent].valid_until)"),),
    ),
    Bug(
        "an action after its deadline",
        "xyk/exchange/decide.py",
        (("    if now_s > command.deadline:\n", "    if now_s > command.deadline + 5:\n"),),
    ),
    Bug(
        "a transfer to somebody else",
        "xyk/exchange/custody.py",
        (
            (
                "        Transferred(owner=move.owner, recipient=move.recipient,",
                "        Transferred(owner=move.owner, recipient=state.operator,",
            ),
        ),
    ),
    Bug(
        "a swap for less than its minimum",
        "xyk/exchange/swaps.py",
        (
            (
                "    if route.amount_out < swap.min_amount_out:\n",
                "    if route.amount_out * 2 < swap.min_amount_out:\n",
            ),
        ),
    ),
    Bug(
        "frames wait for a slow reader without bound",
        "api/hub.py",
        (("                self.close(*SLOW_READER)\n", "                return True\n"),),
    ),
    Bug(
        "a second copy of a key's request",
        "xyk/exchange/evolve.py",
        (
            (
                "    known = state.requests.setdefault(event.expires_ms // 1000, {})\n",
                "    known: dict[str, None] = {}\n",
            ),
        ),
    ),
)

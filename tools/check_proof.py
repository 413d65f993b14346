"""Checks a journal of xyk, and proofs of what it owes, without a line of xyk's own code: hashes,
signatures, who may move what, sums. Prices are not decided again: `xyk verify` does that.
python check_proof.py SOURCE [PROOF | SEQ:HASH]... SOURCE: journal.db, the exchange's URL, or saved
pages of its journal. PROOF: a saved /api/v1/proof/{owner}. Exit 0: yes, 1: no, with the seq."""
import json, sqlite3, sys
from base64 import b64decode
from collections import Counter
from hashlib import sha256
from urllib import parse, request
from coincurve import PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sha3 import keccak_256
COLUMNS = "seq time rules kind command evidence events previous hash".split()
S = dict(zip("ABUuvwisb", "address bytes32 uint256 uint64 uint32 uint8 int32 string bool".split()))
TYPES = """SwapExactIn AtokenIn AtokenOut UamountIn UminAmountOut; SwapExactOut AtokenIn AtokenOut \
UamountOut UmaxAmountIn; AddLiquidity AtokenA AtokenB UamountADesired UamountBDesired UamountAMin \
UamountBMin; RemoveLiquidity AtokenA AtokenB Uliquidity UamountAMin UamountBMin; PlaceOrder \
AsellToken AbuyToken UsellAmount UbuyAmount stimeInForce bpostOnly sselfTradePrevention \
UtriggerPrice btriggerAbove uclientId uexpires; ReplaceOrder Border AsellToken AbuyToken \
UsellAmount UbuyAmount; CancelOrder sorderId uclientId; CancelAllOrders smarket; CancelAllAfter \
smarket utimeoutSeconds; Transfer Atoken Uamount Arecipient; Withdraw Atoken Uamount Arecipient; \
ApproveAgent Aagent uvalidUntil; RevokeAgent Aagent; ApproveApiKey BpublicKey uvalidUntil; \
RevokeApiKey BpublicKey; ListAsset ssymbol Atoken wdecimals; ListMarket sbase squote UtickSize \
UlotSize imakerFeeBps itakerFeeBps vpoolFeeBps bbook; UpdateMarket smarket UtickSize UlotSize \
imakerFeeBps itakerFeeBps vpoolFeeBps bbook; SetMarketStatus smarket sstatus; SetProtocolFee \
Arecipient; SetOperator Aoperator"""
TYPES = {one.split()[0]: one.split()[1:] for one in TYPES.split(";")}
ONCE = """Deposited FaucetDeposit Withdrawn Withdraw Transferred Transfer SessionOpened OpenSession
SessionClosed CloseSession AgentApproved ApproveAgent AgentRevoked RevokeAgent ApiKeyApproved
ApproveApiKey ApiKeyRevoked RevokeApiKey""".split()
ONCE = dict(zip(ONCE[::2], ONCE[1::2]))  # events of one command alone, with its values
MOVES = """Deposited outside owner asset amount; Withdrawn owner outside asset amount; Transferred \
owner recipient asset amount; PoolSwapped owner pool assetIn amountIn pool owner assetOut amountOut\
; LiquidityAdded owner pool base amountBase owner pool quote amountQuote outside owner shares \
liquidity outside nobody shares locked outside protocolRecipient shares protocolLiquidity; \
LiquidityRemoved pool owner base amountBase pool owner quote amountQuote owner outside shares \
liquidity outside protocolRecipient shares protocolLiquidity; BookFilled of+ taker given paid of+ \
fees given fee of+ of given makerRebate taker of got received taker fees got makerFee; OrderRested \
of of+ given held; TriggerArmed of of+ given held"""
MOVES = {one.split()[0]: one.split()[1:] for one in MOVES.split(";")}  # + is what is held
ASKS = dict(ExecuteOrder="Execute", CancelOpenOrder="Cancel", CancelOpenOrders="CancelAll")
MOST = "amount amountIn maxAmountIn sellAmount amountADesired amountBDesired liquidity".split()
HALF = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"  # of the curve's order
def keccak(data): return keccak_256(data if isinstance(data, bytes) else data.encode()).digest()
def hashed(name, fields, values):  # EIP-712's hash of a struct
    assert {*values} == {field[1:] for field in fields}, f"other fields than {name} has"
    text = f"{name}({','.join(f'{S[field[0]]} {field[1:]}' for field in fields)})"
    hexes = [values[f[1:]][2:] if f[0] in "AB" else keccak(values[f[1:]]).hex() if f[0] == "s"
             else f"{values[f[1:]] % 2**256:x}" for f in fields]
    return keccak(keccak(text) + b"".join(bytes.fromhex(one.rjust(64, "0")) for one in hexes))
def recovered(digest, signature):
    raw = bytes.fromhex(signature[2:])
    if len(raw) == 64: raw = raw[:32] + bytes([raw[32] & 127]) + raw[33:] + bytes([raw[32] >> 7])
    assert len(raw) == 65 and raw[64] in (0, 1, 27, 28) and raw[32:64].hex() <= HALF, "malformed"
    key = PublicKey.from_signature_and_message(raw[:64] + bytes([raw[64] % 27]), digest, None)
    return "0x" + keccak(key.format(compressed=False)[1:])[12:].hex()
class Journal:
    def __init__(self):
        self.seq, self.now, self.hash, self.used, self.may = 0, 0, "0" * 64, set(), {}
        self.has, self.tokens, self.pools, self.orders = Counter(), {}, {}, {}
    def token(self, asset): return self.tokens.get(asset, "0x" + keccak(f"xyk:{asset}")[12:].hex())
    def check(self, row):
        assert row["seq"] == self.seq + 1, f"missing: {row['seq']} follows {self.seq}"
        text = "\n".join(str(row[name]) for name in ("previous", *COLUMNS[:7]))
        is_whole = sha256(text.encode()).hexdigest() == row["hash"] and row["time"] >= self.now
        assert row["previous"] == self.hash and is_whole, "the chain of hashes or times is broken"
        self.seq, self.now, self.kind, self.hash = (row[COLUMNS[at]] for at in (0, 1, 3, 8))
        command, proof, events = (json.loads(row[name]) for name in COLUMNS[4:7])
        self.owner = self.authorised(command, proof, proof.get("signer"))
        self.most = max((command[name] for name in MOST if name in command), default=2**256)
        for event in events: self.fold(event["type"], event, command)
        made = [ONCE.get(event["type"]) for event in events].count(self.kind)
        assert made == (self.kind in ONCE.values()), "its effect is left out, or there twice"
    def authorised(self, c, proof, signer):  # whose command it is
        scheme, owner, used, now_s = proof["scheme"], c.get("owner"), [], self.now // 1000
        if scheme == "genesis" and self.seq == 1:
            self.genesis, values = c, {"name": "xyk", "version": "1", "salt": c["salt"]}
            self.domain = hashed("EIP712Domain", ["sname", "sversion", "Bsalt"], values)
        elif scheme == "eip712":
            what = hashed(self.kind, ["Aowner", *TYPES[self.kind], "unonce", "udeadline"], c)
            digest = keccak(b"\x19\x01" + self.domain + what)
            assert recovered(digest, proof["signature"]) == signer, "the signature is another's"
            assert signer == owner or self.kind in [*TYPES][:9], "the owner alone may sign this"
            used = ["0x" + digest.hex(), (signer, c["nonce"])]
        elif scheme == "ed25519":
            text, key, index = proof["text"], bytes.fromhex(signer[2:]), proof.get("index", 0)
            signed = b64decode(proof["signature"]), text.encode()
            Ed25519PublicKey.from_public_bytes(key).verify(*signed)
            parts = text.split("instruction=")[1:][index].split("&") + text.split("&")[-2:]
            asked = {parse.unquote(part).lower() for part in parts}
            same = {f"{name}={value}".lower() for name, value in c.items()} <= asked
            assert same and parts[0] == f"order{ASKS[self.kind]}", "the text asks for another thing"
            used = ["0x" + keccak(key + signed[1] + index.to_bytes(4, "big")).hex()]
            owner = self.may[signer]
        elif self.kind == "OpenSession" and scheme == "session":
            text, used, salt = proof["text"].encode(), [c["session"]], self.genesis["salt"].encode()
            hello = keccak(b"\x19Ethereum Signed Message:\n%d%b" % (len(text), text))
            assert recovered(hello, proof["signature"]) == signer == owner, "not the owner's"
            assert used == ["0x" + keccak(text).hex()] and b"urn:xyk:" + salt in text, "other words"
        elif scheme == "clock" and self.kind[:4] in ("Expi", "Fire", "Acti"):
            owner = (self.orders[c["order_id"]] if "order_id" in c else c)["owner"]
        elif scheme == "faucet": assert self.kind[:2] == "Fa" and self.genesis["sandbox"], "no box"
        else: assert scheme == "session" and self.kind[:5] in ("Cance", "Close"), "no such evidence"
        is_own = (used and signer == owner) or scheme in ("genesis", "clock", "faucet")
        assert is_own or now_s <= self.may.get((owner, signer), -1), "no right now"
        ends = 1000 * (c.get("deadline") or 2**60), c.get("timestamp", 2**60) + c.get("window", 0)
        assert proof.get("digest") in (None, *used[:1]), "the digest is another's"
        assert self.used.isdisjoint(used) and now_s * 1000 <= min(ends), "done before, or late"
        self.used.update(used)
        return owner
    def fold(self, what, e, c):
        order = self.orders.get(e.get("makerOrderId", e.get("orderId")), e)
        market, owner = e.get("market", order.get("market")), order.get("owner")
        name = e.get("agent", e.get("publicKey", e.get("session")))
        his = {e["taker"]} if what == "BookFilled" else {owner, e.get("owner", owner)}
        assert his <= {None, self.owner}, f"{what} of {his}, who signed nothing"
        if what in ONCE:
            same = [e[one] == c[one] for one in e if one in c]
            same.append(c.get("token") in (None, self.token(e.get("asset"))))
            assert ONCE[what] == self.kind and all(same), f"{what} is not what was signed"
            assert "agent" not in e or self.may.get((owner, name)) != -2, "revoked for ever"
            self.may |= {(owner, name): e.get("validUntil", e.get("expires", -2)), name: owner}
        if what == "AssetListed": self.tokens.setdefault(e["symbol"], e["token"])
        base, quote = (market or "_").split("_")
        if what in ("OrderPlaced", "OrderReplaced", "OrderReduced"):
            self.orders[e["orderId"]] = order = {**e, "sold": 0} | self.orders.get(e["orderId"], {})
            order |= {"price": e.get("price", order["price"]), "terms": c}
            two = [self.token(base), self.token(quote)][:: -1 if order["isBid"] else 1]
            asked = [c["symbol"], c["side"]] if "symbol" in c else [c["sellToken"], c["buyToken"]]
            assert asked in (two, [market, ("Ask", "Bid")[order["isBid"]]]), "another order"
        is_turned = not e.get("takerBuys", not order.get("isBid"))
        names = {**e, "outside": "outside", "nobody": "locked", "of": owner, "owner": owner}
        names |= {"base": base, "quote": quote, "pool": f"pool:{market}", "shares": f"LP:{market}"}
        names |= {"given": quote if is_turned else base, "got": base if is_turned else quote}
        if what == "BookFilled":
            terms = [order[one] for one in ("owner", "market", "price", "isBid")]
            wanted = [e["maker"], market, e["price"], is_turned]
            given, got = (e["quoteAmount"], e["baseAmount"])[:: 1 if is_turned else -1]
            sell, buy = (order["terms"].get(one) for one in ("sellAmount", "buyAmount"))
            order["sold"] += e["baseAmount"]
            ok = not sell or (given * buy == got * sell and order["sold"] <= (sell, buy)[is_turned])
            assert ok and terms == wanted and e["makerOrderId"] in self.orders, "no such fill"
            names |= {"paid": given - e["takerFee"], "fee": e["takerFee"] - e.get("makerRebate", 0)}
            names |= {"received": got - e.get("makerFee", 0), "fees": self.genesis["fee_recipient"]}
        steps = MOVES.get(what, ["of+", "of", "given", "released"] if "released" in e else [])
        for giver, taker, asset, amount in zip(*[iter(steps)] * 4, strict=True):
            amount, asset = names.get(amount, 0), names[asset]
            for one, sign in ((giver, -1), (taker, 1)):
                self.has[names.get(one.strip("+"), ""), asset, one[-1] == "+"] += sign * amount
            left = self.has[names[giver.strip("+")], asset, giver[-1] == "+"]
            assert amount >= 0 and (left >= 0 or giver == "outside"), f"{giver} has too little"
            assert giver != "owner" or amount <= self.most, "more than was signed for"
        if "reserveBase" in e:
            pool = [self.has[names["pool"], asset, False] for asset in (base, quote)]
            assert pool == [e["reserveBase"], e["reserveQuote"]], "the pool has something else"
            k, shares = pool[0] * pool[1], -self.has["outside", names["shares"], False]
            (old_k, old), self.pools[market] = self.pools.get(market, (0, 0)), (k, shares)
            old += e.get("protocolLiquidity", 0)
            assert k * old**2 >= old_k * shares**2, "a share of the pool lost value"
def prove(proof, journal):
    def sums(amounts):
        assert all(0 <= int(amount) < 2**256 for amount in amounts.values()), "a sum out of range"
        return ",".join(f"{asset}={n}" for asset, n in sorted(amounts.items()) if int(n))
    def node(kind, *lines):
        return sha256("\n".join((f"xyk liabilities {kind}", *map(str, lines))).encode()).hexdigest()
    at, total = node("leaf", proof["owner"], sums(proof["balances"])), proof["balances"]
    for step in proof["path"]:
        two = (at, total), (step["hash"], step["sums"])
        (one, a), (other, b) = two if step["side"] == "right" else two[::-1]
        at = node("node", one, sums(a), other, sums(b))
        total = {asset: int(a.get(asset, 0)) + int(b.get(asset, 0)) for asset in {*a, *b}}
    head = node("root", *(proof[one] for one in ("seq", "hash", "leaves")), at, sums(total))
    assert head == proof["root"] and sums(total) == sums(proof["totals"]), "no path to the root"
    owed = {asset: -n for (who, asset, _), n in journal.has.items() if who == "outside"}
    assert proof["hash"] == journal.hash and sums(owed) == sums(total), "other totals"
def rows(source):
    seq, is_url, url = 1, source[:4] == "http", f"{source}/api/v1/journal?limit=1000&from="
    while is_url and (page := json.load(request.urlopen(f"{url}{seq}"))):
        yield from page
        seq = page[-1]["seq"] + 1
    if source[-3:] == ".db":
        for row in sqlite3.connect(source).execute("SELECT * FROM entries ORDER BY seq"):
            yield dict(zip(COLUMNS, (v.decode() if isinstance(v, bytes) else v for v in row)))
    elif not is_url: yield from json.load(open(source))
def main(source, *more):
    anchors = dict(one.split(":") for one in more if ":" in one)
    proofs = [json.load(open(one)) for one in more if ":" not in one]
    last = max([int(seq) for seq in anchors] + [proof["seq"] for proof in proofs], default=1)
    journal, seq = Journal(), 1
    try:
        for row in rows(source):
            journal.check(row)
            assert anchors.get(str(seq), journal.hash) == journal.hash, "the anchor's is another"
            for proof in (one for one in proofs if one["seq"] == seq): prove(proof, journal)
            seq += 1
        assert seq > last, f"missing: the journal ends at {seq - 1}, {last} is known"
    except Exception as why:
        sys.exit(f"no: entry {seq}: {why or repr(why)}")
    print(f"yes: {seq - 1} entries")
if __name__ == "__main__": main(*sys.argv[1:]) if __debug__ else sys.exit("no: never with -O")

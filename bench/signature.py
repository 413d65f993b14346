"""Microseconds per signature step, beside eth-account: `python -m bench.signature`.

The rows run in turns and each row's median is shown, so that a busy machine slows all of them
alike; read the ratios.
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter

from eth_account import Account
from eth_account.messages import encode_typed_data

from xyk.domain.commands import SwapExactIn
from xyk.domain.tokens import token_address
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain, digest, typed_data
from xyk.wallet.verify import recover, verify_action

ROUNDS = 40
CALLS = 100


def measure(rows: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median microseconds of one call, each row given its turn in every round."""
    taken: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(ROUNDS):
        for name, call in rows.items():
            begin = perf_counter()
            for _ in range(CALLS):
                call()
            taken[name].append((perf_counter() - begin) / CALLS * 1e6)
    return {name: median(times) for name, times in taken.items()}


def main() -> None:
    wallet = Wallet(bytes(31) + b"\x07")
    domain = Domain("0x" + "5a" * 32)
    action = SwapExactIn(
        owner=wallet.address,
        token_in=token_address("ETH"),
        token_out=token_address("USDC"),
        amount_in=10**18,
        min_amount_out=1_990 * 10**6,
        nonce=459571200007,
        deadline=1795200300,
    )
    hashed = digest(domain, action)
    signature = wallet.sign(domain, action)
    document = typed_data(domain, action)
    signable = encode_typed_data(full_message=document)
    assert verify_action(domain, action, signature) == (wallet.address, "0x" + hashed.hex())

    def reference() -> str:
        signed = encode_typed_data(full_message=document)
        return str(Account.recover_message(signed, signature=signature))

    assert reference().lower() == wallet.address
    times = measure(
        {
            "digest": lambda: digest(domain, action),
            "recover": lambda: recover(hashed, signature),
            "verify (digest + recover)": lambda: verify_action(domain, action, signature),
            "sign (digest + sign)": lambda: wallet.sign(domain, action),
            "eth-account encode": lambda: encode_typed_data(full_message=document),
            "eth-account recover": lambda: Account.recover_message(signable, signature=signature),
            "eth-account encode + recover": reference,
        }
    )
    verify = times["verify (digest + recover)"]
    print(f"{'':30}{'us':>9}{'per second':>12}{'x verify':>10}")
    for name, microseconds in times.items():
        rate = 1e6 / microseconds
        print(f"{name:30}{microseconds:9.1f}{rate:12,.0f}{microseconds / verify:10.2f}")


if __name__ == "__main__":
    main()

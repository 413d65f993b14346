"""What a wallet signs for a chain itself: an EIP-1559 transaction, and an EIP-2612 permit.

eth-account does the encoding. It takes a second to load, so it is loaded where something is signed.
"""

from typing import Any

import msgspec

from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import checksum

TYPE = 2  # EIP-1559


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """`to` is lower case; `value` in wei, fees in wei per unit of gas."""

    chain_id: int
    to: str
    data: bytes
    value: int
    nonce: int
    gas: int
    max_fee: int
    tip: int

    @property
    def gas_cost(self) -> int:
        """Wei, at most."""
        return self.gas * self.max_fee


class SignedTransaction(msgspec.Struct, frozen=True):
    """`raw`: what eth_sendRawTransaction takes, `hash`: its name on the chain; both 0x hex."""

    raw: str
    hash: str


class Permit(msgspec.Struct, frozen=True, kw_only=True):
    """That `spender` may take `value` base units of `token`, until `deadline` in unix seconds.
    `name` and `version` are the token's, as it checks signatures with them."""

    name: str
    version: str
    chain_id: int
    token: str
    owner: str
    spender: str
    value: int
    nonce: int
    deadline: int

    def typed_data(self) -> dict[str, Any]:
        """The document, ready for `eth_signTypedData_v4`."""
        kinds = {"name": "string", "version": "string", "chainId": "uint256"}
        domain = kinds | {"verifyingContract": "address"}
        message = {"owner": "address", "spender": "address"}
        message |= dict.fromkeys(("value", "nonce", "deadline"), "uint256")
        return {
            "types": {"EIP712Domain": _members(domain), "Permit": _members(message)},
            "primaryType": "Permit",
            "domain": {
                "name": self.name,
                "version": self.version,
                "chainId": self.chain_id,
                "verifyingContract": checksum(self.token),
            },
            "message": {
                "owner": checksum(self.owner),
                "spender": checksum(self.spender),
                "value": self.value,
                "nonce": self.nonce,
                "deadline": self.deadline,
            },
        }


def sign_transaction(wallet: Wallet, transaction: Transaction) -> SignedTransaction:
    """OverflowError, ValueError or TypeError for a number that is outside its type."""
    from eth_account import Account

    signed = Account.sign_transaction(
        {
            "type": TYPE,
            "chainId": transaction.chain_id,
            "to": checksum(transaction.to),
            "data": transaction.data,
            "value": transaction.value,
            "nonce": transaction.nonce,
            "gas": transaction.gas,
            "maxFeePerGas": transaction.max_fee,
            "maxPriorityFeePerGas": transaction.tip,
        },
        wallet.private_key,
    )
    return SignedTransaction("0x" + signed.raw_transaction.hex(), "0x" + signed.hash.hex())


def sign_permit(wallet: Wallet, permit: Permit) -> str:
    """65 bytes r||s||v as 0x hex, v 27 or 28."""
    from eth_account import Account

    signed = Account.sign_typed_data(wallet.private_key, full_message=permit.typed_data())
    signature: bytes = signed.signature
    return "0x" + signature.hex()


def _members(fields: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in fields.items()]

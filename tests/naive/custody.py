"""What comes in from outside, goes out again, or changes hands."""

from tests.naive.pair import refuse_if
from tests.naive.roles import ZERO
from tests.naive.vault import OUTSIDE, Fields, Outcome, Vault

SUPPLY_MAX = 2**128
FAUCET_MAX = 2**112 - 1


class Custody(Vault):
    def do_FaucetDeposit(self, fields: Fields, signer: str) -> Outcome:
        refuse_if(not self.sandbox, "RESOURCE_NOT_FOUND")
        asset, amount = self._symbol(fields["token"]), fields["amount"]
        refuse_if(asset.startswith("LP:"), "INVALID_ASSET")
        refuse_if(not 0 < amount <= FAUCET_MAX, "INVALID_QUANTITY")
        refuse_if(amount - self.balance(OUTSIDE, asset) > SUPPLY_MAX, "RESERVE_OVERFLOW")
        self._move(asset, OUTSIDE, fields["owner"], amount)
        return {"asset": asset, "amount": amount}

    def do_Transfer(self, fields: Fields, signer: str) -> Outcome:
        asset = self._symbol(fields["token"])
        refuse_if(fields["amount"] == 0, "INVALID_QUANTITY")
        refuse_if(fields["recipient"] == ZERO, "INVALID_ORDER")
        refuse_if(self.balance(fields["owner"], asset) < fields["amount"], "INSUFFICIENT_FUNDS")
        self._move(asset, fields["owner"], fields["recipient"], fields["amount"])
        return {"asset": asset, "amount": fields["amount"], "recipient": fields["recipient"]}

    def do_Withdraw(self, fields: Fields, signer: str) -> Outcome:
        asset = self._symbol(fields["token"])
        refuse_if(asset.startswith("LP:"), "INVALID_ASSET")
        refuse_if(fields["amount"] == 0, "INVALID_QUANTITY")
        refuse_if(fields["recipient"] == ZERO, "INVALID_ORDER")
        refuse_if(self.balance(fields["owner"], asset) < fields["amount"], "INSUFFICIENT_FUNDS")
        self._move(asset, fields["owner"], OUTSIDE, fields["amount"])
        return {"asset": asset, "amount": fields["amount"], "recipient": fields["recipient"]}

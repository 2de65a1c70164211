"""Which account a person asks a statement of."""

import re
from uuid import UUID

from payments import accounts
from payments.models import Account

WALLET, MERCHANT = "wallet", "merchant"

_NUMBER = re.compile("[0-9]{1,18}")  # fits a bigint


class SeveralShops(Exception):
    """The person has several merchant accounts: one of `numbers` is meant."""

    def __init__(self, numbers: list[int]) -> None:
        super().__init__(f"one of {numbers} is meant")
        self.numbers = numbers


def account_of(user_id: UUID, named: str) -> Account:
    """Return an account of a person's own.

    Args:
        named: "wallet", "merchant" where he has one shop, or an account's number, as statements print it.

    Raises:
        Account.DoesNotExist: he has no such account.
        SeveralShops: "merchant" names several.
    """
    if named == WALLET:
        return accounts.wallet_of(user_id)
    own = Account.objects.filter(owner_id=user_id)
    if named != MERCHANT:
        return own.get(pk=int(named) if _NUMBER.fullmatch(named) else 0)
    shops = list(own.filter(kind=Account.Kind.MERCHANT).order_by("pk"))
    if len(shops) > 1:
        raise SeveralShops([shop.pk for shop in shops])
    if not shops:
        raise Account.DoesNotExist
    return shops[0]

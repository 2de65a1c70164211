"""From which accounts a person takes money out, and on what terms. Other apps register their tier here."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from payments import accounts, money
from payments.models import WithdrawalTerms

WALLET = "wallet"
MERCHANT = "merchant"  # registered by whoever knows the shops

PERSONAL = "personal"  # the row of `WithdrawalTerms`
# 0.1 %, and a tenth of the currency's unit: https://youxi2020.com/dongtai/4218.html
_PERSONAL_BP = 10
_PARTS_OF_A_UNIT = 10


@dataclass(frozen=True, slots=True)
class Terms:
    """What taking money out of an account costs: basis points, at least the minimum in minor units."""

    account_id: int
    fee_bp: int
    fee_minimum: int


class Tier(Protocol):
    """A sort of account that its owner can take money out of."""

    def terms(self, *, owner_id: UUID, merchant_id: UUID | None) -> Terms:
        """Return the account and its terms as they are now.

        Raises:
            UnknownShop, ShopRequired: the account is not his, or it is not clear which one is meant.
        """
        ...


class Wallet:
    """The personal tier: one wallet, terms that staff set."""

    def terms(self, *, owner_id: UUID, merchant_id: UUID | None) -> Terms:
        """Return the person's wallet; there is one, so no shop is asked about."""
        row = WithdrawalTerms.objects.get(tier=PERSONAL)
        return Terms(accounts.wallet_of(owner_id).pk, row.fee_bp, row.fee_minimum)


_registered: dict[str, Tier] = {WALLET: Wallet()}


def register(source: str, tier: Tier) -> None:
    """Let withdrawals `from` this source reach an account."""
    _registered[source] = tier


def terms(source: str, *, owner_id: UUID, merchant_id: UUID | None = None) -> Terms:
    """Return which account a source means for a person, and what taking money out of it costs.

    Raises:
        LookupError: nobody registered this source.
        UnknownShop, ShopRequired: see `Tier.terms`.
    """
    return _registered[source].terms(owner_id=owner_id, merchant_id=merchant_id)


def install() -> None:
    """Store the personal terms where they are missing; what staff changed stays."""
    unit = 10 ** money.exponent(money.currency())
    defaults = {"fee_bp": _PERSONAL_BP, "fee_minimum": max(1, unit // _PARTS_OF_A_UNIT)}
    WithdrawalTerms.objects.get_or_create(tier=PERSONAL, defaults=defaults)

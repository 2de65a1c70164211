"""How much more one may pay today."""

from uuid import UUID

from outbox import clock
from payments import caps, codes, days
from payments.caps import Limit
from payments.models import Account


def today(*, user_id: UUID) -> list[Limit]:
    """Return a person's limits; none for staff, who have no wallet."""
    wallet = Account.objects.filter(owner_id=user_id, kind=Account.Kind.WALLET).first()
    if wallet is None:
        return []
    return caps.limits(account_id=wallet.pk, day=days.business_day(clock.now()))


def of_code(*, token: str, payer_id: UUID) -> Limit | None:
    """Return the limit that counts payments through a code, None where none does.

    Raises:
        UnknownCode: there is no such code.
    """
    found = codes.find(token=token, payer_id=payer_id)
    if found.wallet_id is None or found.cap_rule is None:
        return None
    day = days.business_day(found.read_at)
    return next(iter(caps.limits(account_id=found.wallet_id, day=day, rule=found.cap_rule)), None)

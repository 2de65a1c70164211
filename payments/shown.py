"""What a payer shows to a cashier: 18 digits, one charge, one minute."""

import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from outbox import clock
from payments import answers, states
from payments.answers import Json
from payments.errors import PaymentCodeExpired, PaymentCodeUsed
from payments.models import Account, PaymentCode

PREFIX = "20"  # tells these codes from those of other wallets
LIFE_S = 60
# A cashier who tries an old one is told that it has expired, and the auditor counts the used ones every day.
KEPT = timedelta(days=2)
FORM = re.compile(f"{PREFIX}[0-9]{{16}}")


def show(*, payer_id: UUID, max_amount: int | None = None) -> Json:
    """Make a payer's code, revoke the one he showed before, and return it as the contract writes it.

    The PIN was checked before. Nobody can read the digits again: only their hash is stored.

    Args:
        payer_id: the user.
        max_amount: minor units; a charge of more is declined. None: whatever the limits allow.

    Raises:
        Account.DoesNotExist: the user has no wallet.
    """
    digits = f"{PREFIX}{secrets.randbelow(10**16):016}"
    with transaction.atomic():
        # Two codes asked for at once are made one after the other: the later one is the live one.
        wallets = Account.objects.select_for_update(no_key=True).filter(kind=Account.Kind.WALLET)
        wallet = wallets.get(owner_id=payer_id)
        for shown in PaymentCode.objects.filter(payer=wallet, status=PaymentCode.Status.ACTIVE):
            states.move(
                PaymentCode, shown.pk, source=PaymentCode.Status.ACTIVE, to=PaymentCode.Status.REVOKED
            )
        expires_at = clock.now() + timedelta(seconds=LIFE_S)
        PaymentCode.objects.create(
            digits_hash=digits_hash(digits),
            payer=wallet,
            status=PaymentCode.Status.ACTIVE,
            max_amount=max_amount,
            expires_at=expires_at,
        )
    return {"digits": digits, "payload": digits, "expires_at": answers.instant(expires_at)}


def burn(*, digits: str, now: datetime) -> PaymentCode | None:
    """Use a code up, in the transaction of the charge; None if nobody showed these digits.

    Args:
        now: the transaction's time, by the database clock.

    Raises:
        PaymentCodeExpired: its minute is over.
        PaymentCodeUsed: another charge was first, or its payer asked for another code.
    """
    found = PaymentCode.objects.select_related("payer").filter(digits_hash=digits_hash(digits)).first()
    if found is None:
        return None
    if found.status != PaymentCode.Status.ACTIVE:
        raise PaymentCodeUsed
    if found.expires_at <= now:
        raise PaymentCodeExpired
    if not states.move(PaymentCode, found.pk, source=PaymentCode.Status.ACTIVE, to=PaymentCode.Status.USED):
        raise PaymentCodeUsed
    return found


def forget_past() -> int:
    """Delete the codes that ended two days ago or earlier; return how many. Nobody remembers their digits."""
    return PaymentCode.objects.filter(expires_at__lt=Now() - KEPT).delete()[0]


def digits_hash(digits: str) -> bytes:
    """Return what is stored of a code."""
    return sha256(digits.encode()).digest()

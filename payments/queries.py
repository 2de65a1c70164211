"""What people may know about their own money. Amounts in minor units."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from outbox import clock
from outbox.errors import Refusal
from payments import accounts, answers, caps, codes, payables
from payments.answers import Json
from payments.caps import Limit
from payments.errors import CodeNotFound, UnknownPayment
from payments.models import Account, Code, Hold, Lane, Payment


@dataclass(frozen=True, slots=True)
class Balance:
    """A wallet: what can be spent, and what waits in open holds."""

    available: int
    held: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a statement."""

    id: UUID
    version: int  # counts the wallet's lines; pages by it
    kind: str
    amount: int  # signed
    balance_after: int
    counterparty: str
    payment_id: UUID | None
    created_at: datetime


# The two halves of a wallet's statement, each read backwards from its own index: a page costs the same at the
# beginning and after a million lines.
_STATEMENT = """
SELECT line.id, line.version, line.kind, line.amount, line.balance_after, other.kind, other.name,
    coalesce(payment.payee_name, ''), line.payment_id, line.posted_at, payer.name
FROM (
    (SELECT id, debit_version AS version, kind, -amount AS amount, debit_balance_after AS balance_after,
        credit_id AS other_id, payment_id, posted_at
    FROM payments_transfer
    WHERE debit_id = %(account)s AND debit_version < %(before)s
    ORDER BY debit_version DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT id, credit_version, kind, amount, credit_balance_after, debit_id, payment_id, posted_at
    FROM payments_transfer
    WHERE credit_id = %(account)s AND credit_version < %(before)s
    ORDER BY credit_version DESC LIMIT %(limit)s)
) AS line
JOIN payments_account AS other ON other.id = line.other_id
LEFT JOIN payments_payment AS payment ON payment.id = line.payment_id
LEFT JOIN payments_account AS payer ON payer.id = payment.payer_id
ORDER BY line.version DESC LIMIT %(limit)s
"""
_NEWEST = 2**63 - 1


def account_balance(account_id: int) -> int:
    """Return what an account holds now, exactly: the sum of its lanes."""
    return Lane.objects.filter(account_id=account_id).aggregate(sum=Sum("amount"))["sum"] or 0


def balance(user_id: UUID) -> Balance:
    """Return a person's wallet; zeros for staff without one."""
    wallet = Account.objects.filter(owner_id=user_id, kind=Account.Kind.WALLET).first()
    if wallet is None:
        return Balance(0, 0)
    held = _unresolved(Q(payer=wallet))
    return Balance(account_balance(wallet.id), held)


def in_escrow(account_id: int) -> int:
    """Return what waits in escrow for a payee."""
    return _unresolved(Q(payee_id=account_id))


def limits(user_id: UUID) -> list[Limit]:
    """Return a payer's caps and what is left of them today."""
    wallet = accounts.wallet_of(user_id)
    return caps.limits(account_id=wallet.id, now=clock.now())


def tier(user_id: UUID) -> str:
    """Return "merchant" once a person owns a shop, else "personal"."""
    owns_shop = Account.objects.filter(owner_id=user_id, kind=Account.Kind.MERCHANT).exists()
    return "merchant" if owns_shop else "personal"


def payment(*, user_id: UUID, payment_id: UUID) -> Json:
    """Return a payment to its payer or payee; the payee also sees the fee.

    Raises:
        UnknownPayment: there is none, or it is somebody else's.
    """
    found = list(_visible(user_id).filter(pk=payment_id))
    if not found:
        raise UnknownPayment
    return describe(found, user_id=user_id)[0]


def payments(*, user_id: UUID, before: UUID | None = None, limit: int = 20) -> list[Json]:
    """Return a person's payments, paid and received, newest first.

    Args:
        before: the id of the last one seen.
    """
    own = list(Account.objects.filter(owner_id=user_id).values_list("id", flat=True))
    page: dict[UUID, Payment] = {}
    for side in ("payer", "payee"):
        # One index each; a condition on either of two columns would read everything.
        for account_id in own:
            rows = Payment.objects.filter(**{f"{side}_id": account_id})
            if before is not None:
                rows = rows.filter(id__lt=before)
            newest = rows.select_related("payer", "payee").order_by("-id")[:limit]
            page |= {each.id: each for each in newest}
    newest_of_all = sorted(page.values(), key=lambda each: each.id, reverse=True)[:limit]
    return describe(newest_of_all, user_id=user_id)


def describe(found: Collection[Payment], *, user_id: UUID) -> list[Json]:
    """Return payments as the contract writes them, `payer` and `payee` loaded."""
    known = payables.describe([(each.id, each.kind) for each in found])
    return [
        answers.payment(
            each,
            payer_name=each.payer.name,
            tier=answers.tier_of(each.payee.kind),
            described=known.get(each.id, {}),
            with_fee=each.payee.owner_id == user_id,
        )
        for each in found
    ]


def own_code(*, user_id: UUID, code_id: UUID) -> Code:
    """Return a code of one's own.

    Raises:
        CodeNotFound: there is none, or it is somebody else's.
    """
    found = Code.objects.select_related("account").filter(pk=code_id, account__owner_id=user_id).first()
    if found is None:
        raise CodeNotFound
    return found


def own_codes(*, user_id: UUID, before: UUID | None = None, limit: int = 20) -> list[Code]:
    """Return a person's codes, newest first, or those before one of them."""
    found = Code.objects.select_related("account").filter(account__owner_id=user_id)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def code_answer(code: Code) -> Json:
    """Return a code as its owner sees it."""
    past = code.expires_at is not None and code.expires_at <= clock.now()
    expired = code.status == Code.Status.ACTIVE and past
    try:
        emv = codes.emv_payload(code, payables.get(code.payable).quote(code=code, option=None, args=None))
    except (Refusal, LookupError):  # what it sold is gone
        emv = None
    return {
        "id": str(code.pk),
        "kind": code.kind,
        "status": Code.Status.EXPIRED.value if expired else code.status,
        "token": code.token,
        "payload": codes.payload_of(code.token),
        "emv": emv,
        "amount": code.amount,
        "memo": code.memo,
        "created_at": answers.instant(code.created_at),
        "expires_at": answers.instant(code.expires_at),
    }


def statement(*, user_id: UUID, before: int | None = None, limit: int = 20) -> list[Entry]:
    """Return the newest lines of a wallet's statement, or those before a line's version."""
    wallet = accounts.wallet_of(user_id)
    with connection.cursor() as cursor:
        cursor.execute(
            _STATEMENT,
            {"account": wallet.id, "before": _NEWEST if before is None else before, "limit": limit},
        )
        return [_entry(row) for row in cursor.fetchall()]


def _entry(row: tuple[Any, ...]) -> Entry:
    transfer_id, version, kind, amount, balance_after, other_kind, other_name = row[:7]
    payee_name, payment_id, posted_at, payer_name = row[7:]
    # Escrow is nobody: the line names the person or shop behind it.
    through_escrow = payee_name if kind in {"hold", "release"} else payer_name
    counterparty = through_escrow if other_kind == Account.Kind.ESCROW else other_name
    return Entry(transfer_id, version, kind, amount, balance_after, counterparty or "", payment_id, posted_at)


def _unresolved(of: Q) -> int:
    unresolved = Hold.objects.filter(of).exclude(status=Hold.Status.RESOLVED)
    return unresolved.aggregate(sum=Sum("amount"))["sum"] or 0


def _visible(user_id: UUID) -> QuerySet[Payment]:
    mine = Q(payer__owner_id=user_id) | Q(payee__owner_id=user_id)
    return Payment.objects.select_related("payer", "payee").filter(mine)

"""What people may know about their own money. Amounts in minor units."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from outbox import clock
from outbox.errors import Refusal
from payments import accounts, answers, caps, days, payables, payloads
from payments.answers import Json
from payments.caps import Limit
from payments.errors import CodeNotFound, UnknownPayment
from payments.models import Account, Code, Hold, Lane, Payment, Withdrawal


@dataclass(frozen=True, slots=True)
class Balance:
    """A wallet: what can be spent, and what waits in open holds or is on its way to the bank."""

    available: int
    held: int


# In one snapshot: money that moves from one to the other meanwhile is never missed or counted twice.
# What is held again came out of a shop's account: it waits for the shop.
_BALANCE = """
SELECT
    (SELECT coalesce(sum(amount), 0) FROM payments_lane WHERE account_id = wallet.id)::bigint,
    (SELECT coalesce(sum(amount), 0) FROM payments_hold
     WHERE payer_id = wallet.id AND status <> 'resolved' AND NOT again)::bigint
    + (SELECT coalesce(sum(amount), 0) FROM payments_withdrawal
       WHERE account_id = wallet.id AND status IN ('requested', 'submitted'))::bigint
FROM payments_account AS wallet WHERE wallet.owner_id = %s AND wallet.kind = 'wallet'
"""


def account_balance(account_id: int) -> int:
    """Return what an account holds now, exactly: the sum of its lanes."""
    return Lane.objects.filter(account_id=account_id).aggregate(sum=Sum("amount"))["sum"] or 0


def balance(user_id: UUID) -> Balance:
    """Return a person's wallet; zeros for staff without one."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, [user_id])
        return Balance(*(cursor.fetchone() or (0, 0)))


def in_escrow(account_id: int) -> int:
    """Return what waits in escrow for a payee, held for the first time or again."""
    unresolved = Hold.objects.filter(payee_id=account_id).exclude(status=Hold.Status.RESOLVED)
    return unresolved.aggregate(sum=Sum("amount"))["sum"] or 0


def withdrawing(account_id: int) -> int:
    """Return what is on its way from an account to the bank; the fees were paid already."""
    open_ones = Withdrawal.objects.filter(account_id=account_id, status__in=["requested", "submitted"])
    return open_ones.aggregate(sum=Sum("amount"))["sum"] or 0


def limits(user_id: UUID) -> list[Limit]:
    """Return a payer's caps and what is left of them today."""
    wallet = accounts.wallet_of(user_id)
    return caps.limits(account_id=wallet.id, day=days.business_day(clock.now()))


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
            newest = shown(rows).order_by("-id")[:limit]
            page |= {each.id: each for each in newest}
    newest_of_all = sorted(page.values(), key=lambda each: each.id, reverse=True)[:limit]
    return describe(newest_of_all, user_id=user_id)


def shown(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    """Add to payments what their answer needs besides: payer, payee, whether a part was held again."""
    held_again = Exists(Hold.objects.filter(payment=OuterRef("pk"), again=True))
    return payments.select_related("payer", "payee").annotate(held_again=held_again)


def describe(found: Collection[Any], *, user_id: UUID) -> list[Json]:
    """Return payments out of `shown` as the contract writes them."""
    meant = [
        (each.id, kind) for each in found for kind in payables.kinds_of(each.kind, again=each.held_again)
    ]
    known = payables.describe(meant, reader_id=user_id)
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
        emv = payloads.emv_payload(code, payables.get(code.payable).quote(code=code, option=None, args=None))
    except (Refusal, LookupError):  # what it sold is gone
        emv = None
    return {
        "id": str(code.pk),
        "kind": code.kind,
        "status": Code.Status.EXPIRED.value if expired else code.status,
        "token": code.token,
        "payload": payloads.payload_of(code.token),
        "emv": emv,
        "amount": code.amount,
        "label": code.label,
        "memo": code.memo,
        "created_at": answers.instant(code.created_at),
        "expires_at": answers.instant(code.expires_at),
    }


def _visible(user_id: UUID) -> QuerySet[Payment]:
    mine = Q(payer__owner_id=user_id) | Q(payee__owner_id=user_id)
    return shown(Payment.objects.filter(mine))

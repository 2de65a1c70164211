"""A person's own codes, and what they brought in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Q, Sum
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from outbox.ids import first_id_of
from payments import accounts, codes
from payments.models import Account, Code, Payment

_API = "/api/v1/codes"  # draws the symbols, for their owner alone


@dataclass(frozen=True, slots=True)
class Card:
    """A code to hold out. `amount` in minor units."""

    id: UUID
    name: str
    words: str
    status: str
    amount: int | None
    expires_at: datetime | None
    payment_id: UUID | None = None

    @property
    def image(self) -> str:
        """Where the symbol is drawn."""
        return f"{_API}/{self.id}/image.svg"

    @property
    def png(self) -> str:
        """Where the symbol can be saved."""
        return f"{_API}/{self.id}/image.png"


@dataclass(frozen=True, slots=True)
class Arrived:
    """Money that came."""

    payment_id: UUID
    amount: int
    name: str


@dataclass(frozen=True, slots=True)
class Received:
    """What came in today. `total` in minor units."""

    times: int
    total: int
    newest: Arrived | None

    @property
    def version(self) -> str:
        """Changes with the next payment."""
        return f"{self.times}.{self.newest.payment_id if self.newest else ''}"


def own_code(*, user_id: UUID) -> Card:
    """Return a person's printed code, which pays his shop once he became one; the first look makes it."""
    wallet = accounts.wallet_of(user_id)
    personal = Q(account=wallet, payable="person")
    # Older than the account it pays: it was the person's before the shop was opened.
    handed_over = Q(payable="merchant", created_at__lt=F("account__created_at"))
    # By the accounts' ids, each by its index: somebody looks at this page for hours, and it asks each second.
    printed = Code.objects.filter(account_id__in=_own(user_id), kind=Code.Kind.STATIC)
    printed = printed.filter(status=Code.Status.ACTIVE, amount__isnull=True)
    code = printed.select_related("account").filter(personal | handed_over).order_by("id").first()
    return _card(code or codes.create(account_id=wallet.pk), name=code.account.name if code else wallet.name)


def ask_for(*, user_id: UUID, amount: int) -> Code:
    """Make a code for one payment of one sum.

    Raises:
        LimitExceeded: too many such codes wait already.
    """
    wallet = accounts.wallet_of(user_id)
    return codes.create_own(account_id=wallet.pk, kind=Code.Kind.DYNAMIC, amount=amount)


def find(*, user_id: UUID, code_id: UUID) -> Card:
    """Return a code of one's own.

    Raises:
        Http404: somebody else's, or nobody's.
    """
    code = Code.objects.select_related("account").filter(pk=code_id, account__owner_id=user_id).first()
    if code is None:
        raise Http404
    return _card(code, name=code.account.name)


def today(*, user_id: UUID) -> Received:
    """Return what a person was paid today, to the wallet and to shops of his own."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    paid = Payment.objects.filter(
        payee_id__in=_own(user_id),
        # Not all that was ever paid: what settles today was begun yesterday at the earliest.
        id__gte=first_id_of(midnight - timedelta(days=1)),
        status=Payment.Status.SETTLED,
        resolved_at__gte=midnight,
    )
    sums = paid.aggregate(times=Count("id"), total=Sum("captured_amount"))
    newest = paid.select_related("payer").order_by("-resolved_at").first()
    arrived = Arrived(newest.pk, newest.captured_amount, newest.payer.name) if newest else None
    return Received(sums["times"], sums["total"] or 0, arrived)


def _own(user_id: UUID) -> list[int]:
    return list(Account.objects.filter(owner_id=user_id).values_list("pk", flat=True))


def _card(code: Code, *, name: str) -> Card:
    used = code.status == Code.Status.USED
    paid_by = Payment.objects.filter(code=code).values_list("pk", flat=True).first() if used else None
    over = code.expires_at is not None and code.expires_at <= timezone.now() and not used
    return Card(
        id=code.pk,
        name=name,
        words=_("Personal · free of fees") if code.payable == "person" else _("Shop"),
        status=Code.Status.EXPIRED if over else code.status,
        amount=code.amount,
        expires_at=code.expires_at,
        payment_id=paid_by,
    )

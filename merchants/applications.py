"""From person to shop: the application, its review, and the codes that change hands with it."""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from merchants import services
from merchants.errors import ApplicantFrozen, ApplicantSuspected, UpgradeWaiting
from merchants.models import Application
from outbox.services import publish
from payments import accounts, answers
from payments.answers import Json
from payments.models import Alert, Code


def apply(*, owner_id: UUID, shop_name: str, category: str) -> Application:
    """Store the wish of a person with a wallet to be a shop, for somebody of the staff to review.

    Args:
        shop_name: clean, as `people.names.clean_name` returns it.
        category: a slug.

    Raises:
        UpgradeWaiting: an earlier one is not decided yet.
        Account.DoesNotExist: he has no wallet.
    """
    accounts.wallet_of(owner_id)
    application, made = Application.objects.get_or_create(
        owner_id=owner_id,
        status=Application.Status.WAITING,
        defaults={"shop_name": shop_name, "category": category},
    )
    if not made:
        raise UpgradeWaiting
    application.refresh_from_db(fields=["created_at"])  # the database's clock gave it
    return application


@transaction.atomic
def approve(*, application_id: UUID, staff_id: UUID, reason: str, plan: str = "standard") -> bool:
    """Open the shop, with the application's id, and let the person's printed codes pay it from now on.

    Who scanned such a code before still pays the person; every payment keeps the payee it was confirmed with.
    Codes for one payment stay the person's.

    Publishes `merchants.application.approved`.

    Returns:
        False if it was decided before.

    Raises:
        UnknownPlan: no plan has this slug; nothing was changed.
        ApplicantFrozen: his wallet is, or a shop of his; a new one would be paid again.
        ApplicantSuspected: nobody has looked at what the watch says of his codes; a shop's raise no notices.
    """
    if not _decide(application_id, Application.Status.APPROVED, staff_id, reason):
        return False
    application = Application.objects.get(pk=application_id)
    if accounts.has_frozen(application.owner_id):
        raise ApplicantFrozen
    if _is_suspected(application.owner_id):
        raise ApplicantSuspected
    shop = services.open_merchant(
        merchant_id=application.pk,
        owner_id=application.owner_id,
        name=application.shop_name,
        category=application.category,
        plan=plan,
    )
    wallet = accounts.wallet_of(application.owner_id)
    _hand_over_codes(wallet_id=wallet.pk, account_id=shop.account_id)
    publish("merchants.application.approved", wallet_id=wallet.pk, account_id=shop.account_id)
    return True


def refuse(*, application_id: UUID, staff_id: UUID, reason: str) -> bool:
    """Say no; the person may apply again. False if it was decided before."""
    return _decide(application_id, Application.Status.REFUSED, staff_id, reason)


def newest(*, owner_id: UUID) -> Application | None:
    """Return a person's newest application."""
    return Application.objects.filter(owner_id=owner_id).order_by("-created_at", "-pk").first()


def described(application: Application) -> Json:
    """Return an application as its person sees it."""
    return {
        "id": str(application.pk),
        "name": application.shop_name,
        "category": application.category,
        "status": application.status,
        "created_at": answers.instant(application.created_at),
    }


def _decide(application_id: UUID, to: Application.Status, staff_id: UUID, reason: str) -> bool:
    waiting = Application.objects.filter(pk=application_id, status=Application.Status.WAITING)
    decided = {"decided_by_id": staff_id, "decided_because": reason, "decided_at": Now()}
    return waiting.update(status=to, **decided) == 1


def _is_suspected(owner_id: UUID) -> bool:
    kinds = [Alert.Kind.LIKE_A_MACHINE, Alert.Kind.SWAPPED_STICKER]
    still_open = Alert.objects.filter(kind__in=kinds, closed_at__isnull=True)
    return still_open.filter(account__owner_id=owner_id).exists()


def _hand_over_codes(*, wallet_id: int, account_id: int) -> None:
    """Let printed codes pay the shop, also those withdrawn: a sticker's history is the shop's now.

    Their rows are locked in order. A payer who is paying right now does not wait: his payment only refers to
    the code, and its payee was settled when he was shown it.
    """
    printed = Code.objects.filter(account=wallet_id, payable="person", kind=Code.Kind.STATIC)
    locked = list(printed.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    Code.objects.filter(pk__in=locked).update(account_id=account_id, payable="merchant")

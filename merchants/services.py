"""What shops and operators do. Each verb is one transaction."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from merchants.errors import UnknownPlan
from merchants.models import ApiKey, Merchant, Plan, PlanPeriod
from outbox.ids import uuid7
from payments import accounts
from people.authentication import MERCHANT_PREFIX
from people.tokens import new_token, token_hash

PREFIX_LENGTH = 9  # enough to tell a shop's keys apart, useless to guess the rest


@transaction.atomic
def open_merchant(
    *,
    owner_id: UUID,
    name: str,
    category: str,
    plan: str = "standard",
    name_ascii: str = "",
    city_ascii: str = "",
    merchant_id: UUID | None = None,
) -> Merchant:
    """Store an active shop with an account of its own.

    Args:
        merchant_id: the shop's id where it has one already, as its application does.

    Raises:
        UnknownPlan: no plan has this slug.
    """
    if not Plan.objects.filter(slug=plan).exists():
        raise UnknownPlan
    account = accounts.open_merchant(owner_id=owner_id, name=name)
    shop = Merchant.objects.create(
        pk=merchant_id or uuid7(),
        owner_id=owner_id,
        account=account,
        name=name,
        category=category,
        name_ascii=name_ascii,
        city_ascii=city_ascii,
    )
    PlanPeriod.objects.create(merchant=shop, plan_id=plan)
    return shop


@transaction.atomic
def freeze(*, merchant_id: UUID, reason: str) -> bool:
    """Close a shop's account to new payments; False if it was not active."""
    return _move(merchant_id, Merchant.Status.ACTIVE, Merchant.Status.FROZEN) and _shut(merchant_id, reason)


@transaction.atomic
def unfreeze(*, merchant_id: UUID, reason: str) -> bool:
    """Open a frozen shop's account again; False if it was not frozen."""
    return _move(merchant_id, Merchant.Status.FROZEN, Merchant.Status.ACTIVE) and _open(merchant_id, reason)


def create_key(*, merchant_id: UUID, name: str, scopes: Collection[str]) -> tuple[ApiKey, str]:
    """Make a key for a merchant's server; return its row and the key, which nobody can read again."""
    raw = MERCHANT_PREFIX + new_token()
    key = ApiKey.objects.create(
        merchant_id=merchant_id,
        name=name,
        prefix=raw[:PREFIX_LENGTH],
        key_hash=token_hash(raw),
        scopes=sorted(scopes),
    )
    return key, raw


def revoke_key(*, key_id: UUID) -> bool:
    """Refuse a key from now on; False if it was revoked before."""
    return ApiKey.objects.filter(pk=key_id, revoked_at__isnull=True).update(revoked_at=Now()) == 1


def _move(merchant_id: UUID, source: Merchant.Status, target: Merchant.Status) -> bool:
    return Merchant.objects.filter(pk=merchant_id, status=source).update(status=target) == 1


def _shut(merchant_id: UUID, reason: str) -> bool:
    accounts.freeze(account_id=Merchant.objects.get(pk=merchant_id).account_id, reason=reason)
    return True


def _open(merchant_id: UUID, reason: str) -> bool:
    accounts.unfreeze(account_id=Merchant.objects.get(pk=merchant_id).account_id, reason=reason)
    return True

"""Which plan a shop is on, from when."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from merchants.errors import PlanPeriodPast, PlanPeriodTaken, UnknownPlan
from merchants.models import Plan, PlanPeriod


def change(*, merchant_id: UUID, plan: str, starts_at: datetime) -> PlanPeriod:
    """Put a shop on another plan from an instant on; payments confirmed before keep their terms.

    Raises:
        UnknownPlan: no plan has this slug.
        PlanPeriodPast: that instant is over; what was promised then stays.
        PlanPeriodTaken: another change begins at the same instant.
    """
    if not Plan.objects.filter(slug=plan).exists():
        raise UnknownPlan
    if has_begun(starts_at):
        raise PlanPeriodPast
    try:
        with transaction.atomic():
            return PlanPeriod.objects.create(merchant_id=merchant_id, plan_id=plan, starts_at=starts_at)
    except IntegrityError as error:
        raise PlanPeriodTaken from error


def has_begun(starts_at: datetime) -> bool:
    """Return whether a period that starts then has begun, by the clock that `queries.terms` asks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s <= statement_timestamp()", [starts_at])
        return bool(cursor.fetchone()[0])

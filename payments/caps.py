"""How much one payer may pay in a day: exact, because the money transaction itself counts."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F

from payments import money
from payments.models import CapCounter, CapRule, Payment

PERSONAL_STATIC = "personal_static_daily"  # printed codes of people, all payees together

# In major units, by currency: what a day of paying printed personal codes may come to, for one payer.
_PERSONAL_STATIC_CAPS = {"CNY": 500, "JPY": 10_000, "EUR": 60, "USD": 70, "HKD": 500, "SGD": 90, "THB": 2_000}
_PERSONAL_STATIC_CAP = 500


@dataclass(frozen=True, slots=True)
class Limit:
    """One cap as its payer sees it today. Amounts in minor units."""

    rule: str
    cap: int
    used: int
    left: int


def business_day(at: datetime) -> date:
    """Return the day of an instant in the deployment's own calendar."""
    return at.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE)).date()


def install() -> None:
    """Store the caps where they are missing; what staff changed stays."""
    major = _PERSONAL_STATIC_CAPS.get(money.currency(), _PERSONAL_STATIC_CAP)
    cap = major * 10 ** money.exponent(money.currency())
    CapRule.objects.get_or_create(name=PERSONAL_STATIC, defaults={"cap": cap})


def give_back(*, payment: Payment, amount: int) -> None:
    """Give room back on the day that the payment took it from; in the transaction that releases the money."""
    if payment.cap_day is not None and amount > 0:
        taken = CapCounter.objects.filter(payer_id=payment.payer_id, rule_id=payment.cap_rule)
        taken.filter(day=payment.cap_day).update(used=F("used") - amount)


def limits(*, account_id: int, now: datetime) -> list[Limit]:
    """Return every cap and what a payer has left of it today."""
    used = dict(
        CapCounter.objects.filter(payer_id=account_id, day=business_day(now)).values_list("rule_id", "used")
    )
    rules = CapRule.objects.order_by("name").values_list("name", "cap")
    return [Limit(name, cap, used.get(name, 0), max(0, cap - used.get(name, 0))) for name, cap in rules]

"""How much one payer may pay in a day: exact, because the money transaction itself counts.

docs/money.md says which payments count where.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import answers, days, money
from payments.errors import ClassUncapped, LimitExceeded
from payments.models import CapCounter, CapRule, Code, Payment, RiskClass

PERSONAL_STATIC = "personal_static_daily"  # printed codes of people, all payees together

# What China's class D allows a payer a day, in major units by currency; the others are multiples of it.
# https://read.qsbdc.com/html/201804/19303.html
_CLASS_D = {"CNY": 500, "JPY": 10_000, "EUR": 60, "USD": 70, "HKD": 500, "SGD": 90, "THB": 2_000}
_CLASS_D_ELSEWHERE = 500
# name: tier, kind of code, risk class, how many times class D
_RULES = {
    PERSONAL_STATIC: ("personal", "static", RiskClass.A, 1),
    "merchant_static_b_daily": ("merchant", "static", RiskClass.B, 10),
    "merchant_static_c_daily": ("merchant", "static", RiskClass.C, 2),
    "merchant_static_d_daily": ("merchant", "static", RiskClass.D, 1),
    "payer_shown_daily": ("merchant", "payer_shown", RiskClass.A, 10),
}
_SORTS = {
    ("personal", "static"): gettext_lazy("Printed codes of people"),
    ("personal", "dynamic"): gettext_lazy("People's codes for one payment"),
    ("personal", "payer_shown"): gettext_lazy("Codes you show to people"),
    ("merchant", "static"): gettext_lazy("Printed codes of shops"),
    ("merchant", "dynamic"): gettext_lazy("Shops' codes for one payment"),
    ("merchant", "payer_shown"): gettext_lazy("Codes you show to shops"),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """One cap as its payer sees it on one day. Amounts in minor units."""

    rule: str
    tier: str  # of the payees it counts
    code_kind: str
    risk_class: str
    cap: int
    used: int
    left: int  # never below 0, also where the cap was lowered below what was used
    resets_at: datetime

    @property
    def label(self) -> str:
        """Which payments it counts, for people."""
        sort = str(_SORTS[self.tier, self.code_kind])
        by_class = self.code_kind != CapRule.CodeKind.PAYER_SHOWN and self.risk_class != RiskClass.A
        return (
            _("%(codes)s, class %(class)s") % {"codes": sort, "class": self.risk_class} if by_class else sort
        )


def install() -> None:
    """Store the caps where they are missing; what staff changed stays."""
    class_d = _CLASS_D.get(money.currency(), _CLASS_D_ELSEWHERE) * 10 ** money.exponent(money.currency())
    for name, (tier, code_kind, risk_class, times) in _RULES.items():
        sort = {"tier": tier, "code_kind": code_kind, "risk_class": risk_class}
        # By its sort: staff may have made a rule of another name for it.
        CapRule.objects.get_or_create(**sort, defaults={"name": name, "cap": times * class_d})


def name_of(*, tier: str, code_kind: str, risk_class: str) -> str:
    """Return the name of a rule that is made for a sort."""
    return f"{tier}_{code_kind}_{risk_class.lower()}_daily"


def rule_for(*, tier: str, code_kind: str, risk_class: str) -> str:
    """Return the name of the rule that counts a sort of payments, empty where none does."""
    rules = CapRule.objects.filter(tier=tier, code_kind=code_kind, risk_class=risk_class)
    return rules.values_list("name", flat=True).first() or ""


def classify(*, code_id: UUID, risk_class: str) -> bool:
    """Give a code another risk class, for the payments that begin from now on; False if it has it already.

    The code stays what it is: nothing is revoked or printed anew, and what was counted stays counted.

    Raises:
        ClassUncapped: a stricter class, in which nothing would cap the code any more; nothing was changed.
    """
    code = Code.objects.select_related("account").get(pk=code_id)
    sort = {"tier": answers.tier_of(code.account.kind), "code_kind": code.kind}
    is_capped = bool(rule_for(**sort, risk_class=code.risk_class))
    if risk_class > code.risk_class and is_capped and not rule_for(**sort, risk_class=risk_class):
        raise ClassUncapped
    return Code.objects.filter(pk=code_id).exclude(risk_class=risk_class).update(risk_class=risk_class) == 1


def give_back(*, payment: Payment, amount: int) -> None:
    """Give room back on the day that the payment took it from; in the transaction that releases the money."""
    if payment.cap_day is not None and amount > 0:
        taken = CapCounter.objects.filter(payer_id=payment.payer_id, rule_id=payment.cap_rule)
        taken.filter(day=payment.cap_day).update(used=F("used") - amount)


def limits(*, account_id: int, day: date, rule: str | None = None) -> list[Limit]:
    """Return every cap, or one, and what a payer has left of it on a day; people's codes first."""
    counted = CapCounter.objects.filter(payer_id=account_id, day=day)
    used = dict(counted.values_list("rule_id", "used"))
    rules = CapRule.objects.order_by("-tier", "-code_kind", "risk_class")
    if rule is not None:
        rules = rules.filter(name=rule)
    resets_at = days.start_of(day + timedelta(days=1))
    return [_limit(each, used.get(each.name, 0), resets_at) for each in rules]


def exceeded(*, account_id: int, rule: str, day: date) -> LimitExceeded:
    """Return the refusal of a payment that a cap has no room for; it names the limit and what is left."""
    (limit,) = limits(account_id=account_id, rule=rule, day=day)
    text = _("The limit of %(cap)s a day would be exceeded. %(codes)s: %(left)s left today.")
    return LimitExceeded(text % {"cap": _money(limit.cap), "codes": limit.label, "left": _money(limit.left)})


def _limit(rule: CapRule, used: int, resets_at: datetime) -> Limit:
    left = max(0, rule.cap - used)
    return Limit(rule.name, rule.tier, rule.code_kind, rule.risk_class, rule.cap, used, left, resets_at)


def _money(amount: int) -> str:
    return f"{money.text(amount, money.currency())} {money.currency()}"

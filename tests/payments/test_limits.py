"""Which limits count which payments, on which days, and what they leave."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import override_settings

from payments import caps, codes, confirming, days, queries, refunds
from payments.codes import Found
from payments.confirming import Wish
from payments.errors import ClassUncapped, LimitExceeded
from payments.models import Account, CapCounter, CapRule, Code, Payment, RiskClass
from payments.payables import get
from people.models import User
from tests.payments.hands import box_code, box_of, call, dynamic_code, pay, release, static_code, wallet

pytestmark = pytest.mark.django_db

CLASS_D = "merchant_static_d_daily"


@pytest.fixture
def counter(shop: Account) -> Code:
    """The sticker at Mei's counter, of class A."""
    return codes.create(account_id=shop.pk, payable="merchant")


def limits(user: User) -> dict[str, tuple[int, int]]:
    """Return used and left of each rule."""
    return {limit.rule: (limit.used, limit.left) for limit in queries.limits(user.pk)}


def day_before(payment: Payment) -> date:
    assert payment.cap_day is not None
    return payment.cap_day - timedelta(days=1)


class TestSorts:
    """Tier of the payee, kind of the code, class of the code."""

    def test_a_shop_s_printed_code_of_class_d_is_capped(self, rich_alice: User, counter: Code) -> None:
        assert caps.classify(code_id=counter.pk, risk_class=RiskClass.D)

        assert pay(rich_alice, counter, 50_000).cap_rule == CLASS_D
        with pytest.raises(LimitExceeded):
            pay(rich_alice, counter, 1)
        assert limits(rich_alice)[CLASS_D] == (50_000, 0)

    def test_a_stricter_class_never_takes_the_cap_away(self, rich_alice: User, bob_code: Code) -> None:
        with pytest.raises(ClassUncapped):
            caps.classify(code_id=bob_code.pk, risk_class=RiskClass.D)
        assert pay(rich_alice, bob_code, 1).cap_rule == caps.PERSONAL_STATIC

        CapRule.objects.create(name="d", tier="personal", code_kind="static", risk_class="D", cap=10)
        assert caps.classify(code_id=bob_code.pk, risk_class=RiskClass.D)
        assert pay(rich_alice, bob_code, 10).cap_rule == "d"
        assert caps.classify(code_id=bob_code.pk, risk_class=RiskClass.A)

    @pytest.mark.parametrize(("risk_class", "cap"), [("B", 500_000), ("C", 100_000), ("D", 50_000)])
    def test_each_class_has_a_counter_of_its_own(
        self, rich_alice: User, counter: Code, risk_class: str, cap: int
    ) -> None:
        caps.classify(code_id=counter.pk, risk_class=risk_class)
        pay(rich_alice, counter, 7)

        used = {rule: seen for rule, seen in limits(rich_alice).items() if seen[0]}
        assert used == {f"merchant_static_{risk_class.lower()}_daily": (7, cap - 7)}

    def test_a_shop_s_printed_code_of_class_a_is_not_capped(self, rich_alice: User, counter: Code) -> None:
        assert pay(rich_alice, counter, 90_000).cap_rule == ""
        assert {used for used, _left in limits(rich_alice).values()} == {0}

    def test_a_code_for_one_payment_is_not_capped(
        self, rich_alice: User, bob: User, counter: Code, shop: Account
    ) -> None:
        pay(rich_alice, dynamic_code(bob, amount=50_001))
        once = codes.create(account_id=shop.pk, kind="dynamic", payable="merchant", amount=40_000)
        caps.classify(code_id=once.pk, risk_class=RiskClass.D)
        assert pay(rich_alice, once).cap_rule == ""

    def test_what_a_payer_shows_is_counted_in_class_a(self) -> None:
        sort = {"tier": "merchant", "code_kind": "payer_shown"}
        assert caps.rule_for(**sort, risk_class="A") == "payer_shown_daily"
        assert caps.rule_for(**sort, risk_class="B") == ""

    def test_a_new_class_counts_from_then_on_and_revokes_nothing(
        self, rich_alice: User, counter: Code
    ) -> None:
        pay(rich_alice, counter, 60_000)
        assert caps.classify(code_id=counter.pk, risk_class=RiskClass.D)
        assert not caps.classify(code_id=counter.pk, risk_class=RiskClass.D)
        pay(rich_alice, counter, 100)

        counter.refresh_from_db()
        assert counter.status == Code.Status.ACTIVE
        assert limits(rich_alice)[CLASS_D] == (100, 49_900)

    def test_a_rule_that_staff_add_counts_at_once(self, rich_alice: User, bob: User) -> None:
        CapRule.objects.create(
            name="personal_dynamic_a_daily", tier="personal", code_kind="dynamic", risk_class="A", cap=100
        )
        with pytest.raises(LimitExceeded, match=r"1\.00 CNY"):
            pay(rich_alice, dynamic_code(bob, amount=101))
        assert pay(rich_alice, dynamic_code(bob, amount=100)).cap_rule == "personal_dynamic_a_daily"

    def test_a_person_s_machine_counts_as_his_printed_code(self, rich_alice: User, bob: User) -> None:
        box_of(wallet(bob), price=500)
        assert pay(rich_alice, box_code(wallet(bob))).cap_rule == caps.PERSONAL_STATIC

    def test_installing_again_leaves_a_sort_that_staff_named_otherwise(self) -> None:
        CapRule.objects.filter(name=CLASS_D).delete()
        CapRule.objects.create(name="ours", tier="merchant", code_kind="static", risk_class="D", cap=3)
        caps.install()
        assert caps.rule_for(tier="merchant", code_kind="static", risk_class="D") == "ours"


class TestWhatIsLeft:
    """What the payer is told."""

    def test_a_refusal_names_the_limit_and_what_is_left(self, rich_alice: User, bob_code: Code) -> None:
        pay(rich_alice, bob_code, 49_900)
        with pytest.raises(LimitExceeded) as refused:
            pay(rich_alice, bob_code, 101)
        assert refused.value.detail == (
            "The limit of 500.00 CNY a day would be exceeded. Printed codes of people: 1.00 CNY left today."
        )

    def test_a_refusal_of_a_class_names_it(self, rich_alice: User, counter: Code) -> None:
        caps.classify(code_id=counter.pk, risk_class=RiskClass.D)
        with pytest.raises(LimitExceeded, match=r"Printed codes of shops, class D: 500\.00 CNY left"):
            pay(rich_alice, counter, 50_001)

    def test_a_cap_lowered_below_what_was_used_leaves_nothing(self, rich_alice: User, bob_code: Code) -> None:
        pay(rich_alice, bob_code, 40_000)
        CapRule.objects.filter(name=caps.PERSONAL_STATIC).update(cap=10_000)

        assert limits(rich_alice)[caps.PERSONAL_STATIC] == (40_000, 0)
        with pytest.raises(LimitExceeded, match=r"0\.00 CNY left"):
            pay(rich_alice, bob_code, 1)

    def test_yesterday_s_use_takes_nothing_of_today(self, rich_alice: User, bob_code: Code) -> None:
        payment = pay(rich_alice, bob_code, 40_000)
        yesterday = day_before(payment)
        Payment.objects.filter(pk=payment.pk).update(cap_day=yesterday)
        CapCounter.objects.update(day=yesterday)

        assert limits(rich_alice)[caps.PERSONAL_STATIC] == (0, 50_000)
        pay(rich_alice, bob_code, 50_000)

    def test_what_is_released_after_midnight_is_yesterday_s_room(self, rich_alice: User, bob: User) -> None:
        box_of(wallet(bob), price=20_000)
        held = pay(rich_alice, box_code(wallet(bob)))
        yesterday = day_before(held)
        Payment.objects.filter(pk=held.pk).update(cap_day=yesterday)
        CapCounter.objects.update(day=yesterday)
        pay(rich_alice, static_code(bob), 30_000)

        assert release(held)
        assert limits(rich_alice)[caps.PERSONAL_STATIC] == (30_000, 20_000)
        assert CapCounter.objects.get(day=yesterday).used == 0

    def test_a_refund_gives_no_room_back(self, rich_alice: User, counter: Code, shop: Account) -> None:
        caps.classify(code_id=counter.pk, risk_class=RiskClass.D)
        paid = pay(rich_alice, counter, 30_000)
        refunds.refund(
            call=call(rich_alice), payment_id=paid.pk, payee_account_id=shop.pk, amount=None, reason="broken"
        )

        assert limits(rich_alice)[CLASS_D] == (30_000, 20_000)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


BORDERS = [
    ("Asia/Shanghai", "2026-11-20T15:59:59.900", "2026-11-20", "2026-11-20T16:00:00"),
    ("Asia/Shanghai", "2026-11-20T16:00:00.000", "2026-11-21", "2026-11-21T16:00:00"),
    ("Europe/Berlin", "2026-11-20T22:59:59.900", "2026-11-20", "2026-11-20T23:00:00"),
    ("Europe/Berlin", "2026-11-20T23:00:00.000", "2026-11-21", "2026-11-21T23:00:00"),
    # The night in which the clocks go forward: a day of 23 hours.
    ("Europe/Berlin", "2026-03-28T22:59:59.900", "2026-03-28", "2026-03-28T23:00:00"),
    ("Europe/Berlin", "2026-03-28T23:00:00.000", "2026-03-29", "2026-03-29T22:00:00"),
    ("Europe/Berlin", "2026-03-29T21:59:59.900", "2026-03-29", "2026-03-29T22:00:00"),
    ("Europe/Berlin", "2026-03-29T22:00:00.000", "2026-03-30", "2026-03-30T22:00:00"),
    # And back: a day of 25 hours.
    ("Europe/Berlin", "2026-10-24T22:00:00.000", "2026-10-25", "2026-10-25T23:00:00"),
    ("Europe/Berlin", "2026-10-25T22:59:59.900", "2026-10-25", "2026-10-25T23:00:00"),
    ("Europe/Berlin", "2026-10-25T23:00:00.000", "2026-10-26", "2026-10-26T23:00:00"),
    # Midnight itself is skipped.
    ("Asia/Beirut", "2026-03-28T21:59:59.900", "2026-03-28", "2026-03-28T22:00:00"),
    ("Asia/Beirut", "2026-03-28T22:00:00.000", "2026-03-29", "2026-03-29T21:00:00"),
]


@pytest.mark.parametrize("border", BORDERS, ids=" ".join)
def test_a_payment_counts_on_the_day_of_its_instant(
    rich_alice: User, bob_code: Code, border: tuple[str, str, str, str]
) -> None:
    zone, utc, day, ends = border
    with override_settings(BUSINESS_TIME_ZONE=zone):
        found: Found = replace(codes.find(token=bob_code.token, payer_id=rich_alice.pk), read_at=at(utc))
        quote = get("person").quote(code=found.code, option=None, args=None)
        draft = confirming.draft(found, quote, Wish(bob_code.token, None, 1, None, None, ""))
        assert (draft.cap_rule, str(draft.cap_day)) == (caps.PERSONAL_STATIC, day)

        draft.confirm_at(at(ends))  # the transaction began when the day was over
        assert draft.cap_day == date.fromisoformat(day) + timedelta(days=1)

        (limit,) = caps.limits(account_id=1, day=days.business_day(at(utc)), rule=caps.PERSONAL_STATIC)
        assert limit.resets_at == at(ends)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "Asia/Beirut", "Pacific/Apia", "UTC"])
def test_a_day_begins_where_the_one_before_ends(zone: str) -> None:
    with override_settings(BUSINESS_TIME_ZONE=zone):
        for number in range(800):
            day = date(2025, 12, 1) + timedelta(days=number)
            start = days.start_of(day)
            assert days.business_day(start) == day
            assert days.business_day(start - timedelta(microseconds=1)) == day - timedelta(days=1)

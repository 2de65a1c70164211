"""What the watch sees in the payments of the last days, and what it leaves alone."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from pytest_django import DjangoAssertNumQueries

from outbox import clock, ids
from payments import codes, tasks, watch
from payments.books import System
from payments.models import Account, Alert, Code, Payment
from people.models import User
from tests.cast import person
from tests.payments.hands import capture, claim, fill, has, holds_money, pay, static_code, wallet

pytestmark = pytest.mark.django_db

PRICE = 1000  # what Mei's box costs
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
FIRST, MACHINE = "first_payment", "personal_code_like_machine"

PayAgo = Callable[[User, Code, int | None, timedelta], Payment]


@pytest.fixture
def pay_ago(monkeypatch: pytest.MonkeyPatch) -> PayAgo:
    """Pay through the services as if it were another time: the ids tell it, and the rows."""

    def pay_ago(user: User, code: Code, amount: int | None, ago: timedelta) -> Payment:
        at = clock.now() - ago
        moment = SimpleNamespace(time_ns=lambda: int(at.timestamp() * 10**9))
        with monkeypatch.context() as patch:
            patch.setattr(ids, "time", moment)
            payment = pay(user, code, amount)
        if payment.status == Payment.Status.CONFIRMED:
            claim(payment)
            capture(payment, payment.amount)
        Payment.objects.filter(pk=payment.pk).update(confirmed_at=at, resolved_at=at)
        return payment

    return pay_ago


@pytest.fixture
def neighbours(db: None) -> list[User]:
    """Six people with money, who wash at Mei's."""
    people = [person(f"Neighbour {number}", f"+86139000000{number:02}") for number in range(6)]
    for neighbour in people:
        fill(neighbour, 50_000)
    return people


@pytest.fixture
def thief_code(charlie: User) -> Code:
    """Charlie's own printed code; it claims nothing."""
    return static_code(charlie)


@pytest.fixture
def busy_sticker(sticker: Code, neighbours: list[User], pay_ago: PayAgo) -> Code:
    """Mei's box, paid once an hour, day and night, for five days; since five hours by nobody."""
    for hour in range(5 * 24, 5, -1):
        pay_ago(neighbours[hour % 6], sticker, None, hour * HOUR)
    return sticker


def look() -> int:
    return watch.look(now=clock.now())


def notices_of(code: Code, payer: User) -> object:
    """Return what the payer is told before his PIN."""
    return codes.scan(payload=code.token, payer_id=payer.pk)["notices"]


def alerts() -> dict[str, Alert]:
    return {alert.kind: alert for alert in Alert.objects.all()}


class TestSwappedSticker:
    """A thief pastes his own code over the machine's."""

    def test_the_drill(
        self,
        busy_sticker: Code,
        neighbours: list[User],
        charlie: User,
        pay_ago: PayAgo,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        pasted = static_code(charlie, memo="洗衣机 07")  # so that it looks right on the phone

        for number, payer in enumerate(neighbours[:4]):
            assert notices_of(pasted, payer) == [FIRST, MACHINE]
            pay_ago(payer, pasted, PRICE, (60 - 15 * number) * MINUTE - MINUTE)
        look()

        seen = alerts()
        assert set(seen) == {"swapped_sticker", "traffic_stopped", "like_a_machine"}
        swapped = seen["swapped_sticker"]
        assert (swapped.code, swapped.account) == (pasted, wallet(charlie))
        assert "4 payers of Corner Laundry" in swapped.detail
        assert str(pasted.pk) in swapped.detail and str(busy_sticker.pk) in swapped.detail
        assert (seen["traffic_stopped"].code, seen["traffic_stopped"].account) == (
            busy_sticker,
            busy_sticker.account,
        )
        assert seen["like_a_machine"].code == pasted
        assert [record.levelname for record in caplog.records] == ["WARNING"] * 3
        # Nobody was stopped: a person decides.
        assert has(charlie) == 4 * PRICE
        pay(neighbours[5], pasted, PRICE)

    def test_a_thief_who_claims_nothing_is_seen_all_the_same(
        self,
        busy_sticker: Code,
        thief_code: Code,
        neighbours: list[User],
        pay_ago: PayAgo,
    ) -> None:
        for payer in neighbours[:3]:
            assert notices_of(thief_code, payer) == [FIRST]
            pay_ago(payer, thief_code, PRICE, MINUTE)
        look()

        assert set(alerts()) == {"swapped_sticker", "traffic_stopped"}
        # Whoever comes now is told: the watch suspects the code.
        assert notices_of(thief_code, neighbours[5]) == [FIRST, MACHINE]

    @pytest.fixture
    def used(self, sticker: Code, neighbours: list[User], pay_ago: PayAgo) -> Code:
        """Mei's box, paid by three neighbours last week."""
        for number, payer in enumerate(neighbours[:3]):
            pay_ago(payer, sticker, None, (7 - number) * DAY)
        return sticker

    @pytest.mark.parametrize("amounts", [[PRICE] * 2, [PRICE - 1] * 3], ids=["two of them", "another amount"])
    def test_what_is_no_swap(
        self,
        used: Code,
        thief_code: Code,
        neighbours: list[User],
        pay_ago: PayAgo,
        amounts: list[int],
    ) -> None:
        for payer, amount in zip(neighbours, amounts, strict=False):
            pay_ago(payer, thief_code, amount, MINUTE)
        look()
        assert not alerts()

    def test_it_is_none_while_the_machine_is_still_paid(
        self, used: Code, thief_code: Code, neighbours: list[User], pay_ago: PayAgo
    ) -> None:
        for number, payer in enumerate(neighbours[:3]):
            pay_ago(payer, thief_code, PRICE, (10 - number) * MINUTE)
        pay_ago(neighbours[5], used, None, MINUTE)
        look()
        assert not alerts()

    def test_the_same_three_without_their_machine_paying_is_one(
        self, used: Code, thief_code: Code, neighbours: list[User], pay_ago: PayAgo
    ) -> None:
        for payer in neighbours[:3]:
            pay_ago(payer, thief_code, PRICE, MINUTE)
        look()
        assert set(alerts()) == {"swapped_sticker"}


class TestTrafficStopped:
    def test_a_quiet_machine(self, busy_sticker: Code) -> None:
        look()
        assert set(alerts()) == {"traffic_stopped"}
        assert "for 5 hours" in alerts()["traffic_stopped"].detail

    def test_one_payment_ends_the_silence(
        self, busy_sticker: Code, neighbours: list[User], pay_ago: PayAgo
    ) -> None:
        pay_ago(neighbours[0], busy_sticker, None, HOUR)
        look()
        assert not alerts()

    def test_a_revoked_code_is_not_missed(self, busy_sticker: Code) -> None:
        codes.revoke(code_id=busy_sticker.pk)
        look()
        assert not alerts()


class TestLikeAMachine:
    def test_many_payers_of_one_price(
        self, thief_code: Code, neighbours: list[User], pay_ago: PayAgo
    ) -> None:
        for payer in neighbours[:5]:
            pay_ago(payer, thief_code, 400, MINUTE)
        look()
        assert set(alerts()) == {"like_a_machine"}
        assert alerts()["like_a_machine"].account_id == thief_code.account_id

    def test_a_dinner_that_is_shared(self, thief_code: Code, neighbours: list[User], pay_ago: PayAgo) -> None:
        for number, payer in enumerate(neighbours):
            pay_ago(payer, thief_code, 5000 + number, MINUTE)
        look()
        assert not alerts()

    def test_words_need_three_payers(self, charlie: User, neighbours: list[User], pay_ago: PayAgo) -> None:
        code = static_code(charlie, label="Dryer 3")
        for number, payer in enumerate(neighbours[:3]):
            look()
            assert not alerts()
            pay_ago(payer, code, 100 + number, MINUTE)
        look()
        assert set(alerts()) == {"like_a_machine"}

    def test_what_lies_more_than_a_day_back_does_not_count(
        self, thief_code: Code, neighbours: list[User], pay_ago: PayAgo
    ) -> None:
        for payer in neighbours[:4]:
            pay_ago(payer, thief_code, 400, 25 * HOUR)
        pay_ago(neighbours[4], thief_code, 400, MINUTE)
        look()
        assert not alerts()


class TestVelocity:
    def test_a_payer_and_a_payee(
        self, rich_alice: User, bob: User, bob_code: Code, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(20):
            look()
            assert not alerts()
            pay(rich_alice, bob_code, 1)
        look()
        assert Alert.objects.get().account == wallet(rich_alice)
        assert "Paid 20 times" in Alert.objects.get().detail

        monkeypatch.setattr(watch, "MOST_RECEIVED", 20)
        look()
        assert set(Alert.objects.values_list("account_id", flat=True)) == {
            wallet(rich_alice).pk,
            wallet(bob).pk,
        }
        assert set(Alert.objects.values_list("code_id", flat=True)) == {None}

    def test_a_shop_may_be_paid_as_often_as_it_likes(
        self, neighbours: list[User], shop: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watch, "MOST_RECEIVED", 3)
        counter = codes.create(account_id=shop.pk, payable="merchant")
        for payer in neighbours:
            pay(payer, counter, 100)
        look()
        assert not alerts()

    def test_slowly_is_not_too_often(self, rich_alice: User, bob_code: Code, pay_ago: PayAgo) -> None:
        for number in range(30):
            pay_ago(rich_alice, bob_code, 1, number * MINUTE)
        look()
        assert not alerts()


class TestAlerts:
    @pytest.fixture
    def hurry(self, rich_alice: User, bob_code: Code, monkeypatch: pytest.MonkeyPatch) -> None:
        """Alice paid more often than is usual."""
        monkeypatch.setattr(watch, "MOST_PAID", 1)
        pay(rich_alice, bob_code, 1)

    @pytest.mark.usefixtures("hurry")
    def test_one_stays_open_and_is_counted(self, caplog: pytest.LogCaptureFixture) -> None:
        assert [look() for _ in range(3)] == [1, 0, 0]
        alert = Alert.objects.get()
        assert alert.seen == 3 and alert.last_seen_at > alert.created_at
        assert len(caplog.records) == 1 and "velocity" in caplog.text

    @pytest.mark.usefixtures("hurry")
    def test_what_was_closed_is_quiet_for_a_day(self) -> None:
        look()
        Alert.objects.update(closed_at=clock.now() + MINUTE)
        assert look() == 0
        Alert.objects.update(created_at=clock.now() - 2 * DAY, closed_at=clock.now() - DAY - MINUTE)
        assert look() == 1 and Alert.objects.count() == 2

    @pytest.mark.usefixtures("hurry")
    def test_the_task_looks_now(self) -> None:
        tasks.watch_payments(sent_by_a_newer_caller=True)
        assert Alert.objects.count() == 1

    @pytest.mark.usefixtures("hurry")
    def test_no_money_moves(self) -> None:
        before = {account: holds_money(account) for account in (System.BANK, System.ESCROW)}
        look()
        assert {account: holds_money(account) for account in before} == before

    def test_a_pass_costs_a_fixed_number_of_queries(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(4 + 1):  # a rule is one query, and the clock one
            assert look() == 0

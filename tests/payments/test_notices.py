"""What a payer is told before he pays: once, in time, and at a bounded cost."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from payments import codes, notices
from payments.models import Account, Alert, Code
from people.models import User
from tests.cast import person
from tests.payments.hands import dynamic_code, fill, pay, static_code, wallet

FIRST, MACHINE = "first_payment", "personal_code_like_machine"


@pytest.mark.parametrize(
    "text",
    [
        *("Washer 07", "washing machine", "LAUNDRY", "Corner Laundromat", "phone charging", "Locker A3"),
        *(
            "洗衣机07",
            "自助按摩椅",
            "充电桩",
            "停车费",
            "无人售货机",
            "洗濯機 3",
            "コインランドリー",
            "自販機",
        ),
        *("カラオケ", "ロッカー", "ﾛｯｶｰ", "ＷＡＳＨＥＲ", "self-service"),
    ],
)
def test_it_speaks_of_a_machine(text: str) -> None:
    assert notices.speaks_of_a_machine("Bob", text)


@pytest.mark.parametrize(
    "text",
    ["", "Bob", "Lunch", "Mr. Parkinger", "Washington", "生日快乐", "王小明", "ありがとう", "Unlocker"],
)
def test_it_speaks_of_something_else(text: str) -> None:
    assert not notices.speaks_of_a_machine(text)


def paid(*amounts: int) -> list[tuple[int, int]]:
    """Return payments of different payers."""
    return list(enumerate(amounts))


@pytest.mark.parametrize(
    ("payments", "like_a_machine"),
    [
        ([], False),
        (paid(400, 400, 400, 400), False),
        (paid(400, 400, 400, 400, 400), True),
        (paid(400, 400, 400, 400, 900), True),
        (paid(400, 400, 400, 700, 900), False),
        ([(1, 400)] * 50, False),
        (paid(400, 400, 400, 400, 400) + [(9, odd) for odd in range(50)], True),
        (paid(400, 400, 400, 400, 400) + paid(1, 2, 3, 4, 5), False),
        ([(1, 400)] * 8 + paid(1, 2, 3, 4, 5), False),
    ],
)
def test_many_payers_of_one_price(payments: list[tuple[int, int]], like_a_machine: bool) -> None:
    assert notices.is_paid_like_a_machine(payments) is like_a_machine


def told(code: Code, user: User) -> Any:
    return codes.scan(payload=code.token, payer_id=user.pk)["notices"]


@pytest.mark.django_db
class TestScan:
    def test_the_first_payment_to_somebody(self, rich_alice: User, bob: User, bob_code: Code) -> None:
        assert told(bob_code, rich_alice) == [FIRST]
        pay(rich_alice, dynamic_code(bob), 100)
        assert told(bob_code, rich_alice) == []
        assert told(bob_code, bob) == []

    def test_a_shop_is_somebody_too(self, rich_alice: User, shop: Account) -> None:
        counter = codes.create(account_id=shop.pk, payable="merchant")
        assert told(counter, rich_alice) == [FIRST]
        pay(rich_alice, counter, 100)
        assert told(counter, rich_alice) == []

    def test_whom_one_paid_a_thousand_payments_ago_is_new(
        self, rich_alice: User, bob_code: Code, charlie: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(notices, "_LOOKED_BACK", 2)
        pay(rich_alice, bob_code, 1)
        for _ in range(2):
            assert told(bob_code, rich_alice) == []
            pay(rich_alice, static_code(charlie), 1)
        assert told(bob_code, rich_alice) == [FIRST]

    def test_staff_without_a_wallet_are_told_nothing(self, bob_code: Code) -> None:
        clerk = User.objects.create_user(phone="+8613800000009", password="x", name="Clerk", is_staff=True)
        assert told(bob_code, clerk) == []

    @pytest.mark.parametrize("field", ["memo", "label"])
    def test_a_persons_code_that_speaks_of_a_machine(self, alice: User, bob: User, field: str) -> None:
        assert told(static_code(bob, **{field: "洗衣机 07"}), alice) == [FIRST, MACHINE]

    def test_a_person_who_is_called_like_a_machine(self, alice: User, bob: User) -> None:
        Account.objects.filter(pk=wallet(bob).pk).update(name="Self-service laundry")
        assert told(static_code(bob), alice) == [FIRST, MACHINE]

    def test_a_code_for_one_payment_and_a_shop_may_speak_of_machines(
        self, alice: User, bob: User, shop: Account, sticker: Code
    ) -> None:
        assert told(dynamic_code(bob, memo="Washer 07"), alice) == [FIRST]
        assert told(codes.create(account_id=shop.pk, payable="merchant", memo="Washer 07"), alice) == [FIRST]
        assert told(sticker, alice) == [FIRST]

    def test_a_persons_code_that_is_paid_like_a_machine(self, alice: User, bob_code: Code) -> None:
        for number in range(5):
            assert MACHINE not in told(bob_code, alice)
            payer = person(f"Payer {number}", f"+86139000000{number:02}")
            fill(payer, 400)
            pay(payer, bob_code, 400)
        assert told(bob_code, alice) == [FIRST, MACHINE]

    @pytest.mark.parametrize(("kind", "warns"), [("swapped_sticker", True), ("velocity", False)])
    def test_a_code_that_the_watch_suspects(
        self, alice: User, bob: User, bob_code: Code, kind: str, warns: bool
    ) -> None:
        Alert.objects.create(kind=kind, code=bob_code, account=wallet(bob), detail="suspicious")
        assert (MACHINE in told(bob_code, alice)) is warns
        Alert.objects.update(closed_at=bob_code.created_at.replace(year=2100))
        assert MACHINE not in told(bob_code, alice)

    def test_looking_costs_three_more_queries_at_most(self, alice: User, bob: User) -> None:
        code = static_code(bob)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            told(code, alice)
        assert len(seen) <= 3 + 1

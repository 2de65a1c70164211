"""Posting: lanes, versions, order, and who is refused."""

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from payments import accounts, ledger
from payments.books import FIRST_MERCHANT, System
from payments.errors import InsufficientFunds, PayeeFrozen, PayerFrozen
from payments.ledger import Leg
from payments.models import Account, Lane, Transfer
from payments.statements.lines import statement
from people.models import User
from tests.payments.hands import fill, has, holds_money, lanes, wallet

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("causeless")]

PAYMENT, FEE, TOP_UP = Transfer.Kind.PAYMENT, Transfer.Kind.FEE, Transfer.Kind.TOP_UP


def bring(account: Account, amount: int) -> None:
    ledger.post([Leg(TOP_UP, System.BANK, account.pk, amount)])


def spread(account: Account, *amounts: int) -> None:
    """Put money into the first lanes of an account, as many connections would have."""
    bring(account, sum(amounts))
    Lane.objects.filter(account=account).update(amount=0)
    for no, amount in enumerate(amounts):
        Lane.objects.filter(account=account, no=no).update(amount=amount)


def test_the_ids_of_accounts_are_the_lock_order(alice: User, shop: Account) -> None:
    ranks = [wallet(alice).pk, shop.pk, *(account.value for account in System)]
    assert ranks == sorted(ranks)
    assert wallet(alice).pk < FIRST_MERCHANT <= shop.pk < System.ESCROW
    assert [account.name for account in System] == ["ESCROW", "WITHDRAWAL_CLEARING", "BANK", "FEE_REVENUE"]


def test_each_lane_gets_one_net_update(alice: User, shop: Account) -> None:
    fill(alice, 1000)
    before = Lane.objects.filter(account=shop).aggregate(sum=Sum("version"))["sum"]
    ledger.post(
        [
            Leg(PAYMENT, wallet(alice).pk, shop.pk, 1000),
            Leg(FEE, shop.pk, System.FEE_REVENUE, 1000),  # all of it: net zero
        ]
    )

    assert holds_money(shop.pk) == 0
    assert Lane.objects.filter(account=shop).aggregate(sum=Sum("version"))["sum"] == before + 2
    assert len(lanes(System.FEE_REVENUE)) == 1


def test_a_credit_lands_in_the_lane_of_its_connection(alice: User, shop: Account) -> None:
    fill(alice, 5)
    ledger.post([Leg(PAYMENT, wallet(alice).pk, shop.pk, 5)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    assert lanes(shop.pk) == {pid % 64: 5}


def test_a_statement_runs_through_several_legs_of_one_posting(alice: User, shop: Account) -> None:
    fill(alice, 1000)
    purse = wallet(alice).pk
    ledger.post(
        [
            Leg(PAYMENT, purse, shop.pk, 300),
            Leg(FEE, purse, System.FEE_REVENUE, 1),
            Leg(TOP_UP, System.BANK, purse, 50),
        ]
    )
    lines = statement(user_id=alice.pk)
    assert [(line.version, line.amount, line.balance_after) for line in lines] == [
        (4, 50, 749),
        (3, -1, 699),
        (2, -300, 700),
        (1, 1000, 1000),
    ]


def test_a_wallet_never_goes_below_zero(alice: User, bob: User) -> None:
    fill(alice, 10)
    with pytest.raises(InsufficientFunds), transaction.atomic():
        ledger.post([Leg(PAYMENT, wallet(alice).pk, wallet(bob).pk, 11)])
    assert (has(alice), has(bob)) == (10, 0)


def test_all_legs_move_or_none(alice: User, bob: User, shop: Account) -> None:
    fill(alice, 10)
    with pytest.raises(InsufficientFunds), transaction.atomic():
        ledger.post(
            [
                Leg(PAYMENT, wallet(alice).pk, wallet(bob).pk, 10),
                Leg(PAYMENT, shop.pk, wallet(bob).pk, 1),
            ]
        )
    assert (has(alice), has(bob)) == (10, 0)


def test_the_bank_goes_below_zero(alice: User) -> None:
    fill(alice, 10)
    assert holds_money(System.BANK) == -10


class TestDebitOfAShop:
    """A merchant account has many lanes; a debit may need one or several."""

    def test_one_lane_that_holds_enough_is_taken(self, shop: Account, bob: User) -> None:
        spread(shop, 5, 7, 20, 30)
        ledger.post([Leg(PAYMENT, shop.pk, wallet(bob).pk, 20)])
        assert lanes(shop.pk) == {0: 5, 1: 7, 3: 30}

    def test_without_such_a_lane_all_are_taken_in_order(self, shop: Account, bob: User) -> None:
        spread(shop, 5, 7, 20, 30)
        ledger.post([Leg(PAYMENT, shop.pk, wallet(bob).pk, 40)])
        assert lanes(shop.pk) == {3: 22}
        assert has(bob) == 40

    def test_only_all_lanes_together_can_be_too_little(self, shop: Account, bob: User) -> None:
        spread(shop, 5, 7, 20, 30)
        with pytest.raises(InsufficientFunds), transaction.atomic():
            ledger.post([Leg(PAYMENT, shop.pk, wallet(bob).pk, 63)])
        ledger.post([Leg(PAYMENT, shop.pk, wallet(bob).pk, 62)])
        assert lanes(shop.pk) == {}

    @pytest.mark.parametrize("amount", [10, 40])
    def test_a_frozen_shop_that_must_be_open_pays_nothing(
        self, shop: Account, bob: User, amount: int
    ) -> None:
        spread(shop, 5, 7, 20, 30)
        accounts.freeze(account_id=shop.pk, reason="test")
        with pytest.raises(PayerFrozen), transaction.atomic():
            ledger.post([Leg(PAYMENT, shop.pk, wallet(bob).pk, amount)], must_be_open=[shop.pk])
        ledger.post([Leg(PAYMENT, shop.pk, wallet(bob).pk, amount)])
        assert has(bob) == amount


def test_an_account_that_is_not_touched_may_have_to_be_open(alice: User, shop: Account) -> None:
    fill(alice, 10)
    hold = [Leg(Transfer.Kind.HOLD, wallet(alice).pk, System.ESCROW, 10)]
    accounts.freeze(account_id=shop.pk, reason="test")
    with pytest.raises(PayeeFrozen), transaction.atomic():
        ledger.post(hold, must_be_open=[wallet(alice).pk, shop.pk], escrow_lane=0)
    assert has(alice) == 10


def test_a_posting_to_nobody_is_a_program_s_mistake(alice: User) -> None:
    fill(alice, 10)
    with pytest.raises(Exception, match="has no lanes"), transaction.atomic():
        ledger.post([Leg(PAYMENT, wallet(alice).pk, 999_999, 1)])


def test_more_lanes_take_the_money_of_more_connections(shop: Account, alice: User) -> None:
    accounts.freeze(account_id=shop.pk, reason="test")
    accounts.add_lanes(account_id=shop.pk, lanes=80)

    assert Lane.objects.filter(account=shop).count() == 80
    assert not Lane.objects.filter(account=shop, open=True).exists()  # the new ones are frozen too
    accounts.unfreeze(account_id=shop.pk, reason="test")
    fill(alice, 5)
    ledger.post([Leg(PAYMENT, wallet(alice).pk, shop.pk, 5)], must_be_open=[shop.pk])
    assert holds_money(shop.pk) == 5
    accounts.add_lanes(account_id=shop.pk, lanes=10)  # fewer than there are: nothing to do
    assert Lane.objects.filter(account=shop).count() == 80

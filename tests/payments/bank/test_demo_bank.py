"""The fake bank is a strict one: a reference is done once, and its switches do what they say."""

import pytest
from pytest_django import Settings

from outbox.ids import uuid7
from payments.bank import banks
from payments.bank.demo import Demo
from payments.bank.port import BankSilent, Order, Outcome, Verdict
from payments.models import DemoBank, DemoTransfer
from tests.payments.bank.hands import switch, the_bank_has_decided

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(db: None) -> Order:
    return Order(reference=uuid7(), amount=100, currency="CNY")


def look_up(order: Order, *, incoming: bool = False) -> Outcome:
    return Demo().look_up(reference=order.reference, incoming=incoming).outcome


def test_its_switches_are_there_and_off(db: None) -> None:
    row = DemoBank.objects.get()
    assert not (row.fails or row.returns or row.delay_s or row.loses_answers or row.loses_requests)


def test_without_its_row_it_does_everything_at_once(order: Order) -> None:
    DemoBank.objects.all().delete()

    assert Demo().pay_out(order) == Verdict(Outcome.PAID)


def test_a_reference_is_done_once_however_often_it_is_asked(order: Order) -> None:
    for _ in range(3):
        assert Demo().pay_out(order).outcome is Outcome.PAID

    assert DemoTransfer.objects.get().asked == 3


def test_what_it_said_once_it_says_again_whatever_its_switches(order: Order) -> None:
    switch(fails=True)
    assert Demo().pay_out(order).outcome is Outcome.FAILED
    switch()

    assert Demo().pay_out(order).outcome is look_up(order) is Outcome.FAILED


@pytest.mark.parametrize("amount", [99, 101])
def test_a_reference_never_stands_for_another_order(order: Order, amount: int) -> None:
    Demo().pay_out(order)
    other = Order(reference=order.reference, currency="CNY", amount=amount)

    with pytest.raises(ValueError, match="another order"):
        Demo().pay_out(other)
    with pytest.raises(ValueError, match="another order"):
        Demo().collect(order)
    assert DemoTransfer.objects.get().asked == 1


def test_it_does_not_know_what_it_never_got(order: Order) -> None:
    switch(loses_requests=True)
    with pytest.raises(BankSilent):
        Demo().pay_out(order)

    assert look_up(order) is Outcome.UNKNOWN


def test_it_knows_what_it_did_without_saying_so(order: Order) -> None:
    switch(loses_answers=True)
    with pytest.raises(BankSilent):
        Demo().pay_out(order)

    assert look_up(order) is Outcome.PAID
    assert look_up(order, incoming=True) is Outcome.UNKNOWN


def test_it_takes_its_time(order: Order) -> None:
    switch(delay_s=60)
    assert Demo().pay_out(order).outcome is look_up(order) is Outcome.PENDING

    the_bank_has_decided()

    assert look_up(order) is Outcome.PAID


def test_what_it_takes_back_it_pays_first(order: Order) -> None:
    switch(returns=True)

    assert Demo().pay_out(order).outcome is Outcome.PAID
    assert look_up(order) is Outcome.RETURNED


def test_it_takes_back_nothing_that_it_brought(order: Order) -> None:
    switch(returns=True)

    assert Demo().collect(order).outcome is look_up(order, incoming=True) is Outcome.PAID


def test_there_is_no_bank_to_call_where_files_leave(settings: Settings) -> None:
    settings.BANK = "files"

    assert banks.paying() is None

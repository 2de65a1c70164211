"""Fetching from a parcel locker: the code, the price, and wrong codes."""

import pytest
from django.db.models import QuerySet

from devices.errors import MachineBusy, PaymentRequired
from devices.gateway.intake import Intake
from devices.models import Device, Run
from devices.services import parcels
from merchants.models import Merchant
from payments.errors import ArgsInvalid, NothingToPay, OptionUnknown, PayableChanged
from payments.models import Payment
from people.errors import TooManyTries
from people.models import Throttle, User
from tests.devices.lockers import (
    DAY_S,
    HOUR_S,
    Locker,
    code_of,
    fresh,
    lies_for,
    new_locker,
    parcel_of,
    refused,
    wrong,
)
from tests.devices.paying import balance, earned, give, pay_for, payment_of, run_of

pytestmark = pytest.mark.django_db

RICH = 50_000


@pytest.fixture
def alice(alice: User) -> User:
    """The courier."""
    give(alice, RICH)
    return alice


@pytest.fixture
def bob(bob: User) -> User:
    """Gets the parcel."""
    give(bob, RICH)
    return bob


def test_the_right_code_opens_the_door_for_nothing_within_the_free_time(
    locker: Locker, alice: User, bob: User
) -> None:
    deposit = locker.put_in(alice)
    lies_for(deposit, DAY_S - 60)
    assert locker.quote(bob, code_of(deposit, alice))["amount"] == 0
    run = locker.fetch(bob, code_of(deposit, alice))
    assert (run.slot, run.price, run.opened_by_id) == (parcel_of(deposit).door, 0, bob.pk)
    assert parcel_of(deposit).ended_at is None

    locker.plays(run)
    assert parcel_of(deposit).ended_at == fresh(run).ended_at
    assert parcel_of(deposit).fetched_by_id == run.pk
    assert code_of(run, bob) is None  # only what is put in has one
    refused(ArgsInvalid, lambda: locker.fetch(bob, code_of(deposit, alice)))


def test_what_lies_longer_is_quoted_before_it_is_opened(locker: Locker, alice: User, bob: User) -> None:
    deposit = locker.put_in(alice)
    code = code_of(deposit, alice)
    lies_for(deposit, DAY_S + 13 * HOUR_S)
    shown = locker.quote(bob, code)
    assert shown["amount"] == 200
    refused(PaymentRequired, lambda: locker.fetch(bob, code))
    answer = pay_for(
        locker.device, bob, option="pickup", args={"code": code}, version=shown["version"], amount=200
    )
    assert balance(bob) == RICH - 200
    assert earned(locker.device) == 0

    run = run_of(answer)
    locker.plays(run)
    assert payment_of(run).captured_amount == 200
    assert parcel_of(deposit).ended_at is not None


def test_what_costs_nothing_is_not_paid(locker: Locker, alice: User, bob: User) -> None:
    code = code_of(locker.put_in(alice), alice)
    refused(NothingToPay, lambda: pay_for(locker.device, bob, option="pickup", args={"code": code}))
    refused(NothingToPay, lambda: pay_for(locker.device, alice, option="deposit-s"))
    assert not Payment.objects.exists()


def test_a_door_that_stays_shut_gives_the_money_back_and_keeps_the_parcel(
    locker: Locker, alice: User, bob: User
) -> None:
    deposit = locker.put_in(alice)
    lies_for(deposit, DAY_S + HOUR_S)
    wish = {"code": code_of(deposit, alice)}
    run = run_of(pay_for(locker.device, bob, option="pickup", args=wish))
    locker.sent(run)
    locker.says("rejected", run, code="fault")

    assert balance(bob) == RICH
    assert parcel_of(deposit).ended_at is None
    assert locker.quote(bob, wish["code"])["amount"] == 100
    again = run_of(pay_for(locker.device, bob, option="pickup", args=wish))
    assert locker.plays(again).status == "finished"


def test_two_who_know_the_code_open_one_door_once(locker: Locker, alice: User, bob: User) -> None:
    deposit = locker.put_in(alice)
    code = code_of(deposit, alice)
    locker.fetch(bob, code)

    refused(MachineBusy, lambda: locker.fetch(alice, code))
    assert Run.objects.filter(option="pickup").count() == 1


def test_a_price_that_was_shown_holds_for_two_minutes(locker: Locker, alice: User, bob: User) -> None:
    deposit = locker.put_in(alice)
    wish = {"code": code_of(deposit, alice)}
    lies_for(deposit, DAY_S + 12 * HOUR_S)
    shown = locker.quote(bob, wish["code"])
    lies_for(deposit, DAY_S + 12 * HOUR_S + 120)  # meanwhile the second step has begun
    assert (shown["amount"], locker.quote(bob, wish["code"])["amount"]) == (100, 200)
    answer = pay_for(locker.device, bob, option="pickup", args=wish, version=shown["version"])

    assert answer.body["amount"] == Run.objects.get(option="pickup").price == 100


def test_a_price_of_nothing_that_was_shown_holds_as_long(locker: Locker, alice: User, bob: User) -> None:
    deposit = locker.put_in(alice)
    code = code_of(deposit, alice)
    lies_for(deposit, DAY_S)
    shown = locker.quote(bob, code)
    lies_for(deposit, DAY_S + 120)

    refused(PaymentRequired, lambda: locker.fetch(bob, code))
    assert locker.fetch(bob, code, version=shown["version"]).price == 0


def test_a_price_that_was_shown_earlier_does_not_hold(locker: Locker, alice: User, bob: User) -> None:
    deposit = locker.put_in(alice)
    wish = {"code": code_of(deposit, alice)}
    lies_for(deposit, DAY_S)
    version = locker.quote(bob, wish["code"])["version"]
    lies_for(deposit, DAY_S + 121)

    refused(PayableChanged, lambda: locker.fetch(bob, wish["code"], version=version))
    refused(PayableChanged, lambda: pay_for(locker.device, bob, option="pickup", args=wish, version=version))


def test_who_was_not_shown_the_surcharge_is_not_charged_it(locker: Locker, alice: User, bob: User) -> None:
    deposit = locker.put_in(alice)
    version = locker.scan(bob)["version"]
    lies_for(deposit, 3 * DAY_S)
    wish = {"code": code_of(deposit, alice)}

    refused(PayableChanged, lambda: pay_for(locker.device, bob, option="pickup", args=wish, version=version))


def test_a_pick_up_without_its_price_cannot_be_paid_by_guess(locker: Locker, alice: User, bob: User) -> None:
    deposit = locker.put_in(alice)
    lies_for(deposit, 3 * DAY_S)
    Device.objects.update(prices={f"deposit-{size}": None for size in "sml"})  # only pick-up is sold
    wish = {"code": code_of(deposit, alice)}

    refused(OptionUnknown, lambda: pay_for(locker.device, bob, option=None, args=wish, amount=1))


# Wrong codes


def code_tries() -> QuerySet[Throttle]:
    """What is counted of codes; how often somebody uses machines for nothing is counted apart."""
    return Throttle.objects.filter(key__startswith="locker ")


@pytest.mark.parametrize("code", ["", "1234567", "123456789", "abcdefgh", "１２３４５６７８", 12345678, None])
def test_what_is_no_code_is_refused_without_a_look(locker: Locker, bob: User, code: object) -> None:
    error = refused(ArgsInvalid, lambda: locker.ask(bob, option="pickup", args={"code": code}))

    assert set(error.errors) == {"args.code"}
    assert not code_tries().exists()


def test_a_wrong_code_opens_nothing(locker: Locker, alice: User, bob: User) -> None:
    code = code_of(locker.put_in(alice), alice)
    assert code
    for act in (locker.fetch, locker.quote):
        error = refused(ArgsInvalid, lambda act=act: act(bob, wrong(code)))  # type: ignore[misc]
        assert set(error.errors) == {"args.code"}
    assert Run.objects.count() == 1


def test_the_code_of_one_locker_opens_no_other(
    locker: Locker, alice: User, bob: User, intake: Intake, mei_shop: Merchant
) -> None:
    code = code_of(locker.put_in(alice), alice)
    Device.objects.update(number="6")
    other = new_locker(mei_shop.account_id, intake)

    refused(ArgsInvalid, lambda: other.fetch(bob, code))


def test_five_wrong_codes_an_hour_are_enough(locker: Locker, alice: User, bob: User, charlie: User) -> None:
    code = code_of(locker.put_in(alice), alice)
    assert code
    for _ in range(parcels.TRIES_A_PAYER):
        refused(ArgsInvalid, lambda: locker.quote(bob, wrong(code)))
    full = refused(TooManyTries, lambda: locker.fetch(bob, code))

    assert full.retry_after_s
    assert full.retry_after_s > HOUR_S - 60
    assert locker.quote(charlie, code)["amount"] == 0  # others may still


def test_right_codes_are_not_counted(locker: Locker, alice: User, bob: User) -> None:
    code = code_of(locker.put_in(alice), alice)
    for _ in range(2 * parcels.TRIES_A_PAYER):
        locker.quote(bob, code)

    assert not code_tries().filter(tries__gt=0).exists()


def test_many_guessers_close_the_locker_s_codes_for_everybody(
    locker: Locker, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "TRIES_A_LOCKER", 3)
    code = code_of(locker.put_in(alice), alice)
    assert code
    for guesser in (alice, alice, bob):
        refused(ArgsInvalid, lambda guesser=guesser: locker.quote(guesser, wrong(code)))  # type: ignore[misc]

    refused(TooManyTries, lambda: locker.quote(bob, code))

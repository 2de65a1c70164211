"""Parcel lockers: what goes in, who gets it out, and what that costs."""

from datetime import timedelta

import pytest
from django.db import connection

from devices import queries
from devices.errors import MachineBusy, MachineOffline, PaymentRequired
from devices.models import Command, Device, Parcel, Run, Session
from devices.schedule import Ears
from devices.services import parcels
from devices.services.drive import attend
from outbox.clock import now
from payments.models import Payment
from people.models import User
from tests.devices.lockers import Locker, code_of, fresh, lies_for, parcel_of, refused, run_of
from tests.devices.paying import balance, bought, earned, give, pay_for, payment_of

pytestmark = pytest.mark.django_db

HEARING = Ears(up=True, hearing_s=3600, return_s=30)
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


# Putting in


def test_a_deposit_opens_a_free_door_of_its_size_for_nothing(locker: Locker, alice: User) -> None:
    run = locker.use(alice, option="deposit-l")
    command = Command.objects.get()

    assert (run.price, run.payment_id, run.opened_by_id, run.slot) == (0, None, alice.pk, "3")
    assert (command.pk, command.op, command.args) == (run.pk, "start", {"door": "3"})
    assert parcel_of(run).stored_at is None
    assert not Payment.objects.exists()
    assert balance(alice) == RICH


def test_a_parcel_is_stored_when_its_door_closed(locker: Locker, alice: User) -> None:
    run = locker.put_in(alice)

    assert run.status == "finished"
    assert parcel_of(run).stored_at == run.ended_at
    assert parcel_of(run).ended_at is None


def test_each_door_takes_one_parcel_and_the_size_is_full_after_that(locker: Locker, alice: User) -> None:
    doors = [parcel_of(locker.put_in(alice)).door for _ in range(2)]
    full = refused(MachineBusy, lambda: locker.use(alice, option="deposit-s"))

    assert sorted(doors) == ["1", "2"]
    assert "No door of this size" in full.detail
    assert locker.use(alice, option="deposit-l").slot == "3"
    refused(MachineBusy, lambda: locker.use(alice, option="deposit-m"))  # this locker has none


def test_two_couriers_get_two_doors_at_once(locker: Locker, alice: User, bob: User) -> None:
    doors = {locker.use(user, option="deposit-s").slot for user in (alice, bob)}

    assert doors == {"1", "2"}
    refused(MachineBusy, lambda: locker.use(alice, option="deposit-s"))


def test_a_door_that_somebody_took_meanwhile_is_passed_over(
    locker: Locker, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    locker.put_in(alice)
    monkeypatch.setattr(parcels, "doors_taken", lambda *, device_id: [])  # read before the other one came

    assert locker.use(bob, option="deposit-s").slot == "2"
    refused(MachineBusy, lambda: locker.use(alice, option="deposit-s"))
    assert Run.objects.count() == Parcel.objects.count() == 2


@pytest.mark.parametrize("ev", ["rejected", "failed"])
def test_a_door_that_did_not_open_is_free_again(locker: Locker, alice: User, ev: str) -> None:
    run = locker.use(alice, option="deposit-l")
    locker.sent(run)
    locker.says(ev, run, code="fault", **({"ran": False} if ev == "failed" else {}))

    assert parcel_of(run).stored_at is None
    assert parcel_of(run).ended_at is not None
    assert code_of(run, alice) is None
    assert locker.use(alice, option="deposit-l").slot == "3"


def test_a_door_that_never_answered_is_free_again(locker: Locker, alice: User) -> None:
    run = locker.use(alice, option="deposit-l")
    locker.sent(run)
    for seconds in (31, 120):
        at = Command.objects.get().created_at + timedelta(seconds=seconds)
        attend(command_id=run.pk, ears=HEARING, connected=True, at=at)

    assert fresh(run).status == "released"
    assert parcel_of(run).ended_at is not None


def _given_up(locker: Locker, courier: User) -> Run:
    run = locker.use(courier, option="deposit-l")
    locker.sent(run)
    for seconds in (31, 120):
        at = Command.objects.get(pk=run.pk).created_at + timedelta(seconds=seconds)
        attend(command_id=run.pk, ears=HEARING, connected=True, at=at)
    return fresh(run)


def test_a_door_that_opened_too_late_opens_for_nobody_else(locker: Locker, alice: User, bob: User) -> None:
    run = _given_up(locker, alice)
    locker.says("started", run)

    assert fresh(run).status == "released"
    refused(MachineBusy, lambda: locker.use(bob, option="deposit-l"))
    assert code_of(run, alice) is None


def test_a_door_that_opened_too_late_is_its_next_courier_s(locker: Locker, alice: User, bob: User) -> None:
    late, next_one = _given_up(locker, alice), locker.use(bob, option="deposit-l")
    locker.says("started", late)

    assert parcel_of(late).ended_at is not None
    assert parcel_of(next_one).ended_at is None


def test_a_power_cut_after_the_door_opened_leaves_the_parcel_in(locker: Locker, alice: User) -> None:
    run = locker.use(alice, option="deposit-l")
    locker.sent(run)
    locker.says("started", run)
    locker.says("interrupted", run, code="power_cut", ran=True, left_s=0)

    assert parcel_of(run).stored_at is not None
    refused(MachineBusy, lambda: locker.use(alice, option="deposit-l"))


def test_a_courier_fee_is_held_and_captured_when_the_door_opens(locker: Locker, alice: User) -> None:
    Device.objects.update(prices={"deposit-s": 300})
    refused(PaymentRequired, lambda: locker.use(alice, option="deposit-s"))
    run = bought(locker.device, alice, option="deposit-s")
    assert balance(alice) == RICH - 300
    assert earned(locker.device) == 0

    locker.sent(run)
    locker.says("started", run)
    assert payment_of(run).captured_amount == 300
    assert code_of(run, alice)


def test_a_locker_that_nobody_hears_opens_nothing(locker: Locker, alice: User) -> None:
    Session.objects.update(gone_at=now())
    refused(MachineOffline, lambda: locker.use(alice, option="deposit-s"))


# The code


def test_the_courier_sees_the_code_once_the_door_opened_and_nobody_else_does(
    locker: Locker, alice: User, bob: User, mei: User
) -> None:
    run = locker.use(alice, option="deposit-s")
    assert code_of(run, alice) is None
    locker.sent(run)
    locker.says("accepted", run)
    assert code_of(run, alice) is None

    locker.says("started", run)
    code = code_of(run, alice)
    assert code
    assert len(code) == 8
    assert code.isdigit()
    assert [code_of(run, other) for other in (bob, mei)] == [None, None]
    locker.says("finished", run)
    assert code_of(run, alice) == code


def test_a_merchant_s_server_never_sees_a_code(locker: Locker, alice: User) -> None:
    run = locker.use(alice, option="deposit-s")
    locker.sent(run)
    locker.says("started", run)
    (device,) = queries.devices(device_ids=[locker.device.pk])

    assert isinstance(device["run"], dict)
    assert device["run"]["unlock_code"] is None
    assert queries.view(queries.with_ears(Run.objects.all()).get())["unlock_code"] is None


def test_a_code_is_stored_nowhere(locker: Locker, alice: User, bob: User) -> None:
    deposit = locker.put_in(alice)
    code = code_of(deposit, alice)
    assert code
    locker.fetch(bob, code)
    Run.objects.update(status="finished", started_at=now(), ends_at=now(), ends_by=now(), earned=0)
    Parcel.objects.update(fetched_by=None)
    Device.objects.update(settings={"free_s": 0})
    lies_for(deposit, 60)
    pay_for(locker.device, bob, option="pickup", args={"code": code})

    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(rf"SELECT count(*) FROM {table} AS row WHERE row::text ~ '\y{code}\y'")  # noqa: S608
            assert cursor.fetchone() == (0,), table


def test_a_new_key_of_the_locker_leaves_the_codes_as_they_were(
    locker: Locker, alice: User, bob: User
) -> None:
    code = code_of(locker.put_in(alice), alice)
    Device.objects.update(key_version=2)

    assert locker.quote(bob, code)["amount"] == 0


# The same call again


def test_the_same_call_opens_one_door(locker: Locker, alice: User) -> None:
    first, again = (locker.ask(alice, key="k", option="deposit-s") for _ in range(2))

    assert (run_of(first).pk, again.replayed) == (run_of(again).pk, True)
    assert Run.objects.count() == 1

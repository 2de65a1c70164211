"""Bikes with a keypad: the code is what is sold, and only who paid for it sees it."""

from datetime import timedelta
from typing import Any

import pytest

from devices import keys, queries
from devices.errors import MachineBusy, MachineOffline
from devices.models import Command, Device, Run
from devices.protocol.keys import totp, unlock_key
from devices.schedule import DEAF
from devices.services.drive import attend
from devices.services.provision import provision
from merchants.models import Merchant
from outbox.errors import Refusal
from payments.models import Hold
from people.models import User
from tests.devices.lockers import code_of, fresh, refused
from tests.devices.paying import balance, bought, earned, give, pay_for, payment_of

RICH = 5_000
PRICE = 150
RFC_KEY = b"12345678901234567890123456789012"


@pytest.fixture
def alice(alice: User) -> User:
    give(alice, RICH)
    return alice


@pytest.fixture
def bike(mei_shop: Merchant) -> Device:
    """A bike at Mei's door. There is no gateway, and nothing to hear."""
    return provision(account_id=mei_shop.account_id, place_id=None, type="bike", number="77", name="Bike")


@pytest.fixture
def run(bike: Device, alice: User) -> Run:
    return bought(bike, alice, "30min")


def look(run: Run, seconds: float) -> None:
    """Attend to the run so many seconds after the payment; there is nothing to send to a bike."""
    at = Command.objects.get(pk=run.pk).created_at + timedelta(seconds=seconds)
    assert attend(command_id=run.pk, ears=DEAF, connected=False, at=at) is None


def expected(run: Run, at_s: float) -> str:
    """What the lock itself computes."""
    return totp(unlock_key(keys.key_of(str(run.device_id))), at_s=int(at_s))


@pytest.mark.parametrize(
    ("at_s", "code"),
    [
        (59, "46119246"),
        (1111111109, "68084774"),
        (1111111111, "67062674"),
        (1234567890, "91819424"),
        (2000000000, "90698825"),
        (20000000000, "77737706"),
    ],
)
def test_codes_are_those_of_rfc_6238_with_sha_256(at_s: int, code: str) -> None:
    assert totp(RFC_KEY, at_s=at_s, step_s=30, digits=8) == code


def test_a_lock_s_code_has_six_digits_and_holds_for_ten_minutes() -> None:
    codes = [totp(RFC_KEY, at_s=at_s) for at_s in (6000, 6599, 6600)]

    assert codes[0] == codes[1] != codes[2]
    assert all(len(code) == 6 and code.isdigit() for code in codes)


@pytest.mark.django_db
def test_the_code_is_shown_to_the_payer_once_the_money_is_captured(
    run: Run, bike: Device, alice: User, bob: User, mei: User
) -> None:
    assert (run.status, code_of(run, alice)) == ("paid", None)
    assert payment_of(run).captured_amount == 0
    look(run, 0)

    assert fresh(run).status == "started"
    assert (payment_of(run).status, payment_of(run).captured_amount) == ("settled", PRICE)
    seen: Any = queries.with_ears(Run.objects.all()).get()
    assert code_of(run, alice) == expected(run, min(seen.at, seen.ends_at).timestamp())
    assert [code_of(run, other) for other in (bob, mei)] == [None, None]
    assert queries.view(seen)["unlock_code"] is None
    assert queries.view(seen, reader_id=alice.pk)["unlock_code"] == code_of(run, alice)
    assert queries.devices(device_ids=[bike.pk])[0]["run"] == queries.view(seen)


@pytest.mark.django_db
def test_a_ride_that_no_worker_saw_in_time_is_given_back_and_never_shows_a_code(
    run: Run, bike: Device, alice: User
) -> None:
    look(run, 30)

    assert (fresh(run).status, fresh(run).failure) == ("expired", "not_sent")
    assert balance(alice) == RICH
    assert earned(bike) == 0
    assert code_of(run, alice) is None
    look(run, 31)
    assert code_of(run, alice) is None


@pytest.mark.django_db
def test_a_ride_ends_at_its_planned_end_and_its_code_with_it(run: Run, alice: User) -> None:
    look(run, 1)
    assert fresh(run).ends_by == fresh(run).ends_at
    look(run, 1 + 30 * 60 - 1)
    assert fresh(run).status == "started"

    look(run, 1 + 30 * 60)
    assert (fresh(run).status, fresh(run).assumed) == ("finished", True)
    assert code_of(run, alice) is None
    assert payment_of(run).captured_amount == PRICE


@pytest.mark.django_db
def test_no_code_of_a_time_after_the_end_is_told(run: Run, alice: User) -> None:
    look(run, 0)
    ended = fresh(run).started_at
    assert ended
    Run.objects.update(ends_at=ended - timedelta(hours=1))  # nobody has swept since

    assert code_of(run, alice) == expected(run, (ended - timedelta(hours=1)).timestamp())


@pytest.mark.django_db
def test_a_bike_that_is_out_or_disabled_is_not_sold(bike: Device, alice: User) -> None:
    bought(bike, alice, "day")
    refused(MachineBusy, lambda: pay_for(bike, alice, option="30min"))
    Device.objects.update(enabled=False)
    refused(MachineOffline, lambda: pay_for(bike, alice, option="30min"))


@pytest.mark.django_db
def test_a_hold_that_was_decided_elsewhere_shows_no_code(run: Run, alice: User) -> None:
    Hold.objects.update(status="claimed")
    look(run, 0)

    assert fresh(run).status == "paid"
    assert code_of(run, alice) is None
    Hold.objects.update(status="open")


@pytest.mark.django_db
def test_a_bike_shows_as_online_to_who_scans_it(bike: Device, alice: User) -> None:
    with pytest.raises(Refusal):
        pay_for(bike, alice, option="unheard-of")
    (shown,) = queries.devices(device_ids=[bike.pk])

    assert (shown["online"], shown["busy"]) == (True, False)

"""What is sold by the unit: minutes in a karaoke box, pulses for a coin machine."""

from collections.abc import Callable
from typing import Any

import pytest

from devices.gateway.intake import Intake
from devices.models import Command, Device, Run
from devices.schedule import DEAF
from devices.services.drive import attend
from devices.services.provision import provision
from merchants.models import Merchant
from payments.errors import AmountMismatch, ArgsInvalid
from people.models import User
from tests.devices.hardware import Hardware
from tests.devices.lockers import fresh, refused
from tests.devices.paying import balance, earned, give, go_online, pay_for, payment_of, run_of

pytestmark = pytest.mark.django_db

RICH = 10_000
Make = Callable[[str], Hardware]


@pytest.fixture
def alice(alice: User) -> User:
    give(alice, RICH)
    return alice


@pytest.fixture
def make(mei_shop: Merchant, intake: Intake) -> Make:
    """Put a machine of a type into Mei's shop, online."""

    def put(kind: str) -> Hardware:
        hardware = Hardware(
            provision(account_id=mei_shop.account_id, place_id=None, type=kind, number=kind, name=kind)
        )
        go_online(intake, hardware)
        return hardware

    return put


def says(intake: Intake, hardware: Hardware, run: Run, *events: str, **fields: Any) -> None:
    for ev in events:
        intake.store([hardware.event(ev, run.pk, **fields)])


def test_three_plays_cost_three_times_one_and_are_earned_when_they_were_sent(
    make: Make, alice: User, intake: Intake
) -> None:
    pulse = make("pulse")
    run = run_of(pay_for(pulse.device, alice, option="pulses", args={"n": 3}, amount=300))
    assert (run.price, run.planned_s, Command.objects.get().args) == (300, 3, {"n": 3})
    assert attend(command_id=run.pk, ears=DEAF, connected=True)
    assert payment_of(run).captured_amount == 0

    says(intake, pulse, run, "started")
    assert payment_of(run).captured_amount == 300
    says(intake, pulse, run, "failed", code="motor", ran=True, left_s=2)
    assert payment_of(run).captured_amount == 300


def test_the_only_thing_a_machine_sells_need_not_be_named(make: Make, alice: User) -> None:
    run = run_of(pay_for(make("pulse").device, alice, option=None, args={"n": 2}))

    assert (run.option, run.price) == ("pulses", 200)


@pytest.mark.parametrize(
    "args", [None, {}, {"n": 0}, {"n": 21}, {"n": "2"}, {"n": 2.0}, {"n": 2, "door": "1"}]
)
def test_units_that_do_not_fit_are_refused(make: Make, alice: User, args: dict[str, Any] | None) -> None:
    device = make("pulse").device
    refused(ArgsInvalid, lambda: pay_for(device, alice, option="pulses", args=args))
    refused(ArgsInvalid, lambda: pay_for(device, alice, option="pulses", args=args, amount=100))
    if args:
        refused(ArgsInvalid, lambda: pay_for(device, alice, option=None, args=args, amount=100))
    assert balance(alice) == RICH


def test_another_amount_than_that_of_the_units_is_refused(make: Make, alice: User) -> None:
    refused(
        AmountMismatch,
        lambda: pay_for(make("pulse").device, alice, option="pulses", args={"n": 5}, amount=100),
    )


def test_an_operator_s_price_is_that_of_one_unit(make: Make, alice: User) -> None:
    device = make("pulse").device
    Device.objects.update(prices={"pulses": 50})

    assert run_of(pay_for(device, alice, option="pulses", args={"n": 4})).price == 200


def test_a_box_is_paid_by_the_minute_and_only_for_the_minutes_it_played(
    make: Make, alice: User, intake: Intake
) -> None:
    box = make("karaoke")
    run = run_of(pay_for(box.device, alice, option="minutes", args={"minutes": 20}))
    assert (run.price, run.planned_s, Command.objects.get().args) == (1800, 1200, {"dur_s": 1200})
    assert attend(command_id=run.pk, ears=DEAF, connected=True)
    says(intake, box, run, "started")
    says(intake, box, run, "interrupted", code="stopped", ran=True, left_s=300)

    assert fresh(run).status == "interrupted"
    assert payment_of(run).captured_amount == 1350
    assert balance(alice) == RICH - 1350
    assert earned(box.device) > 0

"""Buying at machines whose price depends on what is filled in."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client

from devices.gateway.intake import Intake
from devices.models import Device, Run
from devices.schedule import DEAF
from devices.services.drive import attend
from devices.services.provision import provision
from merchants.models import Merchant
from payments import accounts
from payments.models import IdempotentAnswer, Payment
from people.models import User
from tests.cast import PIN
from tests.devices.conftest import intake
from tests.devices.hardware import Hardware
from tests.devices.paying import go_online, token
from tests.wallet.conftest import Fill
from tests.wallet.sheet import post, shown, start

__all__ = ["intake"]

pytestmark = pytest.mark.django_db

Provide = Callable[[str], Device]


@pytest.fixture
def provide(mei_shop: Merchant, intake: Intake) -> Provide:
    """A machine of a type, online."""

    def online(machine_type: str) -> Device:
        device = provision(
            account_id=mei_shop.account_id, place_id=None, type=machine_type, number="9", name="Machine"
        )
        go_online(intake, Hardware(device))
        return device

    return online


def test_what_costs_something_is_not_started_for_nothing(alice_at: Client, provide: Provide) -> None:
    answer = start(alice_at, provide("pulse"), option="pulses", args={"n": 2})
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_required")
    assert answer.json()["words"] == "This costs something now. No money moved. Please look again"


def test_arguments_are_paid_as_they_were_typed(
    alice: User, alice_at: Client, provide: Provide, fill: Fill
) -> None:
    fill(alice, 1_000)
    machine = provide("pulse")
    wish = {"option": "pulses", "args": {"n": 3}, "version": shown(alice_at, machine).version}
    assert post(alice_at, machine, "pay", key="k", pin=PIN, **wish).status_code == 201
    assert Payment.objects.get().amount == 300
    assert Run.objects.get().args == {"n": 3}

    again = post(alice_at, machine, "pay", key="k", pin=PIN, **(wish | {"args": {"n": 4}}))
    assert again.json()["code"] == "idempotency_key_reused"


@pytest.mark.parametrize(
    "args",
    [
        "[]",
        "7",
        '"n"',
        "{",
        '{"n": NaN}',
        '{"n": 1.5}',
        '{"n": {"a": 1}}',
        '{"n": "\\u0000"}',
        '{"\\ud800": 1}',
    ],
)
def test_what_is_no_set_of_plain_arguments_is_refused_unread(
    alice_at: Client, provide: Provide, args: str
) -> None:
    machine = provide("pulse")
    fields = {"key": "k", "pin": PIN, "version": "v", "option": "pulses", "args": args}
    answer = alice_at.post(f"/q/{token(machine)}/pay", fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not IdempotentAnswer.objects.exists()


@pytest.mark.parametrize("n", [0, 21, "3", True])
def test_arguments_outside_the_schema_are_said_at_their_field(
    alice_at: Client, provide: Provide, n: object
) -> None:
    machine = provide("pulse")
    wish = {"option": "pulses", "args": {"n": n}, "version": shown(alice_at, machine).version}
    answer = post(alice_at, machine, "pay", key="k", pin=PIN, **wish)
    assert (answer.status_code, answer.json()["field"]) == (400, "n")
    assert not Payment.objects.exists()


def test_a_form_is_drawn_from_the_schema(alice_at: Client, provide: Provide) -> None:
    options = {option.id: option for option in shown(alice_at, provide("karaoke")).options}
    (minutes,) = options["minutes"].fields
    assert (minutes.kind, minutes.label, minutes.minimum, minutes.maximum) == ("stepper", "Minutes", 10, 240)
    assert (minutes.value, minutes.step, options["minutes"].per) == ("20", 10, "minutes")
    assert options["30min"].fields == ()


def test_a_speakers_code_pays_its_owner(alice: User, bob: User, alice_at: Client, fill: Fill) -> None:
    fill(alice, 1_000)
    bobs = provision(
        account_id=accounts.wallet_of(bob.pk).pk, place_id=None, type="speaker", number="1", name="Box"
    )
    payable = shown(alice_at, bobs)
    assert payable.is_typed
    assert (payable.payee, payable.machine) == ("Bob", None)
    answer = post(alice_at, bobs, "pay", key="k", pin=PIN, version=payable.version, amount="250")
    assert answer.status_code == 201
    assert Payment.objects.get().payee_name == "Bob"


def test_a_bikes_code_is_a_new_one_after_ten_minutes(
    alice: User, alice_at: Client, bob_at: Client, mei_shop: Merchant, fill: Fill
) -> None:
    fill(alice, 1_000)
    bike = provision(account_id=mei_shop.account_id, place_id=None, type="bike", number="9", name="Bike")
    wish = {"option": "60min", "version": shown(alice_at, bike).version}
    url = post(alice_at, bike, "pay", key="k", pin=PIN, **wish).json()["next"]
    assert alice_at.get(url).context["screen"].secret is None, "not before it started"

    attend(command_id=Run.objects.get().pk, ears=DEAF, connected=False)
    page = alice_at.get(url)
    first, seen = page.context["screen"].secret.whole, page.context["live"].version
    poll = {"HX-Request": "true"}
    assert alice_at.get(url, {"seen": seen}, headers=poll).status_code == 204
    Run.objects.update(  # the lock's clock is the end of the ride at the latest: let that be ten minutes ago
        ends_at=Now() - timedelta(minutes=10)
    )
    later = alice_at.get(url, {"seen": seen}, headers=poll)
    assert later.status_code == 200
    assert later.context["screen"].secret.whole != first
    assert bob_at.get(url).status_code == 404

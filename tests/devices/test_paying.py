"""Paying for a machine: what is shown, what is refused before money moves, what is stored."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from devices.errors import MachineBusy, MachineOffline
from devices.gateway.intake import Intake
from devices.machines.arguments import NO_ARGUMENTS, arguments
from devices.machines.base import CapturePoint, Machine, Option, find_all
from devices.models import Command, Device, Run, Session
from devices.services.provision import provision
from merchants.models import Merchant, Place
from outbox.clock import now
from outbox.errors import Refusal
from payments import codes, payloads
from payments.accounts import wallet_of
from payments.answers import instant
from payments.errors import ArgsInvalid, InsufficientFunds, OptionUnknown, PayableChanged
from payments.models import Code, Hold, Payment
from people.models import User
from tests.devices.hardware import Hardware
from tests.devices.paying import balance, bought, give, go_online, pay_for, payment_of, run_of, token

pytestmark = pytest.mark.django_db

PLAIN = {"details": "", "per": None, "quoted": False, "args_schema": NO_ARGUMENTS}  # of most options


@pytest.fixture
def alice(alice: User) -> User:
    give(alice, 50_000)
    return alice


@pytest.fixture
def chair(chair: Device, intake: Intake) -> Device:
    go_online(intake, Hardware(chair))
    return chair


def scan(device: Device, payer: User) -> dict[str, Any]:
    shown: dict[str, Any] = codes.scan(payload=payloads.payload_of(token(device)), payer_id=payer.pk)
    return shown


def refused(error: type[Refusal], act: Callable[[], object]) -> None:
    """It is refused, and nothing of it is stored."""
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == error.code
    assert not Run.objects.exists()
    assert not Command.objects.exists()
    assert not Payment.objects.exists()


def test_scanning_shows_the_machine_its_options_and_whom_they_pay(chair: Device, alice: User) -> None:
    shown = scan(chair, alice)

    assert shown["kind"] == "machine"
    assert shown["amount"] is None
    assert shown["payee"] == {"name": "Corner Laundry", "tier": "merchant", "verified": True, "place": ""}
    assert shown["machine"] == {
        "id": str(chair.pk),
        "number": "07",
        "name": "Chair",
        "type": "chair",
        "online": True,
        "busy": False,
        "options": [
            {"id": "10min", "label": "10 minutes", "amount": 1000} | PLAIN,
            {"id": "20min", "label": "20 minutes", "amount": 1800} | PLAIN,
            {"id": "30min", "label": "30 minutes", "amount": 2500} | PLAIN,
        ],
        "args_schema": find_all()["chair"].args_schema,
    }


def test_scanning_an_offline_or_busy_machine_says_so_and_refuses_nothing(chair: Device, alice: User) -> None:
    bought(chair, alice)
    Session.objects.update(gone_at=now())
    machine = scan(chair, alice)["machine"]

    assert (machine["online"], machine["busy"]) == (False, True)


def test_paying_stores_the_run_and_its_start_command(chair: Device, alice: User) -> None:
    answer = pay_for(chair, alice, option="20min")

    run, payment = run_of(answer), Payment.objects.get()
    command = Command.objects.get()
    assert (run.status, run.option, run.price, run.planned_s) == ("paid", "20min", 1800, 1200)
    assert (command.pk, command.run_id, command.op, command.args) == (
        run.pk,
        run.pk,
        "start",
        {"dur_s": 1200},
    )
    assert command.due_at == command.created_at == payment.confirmed_at
    assert command.expires_at - command.due_at == timedelta(seconds=30)
    assert run.release_at - command.expires_at == timedelta(seconds=60)
    assert balance(alice) == 50_000 - 1800
    assert Hold.objects.get().status == "open"


def test_paying_wakes_who_sends_the_command(
    chair: Device, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[tuple[str, str, object]] = []
    monkeypatch.setattr(
        "devices.services.claims.wake",
        lambda task, *, queue, command_id: woken.append((task, queue, command_id)),
    )
    run = bought(chair, alice)

    assert woken == [("devices.tasks.send_command", "machines", str(run.pk))]


def test_the_answer_tells_the_run_and_by_when_the_money_is_back(chair: Device, alice: User) -> None:
    answer = pay_for(chair, alice)
    run = run_of(answer)

    assert answer.body["run"] == {
        "id": str(run.pk),
        "status": "paid",
        "machine": {"id": str(chair.pk), "number": "07", "name": "Chair", "type": "chair"},
        "option": "10min",
        "ends_at": None,
        "release_at": None,
        "unlock_code": None,
        "failure": None,
    }
    assert answer.body["release_by"] == instant(run.release_at + timedelta(minutes=10))


def test_a_slow_machine_gets_more_grace(chair: Device, alice: User) -> None:
    Device.objects.update(slow=True)
    run = bought(chair, alice)

    assert run.release_at - Command.objects.get().expires_at == timedelta(seconds=300)


def test_the_hold_ends_after_everything_that_can_decide_it(chair: Device, alice: User) -> None:
    run = bought(chair, alice, option="30min")
    latest_start = run.release_at + timedelta(minutes=10)
    latest_end = latest_start + timedelta(minutes=30) + timedelta(minutes=20)

    assert Hold.objects.get().deadline >= latest_end


def test_the_second_payer_is_told_that_the_machine_is_busy(chair: Device, alice: User, bob: User) -> None:
    give(bob, 5000)
    bought(chair, alice)

    with pytest.raises(Refusal) as caught:
        pay_for(chair, bob)
    assert caught.value.code == MachineBusy.code
    assert balance(bob) == 5000


@pytest.mark.parametrize(
    "change",
    [
        {"gone_at": now},
        {"synced_at": lambda: None},
        {"last_seen_at": lambda: now() - timedelta(seconds=76)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_offline_machine_is_refused(chair: Device, alice: User, change: dict[str, Any]) -> None:
    Session.objects.update(**{name: value() for name, value in change.items()})
    refused(MachineOffline, lambda: pay_for(chair, alice))


def test_a_disabled_machine_is_refused(chair: Device, alice: User) -> None:
    Device.objects.update(enabled=False)
    refused(MachineOffline, lambda: pay_for(chair, alice))


def test_nobody_can_pay_for_a_machine_while_the_gateway_is_silent(
    chair: Device, alice: User, gateway_silent_since: Callable[[float], None]
) -> None:
    gateway_silent_since(15.1)
    refused(MachineOffline, lambda: pay_for(chair, alice))


@pytest.mark.parametrize("option", ["40min", "", "quick"])
def test_an_unknown_option_is_refused(chair: Device, alice: User, option: str) -> None:
    refused(OptionUnknown, lambda: pay_for(chair, alice, option=option))


def test_an_option_must_be_chosen_even_by_whom_names_the_right_amount(chair: Device, alice: User) -> None:
    refused(OptionUnknown, lambda: pay_for(chair, alice, option=None, amount=1000))
    refused(OptionUnknown, lambda: pay_for(chair, alice, option=None))


def test_an_option_the_owner_took_off_is_refused(chair: Device, alice: User) -> None:
    Device.objects.update(prices={"10min": None, "20min": 1500})

    assert [option["amount"] for option in scan(chair, alice)["machine"]["options"]] == [1500, 2500]
    refused(OptionUnknown, lambda: pay_for(chair, alice))
    assert bought(chair, alice, option="20min").price == 1500


def test_arguments_that_the_machine_does_not_know_are_refused(chair: Device, alice: User) -> None:
    refused(ArgsInvalid, lambda: pay_for(chair, alice, args={"song": "x"}))


def test_a_command_too_long_for_a_machine_is_refused(
    chair: Device, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Talker(Machine):
        slug = "chair"
        options = (Option("say", "Say", minutes=1, prices={"CNY": 100}),)
        phases = ()
        capture_point = CapturePoint.END
        args_schema = arguments(text={"type": "string"})

        def build_args(self, option: Option, args: Any) -> dict[str, Any]:
            return {"text": args["text"]}

    monkeypatch.setattr("devices.sight.find_all", lambda: {"chair": Talker()})
    refused(ArgsInvalid, lambda: pay_for(chair, alice, option="say", args={"text": "x" * 400}))
    refused(ArgsInvalid, lambda: pay_for(chair, alice, option="say"))
    assert pay_for(chair, alice, option="say", args={"text": "x" * 100}).status == 201


def test_a_payer_without_money_leaves_the_machine_free(chair: Device, bob: User, alice: User) -> None:
    refused(InsufficientFunds, lambda: pay_for(chair, bob))
    assert bought(chair, alice).status == "paid"


def test_what_was_shown_is_what_is_paid(chair: Device, alice: User) -> None:
    version = scan(chair, alice)["version"]
    assert scan(chair, alice)["version"] == version

    Device.objects.update(prices={"10min": 1200})
    refused(PayableChanged, lambda: pay_for(chair, alice, version=version))
    assert pay_for(chair, alice, version=scan(chair, alice)["version"]).status == 201


def test_a_persons_machine_costs_no_fee_and_counts_for_the_cap(
    bob: User, alice: User, intake: Intake
) -> None:
    own = provision(
        account_id=wallet_of(bob.pk).pk, place_id=None, type="chair", number="1", name="Bob's chair"
    )
    go_online(intake, Hardware(own))
    shown = scan(own, alice)
    payment = payment_of(bought(own, alice))

    assert shown["payee"] == {"name": "Bob", "tier": "personal", "verified": False, "place": ""}
    assert (payment.fee_bp, payment.fee_minimum) == (0, 0)
    assert payment.cap_rule == "personal_static_daily"


def test_the_place_of_a_machine_is_shown_and_stored(mei_shop: Merchant, alice: User, intake: Intake) -> None:
    place = Place.objects.create(merchant=mei_shop, name="Station Road 3")
    device = provision(
        account_id=mei_shop.account_id, place_id=place.pk, type="washer", number="2", name="Washer"
    )
    go_online(intake, Hardware(device))

    assert scan(device, alice)["payee"]["place"] == "Station Road 3"
    assert payment_of(bought(device, alice, option="quick")).place == "Station Road 3"


def test_a_code_whose_machine_is_gone_is_unknown(chair: Device, alice: User) -> None:
    stray = codes.create(account_id=chair.earner_id, payable="machine", target=alice.pk)
    with pytest.raises(Refusal) as caught:
        codes.scan(payload=payloads.payload_of(stray.token), payer_id=alice.pk)
    assert caught.value.code == "unknown_code"


def test_the_machines_part_of_a_payment_costs_three_queries(chair: Device, alice: User) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        pay_for(chair, alice)
    ours = [query["sql"] for query in queries if "devices_" in query["sql"]]

    # the machine, run and command, the run as answered; the shop's terms are merchants' own
    assert len(ours) == 3, ours
    assert Code.objects.count() == 1

"""POST devices/{id}/operate and GET devices/{id}/actions: what a shop's server does to a machine, and did."""

from typing import Any
from uuid import UUID

import pytest

from devices.models import Command, Fault, Incident, OperatorAction, Parcel, Run
from devices.services import credentials, faults, operate
from devices.services.operators import MOST_COMMANDS
from devices.states import Trouble
from merchants import scopes
from merchants.models import Merchant
from merchants.services import create_key
from outbox.clock import now
from tests.api.callers import NOBODYS_ID, Caller, Person, nothing_changes, pages, refusal
from tests.api.machines import Machine, new_machine
from tests.api.test_bodies import NO_OBJECT, NOT_TEXT, can_be_read


@pytest.fixture
def alice(alice: Person) -> Person:
    alice.gets(10_000)
    return alice


@pytest.fixture
def running(ready_chair: Machine, alice: Person) -> str:
    """Alice's run on the chair, started; ten minutes for 10.00."""
    run = str(alice.pay(ready_chair.token, option="10min").json()["run"]["id"])
    ready_chair.is_told_to_start(run)
    ready_chair.says("started", about=run, left_s=600)
    return run


def order(caller: Caller, machine: Machine, op: str, **wish: Any) -> Any:
    return caller.post(f"devices/{machine.id}/operate", {"op": op, "reason": "maintenance"} | wish)


@pytest.mark.parametrize("op", ["identify", "query", "stop", "power_on", "power_off"])
def test_an_order_is_written_down_and_sent(till: Caller, chair: Machine, op: str) -> None:
    answer = order(till, chair, op)

    assert answer.status_code == 202
    (action,) = OperatorAction.objects.all()
    assert answer.json() == {"id": str(action.pk), "op": op, "status": "pending"}
    (command,) = Command.objects.all()
    assert (action.command, command.op, command.args, command.run) == (command, op, {}, None)
    assert (action.reason, action.user, str(action.api_key)[-6:]) == ("maintenance", None, "(till)")
    assert not Run.objects.exists()


def test_its_status_follows_the_machine(till: Caller, ready_chair: Machine) -> None:
    order(till, ready_chair, "identify")
    command = Command.objects.get()
    assert operate.attend(command_id=command.pk, connected=True)
    ready_chair.says("accepted", about=str(command.pk))

    (shown,) = till.get(f"devices/{ready_chair.id}/actions").json()["data"]
    assert (shown["op"], shown["status"]) == ("identify", "done")


@pytest.mark.parametrize("op", ["stop", "power_off", "clear"])
def test_what_disturbs_a_run_is_asked_twice(
    till: Caller, ready_chair: Machine, running: str, op: str
) -> None:
    with nothing_changes():
        refusal(order(till, ready_chair, op), 409, "machine_running")
        refusal(order(till, ready_chair, op, confirm=False), 409, "machine_running")

    assert order(till, ready_chair, op, confirm=True).status_code == 202
    assert str(OperatorAction.objects.get().run_id) == running


def test_a_run_that_has_not_started_is_not_disturbed_either(
    till: Caller, ready_chair: Machine, alice: Person
) -> None:
    alice.pay(ready_chair.token, option="10min")
    with nothing_changes():
        refusal(order(till, ready_chair, "stop"), 409, "machine_running")
    assert order(till, ready_chair, "clear", confirm=True).status_code == 202

    assert Run.objects.get().status == "paid"  # its own deadline decides about it


@pytest.mark.parametrize("op", ["identify", "query", "power_on"])
def test_what_disturbs_nobody_is_just_done(till: Caller, ready_chair: Machine, running: str, op: str) -> None:
    assert order(till, ready_chair, op).status_code == 202


def test_a_stop_names_the_run_it_means(
    till: Caller, ready_chair: Machine, running: str, alice: Person
) -> None:
    order(till, ready_chair, "stop", confirm=True)
    stop = Command.objects.get(op="stop")
    assert (stop.args, str(stop.run_id)) == ({"run": running}, running)
    ready_chair.says("interrupted", about=running, code="stopped", ran=True, left_s=450)

    assert alice.money == 9_750
    assert Run.objects.get().earned == 250


def test_clear_ends_what_the_machine_does_not_end(
    till: Caller, ready_chair: Machine, running: str, alice: Person
) -> None:
    answer = order(till, ready_chair, "clear", confirm=True)

    assert answer.json()["status"] == "done"
    run = Run.objects.get()
    assert (run.status, run.failure) == ("interrupted", "cleared")
    assert run.earned is not None and run.earned < 20  # of ten minutes a second or so
    assert alice.money == 10_000 - run.earned
    assert Command.objects.get(op="stop").args == {"run": running}  # so that nobody rides for free
    assert not till.get(f"devices/{ready_chair.id}").json()["busy"]


def test_clear_closes_faults_and_incidents(till: Caller, ready_chair: Machine, running: str) -> None:
    faults.notice(device_id=ready_chair.device.pk, code="motor")
    Incident.objects.create(kind=Trouble.LATE_END, device=ready_chair.device, run_id=UUID(running))
    ready_chair.says("finished", about=running)
    order(till, ready_chair, "clear")

    assert not Fault.objects.filter(cleared_at__isnull=True).exists()
    assert not Incident.objects.filter(closed_at__isnull=True).exists()


def test_clear_closes_no_incident_of_a_run_that_is_still_open(
    till: Caller, ready_chair: Machine, alice: Person
) -> None:
    run = UUID(alice.pay(ready_chair.token, option="10min").json()["run"]["id"])
    Incident.objects.create(kind=Trouble.HOLD_REFUSED, device=ready_chair.device, run_id=run)
    order(till, ready_chair, "clear", confirm=True)

    assert Incident.objects.get().closed_at is None  # noted once in a run's life: nobody would be told again


def test_a_locker_opens_a_door_that_is_named(till: Caller, mei_shop: Merchant) -> None:
    locker = new_machine(mei_shop, "L", kind="locker")
    with nothing_changes():
        refusal(order(till, locker, "open"), 400, "args_invalid", "args.door")
        for door in ("", "x" * 17, "a b", 1, None, ["1"]):
            refusal(order(till, locker, "open", args={"door": door}), 400, "args_invalid", "args.door")
        refusal(order(till, locker, "open", args={"door": "1", "n": 1}), 400, "args_invalid", "args.n")
    order(till, locker, "open", args={"door": "2"})

    assert Command.objects.get().args == {"door": "2"}


def test_one_door_disturbs_nobody_behind_another(
    till: Caller, mei_shop: Merchant, ready_chair: Machine, alice: Person
) -> None:
    locker = new_machine(mei_shop, "L", kind="locker")
    locker.go_online()
    run = alice.post("runs", {"code": locker.token, "option": "deposit-s"}, key="k").json()["id"]
    door = Run.objects.get(pk=run).slot
    with nothing_changes():
        refusal(order(till, locker, "open", args={"door": door}), 409, "machine_running")

    assert order(till, locker, "open", args={"door": "7"}).status_code == 202


def test_a_parcel_that_nobody_fetched_is_cleared_by_its_door(
    till: Caller, mei_shop: Merchant, ready_chair: Machine, alice: Person
) -> None:
    locker = new_machine(mei_shop, "L", kind="locker")
    locker.go_online()
    run = alice.post("runs", {"code": locker.token, "option": "deposit-s"}, key="k").json()["id"]
    locker.is_told_to_start(run)
    for event in ("started", "finished"):
        locker.says(event, about=run)
    parcel = Parcel.objects.get()
    order(till, locker, "clear", args={"door": "7"})
    parcel.refresh_from_db()
    assert parcel.ended_at is None
    order(till, locker, "clear", args={"door": parcel.door})

    parcel.refresh_from_db()
    assert parcel.ended_at is not None


def test_a_machine_keeps_few_commands_in_mind(till: Caller, chair: Machine) -> None:
    for _ in range(MOST_COMMANDS):
        assert order(till, chair, "identify").status_code == 202
    with nothing_changes():
        refusal(order(till, chair, "identify"), 409, "too_many_commands")
    Command.objects.update(status="done")  # answered, they take up room until they expire
    with nothing_changes():
        refusal(order(till, chair, "identify"), 409, "too_many_commands")
    Command.objects.update(expires_at=now())

    assert order(till, chair, "identify").status_code == 202


def test_nothing_that_an_operator_does_starts_a_run(till: Caller, chair: Machine) -> None:
    with nothing_changes():
        for op in ("start", "announce", "", "STOP", "stop "):
            refusal(order(till, chair, op), 400, "invalid", "op")


def test_what_a_type_does_not_know_is_refused(till: Caller, mei_shop: Merchant, chair: Machine) -> None:
    bike = new_machine(mei_shop, "B", kind="bike")
    with nothing_changes():
        refusal(order(till, chair, "open"), 400, "operation_unsupported")
        refusal(order(till, bike, "identify"), 400, "operation_unsupported")
        refusal(order(till, chair, "stop", args={"run": NOBODYS_ID}), 400, "args_invalid", "args.run")
    assert order(till, bike, "clear").status_code == 202


@pytest.mark.parametrize(
    ("name", "literals"),
    [
        ("op", [*NOT_TEXT, "null", '"reboot"']),
        ("reason", [*NOT_TEXT, "null", '""', '" "', f'"{"x" * 201}"', '"\u202egnp"', r'"a\nb"']),
        ("args", ["1", '"x"', "[]", "true"]),
        ("confirm", ["1", '"true"', "null", "[]", '"yes"']),
    ],
)
def test_a_member_of_another_form_is_refused_by_name(
    till: Caller, chair: Machine, name: str, literals: list[str]
) -> None:
    with nothing_changes():
        for literal in literals:
            members = {"op": '"identify"', "reason": '"lost"'} | {name: literal}
            text = ", ".join(f'"{one}": {value}' for one, value in members.items())
            body = refusal(till.post(f"devices/{chair.id}/operate", f"{{{text}}}"), 400, "invalid")
            assert list(body["errors"]) == [name if can_be_read(literal) else "non_field_errors"], literal


def test_what_is_no_object_is_refused(till: Caller, chair: Machine) -> None:
    with nothing_changes():
        for body in NO_OBJECT:
            refusal(till.post(f"devices/{chair.id}/operate", body), 400, "invalid", "non_field_errors")
        refusal(till.post(f"devices/{chair.id}/operate", "{}"), 400, "invalid", "op", "reason")


def test_another_shop_s_machine_does_not_exist(till: Caller, rival: Caller, chair: Machine) -> None:
    order(till, chair, "identify")
    with nothing_changes():
        refusal(order(rival, chair, "identify"), 404, "not_found")
        refusal(rival.get(f"devices/{chair.id}/actions"), 404, "not_found")
        for nothing in (NOBODYS_ID, "no-uuid"):
            answer = till.post(f"devices/{nothing}/operate", {"op": "stop", "reason": "x"})
            refusal(answer, 404, "not_found")
            refusal(till.get(f"devices/{nothing}/actions"), 404, "not_found")


def test_a_key_without_the_scope_is_told_which_one_it_lacks(
    mei_shop: Merchant, chair: Machine, secrets: list[str]
) -> None:
    others = [scope for scope in scopes.ALL if scope != scopes.DEVICES_OPERATE]
    secrets.append(create_key(merchant_id=mei_shop.pk, name="poor", scopes=others)[1])
    poor = Caller(secrets[-1])

    with nothing_changes():
        for answer in (order(poor, chair, "stop"), poor.get(f"devices/{chair.id}/actions")):
            assert scopes.DEVICES_OPERATE in refusal(answer, 403, "permission_denied")["detail"]


def test_no_person_operates(mei: Person, nobody: Caller, chair: Machine) -> None:
    with nothing_changes():
        for caller in (mei, nobody):
            refusal(order(caller, chair, "stop"), 401, "not_authenticated")
            refusal(caller.get(f"devices/{chair.id}/actions"), 401, "not_authenticated")


def test_actions_are_listed_newest_first_whoever_did_them(
    till: Caller, mei: Person, ready_chair: Machine, running: str
) -> None:
    first = order(till, ready_chair, "identify").json()["id"]
    credentials.revoke(device_id=ready_chair.device.pk, user_id=mei.pk, reason="stolen")
    last = order(till, ready_chair, "stop", confirm=True).json()["id"]
    listed = [each for page in pages(till, f"devices/{ready_chair.id}/actions", limit=2) for each in page]

    assert [each["op"] for each in listed] == ["stop", "revoke", "identify"]
    assert (listed[0]["id"], listed[2]["id"]) == (last, first)
    assert (listed[0]["by"], listed[0]["run"], listed[0]["reason"]) == ("till", running, "maintenance")
    assert (listed[1]["by"], listed[1]["status"], listed[1]["run"]) == ("Mei", "done", None)
    assert mei.user.phone not in str(listed)


def test_an_order_expires_where_nobody_hears_it(till: Caller, chair: Machine) -> None:
    order(till, chair, "power_on")
    command = Command.objects.get()
    assert operate.attend(command_id=command.pk, connected=True) is None
    operate.attend(command_id=command.pk, connected=True, at=command.expires_at)

    (shown,) = till.get(f"devices/{chair.id}/actions").json()["data"]
    assert shown["status"] == "expired"

"""POST runs and GET runs/{id}: machines used for nothing, and who may see a run."""

from typing import Any
from uuid import uuid4

import pytest

from devices.models import Device, Run
from devices.services import free
from merchants.models import Merchant
from merchants.services import create_key
from tests.api.callers import Caller, Person, nothing_changes, refusal, same
from tests.api.machines import Machine

DEPOSIT = {"option": "deposit-s"}


def use(caller: Caller, machine: Machine, *, key: str | None = None, **wish: Any) -> Any:
    return caller.post("runs", {"code": machine.token, **wish}, key=key or str(uuid4()))


def open_door(machine: Machine, run: str) -> None:
    machine.is_told_to_start(run)
    machine.says("started", about=run)


def test_what_costs_nothing_starts_without_a_pin_and_without_money(
    alice: Person, ready_locker: Machine
) -> None:
    answer = use(alice, ready_locker, **DEPOSIT)

    assert answer.status_code == 201
    run = answer.json()
    assert run["machine"] == {"id": ready_locker.id, "number": "09", "name": "Locker", "type": "locker"}
    assert (run["status"], run["option"], run["unlock_code"]) == ("paid", "deposit-s", None)
    assert alice.get(f"runs/{run['id']}").json() == run
    assert alice.get("payments").json()["data"] == []


def test_the_same_call_again_is_answered_the_same(alice: Person, ready_locker: Machine) -> None:
    first, again = (use(alice, ready_locker, key="k", **DEPOSIT) for _ in range(2))

    assert same(again, first)
    assert Run.objects.count() == 1
    refusal(use(alice, ready_locker, key="k", option="deposit-m"), 422, "idempotency_key_reused")


def test_nobody_asks_for_nothing_without_end(
    alice: Person, bob: Person, ready_locker: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free, "MOST_AN_HOUR", 2)
    first = use(alice, ready_locker, key="k", **DEPOSIT)
    use(alice, ready_locker, option="none")

    with nothing_changes():
        refusal(use(alice, ready_locker, **DEPOSIT), 429, "too_many_tries")
    assert same(use(alice, ready_locker, key="k", **DEPOSIT), first)
    assert use(bob, ready_locker, **DEPOSIT).status_code == 201


def test_a_run_needs_a_key(alice: Person, ready_locker: Machine) -> None:
    with nothing_changes():
        answer = alice.post("runs", {"code": ready_locker.token, **DEPOSIT})
    refusal(answer, 400, "idempotency_key_required")


def test_what_costs_something_is_not_given_away(alice: Person, ready_chair: Machine) -> None:
    with nothing_changes():
        refusal(use(alice, ready_chair, option="10min"), 409, "payment_required")


def test_what_costs_nothing_is_not_charged(alice: Person, ready_locker: Machine) -> None:
    alice.gets(1_000)
    with nothing_changes():
        refusal(alice.pay(ready_locker.token, **DEPOSIT), 409, "nothing_to_pay")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"option": "deposit-xl"}, "option_unknown"),
        ({}, "option_unknown"),
        ({"option": "pickup"}, "args_invalid"),
        ({"option": "pickup", "args": {"code": "1234"}}, "args_invalid"),
        ({"option": "pickup", "args": {"code": "12345678"}}, "args_invalid"),
        ({"option": "deposit-s", "args": {"door": "1"}}, "args_invalid"),
    ],
)
def test_what_is_not_sold_is_refused(
    alice: Person, ready_locker: Machine, wish: dict[str, Any], code: str
) -> None:
    with nothing_changes():
        answer = use(alice, ready_locker, **wish)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_machine_that_is_offline_or_full_is_refused(alice: Person, ready_locker: Machine) -> None:
    use(alice, ready_locker, option="deposit-l")
    with nothing_changes():
        refusal(use(alice, ready_locker, option="deposit-l"), 409, "machine_busy")
        Device.objects.update(enabled=False)
        refusal(use(alice, ready_locker, **DEPOSIT), 409, "machine_offline")


def test_only_a_machine_can_be_used(alice: Person, bob: Person) -> None:
    code = bob.code()
    with nothing_changes():
        refusal(alice.post("runs", {"code": code.token}, key="k"), 404, "unknown_code")
        refusal(alice.post("runs", {"code": "0" * 26}, key="l"), 404, "unknown_code")


def test_what_changed_since_it_was_shown_is_refused(alice: Person, ready_locker: Machine) -> None:
    version = alice.post("scan", {"payload": ready_locker.token}).json()["version"]
    Device.objects.update(prices={"deposit-m": 100})

    refusal(use(alice, ready_locker, version=version, **DEPOSIT), 409, "payable_changed")


def test_a_scan_with_option_and_args_tells_the_price_of_exactly_that(
    alice: Person, bob: Person, ready_locker: Machine
) -> None:
    run = use(alice, ready_locker, **DEPOSIT).json()["id"]
    open_door(ready_locker, run)
    ready_locker.says("finished", about=run)
    code = alice.get(f"runs/{run}").json()["unlock_code"]
    wish = {"payload": ready_locker.token, "option": "pickup", "args": {"code": code}}
    shown = bob.post("scan", wish).json()

    assert shown["amount"] == 0
    options = {option["id"]: option for option in shown["machine"]["options"]}
    assert options["pickup"]["quoted"] is True
    assert options["pickup"]["args_schema"]["required"] == ["code"]
    assert options["deposit-s"]["args_schema"]["properties"] == {}
    assert use(bob, ready_locker, option="pickup", args={"code": code}).status_code == 201


def test_a_scan_with_a_wrong_code_is_refused_and_five_are_enough(
    alice: Person, ready_locker: Machine
) -> None:
    wish = {"payload": ready_locker.token, "option": "pickup", "args": {"code": "00000000"}}
    for _ in range(5):
        refusal(alice.post("scan", wish), 400, "args_invalid", "args.code")

    answer = alice.post("scan", wish)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


def test_a_run_is_seen_by_who_opened_it_and_by_the_shop(
    alice: Person, charlie: Person, mei: Person, till: Caller, ready_locker: Machine
) -> None:
    run = use(alice, ready_locker, **DEPOSIT).json()["id"]
    open_door(ready_locker, run)
    seen = alice.get(f"runs/{run}").json()

    assert len(seen["unlock_code"]) == 8
    assert alice.at_the_browser().get(f"runs/{run}").json() == seen
    assert till.get(f"runs/{run}").json() == seen | {"unlock_code": None}
    for other in (charlie, mei):
        refusal(other.get(f"runs/{run}"), 404, "not_found")


def test_a_code_that_was_paid_for_is_the_payer_s_alone(
    alice: Person, mei: Person, till: Caller, ready_locker: Machine
) -> None:
    Device.objects.update(prices={"deposit-s": 300})
    alice.gets(1_000)
    payment = alice.pay(ready_locker.token, **DEPOSIT).json()
    assert alice.get(f"payments/{payment['id']}").json()["run"]["unlock_code"] is None
    open_door(ready_locker, payment["run"]["id"])

    for path in (f"runs/{payment['run']['id']}", f"payments/{payment['id']}"):
        answer = alice.get(path).json()
        assert len((answer.get("run") or answer)["unlock_code"]) == 8
    assert mei.get(f"payments/{payment['id']}").json()["run"]["unlock_code"] is None
    assert mei.get("payments").json()["data"][0]["run"]["unlock_code"] is None
    assert till.get(f"runs/{payment['run']['id']}").json()["unlock_code"] is None
    refusal(mei.get(f"runs/{payment['run']['id']}"), 404, "not_found")


def test_a_key_without_the_scope_reads_no_run(
    alice: Person, mei_shop: Merchant, ready_locker: Machine
) -> None:
    run = use(alice, ready_locker, **DEPOSIT).json()["id"]
    powerless = Caller(create_key(merchant_id=mei_shop.pk, name="till", scopes=["balance:read"])[1])

    assert powerless.get(f"runs/{run}").status_code == 403
    assert powerless.post("runs", {"code": ready_locker.token}, key="k").status_code == 401

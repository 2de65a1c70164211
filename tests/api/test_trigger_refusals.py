"""POST devices/{id}/trigger: what is not the caller's, what nobody sells, and what is no body."""

from typing import Any

import pytest

from devices.services import parcels
from devices.services.provision import provision
from merchants import scopes
from merchants.models import Merchant
from merchants.services import create_key
from payments.models import Payment
from tests.api.callers import NOBODYS_ID, Caller, Person, nothing_changes, refusal
from tests.api.machines import Machine, new_machine
from tests.api.test_bodies import NO_OBJECT, NOT_TEXT, can_be_read
from tests.api.triggers import alice, paid, rival, rival_till, sandbox, trigger

__all__ = ["alice", "paid", "rival", "rival_till", "sandbox"]


def test_another_shop_s_machine_or_payment_does_not_exist(
    till: Caller, rival_till: Caller, rival: Merchant, sandbox: Machine, paid: str
) -> None:
    theirs = new_machine(rival, "1", kind="sandbox")
    theirs.go_online()
    with nothing_changes():
        refusal(trigger(rival_till, sandbox, paid), 404, "not_found")
        refusal(trigger(rival_till, theirs, paid), 404, "not_found")
        refusal(trigger(till, theirs, paid), 404, "not_found")
        refusal(trigger(till, sandbox, NOBODYS_ID), 404, "not_found")
        refusal(till.post(f"devices/{NOBODYS_ID}/trigger", {"payment": paid}, key="k"), 404, "not_found")
        refusal(till.post("devices/no-uuid/trigger", {"payment": paid}, key="k"), 404, "not_found")


def test_a_person_s_machine_and_payments_are_nobody_s_to_trigger(
    till: Caller, mei: Person, alice: Person, sandbox: Machine, paid: str
) -> None:
    device = provision(account_id=mei.wallet.pk, place_id=None, type="sandbox", number="1", name="Mine")
    to_mei = alice.pay(mei.code().token, amount=500).json()["id"]
    with nothing_changes():
        refusal(trigger(till, Machine(device), paid), 404, "not_found")
        refusal(trigger(till, sandbox, to_mei), 404, "not_found")


def test_what_the_machine_does_not_sell_is_refused(
    till: Caller, sandbox: Machine, mei_shop: Merchant, paid: str
) -> None:
    pulse = new_machine(mei_shop, "P", kind="pulse")
    pulse.go_online()
    locker = new_machine(mei_shop, "L", kind="locker")
    locker.go_online()
    with nothing_changes():
        refusal(trigger(till, sandbox, paid, option="gold"), 400, "option_unknown")
        refusal(trigger(till, sandbox, paid, option=None), 400, "option_unknown")
        refusal(trigger(till, sandbox, paid, args={"dur_s": 1}), 400, "args_invalid", "args.dur_s")
        (option,) = (option["id"] for option in till.get(f"devices/{pulse.id}").json()["options"])
        for wrong in ({}, {"n": 0}, {"n": "1"}, {"n": True}, {"n": 21}, {"n": 1.0}):
            answer = trigger(till, pulse, paid, option=option, args=wrong)
            refusal(answer, 400, "args_invalid", "args.n")
        refusal(trigger(till, locker, paid, option="deposit-s"), 409, "nothing_to_pay")


def test_a_shop_s_server_cannot_guess_pick_up_codes(
    till: Caller, mei_shop: Merchant, ready_locker: Machine, paid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "TRIES_A_LOCKER", 3)

    def guess(code: int) -> Any:
        return trigger(till, ready_locker, paid, option="pickup", args={"code": f"{code:08}"})

    for code in range(3):
        refusal(guess(code), 400, "args_invalid", "args.code")
    assert refusal(guess(3), 429, "too_many_tries")
    assert guess(4)["Retry-After"]


def test_arguments_make_the_price(till: Caller, mei_shop: Merchant, sandbox: Machine, paid: str) -> None:
    pulse = new_machine(mei_shop, "P", kind="pulse")
    pulse.go_online()
    (option,) = till.get(f"devices/{pulse.id}").json()["options"]
    assert trigger(till, pulse, paid, option=None, args={"n": 3}).status_code == 202

    assert Payment.objects.get(pk=paid).reheld_amount == 3 * option["amount"]


@pytest.mark.parametrize(
    ("name", "literals"),
    [
        ("payment", [*NOT_TEXT, "null", '""', '"1"', '"%00"', f'"{"a" * 32}"', f'"{{{NOBODYS_ID}}}"']),
        ("option", [*NOT_TEXT, '""', f'"{"x" * 65}"']),
        ("args", ["1", '"x"', "[]", "true"]),
    ],
)
def test_a_member_of_another_form_is_refused_by_name(
    till: Caller, sandbox: Machine, paid: str, name: str, literals: list[str]
) -> None:
    with nothing_changes():
        for literal in literals:
            members = {"payment": f'"{paid}"', "option": '"ok"'} | {name: literal}
            text = ", ".join(f'"{one}": {value}' for one, value in members.items())
            answer = till.post(f"devices/{sandbox.id}/trigger", f"{{{text}}}", key="k")
            body = refusal(answer, 400, "invalid")
            assert list(body["errors"]) == [name if can_be_read(literal) else "non_field_errors"], literal
    assert trigger(till, sandbox, paid, key="k").status_code == 202  # a bad body leaves the key free


def test_what_is_no_object_is_refused(till: Caller, sandbox: Machine) -> None:
    with nothing_changes():
        for body in NO_OBJECT:
            answer = till.post(f"devices/{sandbox.id}/trigger", body, key="k")
            refusal(answer, 400, "invalid", "non_field_errors")
        refusal(till.post(f"devices/{sandbox.id}/trigger", "{}", key="k"), 400, "invalid", "payment")


def test_a_key_without_the_scope_is_told_which_one_it_lacks(
    mei_shop: Merchant, sandbox: Machine, paid: str, secrets: list[str]
) -> None:
    others = [scope for scope in scopes.ALL if scope != scopes.DEVICES_TRIGGER]
    secrets.append(create_key(merchant_id=mei_shop.pk, name="poor", scopes=others)[1])

    with nothing_changes():
        answer = trigger(Caller(secrets[-1]), sandbox, paid)
        assert scopes.DEVICES_TRIGGER in refusal(answer, 403, "permission_denied")["detail"]


def test_no_person_triggers(alice: Person, mei: Person, nobody: Caller, sandbox: Machine, paid: str) -> None:
    with nothing_changes():
        for caller in (alice, mei, nobody):
            refusal(trigger(caller, sandbox, paid), 401, "not_authenticated")

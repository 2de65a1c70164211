"""POST devices/{id}/trigger: a shop's server starts a machine with a payment it has."""

from uuid import uuid4

from devices.models import Run
from merchants.models import Merchant
from merchants.services import freeze
from payments.models import Code
from tests.api.callers import Caller, Person, nothing_changes, refusal, same
from tests.api.machines import Machine, new_machine
from tests.api.triggers import FEE, PRICE, alice, paid, rival, rival_till, sandbox, started, trigger
from tests.payments.till import take_out

__all__ = ["alice", "paid", "rival", "rival_till", "sandbox"]


def test_the_machine_is_started_and_the_run_can_be_read(till: Caller, sandbox: Machine, paid: str) -> None:
    answer = trigger(till, sandbox, paid)

    assert answer.status_code == 202
    body = answer.json()
    assert answer["Location"] == f"/api/v1/runs/{body['id']}"
    assert till.get(answer["Location"].removeprefix("/api/v1/")).json() == body
    assert body == {
        "id": body["id"],
        "status": "paid",
        "machine": {"id": sandbox.id, "number": "S1", "name": "Sandbox", "type": "sandbox"},
        "option": "ok",
        "ends_at": None,
        "release_at": None,
        "unlock_code": None,
        "failure": None,
    }


def test_the_price_is_in_escrow_until_the_machine_ran(
    till: Caller, sandbox: Machine, paid: str, alice: Person
) -> None:
    run = started(till, sandbox, paid)
    assert till.get("balance").json() | {"currency": ""} == {
        "currency": "",
        "available": 2_480 - PRICE + FEE,
        "in_escrow": PRICE,
        "withdrawing": 0,
    }
    assert alice.get("me").json()["balance"] == {"available": 7_500, "held": 0}

    for event in ("accepted", "started", "finished"):
        sandbox.says(event, about=run)

    assert till.get(f"runs/{run}").json()["status"] == "finished"
    assert till.get("balance").json()["available"] == 2_480
    assert alice.money == 7_500


def test_the_payer_sees_the_run_and_the_payment_stays_settled(
    till: Caller, sandbox: Machine, paid: str, alice: Person
) -> None:
    run = started(till, sandbox, paid)
    seen = alice.get(f"payments/{paid}").json()

    assert (seen["status"], seen["kind"], seen["refunded_amount"]) == ("settled", "merchant", 0)
    assert (seen["run"]["id"], seen["run"]["status"]) == (run, "sent")
    assert seen["release_by"]
    assert alice.get("payments").json()["data"][0]["run"]["id"] == run


def test_a_machine_that_refuses_gives_the_payer_his_money(
    till: Caller, sandbox: Machine, paid: str, alice: Person
) -> None:
    run = started(till, sandbox, paid, option="rejected")
    sandbox.says("rejected", about=run, code="busy")

    seen = alice.get(f"payments/{paid}").json()
    assert (seen["status"], seen["refunded_amount"], seen["run"]["status"]) == ("settled", PRICE, "rejected")
    assert alice.money == 7_500 + PRICE
    (made,) = till.get(f"payments/{paid}/refunds").json()["data"]
    assert (made["amount"], made["fee_returned"]) == (PRICE, FEE)
    assert "busy" in made["reason"]
    assert till.get("balance").json()["available"] == 2_480 - PRICE + FEE


def test_a_machine_that_breaks_off_gives_back_what_it_did_not_run(
    till: Caller, sandbox: Machine, paid: str, alice: Person
) -> None:
    run = started(till, sandbox, paid, option="breaks-off")
    sandbox.says("started", about=run)
    sandbox.says("failed", about=run, code="motor", ran=True, left_s=30)

    assert alice.money == 7_500 + PRICE // 2
    assert Run.objects.get().earned == PRICE // 2


def test_the_rest_of_the_payment_can_be_refunded(
    till: Caller, sandbox: Machine, paid: str, alice: Person
) -> None:
    run = started(till, sandbox, paid)
    body = {"reason": "never mind"}
    with nothing_changes():
        answer = till.post(f"payments/{paid}/refunds", body | {"amount": 2_500}, key=str(uuid4()))
        refusal(answer, 409, "payment_in_escrow")
    assert till.post(f"payments/{paid}/refunds", body, key=str(uuid4())).json()["amount"] == 2_400
    sandbox.says("rejected", about=run, code="fault")

    assert alice.money == 10_000
    assert till.get("balance").json()["available"] == 0


def test_a_repeated_call_is_answered_as_the_first(till: Caller, sandbox: Machine, paid: str) -> None:
    first = trigger(till, sandbox, paid, key="k")
    with nothing_changes():
        again = trigger(till, sandbox, paid, key="k")
        assert same(again, first) and again["Location"] == first["Location"]
        refusal(trigger(till, sandbox, paid, key="k", option="silent"), 422, "idempotency_key_reused")
    assert Run.objects.count() == 1


def test_it_wants_a_key(till: Caller, sandbox: Machine, paid: str) -> None:
    with nothing_changes():
        answer = till.post(f"devices/{sandbox.id}/trigger", {"payment": paid, "option": "ok"})
        refusal(answer, 400, "idempotency_key_required")


def test_a_payment_starts_one_run(till: Caller, sandbox: Machine, mei_shop: Merchant, paid: str) -> None:
    other = new_machine(mei_shop, "S2", kind="sandbox")
    other.go_online()
    run = started(till, sandbox, paid)
    with nothing_changes():
        refusal(trigger(till, sandbox, paid), 409, "payment_used")
        refusal(trigger(till, other, paid), 409, "payment_used")
    sandbox.says("rejected", about=run, code="fault")
    with nothing_changes():
        refusal(trigger(till, other, paid), 409, "payment_used")


def test_what_bought_a_run_starts_no_other(
    till: Caller, sandbox: Machine, alice: Person, ready_chair: Machine
) -> None:
    bought = alice.pay(ready_chair.token, option="10min").json()
    refusal(trigger(till, sandbox, bought["id"]), 409, "payment_not_settled")
    ready_chair.is_told_to_start(bought["run"]["id"])
    ready_chair.says("finished", about=bought["run"]["id"])

    with nothing_changes():
        refusal(trigger(till, sandbox, bought["id"]), 409, "payment_used")


def test_what_was_released_starts_nothing(
    till: Caller, sandbox: Machine, alice: Person, ready_chair: Machine
) -> None:
    bought = alice.pay(ready_chair.token, option="10min").json()
    ready_chair.is_told_to_start(bought["run"]["id"])
    ready_chair.says("rejected", about=bought["run"]["id"], code="fault")

    with nothing_changes():
        refusal(trigger(till, sandbox, bought["id"]), 409, "payment_not_settled")


def test_it_must_cover_the_price(till: Caller, sandbox: Machine, alice: Person, counter: Code) -> None:
    little = alice.pay(counter.token, amount=PRICE - 1).json()["id"]
    left = alice.pay(counter.token, amount=PRICE + 10).json()["id"]
    till.post(f"payments/{left}/refunds", {"amount": 11, "reason": "stained"}, key="r")

    with nothing_changes():
        refusal(trigger(till, sandbox, little), 402, "amount_too_small")
        refusal(trigger(till, sandbox, left), 402, "amount_too_small")
    exactly = alice.pay(counter.token, amount=PRICE).json()["id"]
    assert trigger(till, sandbox, exactly).status_code == 202


def test_an_offline_machine_leaves_the_payment_unused(
    till: Caller, mei_shop: Merchant, sandbox: Machine, paid: str
) -> None:
    dead = new_machine(mei_shop, "S3", kind="sandbox")
    with nothing_changes():
        refusal(trigger(till, dead, paid, key="k"), 409, "machine_offline")

    assert trigger(till, sandbox, paid).status_code == 202
    with nothing_changes():
        refusal(trigger(till, dead, paid, key="k"), 409, "machine_offline")


def test_a_busy_machine_leaves_the_payment_unused(
    till: Caller, sandbox: Machine, alice: Person, counter: Code, paid: str
) -> None:
    run = started(till, sandbox, alice.pay(counter.token, amount=500).json()["id"])
    with nothing_changes():
        refusal(trigger(till, sandbox, paid), 409, "machine_busy")
    sandbox.says("finished", about=run)

    assert trigger(till, sandbox, paid).status_code == 202


def test_the_shop_must_have_the_money_still(
    till: Caller, sandbox: Machine, mei_shop: Merchant, paid: str
) -> None:
    take_out(mei_shop.account, 2_400)  # 80 are left; the price less its fee is 99
    with nothing_changes():
        refusal(trigger(till, sandbox, paid), 409, "merchant_funds_short")
    assert not Run.objects.exists()


def test_a_frozen_shop_starts_nothing(till: Caller, sandbox: Machine, mei_shop: Merchant, paid: str) -> None:
    freeze(merchant_id=mei_shop.pk, reason="dispute")

    with nothing_changes():
        refusal(trigger(till, sandbox, paid), 403, "payer_frozen")

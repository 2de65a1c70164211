"""POST scan: what a code stands for, before anything is paid."""

import re
from datetime import datetime
from typing import Any

import pytest
from pytest_django import Settings

from outbox.clock import now
from payments import accounts, emv
from payments.models import Code
from tests.api.callers import Caller, Person, nothing_changes, refusal
from tests.api.machines import Machine

FOREIGN = [
    "http://evil.example/Q/{token}",
    "https://127.0.0.1.evil.example/Q/{token}",
    "http://127.0.0.1@evil.example/Q/{token}",
    "http://evil.example/?HTTP://127.0.0.1/Q/{token}",
    "{own}/q/{token}/",
    "{own}/Q/{token}?amount=1",
    "{own}/Q/{token}#x",
    "{own}/X/Q/{token}",
    "{own}//Q/{token}",
    "ftp://127.0.0.1/Q/{token}",
    "javascript:alert(1)//Q/{token}",
    "alipays://platformapi/startapp?{token}",
    "{token}0",
    "0{token}",
    "{token} {token}",
    "{token}\u202e",
    "{short}",
    "U{short}",
    "８{short}",
    "8{short}",
    "-1",
    "12",
    "{{}}",
    "%00",
    "../../Q/{token}",
    "王",
    "x" * 512,
]


def scan(caller: Caller, payload: str) -> Any:
    return caller.post("scan", {"payload": payload})


def payload_of(settings: Settings, token: str) -> str:
    return f"{settings.PUBLIC_URL.upper()}/Q/{token}"


def test_a_person_s_code_tells_whom_it_pays(alice: Person, bob: Person, settings: Settings) -> None:
    code = bob.code(memo="thanks")
    answer = scan(alice, payload_of(settings, code.token))

    assert answer.status_code == 200
    payable = answer.json()
    assert payable.pop("version")
    assert payable == {
        "code": code.token,
        "kind": "person",
        "payee": {"name": "Bob", "tier": "personal", "verified": False, "place": ""},
        "amount": None,
        "currency": "CNY",
        "memo": "thanks",
        "machine": None,
        "notices": ["first_payment"],
        "expires_at": None,
    }


def test_a_dynamic_code_tells_amount_and_end(alice: Person, bob: Person) -> None:
    code = bob.code(kind="dynamic", amount=1250)
    payable = scan(alice, code.token).json()

    assert payable["amount"] == 1250
    assert datetime.fromisoformat(payable["expires_at"]) == code.expires_at


def test_a_shop_s_code_tells_that_it_was_verified(alice: Person, counter: Code) -> None:
    payable = scan(alice, counter.token).json()

    assert payable["kind"] == "merchant"
    assert payable["payee"] == {
        "name": "Corner Laundry",
        "tier": "merchant",
        "verified": True,
        "place": "",
    }


def test_a_machine_s_code_tells_which_machine_and_what_it_sells(alice: Person, ready_chair: Machine) -> None:
    payable = scan(alice, ready_chair.token).json()

    assert (payable["kind"], payable["amount"]) == ("machine", None)
    machine = payable["machine"]
    assert set(machine) == {"id", "number", "name", "type", "online", "busy", "options", "args_schema"}
    assert (machine["id"], machine["number"], machine["type"]) == (ready_chair.id, "07", "chair")
    assert (machine["online"], machine["busy"]) == (True, False)
    assert {"id": "10min", "amount": 1000}.items() <= machine["options"][0].items()


def test_a_machine_that_nobody_hears_is_shown_as_offline(alice: Person, chair: Machine) -> None:
    assert scan(alice, chair.token).json()["machine"]["online"] is False


def test_a_machine_in_use_is_shown_as_busy(alice: Person, ready_chair: Machine) -> None:
    alice.gets(5_000)
    alice.pay(ready_chair.token, option="10min")

    assert scan(alice, ready_chair.token).json()["machine"]["busy"] is True


@pytest.mark.parametrize(
    "write",
    [
        str,
        str.lower,
        lambda payload: payload.replace("HTTP://127.0.0.1", "http://localhost"),
        lambda payload: re.sub(r":\d+/", ":1/", payload),
        lambda payload: payload[-26:],
        lambda payload: payload[-26:].lower().replace("0", "o").replace("1", "l"),
        lambda payload: payload[-26:].replace("0", "O").replace("1", "I"),
    ],
    ids=["as printed", "lower case", "localhost", "other port", "token", "typed badly", "folded"],
)
def test_one_code_is_understood_however_it_is_written(
    alice: Person, bob: Person, settings: Settings, write: Any
) -> None:
    code = bob.code()

    assert scan(alice, write(payload_of(settings, code.token))).json()["code"] == code.token


def test_the_emvco_text_stands_for_the_same(alice: Person, bob: Person) -> None:
    code = bob.post("codes", {"kind": "static"}).json()

    assert scan(alice, code["emv"]).json() == scan(alice, code["payload"]).json()


def test_what_is_no_code_of_ours_is_unknown(alice: Person, bob: Person, settings: Settings) -> None:
    token = bob.code().token

    with nothing_changes():
        for payload in FOREIGN:
            text = payload.format(own=settings.PUBLIC_URL, token=token, short=token[1:])
            refusal(scan(alice, text), 404, "unknown_code")


def test_a_token_that_nobody_made_is_unknown(alice: Person) -> None:
    refusal(scan(alice, "0" * 26), 404, "unknown_code")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
        lambda text: text[:-8],
        lambda text: text + "00",
        lambda text: text.replace("5303156", "5303392"),
        lambda text: text + text,
        lambda text: "000201",
        lambda text: "000201" + "9" * 60,
        lambda text: resigned(text.replace("local.saoma", "local.other").replace("saoma", "other")),
        lambda text: resigned(text[:6] + text[6:12] + text[6:]),
    ],
    ids=["checksum", "cut", "longer", "changed", "twice", "head", "nonsense", "foreign", "repeated"],
)
def test_emvco_text_that_is_spoilt_or_foreign_is_unknown(alice: Person, bob: Person, spoil: Any) -> None:
    text = spoil(bob.post("codes", {"kind": "static"}).json()["emv"])

    refusal(scan(alice, text), 404, "unknown_code")


@pytest.mark.parametrize(
    ("status", "code"), [("used", "code_used"), ("revoked", "code_revoked"), ("expired", "code_expired")]
)
def test_a_code_that_has_ended_says_how(alice: Person, bob: Person, status: str, code: str) -> None:
    ended = bob.code(kind="dynamic")
    Code.objects.filter(pk=ended.pk).update(status=status)

    refusal(scan(alice, ended.token), 410, code)


def test_a_code_whose_time_is_over_has_expired_before_anybody_swept(alice: Person, bob: Person) -> None:
    code = bob.code(kind="dynamic")
    Code.objects.filter(pk=code.pk).update(expires_at=now())

    refusal(scan(alice, code.token), 410, "code_expired")


def test_scanning_reserves_and_writes_nothing(alice: Person, charlie: Person, ready_chair: Machine) -> None:
    with nothing_changes():
        assert scan(alice, ready_chair.token).json() == scan(charlie, ready_chair.token).json()


def test_the_version_changes_with_what_is_shown_and_with_nothing_else(
    alice: Person, charlie: Person, bob: Person
) -> None:
    code = bob.code()
    shown = scan(alice, code.token).json()["version"]
    assert scan(charlie, code.token).json()["version"] == shown

    accounts.rename(account_id=code.account_id, name="Bobby")

    assert scan(alice, code.token).json()["version"] != shown


def resigned(text: str) -> str:
    """Return EMVCo text with the checksum that it needs."""
    return text[:-4] + emv.checksum(text[:-4])

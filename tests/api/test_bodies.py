"""Bodies that are not what a call takes, for every call that takes one: a clear 4xx, and nothing changed."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.callers import NOBODYS_ID, WRONG_PIN, Caller, Person, nothing_changes, refusal
from tests.api.machines import Machine
from tests.cast import PASSWORD, PIN

Send = Callable[..., Any]

NOT_TEXT = ["12", "1.5", "true", "[]", "{}", r'"\u0000"', r'"a\u0000b"', r'"\ud800"']
NO_TEXT = [*NOT_TEXT, "null", '""']
NO_AMOUNT = [
    *(
        "1.0",
        "1.5",
        "1e3",
        "1E2",
        "12e-1",
        '"12"',
        '"１２"',
        '"1 "',
        '"NaN"',
        "true",
        "false",
        "[]",
        "[1]",
        "{}",
    ),
    *("0", "-0", "-1", str(10**12 + 1), str(-(10**12)), "9" * 30, "9" * 5000, "1e400"),
    *("NaN", "Infinity", "-Infinity", "01", "+1", "0x10", "1_000", "１２", "1."),
]
NO_PIN = [
    *(
        "135790",
        "null",
        "true",
        "[]",
        "{}",
        '""',
        '"13579"',
        '"1357901"',
        '"13579a"',
        '" 135790"',
        '"135790 "',
    ),
    *(
        '"１３５７９０"',
        '"١٣٥٧٩٠"',
        r'"135790\n"',
        r'"\u202e135790"',
        r'"13579\u0000"',
        '"-13579"',
        '"13579.0"',
    ),
]
NO_KIND = [
    '"STATIC"',
    '"order"',
    '"static "x',
    '""',
    "null",
    "1",
    "true",
    '["static"]',
    "{}",
    r'"static\u202e"',
]
NO_SECONDS = ["0", "-1", "86401", "1.0", "1e2", '"300"', "true", "null", "[]", "9" * 30, "NaN"]
NO_CURRENCY = ["156", "true", "null", '""', "[]", "{}", r'"\u0000"']

NO_ARGS = ["[]", '"x"', "1", "true", "NaN", r'{"a": "\u0000"}', '{"a": 1, "a": 2}']
FIELDS = {
    "users": {"phone": NO_TEXT, "password": NO_TEXT, "name": NO_TEXT, "pin": NO_PIN},
    "sessions": {"phone": NO_TEXT, "password": NO_TEXT},
    "codes": {
        "kind": NO_KIND,
        "amount": NO_AMOUNT,
        "memo": [*NOT_TEXT, "null"],
        "expires_in": NO_SECONDS,
        "currency": NO_CURRENCY,
    },
    "scan": {
        "payload": [*NO_TEXT, f'"{"x" * 2001}"'],
        "option": [*NOT_TEXT, f'"{"x" * 65}"'],
        "args": NO_ARGS,
    },
    "runs": {
        "code": [*NO_TEXT, f'"{"x" * 513}"'],
        "version": [*NOT_TEXT, f'"{"x" * 65}"'],
        "option": [*NOT_TEXT, f'"{"x" * 65}"'],
        "args": NO_ARGS,
    },
    "payments": {
        "code": [*NO_TEXT, f'"{"x" * 513}"'],
        "pin": NO_PIN,
        "amount": NO_AMOUNT,
        "version": [*NOT_TEXT, f'"{"x" * 65}"'],
        "option": [*NOT_TEXT, f'"{"x" * 65}"'],
        "args": NO_ARGS,
        "memo": [*NOT_TEXT, "null", r'"\u202egnp.exe"', f'"{"x" * 101}"'],
        "currency": NO_CURRENCY,
    },
    "top-ups": {"amount": [*NO_AMOUNT, "null"], "currency": NO_CURRENCY},
    "withdrawals": {
        "amount": [*NO_AMOUNT, "null"],
        "pin": NO_PIN,
        "from": ['"bank"', '"WALLET"', '""', "null", "1", "true", '["wallet"]', "{}", r'"wallet\u0000"'],
        "merchant": [
            *NO_TEXT,
            '"0"',
            '"x"',
            f'"{NOBODYS_ID}0"',
            f'"{{{NOBODYS_ID}}}"',
            f'"urn:uuid:{NOBODYS_ID}"',
        ],
        "currency": NO_CURRENCY,
    },
}
REQUIRED = {
    "users": {"phone", "password", "name", "pin"},
    "sessions": {"phone", "password"},
    "codes": {"kind"},
    "scan": {"payload"},
    "payments": {"code", "pin"},
    "runs": {"code"},
    "top-ups": {"amount"},
    "withdrawals": {"amount", "pin"},
}
NO_OBJECT: list[str | bytes] = [
    *(
        "{",
        "}",
        "[]",
        "[{}]",
        '"text"',
        "12",
        "null",
        "true",
        "{'a': 1}",
        '{"a": 1,}',
        '{"a": 1} {}',
        "a=1&b=2",
    ),
    *('{"a": 1, "a": 1}', '{"a": NaN}', r'{"\u0000": 1}', "[" * 30_000, '{"a":' * 5_000, "\ufeff{}", "<a/>"),
    *(b"\xff\xfe", b'{"a": "\xc0\x80"}', '{"a": 1}'.encode("utf-16"), b"\x00", b"\x1f\x8b\x08"),
]
NO_JSON = [
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/octet-stream",
    "nonsense",
]


@pytest.fixture
def send(alice: Person, bob: Person, nobody: Caller, ready_locker: Machine) -> Send:
    """Send a call's body, which would do, as JSON with one member replaced by what is given."""
    alice.gets(10_000)
    phone, pin = "+8613800000099", PIN
    good: dict[str, dict[str, object]] = {
        "users": {"phone": phone, "password": PASSWORD, "name": "Dora", "pin": pin},
        "sessions": {"phone": alice.user.phone, "password": PASSWORD},
        "codes": {"kind": "dynamic"},
        "scan": {"payload": bob.code().token},
        "payments": {"code": bob.code().token, "pin": WRONG_PIN, "amount": 300},
        "runs": {"code": ready_locker.token, "option": "deposit-s"},
        "top-ups": {"amount": 300},
        "withdrawals": {"amount": 300, "pin": WRONG_PIN},
    }

    def post(path: str, *, without: str = "", content_type: str = "application/json", **literals: str) -> Any:
        members = {name: json.dumps(value) for name, value in good[path].items() if name != without}
        text = ", ".join(f'"{name}": {literal}' for name, literal in (members | literals).items())
        caller = nobody if path in {"users", "sessions"} else alice
        return caller.post(path, f"{{{text}}}", key="k", content_type=content_type)

    return post


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in FIELDS.items() for name in names])
def test_a_member_of_another_form_is_refused_by_name(send: Send, path: str, name: str) -> None:
    with nothing_changes():
        for literal in FIELDS[path][name]:
            body = refusal(send(path, **{name: literal}), 400, "invalid")
            assert list(body["errors"]) == [name if can_be_read(literal) else "non_field_errors"], literal


def can_be_read(literal: str) -> bool:
    """Whether this is JSON with one meaning that PostgreSQL can store."""
    try:
        value = json.dumps(json.loads(literal, parse_constant=float), allow_nan=False)
    except ValueError:
        return False
    return r"\u0000" not in value and r"\ud800" not in value and '"a": 1, "a"' not in literal


@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for path, names in REQUIRED.items() for name in sorted(names)]
)
def test_a_missing_member_is_asked_for_by_name(send: Send, path: str, name: str) -> None:
    with nothing_changes():
        refusal(send(path, without=name), 400, "invalid", name)


@pytest.mark.parametrize("path", REQUIRED)
def test_an_empty_object_and_no_body_at_all_lack_everything(alice: Person, path: str) -> None:
    with nothing_changes():
        for body in ("{}", ""):
            refusal(alice.post(path, body, key="k"), 400, "invalid", *REQUIRED[path])


@pytest.mark.parametrize("path", FIELDS)
def test_what_is_no_json_object_is_refused(alice: Person, path: str) -> None:
    with nothing_changes():
        for body in NO_OBJECT:
            refusal(alice.post(path, body, key="k"), 400, "invalid", "non_field_errors")


@pytest.mark.parametrize("path", FIELDS)
def test_a_body_of_more_than_64_kb_is_refused(send: Send, path: str) -> None:
    with nothing_changes():
        refusal(send(path, extra=json.dumps("x" * 65_536)), 413, "too_large")


@pytest.mark.parametrize("path", FIELDS)
def test_a_body_of_another_type_is_refused(send: Send, path: str) -> None:
    with nothing_changes():
        for content_type in NO_JSON:
            refusal(send(path, content_type=content_type), 415, "unsupported_media_type")


@pytest.mark.parametrize("path", FIELDS)
def test_json_with_a_charset_is_json(send: Send, path: str) -> None:
    answer = send(path, content_type="application/json; charset=utf-8")

    expected = {403} if path in {"payments", "withdrawals"} else {200, 201}  # the PIN is a wrong one
    assert answer.status_code in expected


def test_several_faults_are_told_together(alice: Person) -> None:
    answer = alice.post("payments", '{"pin": 1, "amount": "1", "memo": 2}', key="k")

    refusal(answer, 400, "invalid", "code", "pin", "amount", "memo")


def test_nothing_of_a_body_comes_back_in_its_refusal(send: Send) -> None:
    answer = send("payments", pin='"97531x"', version="12345678")

    assert "97531x" not in answer.text
    assert "12345678" not in answer.text


def test_what_the_guard_of_the_logs_reads_is_there(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    send("payments", amount="0")

    assert "/api/v1/payments" in caplog.text

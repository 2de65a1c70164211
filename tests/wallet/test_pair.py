"""Money and machine, each on its own line, in every state of a run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from devices.machines.base import Reveal, find_all
from devices.states import RunStatus
from outbox.ids import uuid7
from wallet.facts import Facts, State, state_of
from wallet.pair import screen_of

PAID_AT = datetime(2026, 11, 20, 6, 2, 0, tzinfo=UTC)
RELEASE_AT = PAID_AT + timedelta(seconds=90)
PAID = Facts(
    amount=1000,
    captured=0,
    released=0,
    payee="Corner Laundry",
    by_person=False,
    type="washer",
    label="Washing machine",
    number="07",
    run="paid",
    run_id=uuid7(),
    confirmed_at=PAID_AT,
    release_at=RELEASE_AT,
)
STARTED = {
    "started_at": PAID_AT + timedelta(seconds=3),
    "ends_at": PAID_AT + timedelta(minutes=30),
    "release_at": None,
}
FREE = {"amount": 0, "payee": "Corner Laundry"}
KEPT = {"captured": 1000, "settled_at": PAID_AT + timedelta(seconds=9)}
BACK = {"released": 1000, "release_at": None}


@pytest.mark.parametrize(
    ("run", "also", "state"),
    [
        ("paid", {}, State.STARTING),
        ("sent", {}, State.STARTING),
        ("accepted", {}, State.ANSWERED),
        ("started", STARTED, State.RUNNING),
        ("finished", STARTED | KEPT, State.DONE),
        ("unknown", {}, State.UNKNOWN),
        ("rejected", BACK, State.REPAID),
        ("expired", BACK, State.REPAID),
        ("released", BACK, State.REPAID),
        ("failed", BACK, State.REPAID),
        ("failed", STARTED | {"captured": 300, "released": 700}, State.STOPPED),
        ("interrupted", STARTED | BACK, State.REPAID),
        ("interrupted", STARTED | {"captured": 500, "released": 500}, State.STOPPED),
        ("interrupted", FREE, State.REPAID),
        ("interrupted", FREE | STARTED, State.STOPPED),
        ("sent", {"reachable": False, "release_at": None}, State.UNHEARD),
        ("unknown", {"reachable": False, "release_at": None}, State.UNHEARD),
        ("started", STARTED | {"reachable": False}, State.RUNNING),
    ],
)
def test_a_run_has_one_state_for_people(run: str, also: dict[str, object], state: State) -> None:
    assert state_of(replace(PAID, run=run, **also)) is state  # type: ignore[arg-type]


@pytest.mark.parametrize("run", RunStatus.values)
def test_every_run_status_has_words_for_both_lines(run: str) -> None:
    screen = screen_of(replace(PAID, run=run))
    assert screen.title
    assert screen.money.words
    assert screen.machine.words


@pytest.mark.parametrize("machine_type", [*find_all(), "gone"])
@pytest.mark.parametrize("run", RunStatus.values)
def test_every_type_has_words_for_every_status_and_no_gap_in_them(machine_type: str, run: str) -> None:
    facts = replace(PAID, type=machine_type, run=run, door="3", **STARTED)  # type: ignore[arg-type]
    for one in (facts, replace(facts, amount=0), replace(facts, ends_at=None, started_at=None)):
        screen = screen_of(one)
        for words in (screen.title, screen.text, screen.machine.words, screen.machine.why):
            assert "%(" not in words


@pytest.mark.parametrize("run", RunStatus.values)
def test_where_nothing_was_paid_no_sum_is_told(run: str) -> None:
    for more in ({}, STARTED):
        screen = screen_of(replace(PAID, run=run, amount=0, type="locker", door="3", **more))  # type: ignore[arg-type]
        assert screen.money.words == "Nothing to pay"
        assert "¥" not in repr(screen)
        assert not screen.ring.back


def test_a_door_is_open_and_closed() -> None:
    door = {"type": "locker", "door": "3", **STARTED}
    assert said(run="started", **door)[1] == "Open"
    assert said(run="finished", **door)[1] == "Closed"
    assert screen_of(replace(PAID, run="started", **door)).title == "Door 3 is open"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "groups"), [("123456", ("123", "456")), ("12345678", ("1234", "5678")), ("", None)]
)
def test_a_code_is_shown_in_groups(code: str, groups: tuple[str, ...] | None) -> None:
    facts = replace(PAID, run="started", reveals=Reveal.CLOCK_CODE, unlock_code=code, **STARTED)  # type: ignore[arg-type]
    secret = screen_of(facts).secret
    assert (secret.groups if secret else None) == groups


def test_the_version_changes_with_the_code_and_does_not_tell_it() -> None:
    facts = replace(PAID, run="started", reveals=Reveal.CLOCK_CODE, unlock_code="123456", **STARTED)  # type: ignore[arg-type]
    versions = {screen_of(replace(facts, unlock_code=code)).version for code in ("123456", "123457")}
    assert len(versions) == 2
    assert not any("123456" in version for version in versions)


def said(**facts: object) -> tuple[str, str]:
    screen = screen_of(replace(PAID, **facts))  # type: ignore[arg-type]
    return screen.money.words, screen.machine.words


def test_money_is_set_aside_until_the_machine_reports() -> None:
    assert said(run="sent") == ("¥10.00 set aside", "Asked to start")
    assert said(run="accepted") == ("¥10.00 set aside", "It answered")


def test_a_running_machine_does_not_turn_money_paid() -> None:
    assert said(run="started", **STARTED) == ("¥10.00 set aside", "Running")
    assert said(run="started", **STARTED, **KEPT, phase="Washing") == ("¥10.00 paid", "Running · Washing")


def test_what_is_not_known_is_said_to_be_not_known() -> None:
    screen = screen_of(replace(PAID, run="unknown"))
    assert (screen.money.words, screen.machine.words) == ("¥10.00 still set aside", "Perhaps started")
    assert (screen.ring.tone, screen.ring.until) == ("dusk", RELEASE_AT)


def test_no_clock_runs_while_the_machines_cannot_be_heard() -> None:
    screen = screen_of(replace(PAID, run="sent", reachable=False, release_at=None))
    assert (screen.ring.tone, screen.ring.until) == ("dusk", None)


def test_a_repaid_run_says_the_sum_and_the_reason() -> None:
    screen = screen_of(replace(PAID, run="rejected", failure="door_open", balance=48640, **BACK))  # type: ignore[arg-type]
    assert screen.title == "It did not start. ¥10.00 is back"
    assert (screen.money.words, screen.money.why) == ("¥10.00 is back", "Available now ¥486.40")
    assert (screen.machine.words, screen.machine.why) == ("Did not start", "Its door is open")
    assert screen.ring.back


def test_a_run_that_broke_off_says_what_is_back_of_what() -> None:
    screen = screen_of(replace(PAID, run="interrupted", captured=500, released=500, **STARTED))  # type: ignore[arg-type]
    assert screen.title == "It stopped early. ¥5.00 is back"
    assert screen.money.words == "¥5.00 of ¥10.00 is back"


def test_the_version_changes_with_the_words_and_only_then() -> None:
    sent = replace(PAID, run="sent")
    assert screen_of(PAID).version == screen_of(sent).version
    assert screen_of(sent).version != screen_of(replace(sent, run="accepted")).version
    later = replace(sent, release_at=RELEASE_AT + timedelta(seconds=1))
    assert screen_of(sent).version != screen_of(later).version


@pytest.mark.parametrize("run", ["finished", "rejected", "released", "interrupted"])
def test_polling_ends_where_nothing_can_change(run: str) -> None:
    assert screen_of(replace(PAID, run=run)).is_final


@pytest.mark.parametrize("run", ["paid", "sent", "accepted", "unknown", "started"])
def test_polling_goes_on_while_something_can_change(run: str) -> None:
    assert not screen_of(replace(PAID, run=run)).is_final

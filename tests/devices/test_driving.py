"""Sending, asking again and giving up: the sweep with a clock of its own."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings

from devices import tasks
from devices.gateway.intake import Intake
from devices.models import Command, Device, GatewayBeat, Incident, Run, Session
from devices.publisher import Publisher
from devices.schedule import DEAF, Ears
from devices.services.drive import Outgoing, attend, due_commands
from devices.states import Trouble
from outbox.clock import now
from payments import holds
from people.models import User
from tests.devices.hardware import Hardware
from tests.devices.paying import balance, bought, give, go_online, payment_of

pytestmark = pytest.mark.django_db

HEARING = Ears(up=True, hearing_s=3600, return_s=30)
RICH = 5000


@pytest.fixture
def alice(alice: User) -> User:
    give(alice, RICH)
    return alice


@pytest.fixture
def run(chair: Device, hardware: Hardware, intake: Intake, alice: User) -> Run:
    """A run that has just been paid."""
    go_online(intake, hardware)
    return bought(chair, alice)


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def command(run: Run) -> Command:
    return Command.objects.get(pk=run.pk)


def look(run: Run, seconds: float, *, ears: Ears = HEARING, connected: bool = True) -> Outgoing | None:
    """Attend to the run's command so many seconds after the payment."""
    at = command(run).created_at + timedelta(seconds=seconds)
    return attend(command_id=run.pk, ears=ears, connected=connected, at=at)


def ops(run: Run, hardware: Hardware, seconds: list[float]) -> list[str | None]:
    """What is sent when one looks at these seconds."""
    sent = [look(run, second) for second in seconds]
    return [hardware.read_command(one.payload).op if one else None for one in sent]


def test_a_paid_run_is_sent_as_a_signed_start_with_expiry_and_session(run: Run, hardware: Hardware) -> None:
    outgoing = look(run, 0)
    assert outgoing
    told = hardware.read_command(outgoing.payload)

    assert outgoing.topic == f"v1/{hardware.name}/cmd"
    assert (told.id, told.op, told.a) == (run.pk, "start", {"dur_s": 600})
    assert told.sess == Session.objects.get().sess
    assert told.exp - told.t == settings.COMMAND_EXPIRY_S * 1000
    assert told.exp == int(command(run).expires_at.timestamp() * 1000)
    assert (fresh(run).status, command(run).status, command(run).attempt) == ("sent", "sent", 1)


def test_silence_is_answered_by_resends_then_questions_then_the_release(
    run: Run, hardware: Hardware, alice: User
) -> None:
    assert ops(run, hardware, [0, 2, 5, 10, 20]) == ["start"] * 5
    assert ops(run, hardware, [0, 1, 20, 29]) == [None] * 4
    assert (look(run, 30), fresh(run).status) == (None, "unknown")
    assert ops(run, hardware, [31, 45, 60, 75]) == ["query"] * 4
    assert command(run).attempt == 9
    assert balance(alice) == RICH - 1000

    assert (look(run, 89.9), fresh(run).status) == (None, "unknown")
    look(run, 90)
    assert (fresh(run).status, fresh(run).failure, command(run).status) == (
        "released",
        "no_answer",
        "expired",
    )
    assert balance(alice) == RICH
    assert look(run, 500) is None


def test_an_accepted_start_is_only_asked_after(run: Run, hardware: Hardware, intake: Intake) -> None:
    look(run, 0)
    intake.store([hardware.event("accepted", run.pk)])

    assert ops(run, hardware, [2, 5, 10, 20, 30, 31, 45]) == [None] * 5 + ["query"] * 2
    look(run, 50)
    assert fresh(run).status == "unknown"


def test_nothing_is_sent_while_the_worker_has_no_broker(run: Run, alice: User) -> None:
    assert [look(run, second, connected=False) for second in (0, 1, 5)] == [None] * 3
    assert (fresh(run).status, command(run).attempt) == ("paid", 0)
    assert look(run, 29.9, connected=True)


def test_a_run_that_never_left_expires_and_is_repaid(run: Run, alice: User) -> None:
    look(run, 30, connected=False)

    assert (fresh(run).status, fresh(run).failure) == ("expired", "not_sent")
    assert (payment_of(run).status, balance(alice)) == ("released", RICH)


def test_a_machine_that_dropped_off_leaves_its_run_paid_until_it_is_back(
    run: Run, hardware: Hardware, intake: Intake
) -> None:
    intake.store([hardware.will()])
    assert [look(run, second) for second in (0, 1, 2)] == [None] * 3
    assert fresh(run).status == "paid"

    hardware.c += 1
    sess = go_online(intake, hardware)
    outgoing = look(run, 3)
    assert outgoing
    assert hardware.read_command(outgoing.payload).sess == sess


def test_a_new_session_gets_the_open_command_again(run: Run, hardware: Hardware, intake: Intake) -> None:
    look(run, 0)
    hardware.c += 1
    sess = go_online(intake, hardware)

    outgoing = attend(command_id=run.pk, ears=DEAF, connected=True)
    assert outgoing
    told = hardware.read_command(outgoing.payload)
    assert (told.op, told.sess, told.id) == ("start", sess, run.pk)
    assert told.exp == int(command(run).expires_at.timestamp() * 1000)


def test_a_new_session_wakes_who_sends_what_is_open(
    run: Run, hardware: Hardware, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[tuple[str, str, object]] = []
    monkeypatch.setattr(
        "devices.services.sessions.wake",
        lambda task, *, queue, command_id: woken.append((task, queue, command_id)),
    )
    hardware.c += 1
    go_online(intake, hardware)

    assert woken == [("devices.tasks.send_command", "machines", str(run.pk))]


def test_a_finished_run_that_said_nothing_counts_as_finished_ten_minutes_after_its_planned_end(
    run: Run, hardware: Hardware, intake: Intake, alice: User
) -> None:
    look(run, 0)
    intake.store([hardware.event("started", run.pk)])
    started_at, ends_by = fresh(run).started_at, fresh(run).ends_by
    assert started_at
    assert ends_by
    assert ends_by == started_at + timedelta(minutes=20)

    attend(command_id=run.pk, ears=HEARING, connected=True, at=ends_by - timedelta(seconds=1))
    assert fresh(run).status == "started"
    attend(command_id=run.pk, ears=HEARING, connected=True, at=ends_by)
    assert (fresh(run).status, fresh(run).assumed, fresh(run).earned) == ("finished", True, 1000)

    intake.store([hardware.event("interrupted", run.pk, ran=True, left_s=590)])
    assert Incident.objects.get().kind == Trouble.LATE_END
    assert balance(alice) == RICH - 1000


@pytest.mark.parametrize(
    ("silent_s", "back_s", "released"),
    [(None, 3600, True), (16, 0, False), (None, 29, False), (None, 31, True)],
)
def test_no_unknown_run_is_released_while_or_shortly_after_we_are_deaf(
    run: Run, tell: list[Outgoing], silent_s: float | None, back_s: float, released: bool
) -> None:
    look(run, 0)
    look(run, 30)
    at = fresh(run).release_at + timedelta(seconds=1)
    GatewayBeat.objects.update(
        beat_at=at - timedelta(seconds=silent_s or 1), hearing_since=at - timedelta(seconds=back_s)
    )
    sweep_at(at)

    assert (fresh(run).status == "released") == released


def test_our_outage_delays_a_release_by_ten_minutes_at_most(
    run: Run, tell: list[Outgoing], gateway_silent_since: Callable[[float], None]
) -> None:
    look(run, 0)
    look(run, 30)
    gateway_silent_since(7200)
    latest = fresh(run).release_at + timedelta(minutes=10)

    sweep_at(latest - timedelta(seconds=2))
    assert fresh(run).status == "unknown"
    sweep_at(latest)
    assert fresh(run).status == "released"


@pytest.mark.unbalanced
def test_a_release_that_the_hold_refuses_leaves_an_incident_and_waits_for_a_person(run: Run) -> None:
    look(run, 0)
    look(run, 30)
    assert run.payment_id
    assert holds.release(payment_id=run.payment_id, reason="by hand")
    look(run, 90)

    assert fresh(run).status == "unknown"
    assert Incident.objects.get().kind == Trouble.HOLD_REFUSED
    assert command(run).due_at == command(run).created_at + timedelta(seconds=150)


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> list[Outgoing]:
    """What a connected worker publishes, without a broker."""
    told: list[Outgoing] = []
    monkeypatch.setattr(Publisher, "publish", lambda _, outgoing: told.append(outgoing))
    monkeypatch.setattr(Publisher, "is_connected", lambda _: True)
    monkeypatch.setattr("devices.tasks.publisher", lambda: Publisher.__new__(Publisher))
    return told


def sweep_at(at: datetime) -> int:
    return tasks.attend_to_due(at=at)


def test_a_sweep_takes_the_clock_and_attends_to_what_is_due_then(run: Run, tell: list[Outgoing]) -> None:
    at = command(run).created_at
    assert sweep_at(at - timedelta(seconds=1)) == 0
    assert (sweep_at(at), sweep_at(at)) == (1, 0)
    assert (sweep_at(at + timedelta(seconds=2)), len(tell)) == (1, 2)
    assert list(due_commands(at=at)) == []


def test_no_message_can_tell_a_sweep_what_time_it_is(run: Run, tell: list[Outgoing]) -> None:
    tasks.sweep(at=(now() + timedelta(hours=1)).isoformat())

    assert (fresh(run).status, len(tell)) == ("sent", 1)


def test_a_woken_task_sends_at_once_and_a_second_wake_up_sends_nothing(
    run: Run, tell: list[Outgoing]
) -> None:
    tasks.send_command(command_id=str(run.pk), new_argument=1)
    tasks.send_command(command_id=str(run.pk))

    assert len(tell) == 1


def test_one_bad_row_does_not_keep_the_others_from_their_money(
    run: Run, tell: list[Outgoing], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[object] = []

    def explode(*, command_id: object, **_: object) -> None:
        done.append(command_id)
        if len(done) == 1:
            raise RuntimeError("poison")

    monkeypatch.setattr("devices.services.drive.due_commands", lambda at: [1, 2])
    monkeypatch.setattr("devices.services.drive.attend", explode)

    assert sweep_at(now()) == 2
    assert done == [1, 2]
    assert "could not be attended to" in caplog.text


def test_a_machine_that_comes_back_while_it_runs_is_asked_how_that_ended(
    run: Run, hardware: Hardware, intake: Intake
) -> None:
    look(run, 0)
    intake.store([hardware.event("started", run.pk, left_s=600)])
    assert ops(run, hardware, [60]) == [None]
    lost = hardware.event("finished", run.pk)  # a power cut takes it between machine and broker
    hardware.boot, hardware.c = 78, 1
    go_online(intake, hardware)

    asked = attend(command_id=run.pk, ears=HEARING, connected=True)
    assert asked
    told = hardware.read_command(asked.payload)
    assert (told.op, told.id) == ("query", run.pk)
    assert attend(command_id=run.pk, ears=HEARING, connected=True) is None
    intake.store([lost])
    assert fresh(run).status == "finished"

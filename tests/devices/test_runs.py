"""What machines report moves their runs and the money, together or not at all."""

from datetime import timedelta
from typing import Any

import pytest

from devices import queries
from devices.gateway.intake import Intake
from devices.models import Command, Device, Event, Incident, RejectedMessage, Run
from devices.schedule import DEAF, Ears
from devices.services.drive import attend
from devices.services.provision import provision
from devices.states import Trouble
from merchants.models import Merchant
from outbox.clock import now
from payments import holds
from payments.models import Hold
from people.models import User
from tests.devices.hardware import Hardware
from tests.devices.paying import balance, bought, earned, give, go_online, payment_of

pytestmark = pytest.mark.django_db

RICH = 50_000
HEARING = Ears(up=True, hearing_s=3600, return_s=30)


@pytest.fixture
def alice(alice: User) -> User:
    give(alice, RICH)
    return alice


@pytest.fixture
def run(chair: Device, hardware: Hardware, intake: Intake, alice: User) -> Run:
    """Ten minutes on the chair for 10.00, the command sent."""
    go_online(intake, hardware)
    run = bought(chair, alice)
    assert attend(command_id=run.pk, ears=DEAF, connected=True)
    return fresh(run)


@pytest.fixture
def washer(mei_shop: Merchant, intake: Intake) -> Hardware:
    hardware = Hardware(
        provision(account_id=mei_shop.account_id, place_id=None, type="washer", number="2", name="Washer")
    )
    go_online(intake, hardware)
    return hardware


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def money(run: Run) -> tuple[str, int, int]:
    """The payment: its state, what was captured, what went back."""
    payment = payment_of(run)
    return payment.status, payment.captured_amount, payment.released_amount


def command(run: Run) -> Command:
    return Command.objects.get(pk=run.pk)


def test_a_chair_that_runs_to_its_end_is_paid_then(
    run: Run, intake: Intake, hardware: Hardware, alice: User, chair: Device
) -> None:
    intake.store([hardware.event("accepted", run.pk)])
    assert fresh(run).status == "accepted"

    intake.store([hardware.event("started", run.pk, left_s=600)])
    started = fresh(run)
    assert started.status == "started"
    assert started.started_at
    assert started.ends_at
    assert started.ends_at == started.started_at + timedelta(minutes=10)
    assert started.ends_by == started.ends_at + timedelta(minutes=10)
    assert (money(run), Hold.objects.get().status) == (("confirmed", 0, 0), "claimed")
    assert command(run).due_at == started.ends_by

    intake.store([hardware.event("finished", run.pk)])
    assert (fresh(run).status, fresh(run).earned, fresh(run).assumed) == ("finished", 1000, False)
    assert money(run) == ("settled", 1000, 0)
    assert command(run).status == "done"
    assert balance(alice) == RICH - 1000
    assert earned(chair) == 1000 - payment_of(run).fee


def test_a_rejection_gives_everything_back_at_once(
    run: Run, intake: Intake, hardware: Hardware, alice: User
) -> None:
    intake.store([hardware.event("rejected", run.pk, code="busy")])

    assert (fresh(run).status, fresh(run).failure) == ("rejected", "busy")
    assert money(run) == ("released", 0, 1000)
    assert balance(alice) == RICH
    assert command(run).status == "rejected"


def test_a_start_without_evidence_gives_everything_back(
    run: Run, intake: Intake, hardware: Hardware, alice: User
) -> None:
    intake.store(
        [hardware.event("accepted", run.pk), hardware.event("failed", run.pk, code="no_start", ran=False)]
    )

    assert (fresh(run).status, fresh(run).failure) == ("failed", "no_start")
    assert balance(alice) == RICH


@pytest.mark.parametrize(("left_s", "captured"), [(0, 1000), (150, 750), (599, 2), (600, 0)])
def test_an_interrupted_chair_is_paid_for_the_time_it_ran(
    run: Run, hardware: Hardware, alice: User, left_s: int, captured: int
) -> None:
    intake = Intake(still_ours=lambda: True)
    intake.store([hardware.event("started", run.pk)])
    intake.store([hardware.event("interrupted", run.pk, code="power", ran=True, left_s=left_s)])

    assert (fresh(run).status, fresh(run).earned) == ("interrupted", captured)
    assert money(run) == ("settled" if captured else "released", captured, 1000 - captured)
    assert balance(alice) == RICH - captured


def test_an_interruption_alone_tells_that_it_ran(
    run: Run, intake: Intake, hardware: Hardware, alice: User
) -> None:
    intake.store([hardware.event("interrupted", run.pk, ran=True, left_s=300)])

    assert (fresh(run).status, fresh(run).failure) == ("interrupted", "interrupted")
    assert fresh(run).started_at is not None
    assert balance(alice) == RICH - 500


def test_a_washer_is_paid_when_it_washes(washer: Hardware, intake: Intake, alice: User) -> None:
    run = bought(washer.device, alice, option="quick")
    attend(command_id=run.pk, ears=DEAF, connected=True)
    intake.store(
        [washer.event("started", run.pk), washer.event("progress", run.pk, code="fill", left_s=1100)]
    )
    assert (fresh(run).phase, money(run)[0]) == ("fill", "confirmed")
    ends_at = fresh(run).ends_at
    assert ends_at
    assert (ends_at - now()).total_seconds() == pytest.approx(1100, abs=30)

    intake.store([washer.event("progress", run.pk, code="wash", left_s=1000)])
    assert (fresh(run).status, fresh(run).earned, money(run)) == ("started", 300, ("settled", 300, 0))

    intake.store([washer.event("interrupted", run.pk, ran=True, left_s=400)])
    assert (fresh(run).status, money(run)) == ("interrupted", ("settled", 300, 0))
    assert balance(alice) == RICH - 300


def test_a_washer_interrupted_while_filling_gives_everything_back(
    washer: Hardware, intake: Intake, alice: User
) -> None:
    run = bought(washer.device, alice, option="quick")
    attend(command_id=run.pk, ears=DEAF, connected=True)
    intake.store([washer.event("started", run.pk), washer.event("failed", run.pk, ran=True, left_s=1150)])

    assert (fresh(run).status, money(run)) == ("failed", ("released", 0, 300))
    assert balance(alice) == RICH


def test_repeated_and_reordered_events_count_once(
    run: Run, intake: Intake, hardware: Hardware, alice: User
) -> None:
    accepted, started = hardware.event("accepted", run.pk), hardware.event("started", run.pk)
    finished = hardware.event("finished", run.pk)
    intake.store([finished, started, accepted, finished, started])
    intake.store([accepted, started, finished])

    assert (fresh(run).status, money(run)) == ("finished", ("settled", 1000, 0))
    assert Event.objects.filter(command=run.pk).count() == 3
    assert not Incident.objects.exists()


def test_a_replayed_progress_does_not_turn_the_clock_back(
    run: Run, intake: Intake, hardware: Hardware
) -> None:
    early = hardware.event("progress", run.pk, code="massage", left_s=599)
    late = hardware.event("progress", run.pk, code="massage", left_s=60)
    intake.store([early, late])
    before = fresh(run)
    intake.store([early])

    assert (fresh(run).ends_at, fresh(run).version) == (before.ends_at, before.version)


def test_an_event_for_a_neighbours_run_changes_nothing(run: Run, intake: Intake, washer: Hardware) -> None:
    intake.store([washer.event("started", run.pk), washer.event("finished", run.pk)])

    assert fresh(run).status == "sent"
    assert {message.reason for message in RejectedMessage.objects.all()} == {"foreign_command"}


def test_an_event_about_a_command_without_a_run_is_stored_once(
    chair: Device, hardware: Hardware, intake: Intake
) -> None:
    asked = Command.objects.create(
        device=chair, op="identify", due_at=now(), expires_at=now() + timedelta(seconds=30)
    )
    accepted = hardware.event("accepted", asked.pk)
    intake.store([accepted, accepted])

    assert Event.objects.get().command == asked.pk
    assert not RejectedMessage.objects.exists()


def test_a_start_after_the_release_is_an_incident_and_moves_no_money(
    run: Run, intake: Intake, hardware: Hardware, alice: User
) -> None:
    at = run.release_at
    attend(command_id=run.pk, ears=HEARING, connected=True, at=at)
    attend(command_id=run.pk, ears=HEARING, connected=True, at=at)
    assert (fresh(run).status, money(run)) == ("released", ("released", 0, 1000))

    intake.store([hardware.event("started", run.pk), hardware.event("finished", run.pk)])
    assert (fresh(run).status, money(run)) == ("released", ("released", 0, 1000))
    assert [incident.kind for incident in Incident.objects.all()] == [Trouble.LATE_START]
    assert balance(alice) == RICH


@pytest.mark.unbalanced
def test_a_hold_decided_elsewhere_rolls_the_start_back_and_is_an_incident(
    run: Run, intake: Intake, hardware: Hardware, alice: User
) -> None:
    assert run.payment_id
    assert holds.release(payment_id=run.payment_id, reason="by hand")
    before = fresh(run)
    intake.store([hardware.event("started", run.pk)])

    assert (fresh(run).status, fresh(run).version) == (before.status, before.version)
    assert fresh(run).started_at is None
    assert [incident.kind for incident in Incident.objects.all()] == [Trouble.HOLD_REFUSED]
    assert Event.objects.filter(command=run.pk).count() == 1
    assert balance(alice) == RICH


def test_a_hello_that_names_a_run_whose_money_went_back_is_an_incident(
    run: Run, intake: Intake, hardware: Hardware
) -> None:
    intake.store([hardware.event("rejected", run.pk, code="busy")])
    intake.store([hardware.hello(running=(run.pk,))])

    assert Incident.objects.get().kind == Trouble.LATE_START


def test_the_version_grows_with_every_move_and_with_nothing_else(
    run: Run, intake: Intake, hardware: Hardware
) -> None:
    seen = [fresh(run).version]
    for event in (
        hardware.event("accepted", run.pk),
        hardware.event("started", run.pk),
        hardware.event("progress", run.pk, code="massage", left_s=500),
        hardware.event("finished", run.pk),
    ):
        intake.store([event, event, hardware.telemetry()])
        seen.append(fresh(run).version)

    assert seen == list(range(seen[0], seen[0] + 5))


def test_the_view_of_a_run_shows_only_what_counts_now(
    run: Run, intake: Intake, hardware: Hardware, gateway_silent_since: Any
) -> None:
    def view() -> dict[str, Any]:
        return queries.view(queries.with_ears(Run.objects.filter(pk=run.pk)).get())

    assert view()["release_at"] is not None
    assert view()["ends_at"] is None
    gateway_silent_since(16)
    assert view()["release_at"] is None

    intake.store([hardware.event("started", run.pk)])
    assert view()["release_at"] is None
    assert view()["ends_at"] is not None
    intake.store([hardware.event("finished", run.pk)])
    assert (view()["status"], view()["ends_at"], view()["failure"]) == ("finished", None, None)

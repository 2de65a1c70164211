"""What the auditor says about runs: nothing while all is well, a sentence for each breach."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from devices.gateway.intake import Intake
from devices.models import Command, Device, Parcel, Run
from devices.schedule import DEAF
from devices.services.drive import attend
from outbox.clock import now
from payments import audit, holds
from people.models import User
from tests.devices.hardware import Hardware
from tests.devices.lockers import Locker
from tests.devices.paying import bought, give, go_online

pytestmark = [pytest.mark.django_db, pytest.mark.unbalanced]


@pytest.fixture
def run(chair: Device, hardware: Hardware, intake: Intake, alice: User) -> Run:
    """A run that was sent."""
    give(alice, 5000)
    go_online(intake, hardware)
    run = bought(chair, alice)
    attend(command_id=run.pk, ears=DEAF, connected=True)
    return Run.objects.get(pk=run.pk)


def breaches() -> set[str]:
    return {breach.check for breach in audit.audit()}


def test_a_run_in_every_state_is_well(run: Run, intake: Intake, hardware: Hardware) -> None:
    assert breaches() == set()
    for event in ("accepted", "started", "finished"):
        intake.store([hardware.event(event, run.pk)])
        assert breaches() == set()


def test_a_settled_payment_without_a_start(run: Run) -> None:
    assert run.payment_id
    assert holds.claim(payment_id=run.payment_id)
    assert holds.capture(payment_id=run.payment_id, amount=1000)

    assert {"settled machine payments started once", "open runs have their hold"} <= breaches()


def test_a_run_that_earned_something_else_than_was_captured(
    run: Run, intake: Intake, hardware: Hardware
) -> None:
    intake.store([hardware.event("finished", run.pk)])
    Run.objects.update(earned=999)

    assert breaches() == {"runs earned what was captured"}


def test_a_started_run_whose_hold_is_open(run: Run) -> None:
    at = now()
    Run.objects.update(status="started", started_at=at, ends_at=at, ends_by=at)

    assert breaches() == {"open runs have their hold"}


def test_a_payment_in_escrow_whose_run_is_over(run: Run) -> None:
    Run.objects.update(status="released")
    Command.objects.update(status="expired")

    assert breaches() == {"confirmed machine payments have an open run"}


@pytest.mark.parametrize(
    "forget",
    [
        lambda: Command.objects.update(status="done"),
        lambda: Command.objects.update(due_at=now() - timedelta(minutes=11)),
    ],
    ids=["closed", "overdue"],
)
def test_an_open_run_that_nobody_will_look_at(run: Run, forget: Callable[[], object]) -> None:
    forget()

    assert breaches() == {"open runs have a due command"}


def test_every_sentence_names_the_row(run: Run) -> None:
    Command.objects.update(status="done")
    (breach,) = audit.audit()

    assert str(run.pk) in breach.sentence


def test_a_parcel_that_did_not_follow_its_run_is_told(locker: Locker, alice: User) -> None:
    put = locker.put_in(alice)
    assert breaches() == set()

    Parcel.objects.filter(deposit=put).update(stored_at=None)
    assert breaches() == {"parcels follow the runs that move them"}

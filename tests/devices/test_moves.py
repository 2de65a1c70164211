"""The one place that moves runs: by compare-and-set, along the table, or not at all."""

import pytest
from django.db import transaction

from devices.decide import Verdict
from devices.errors import IllegalMove
from devices.gateway.intake import Intake
from devices.models import Device, Run
from devices.schedule import DEAF
from devices.services.drive import attend
from devices.services.moves import carry_out
from devices.services.work import Work
from devices.states import RunStatus
from outbox.clock import now
from payments.models import Hold
from people.models import User
from tests.devices.hardware import Hardware
from tests.devices.paying import bought, give, go_online

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(chair: Device, hardware: Hardware, intake: Intake, alice: User) -> Run:
    """A run that was sent."""
    give(alice, 1000)
    go_online(intake, hardware)
    run = bought(chair, alice)
    assert attend(command_id=run.pk, ears=DEAF, connected=True)
    return run


def test_a_run_moves_only_from_where_it_was_seen(run: Run) -> None:
    with transaction.atomic():
        work = Work.lock_open(run.pk)
        assert work
        Run.objects.filter(pk=run.pk).update(status="unknown")
        with pytest.raises(IllegalMove):
            carry_out(work, Verdict(moves=(RunStatus.ACCEPTED,)), at=now())
    assert Run.objects.get().status == "sent"  # all of it was rolled back


def test_a_run_moves_only_along_the_table(run: Run) -> None:
    with transaction.atomic():
        work = Work.lock_open(run.pk)
        assert work
        with pytest.raises(IllegalMove):
            carry_out(work, Verdict(moves=(RunStatus.FINISHED,), earned=1000), at=now())
    assert (Run.objects.get().status, Hold.objects.get().status) == ("sent", "open")

"""What the holder of a machine's key can make us keep is bounded; what money hangs on still gets through."""

from datetime import timedelta

import pytest

from devices.gateway.intake import Intake
from devices.models import Command, Device, Event, GatewayBeat, RejectedMessage, Session
from devices.services import hear
from outbox.clock import now
from people.models import User
from tests.devices.hardware import Hardware
from tests.devices.paying import bought, give, go_online

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the limits be reached by few messages."""
    monkeypatch.setattr(hear, "HOURLY_EVENTS", 5)
    monkeypatch.setattr(hear, "EVENTS_OF_ONE_COMMAND", 8)


def reasons() -> list[str]:
    return list(RejectedMessage.objects.values_list("reason", flat=True))


def test_faults_beyond_an_hour_s_measure_are_counted_and_not_stored(
    intake: Intake, hardware: Hardware
) -> None:
    said = [hardware.event("fault", code="door") for _ in range(7)]
    intake.store(said)
    intake.store(said[:5])  # repetitions are no flood

    assert Event.objects.count() == 5
    assert reasons() == ["too_many", "too_many"]
    assert GatewayBeat.objects.get().rejected == 2


def test_an_hour_later_a_machine_is_listened_to_again(intake: Intake, hardware: Hardware) -> None:
    intake.store([hardware.event("fault") for _ in range(6)])
    Event.objects.update(received_at=now() - timedelta(hours=1, seconds=1))
    intake.store([hardware.event("fault")])

    assert Event.objects.count() == 6


def test_faults_do_not_keep_a_machine_from_coming_online(
    intake: Intake, hardware: Hardware, chair: Device
) -> None:
    intake.store([hardware.event("fault") for _ in range(6)])
    go_online(intake, hardware)

    assert Session.objects.get(device=chair).synced_at is not None


def test_synced_is_bounded_too(intake: Intake, hardware: Hardware) -> None:
    intake.store([hardware.event("synced", sess="deadbeef") for _ in range(7)])

    assert Event.objects.count() == 5


def test_a_run_keeps_a_bounded_number_of_events(
    intake: Intake, hardware: Hardware, chair: Device, alice: User
) -> None:
    go_online(intake, hardware)
    give(alice, 5000)
    run = bought(chair, alice)
    intake.store([hardware.event("progress", run.pk, code="wash", left_s=500) for _ in range(12)])

    assert Event.objects.filter(command=run.pk).count() == 8


def test_a_command_keeps_a_bounded_number_of_events(
    intake: Intake, hardware: Hardware, chair: Device
) -> None:
    asked = Command.objects.create(
        device=chair, op="identify", due_at=now(), expires_at=now() + timedelta(seconds=30)
    )
    intake.store([hardware.event("accepted", asked.pk) for _ in range(12)])

    assert Event.objects.filter(command=asked.pk).count() == 8

"""More payments than a speaker can read out; and what the database itself refuses."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from devices.gateway.intake import Intake
from devices.models import Command, Device, Fault, Tally
from devices.services import announce
from merchants.models import Merchant
from outbox.clock import now
from people.models import User
from tests.devices.announcing import attend, code_of, hand_over, paid, speaker, told
from tests.devices.hardware import Hardware
from tests.devices.paying import give, go_online

pytestmark = pytest.mark.django_db

Crowd = tuple[Hardware, Callable[[], list[Command]]]  # the speaker, and what it was sent and has not answered


@pytest.fixture
def alice(alice: User) -> User:
    give(alice, 500_000)
    return alice


@pytest.fixture
def counter(mei_shop: Merchant) -> Device:
    """The speaker on Mei's counter."""
    return speaker(mei_shop.account_id)


class TestCrowd:
    """More payments than a speaker can read out."""

    @pytest.fixture
    def crowd(self, counter: Device, alice: User, intake: Intake) -> Crowd:
        hardware = Hardware(counter)
        go_online(intake, hardware)
        for _ in range(12):
            paid(alice, code_of(counter))
        hand_over()
        for command in told(counter):
            attend(command)
        return hardware, lambda: [command for command in told(counter) if command.status == "sent"]

    def test_eight_are_handed_over_and_the_others_wait_until_one_is_over(
        self, crowd: Crowd, counter: Device, intake: Intake
    ) -> None:
        hardware, sent = crowd
        assert len(sent()) == 8
        first, second = sent()[:2]
        intake.store([hardware.event("accepted", first.pk), hardware.event("finished", first.pk)])
        intake.store([hardware.event("accepted", second.pk)])
        for command in told(counter):
            attend(command, later_s=1.5)

        assert (
            Command.objects.filter(attempt__gt=0).count() == 9
        )  # accepted is not over: it waits to be spoken

    def test_what_is_never_handed_over_is_dropped_and_counted(self, crowd: Crowd, counter: Device) -> None:
        for command in told(counter):
            attend(command, later_s=61)

        assert {command.status for command in told(counter)} == {"expired"}
        assert Tally.objects.get().dropped == 12

    def test_what_comes_while_too_many_wait_is_dropped_at_once(
        self, counter: Device, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Somebody who pays himself a cent all the time keeps no worker from other people's money."""
        monkeypatch.setattr(announce, "MOST_WAITING", 3)
        for _ in range(5):
            paid(alice, code_of(counter), amount=1)
        hand_over()

        assert [command.status for command in told(counter)] == ["pending"] * 3 + ["expired"] * 2
        assert (Tally.objects.get().count, Tally.objects.get().dropped) == (5, 2)

    def test_a_speaker_that_speaks_quickly_never_has_to_remember_more_than_it_can(
        self, counter: Device, alice: User, intake: Intake
    ) -> None:
        hardware = Hardware(counter)
        go_online(intake, hardware)
        for _ in range(announce.MOST_UNEXPIRED + 2):
            paid(alice, code_of(counter))
        hand_over()
        for command in told(counter):
            if attend(command):
                intake.store([hardware.event("finished", command.pk)])

        assert Command.objects.filter(attempt__gt=0).count() == announce.MOST_UNEXPIRED

    def test_a_long_queue_asks_for_room_no_more_often_than_a_short_one(self, crowd: Crowd) -> None:
        (waiting, *_) = Command.objects.filter(attempt=0)
        Command.objects.filter(attempt__gt=0).update(attempt=0, status="pending")
        assert announce.crowd_s(waiting, at=now()) == 12 / announce.MOST_ASKS_A_SECOND

    def test_who_waits_in_a_long_queue_is_looked_at_later(
        self, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(announce, "MOST_ASKS_A_SECOND", 0.2)
        (waiting, *_) = Command.objects.filter(attempt=0)
        assert not attend(waiting, later_s=1.5)

        waiting.refresh_from_db()
        assert waiting.due_at - now() > timedelta(seconds=15)  # four wait, each for twenty


class TestTheDatabase:
    """Asked by going around the services."""

    def test_speaker_announces_a_payment_once(self, counter: Device, alice: User) -> None:
        payment = paid(alice, code_of(counter))
        hand_over()
        again = {
            "device": counter,
            "payment": payment,
            "op": "announce",
            "expires_at": now(),
            "due_at": now(),
        }

        with pytest.raises(IntegrityError, match="speaker_announces_a_payment_once"), transaction.atomic():
            Command.objects.create(**again)

    def test_speaker_counts_each_day(self, counter: Device) -> None:
        Tally.objects.create(device=counter, day="2026-11-20", count=1)

        with pytest.raises(IntegrityError, match="speaker_counts_each_day"), transaction.atomic():
            Tally.objects.create(device=counter, day="2026-11-20", count=2)

    def test_one_open_fault_of_a_code(self, counter: Device) -> None:
        Fault.objects.create(device=counter, code="jam", cleared_at=now())
        Fault.objects.create(device=counter, code="jam")

        with pytest.raises(IntegrityError, match="one_open_fault_of_a_code"), transaction.atomic():
            Fault.objects.create(device=counter, code="jam")

"""Speakers at a real broker, with everything running: each payment is heard once, soon, or not at all."""

import queue
import time
from collections.abc import Iterator

import pytest

from devices.models import Command, Device, Session, Tally
from devices.protocol import commands as wire
from devices.speakers import word_of
from outbox.clock import now
from outbox.models import Delivery
from outbox.wake import wake
from payments import days
from payments.models import Code, Payment, Transfer
from tests.cast import PIN
from tests.devices.wire import WiredMachine
from tests.faults.town import Answered, Town, simulate, wait_online
from tests.rig.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

SOON_S = 9  # it takes a fraction of a second; the machine may be busy


def pay(town: Town, device: Device, amount: int = 1280) -> Answered:
    code = Code.objects.get(target=device.pk).token
    answered = town.ask("POST", "payments", {"code": code, "amount": amount, "pin": PIN})
    assert answered.status == 201, answered.body
    return answered


def heard(machine: WiredMachine, *, for_s: float) -> list[wire.Command]:
    """Return every command that arrives within a time."""
    commands, until = [], time.monotonic() + for_s
    while (left := until - time.monotonic()) > 0:
        try:
            commands.append(machine.command(within_s=left))
        except queue.Empty:
            break
    return commands


def announced(payment: Answered) -> Command:
    return Command.objects.get(payment_id=payment.body["id"])


def tell_again(payment: Answered) -> None:
    """Let the outbox deliver the fact a second time, as after a crash between effect and answer."""
    Delivery.objects.create(
        fact="payments.payment.settled",
        handler="devices.handlers.announce_settled_payment",
        queue="default",
        payload={"payment_id": payment.body["id"]},
    )
    wake("outbox.tasks.drain", queue="default", queue_name="default")
    eventually(lambda: not Delivery.objects.exists(), within_s=30, what="the fact is handled again")


@pytest.fixture
def counter(town: Town) -> Iterator[Device]:
    """The speaker of Mei's shop, of which only the code is printed."""
    device = town.machine("S1", type="speaker")
    yield device
    assert not Transfer.objects.exclude(kind__in=["top_up", "payment", "fee"]).exists(), (
        "a speaker moved money"
    )


def test_a_payment_is_heard_within_seconds_and_once_however_often_it_is_told(
    town: Town, counter: Device
) -> None:
    town.open()
    with WiredMachine(counter) as speaker:
        wait_online([counter])
        payment = pay(town, counter, 1280)
        told = speaker.command(within_s=SOON_S)
        speaker.say(speaker.hardware.event("accepted", told.id))
        eventually(lambda: announced(payment).status == "done", within_s=SOON_S)
        tell_again(payment)

        assert heard(speaker, for_s=3) == []
    assert told.op == "announce"
    assert told.a == {
        "amount_minor": 1280,
        "currency": "CNY",
        "exponent": 2,
        "no": 1,
        "locale": "zh",
        "day_word": word_of(counter, day=days.business_day(now())),
    }
    assert Tally.objects.get().count == 1
    assert Payment.objects.get().status == "settled"


def test_what_gets_no_answer_is_repeated_under_the_same_id(town: Town, counter: Device) -> None:
    town.open()
    with WiredMachine(counter) as speaker:
        wait_online([counter])
        pay(town, counter)
        first, again = speaker.command(within_s=SOON_S), speaker.command(within_s=SOON_S)

    assert (first.id, first.exp, first.a) == (again.id, again.exp, again.a)


def test_a_speaker_that_was_away_hears_it_when_it_is_back_and_never_after_its_time(
    town: Town, counter: Device
) -> None:
    town.open(ANNOUNCE_EXPIRY_S="12")
    missed = pay(town, counter, 100)
    eventually(lambda: Command.objects.filter(payment_id=missed.body["id"]).exists(), within_s=30)
    time.sleep(max(0.0, (announced(missed).expires_at - now()).total_seconds()))
    eventually(lambda: announced(missed).status == "expired", within_s=30)
    waiting = pay(town, counter, 200)
    eventually(lambda: Command.objects.filter(payment_id=waiting.body["id"]).exists(), within_s=30)
    with WiredMachine(counter) as speaker:
        told = speaker.command(within_s=SOON_S)
        speaker.say(speaker.hardware.event("accepted", told.id))
        later = heard(speaker, for_s=4)

    assert (told.a["amount_minor"], told.a["no"]) == (200, 2)
    assert {command.id for command in later} <= {told.id}
    assert (Tally.objects.get().count, Tally.objects.get().dropped) == (2, 1)


def test_the_money_arrives_whether_or_not_anybody_can_be_told(town: Town, counter: Device) -> None:
    town.open()
    town.service.machines.kill()
    town.service.gateway.kill()
    payment = pay(town, counter)

    assert town.payment(payment)["status"] == "settled"
    assert not Session.objects.filter(synced_at__isnull=False).exists()


def test_a_simulated_speaker_speaks_each_of_a_rush_of_payments_once(town: Town, counter: Device) -> None:
    town.open()
    with simulate(counter) as fleet:
        wait_online([counter])
        payments = [pay(town, counter, 100 + number) for number in range(6)]
        eventually(lambda: len(fleet.starts(str(counter.pk))) == 6, within_s=30, what="six were spoken")
        for payment in payments:
            tell_again(payment)
        time.sleep(3)

        spoken = [str(command_id) for command_id in fleet.starts(str(counter.pk))]
    assert sorted(spoken) == sorted(str(announced(payment).pk) for payment in payments)
    numbers = Command.objects.filter(op="announce").values_list("args__no", flat=True)
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]

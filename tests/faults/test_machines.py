"""The promise under fault: the payer is made whole or the machine ran, and nothing starts after a release."""

import time
from collections.abc import Callable
from datetime import datetime

import pytest

from devices.models import Incident, Run
from devices.schedule import DEAF
from devices.services.drive import attend
from devices.states import Trouble
from outbox.clock import now
from tests.devices.wire import WiredMachine
from tests.faults.town import RICH, Town, money_of, simulate, status_of, wait_online
from tests.rig.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

# Wire tests cannot wait ninety seconds; the order of things is the same.
SHORT = {"COMMAND_EXPIRY_S": "1", "GRACE_S": "2", "NO_START_S": "0.5"}


def within(run: Run, status: str, seconds: float) -> None:
    eventually(lambda: status_of(run) == status, within_s=seconds, what=f"run {status}, not {status_of(run)}")


def test_a_chair_that_is_paid_starts_runs_and_is_settled(town: Town) -> None:
    chair = town.machine()
    town.open()
    with simulate(chair) as fleet:
        wait_online([chair])
        paid = town.pay(chair)
        assert paid.status == 201, paid.body
        within(paid.run, "started", 3)
        within(paid.run, "finished", 10)

        assert fleet.starts(str(chair.pk)) == [paid.run.pk]
    payment = town.payment(paid)
    assert (payment["status"], payment["captured_amount"]) == ("settled", 1000)
    assert town.balance == RICH - 1000


def test_the_payer_of_a_silent_machine_is_repaid_and_it_does_not_start_late(town: Town) -> None:
    mute, deaf = town.machine("01"), town.machine("02")
    town.open(**SHORT | {"COMMAND_EXPIRY_S": "3"})  # both commands leave in time, also on a busy machine
    with WiredMachine(mute) as silent, simulate(deaf, deaf_s=7) as fleet:
        wait_online([mute, deaf])
        paid, also_paid = town.pay(mute), town.pay(deaf)
        assert (paid.status, also_paid.status) == (201, 201)
        assert silent.command().op == "start"
        within(paid.run, "unknown", 6)
        shown = town.payment(paid)["run"]
        assert shown["status"] == "unknown"
        assert datetime.fromisoformat(shown["release_at"]) == paid.run.release_at
        eventually(lambda: silent.command().op == "query")  # after the start was sent again
        within(paid.run, "released", 5)
        released_s = (now() - paid.run.created_at).total_seconds()
        within(also_paid.run, "released", 3)

        assert 5 <= released_s < 8
        assert town.payment(paid)["status"] == "released"
        assert town.balance == RICH
        silent.say(silent.hardware.event("started", paid.run.pk))
        eventually(lambda: Incident.objects.filter(run=paid.run, kind=Trouble.LATE_START).exists())
        time.sleep(3)
        assert fleet.starts(str(deaf.pk)) == []
    assert [status_of(paid.run), status_of(also_paid.run)] == ["released", "released"]
    assert town.balance == RICH


def test_a_worker_killed_between_payment_and_command_starts_the_machine_when_it_is_back(town: Town) -> None:
    chair, other = town.machine("01"), town.machine("02")
    town.open()
    with simulate(chair, other) as fleet:
        wait_online([chair, other])
        town.service.machines.kill()
        paid = town.pay(chair)
        assert paid.status == 201
        assert status_of(paid.run) == "paid"

        # The other one dies at the worst moment: the move is committed, the message has not left.
        also_paid = town.pay(other)
        assert attend(command_id=also_paid.run.pk, ears=DEAF, connected=True)
        assert status_of(also_paid.run) == "sent"

        town.service.machines.start()
        within(paid.run, "finished", 15)
        within(also_paid.run, "finished", 15)
        assert fleet.starts(str(chair.pk)) == [paid.run.pk]
        assert fleet.starts(str(other.pk)) == [also_paid.run.pk]
    assert town.balance == RICH - 2000


def test_with_redis_stopped_payments_answer_at_once_and_machines_start_when_it_is_back(town: Town) -> None:
    first, *chairs = (town.machine(f"{number:02}") for number in range(5))
    town.open()
    with simulate(first, *chairs) as fleet:
        wait_online([first, *chairs])
        assert town.pay(first).status == 201  # the first of a process pays for its imports
        town.service.servers.redis.stop()
        stopped = time.monotonic()
        paid = []
        for chair in chairs:
            paid.append(town.pay(chair))
            time.sleep(1.5)
        assert [answer.status for answer in paid] == [201] * 4
        assert max(answer.seconds for answer in paid) < 0.5
        time.sleep(max(0, 10 - (time.monotonic() - stopped)))
        assert {status_of(answer.run) for answer in paid} == {"paid"}

        town.service.servers.redis.start()
        back = time.monotonic()
        for answer in paid:
            eventually(lambda run=answer.run: status_of(run) in {"started", "finished"}, within_s=30)  # type: ignore[misc]
        assert time.monotonic() - back < 3
        assert [fleet.starts(str(chair.pk)) for chair in chairs] == [[answer.run.pk] for answer in paid]


def test_while_the_gateway_is_stopped_nobody_can_pay_and_nothing_that_runs_is_released(town: Town) -> None:
    running, doubtful, free = town.machine("01"), town.machine("02"), town.machine("03")
    town.open(**(SHORT | {"GATEWAY_SILENT_S": "2"}))
    with simulate(running, free, speed=20), WiredMachine(doubtful) as silent:
        wait_online([running, doubtful, free])
        started, unheard = town.pay(running), town.pay(doubtful)
        within(started.run, "started", 3)
        assert silent.command().op == "start"
        town.service.gateway.kill()
        silent.say(silent.hardware.event("started", unheard.run.pk, left_s=600))
        time.sleep(6)

        refused = town.pay(free)
        assert (refused.status, refused.body["code"]) == (409, "machine_offline")
        assert (status_of(started.run), status_of(unheard.run)) == ("started", "unknown")
        assert town.payment(unheard)["run"]["release_at"] is None

        town.service.gateway.start()
        within(unheard.run, "started", 15)
        assert money_of(unheard.run) == "confirmed"
        eventually(lambda: town.pay(free).status == 201, within_s=30)
    assert not Incident.objects.exists()


def test_a_broker_that_dies_between_payment_and_command_costs_seconds_and_nothing_else(town: Town) -> None:
    chair = town.machine()
    town.open()
    with simulate(chair) as fleet:
        wait_online([chair])
        town.service.servers.nats.kill()
        paid = town.pay(chair)
        assert paid.status in {201, 409}
        town.service.servers.nats.start()
        if paid.status == 409:
            return
        within(paid.run, "finished", 40)
        assert fleet.starts(str(chair.pk)) == [paid.run.pk]


Break = Callable[[Town], None]


def killed_and_started(name: str) -> Break:
    def act(town: Town) -> None:
        part = getattr(town.service, name)
        part.kill()
        part.spawn()

    return act


def test_everything_is_killed_in_turn_and_every_payer_is_served_or_repaid(town: Town) -> None:
    chairs = [town.machine(f"{number:02}") for number in range(8)]
    town.open(COMMAND_EXPIRY_S="12", GRACE_S="6", NO_START_S="3")
    breaks = [
        killed_and_started(name) for name in ("machines", "gateway", "beat", "machines", "gateway", "default")
    ]
    with simulate(*chairs) as fleet:
        wait_online(chairs)
        paid = []
        for number, chair in enumerate(chairs):
            if number < len(breaks):
                breaks[number](town)
            paid.append(town.pay(chair))
        runs = [answer.run for answer in paid if answer.status == 201]
        for run in runs:
            eventually(lambda run=run: money_of(run) != "confirmed", within_s=45, what=f"{run.pk} decided")  # type: ignore[misc]

        started = [one for chair in chairs for one in fleet.starts(str(chair.pk))]
        served = [run.pk for run in runs if money_of(run) == "settled"]
        assert sorted(started) == sorted(served)
        assert town.balance == RICH - 1000 * len(served)
        assert served

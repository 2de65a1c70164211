"""Paid runs over the wire: started once, sent again, refused, expired, and told late."""

from uuid import uuid4

import pytest

from devices.models import Event, Incident, Run
from devices.protocol.commands import Command
from devices.states import RunStatus, Trouble
from tests.contract.conftest import RICH, Town
from tests.devices.paying import balance, earned, payment_of
from tests.devices.wire import WiredMachine
from tests.rig.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def within(run: Run, status: RunStatus, within_s: float = 15) -> None:
    eventually(
        lambda: now_of(run).status == status, within_s=within_s, what=f"{status}: {now_of(run).status}"
    )


def now_of(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def until(machine: WiredMachine, op: str) -> Command:
    """The next command of this kind; others are passed over."""
    while (command := machine.command(within_s=15)).op != op:
        pass
    return command


def test_a_paid_machine_starts_runs_and_earns(town: Town) -> None:
    town.open()
    with town.machine() as machine:
        run = town.pay(machine)
        command = machine.command()
        assert (command.id, command.op, command.a) == (run.pk, "start", {"dur_s": 600})
        assert command.exp - command.t <= 4_000

        for step in ("accepted", "started"):
            machine.say(machine.hardware.event(step, run.pk))
            within(run, RunStatus(step))
        assert (balance(town.alice), earned(machine.hardware.device)) == (RICH - 1000, 0)
        machine.say(machine.hardware.event("finished", run.pk, left_s=0))
        within(run, RunStatus.FINISHED)
    assert payment_of(run).status == "settled"
    assert earned(machine.hardware.device) > 900


def test_an_unanswered_start_comes_again_the_very_same(town: Town) -> None:
    town.open()
    with town.machine() as machine:
        run = town.pay(machine)
        first, second = machine.command(), machine.command()
        assert (first.id, first.exp, first.op, first.a) == (run.pk, second.exp, second.op, second.a)
        machine.say(machine.hardware.event("accepted", run.pk))
        within(run, RunStatus.ACCEPTED)


def test_what_is_said_twice_or_in_the_wrong_order_counts_once(town: Town) -> None:
    town.open()
    with town.machine() as machine:
        run = town.pay(machine)
        machine.command()
        said = [machine.hardware.event(step, run.pk) for step in ("accepted", "started")]
        said.append(machine.hardware.event("finished", run.pk, left_s=0))
        for message in (said[2], said[1], said[2], said[0], said[1], said[2]):
            machine.say(message)
        within(run, RunStatus.FINISHED)
        eventually(lambda: Event.objects.filter(command=run.pk).count() == 3)
    assert balance(town.alice) == RICH - 1000
    assert not Incident.objects.exists()


@pytest.mark.parametrize("code", ["busy", "door_open", "something_new"])
def test_a_machine_that_refuses_costs_nothing(town: Town, code: str) -> None:
    town.open()
    with town.machine() as machine:
        run = town.pay(machine)
        machine.command()
        machine.say(machine.hardware.event("rejected", run.pk, code=code))
        within(run, RunStatus.REJECTED)
    assert now_of(run).failure == code
    assert balance(town.alice) == RICH


def test_silence_is_said_to_be_unknown_asked_about_and_paid_back_and_a_late_start_is_stopped(
    town: Town,
) -> None:
    town.open()
    with town.machine() as machine:
        run = town.pay(machine)
        within(run, RunStatus.UNKNOWN)
        asked = until(machine, "query")
        assert (asked.id, asked.a) == (run.pk, {"dur_s": 600})
        within(run, RunStatus.RELEASED)
        assert balance(town.alice) == RICH

        machine.say(machine.hardware.event("started", run.pk))
        stop = until(machine, "stop")
        assert stop.id != run.pk
        assert stop.a["run"] == str(run.pk)
    assert Incident.objects.get(run=run).kind == Trouble.LATE_START
    assert (now_of(run).status, balance(town.alice)) == (RunStatus.RELEASED, RICH)


def test_a_machine_that_reconnects_gets_the_open_command_in_its_new_session(town: Town) -> None:
    town.open()
    with town.machine() as machine:
        run = town.pay(machine)
        first = machine.command()
        machine.drop()
        sess = machine.join()
        again = until(machine, "start")
        assert (again.id, again.exp, again.sess) == (run.pk, first.exp, sess)
        assert again.sess != first.sess
        machine.say(machine.hardware.event("started", run.pk))
        within(run, RunStatus.STARTED)


def test_an_interrupted_run_earns_its_part_and_an_answer_to_nothing_moves_nothing(town: Town) -> None:
    town.open()
    with town.machine() as machine:
        run = town.pay(machine)
        machine.command()
        machine.say(machine.hardware.event("started", uuid4()))
        machine.say(machine.hardware.event("started", run.pk))
        machine.say(machine.hardware.event("interrupted", run.pk, code="power_cut", ran=True, left_s=300))
        within(run, RunStatus.INTERRUPTED)
    assert (now_of(run).earned, balance(town.alice)) == (500, RICH - 500)

"""A machine that starts after the money went back is stopped: cutting its network buys nobody a free ride."""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from clients.micropython import core as language
from clients.micropython.core import Core
from devices import tasks
from devices.gateway.intake import Intake
from devices.gateway.line import Incoming
from devices.machines.base import find_all
from devices.models import Command, Device, Incident, RejectedMessage, Run
from devices.protocol.topics import Topic
from devices.publisher import Publisher
from devices.schedule import DEAF, Ears
from devices.services import operate
from devices.services.drive import Outgoing, attend
from devices.states import Trouble
from outbox.clock import now
from people.models import User
from simulator.faults import Faults
from simulator.hardware import Hardware as Body
from simulator.hardware import Report
from tests.devices.hardware import Hardware
from tests.devices.paying import balance, bought, give, go_online, payment_of

pytestmark = pytest.mark.django_db

HEARING = Ears(up=True, hearing_s=3600, return_s=30)
RICH = 5000


@dataclass
class Machine:
    """The real core and a simulated body, on a line that a payer can cut."""

    hardware: Hardware
    intake: Intake
    cut: bool = False
    now: float = 0.0
    body: Body = field(init=False)
    core: Core = field(init=False)

    def __post_init__(self) -> None:
        self.body = Body(find_all()["chair"], Faults())
        self.core = Core(
            device_id=self.hardware.name,
            key=self.hardware.key,
            hardware=self.body,
            random=random.Random(5).randbytes,
            boot=5,
        )

    @property
    def ms(self) -> int:
        return round(self.now * 1000)

    def connect(self) -> None:
        self.cut = False
        self.core.connecting()
        self.execute(self.core.connected(self.ms))
        self.advance(0)

    def lose_line(self) -> None:
        self.cut = True
        self.core.disconnected()

    def read(self, outgoing: Outgoing | None) -> None:
        assert outgoing
        topic = Topic(outgoing.topic.rsplit("/", 1)[1])
        self.execute(self.core.received(topic, outgoing.payload, self.ms))

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.report(self.body.poll(self.now))
        self.execute(self.core.tick(self.ms))
        self.report(self.body.poll(self.now))

    def report(self, reports: list[Report]) -> None:
        for report in reports:
            self.execute(self.core.report(report, self.ms))

    def execute(self, actions: list[tuple[Any, ...]]) -> None:
        for action in actions:
            match action:
                case language.SEND, topic, message, _ if not self.cut:
                    self.say(Topic(topic), message)
                case language.START, run_id, _, args:
                    self.body.switch_on(run_id, args, self.now)
                case language.OPERATE, op, args:
                    self.report(self.body.operate(op, args, self.now))

    def say(self, topic: Topic, message: bytes) -> None:
        incoming = Incoming(topic.of(self.hardware.name), message, topic.retained, 1, topic.qos)
        for answer in self.intake.store([incoming]):
            self.read(answer)


@pytest.fixture
def machine(hardware: Hardware, intake: Intake, alice: User) -> Machine:
    """A chair that is online, and Alice with money."""
    give(alice, RICH)
    machine = Machine(hardware, intake)
    machine.connect()
    return machine


def released(run: Run) -> None:
    """Let time pass until the money is back."""
    for _ in range(2):
        attend(command_id=run.pk, ears=HEARING, connected=True, at=run.release_at)
    assert Run.objects.get(pk=run.pk).status == "released"


def stop() -> Command:
    return Command.objects.get(op="stop")


def told(*, connected: bool = True) -> Outgoing | None:
    """What leaves when somebody attends to the stop as soon as it is due."""
    return operate.attend(command_id=stop().pk, connected=connected, at=stop().due_at)


def works(machine: Machine) -> bool:
    return machine.body.switched_on


def test_the_core_of_a_machine_that_started_unheard_is_stopped_when_it_is_back(
    machine: Machine, chair: Device, alice: User
) -> None:
    run = bought(chair, alice)
    machine.read(attend(command_id=run.pk, ears=DEAF, connected=True))
    machine.lose_line()
    machine.advance(0)
    machine.advance(1)
    assert works(machine)
    released(run)

    machine.connect()
    assert Incident.objects.get().kind == Trouble.LATE_START
    assert (stop().args, stop().run_id, stop().status) == ({"run": str(run.pk)}, run.pk, "pending")
    machine.read(told())

    assert not works(machine)
    assert stop().status == "done"
    assert (payment_of(run).status, balance(alice)) == ("released", RICH)


def test_a_stop_that_comes_too_late_leaves_the_next_payer_s_run_alone(
    machine: Machine, chair: Device, alice: User, hardware: Hardware, intake: Intake
) -> None:
    run = bought(chair, alice)
    attend(command_id=run.pk, ears=DEAF, connected=True)  # lost on its way
    released(run)
    hardware.boot = 4
    intake.store([hardware.event("started", run.pk)])
    late = told()

    paid = bought(chair, alice)
    machine.read(attend(command_id=paid.pk, ears=DEAF, connected=True))
    machine.advance(0)
    machine.advance(1)
    machine.read(late)

    assert works(machine)
    assert Run.objects.get(pk=paid.pk).status == "started"


@pytest.fixture
def run(hardware: Hardware, intake: Intake, chair: Device, alice: User) -> Run:
    """A run whose money went back, on a machine that is online."""
    give(alice, RICH)
    go_online(intake, hardware)
    run = bought(chair, alice)
    attend(command_id=run.pk, ears=DEAF, connected=True)
    released(run)
    return run


def test_a_late_start_is_stopped_once_however_often_it_is_told(
    run: Run, hardware: Hardware, intake: Intake
) -> None:
    intake.store([hardware.event("started", run.pk), hardware.event("progress", run.pk, code="massage")])
    intake.store([hardware.hello(running=(run.pk,))])

    assert not RejectedMessage.objects.exists()
    assert stop().expires_at - stop().created_at >= timedelta(seconds=run.planned_s - 1)


@pytest.mark.parametrize("end", ["finished", "failed", "interrupted"])
def test_a_run_that_is_over_is_not_stopped(run: Run, hardware: Hardware, intake: Intake, end: str) -> None:
    details = {} if end == "finished" else {"ran": True, "left_s": 5}
    intake.store([hardware.event("started", run.pk), hardware.event(end, run.pk, **details)])

    assert stop().status == "expired"
    assert told() is None


def test_an_unanswered_stop_is_sent_again_ever_more_seldom_until_it_expires(
    run: Run, hardware: Hardware, intake: Intake
) -> None:
    intake.store([hardware.event("started", run.pk)])
    at, sent = stop().due_at, 0
    for second in range(run.planned_s + 2):
        instant = at + timedelta(seconds=second)
        sent += operate.attend(command_id=stop().pk, connected=True, at=instant) is not None

    assert (stop().status, stop().attempt) == ("expired", sent)
    assert 10 <= sent <= 20


def test_a_refused_stop_is_not_sent_again(run: Run, hardware: Hardware, intake: Intake) -> None:
    intake.store([hardware.event("started", run.pk)])
    assert told()
    intake.store([hardware.event("rejected", stop().pk, code="unsupported")])

    assert stop().status == "rejected"
    assert operate.attend(command_id=stop().pk, connected=True, at=now() + timedelta(seconds=9)) is None


def test_nothing_leaves_without_a_broker_or_a_machine_that_hears_us(
    run: Run, hardware: Hardware, intake: Intake
) -> None:
    intake.store([hardware.event("started", run.pk)])
    assert told(connected=False) is None
    intake.store([hardware.will()])
    assert operate.attend(command_id=stop().pk, connected=True, at=now() + timedelta(seconds=9)) is None

    assert (stop().status, stop().attempt) == ("pending", 0)


def test_a_sweep_sends_it(
    run: Run, hardware: Hardware, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[Outgoing] = []
    monkeypatch.setattr(Publisher, "publish", lambda _, outgoing: published.append(outgoing))
    monkeypatch.setattr(Publisher, "is_connected", lambda _: True)
    monkeypatch.setattr("devices.tasks.publisher", lambda: Publisher.__new__(Publisher))
    intake.store([hardware.event("started", run.pk)])
    tasks.attend_to_due(at=stop().due_at)

    assert [hardware.read_command(one.payload).op for one in published] == ["stop"]


def test_starts_are_not_its_business(run: Run, hardware: Hardware, intake: Intake) -> None:
    assert operate.attend(command_id=run.pk, connected=True, at=now()) is None

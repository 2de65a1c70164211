"""Who wins when a machine speaks while its money goes back, and when two want the same machine."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models import F

from devices.gateway.beat import beat
from devices.gateway.intake import Intake
from devices.models import Command, Device, Event, GatewayBeat, Incident, Run, Session
from devices.schedule import DEAF, Ears
from devices.services.drive import Outgoing, attend, due_commands
from devices.services.provision import provision
from devices.states import RunStatus, Trouble
from merchants.models import Merchant
from outbox.clock import now
from payments.idempotency import Answer
from payments.models import Hold, Payment
from people.models import User
from tests.cast import person
from tests.devices.hardware import Hardware
from tests.devices.paying import balance, bought, give, go_online, pay_for, payment_of
from tests.processes import together

pytestmark = pytest.mark.django_db(transaction=True)

HEARING = Ears(up=True, hearing_s=3600, return_s=30)
ROUNDS = 12
RICH = 100_000


@pytest.fixture
def alice(alice: User) -> User:
    give(alice, RICH)
    return alice


@pytest.fixture
def chairs(mei_shop: Merchant) -> list[Hardware]:
    """A chair for each round, online."""
    beat(holder="test")
    GatewayBeat.objects.update(hearing_since=F("beat_at") - timedelta(hours=1))
    chairs = [Hardware(new_chair(mei_shop, str(number))) for number in range(ROUNDS)]
    for chair in chairs:
        go_online(intake(), chair)
    return chairs


def new_chair(shop: Merchant, number: str) -> Device:
    return provision(account_id=shop.account_id, place_id=None, type="chair", number=number, name="Chair")


def intake() -> Intake:
    return Intake(still_ours=lambda: True)


@dataclass
class Contest:
    """A run about which two things happen at once."""

    hardware: Hardware
    run_id: UUID

    @property
    def run(self) -> Run:
        return Run.objects.get(pk=self.run_id)

    @property
    def payment(self) -> Payment:
        return payment_of(self.run)

    def says(self, ev: str, **fields: Any) -> Callable[[], object]:
        message = self.hardware.event(ev, self.run_id, **fields)
        return lambda: intake().store([message])

    def deadline(self, *, after: float = 0) -> Callable[[], object]:
        command = Command.objects.get(pk=self.run_id)
        at = command.due_at + timedelta(seconds=after)
        return lambda: attend(command_id=self.run_id, ears=HEARING, connected=True, at=at)


def unknown_run(chair: Hardware, payer: User) -> Contest:
    """A run that was sent, expired without an answer, and is about to be released."""
    run = bought(chair.device, payer)
    attend(command_id=run.pk, ears=DEAF, connected=True)
    attend(command_id=run.pk, ears=HEARING, connected=True, at=run.release_at)
    assert Run.objects.get(pk=run.pk).status == RunStatus.UNKNOWN
    return Contest(chair, run.pk)


def at_once(*acts: Callable[[], object]) -> None:
    answers = together(len(acts), lambda number: acts[number]())
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers


def test_started_against_release_one_wins_and_run_and_money_agree(
    chairs: list[Hardware], alice: User
) -> None:
    outcomes = Counter[str]()
    for number, chair in enumerate(chairs):
        contest = unknown_run(chair, alice)
        acts = [contest.says("started", left_s=600), contest.deadline(after=60)]
        at_once(*(acts if number % 2 else reversed(acts)))

        run, hold = contest.run, Hold.objects.get(payment=contest.payment)
        late = Incident.objects.filter(run=run, kind=Trouble.LATE_START).exists()
        expected = {
            "started": ("started", "confirmed", "claimed", False),
            "released": ("released", "released", "resolved", True),
        }
        assert (run.status, contest.payment.status, hold.status, late) == expected[run.status]
        outcomes[run.status] += 1

    assert outcomes.total() == ROUNDS
    assert balance(alice) == RICH - 1000 * outcomes["started"]


def test_a_rejection_against_the_release_gives_the_money_back_once(
    chairs: list[Hardware], alice: User
) -> None:
    for chair in chairs:
        contest = unknown_run(chair, alice)
        at_once(contest.says("rejected", code="expired"), contest.deadline(after=60))

        assert contest.run.status in {"rejected", "released"}
        assert contest.payment.released_amount == 1000
    assert balance(alice) == RICH


def test_an_interruption_against_the_assumed_end_is_paid_once(chairs: list[Hardware], alice: User) -> None:
    for chair in chairs:
        contest = unknown_run(chair, alice)
        contest.says("started")()
        at_once(contest.says("interrupted", ran=True, left_s=300), contest.deadline())

        run = contest.run
        assert (run.status, run.earned) in {("interrupted", 500), ("finished", 1000)}
        assert contest.payment.captured_amount == run.earned
        assert Incident.objects.filter(run=run).exists() == run.assumed


def test_one_event_delivered_to_two_gateways_counts_once(chairs: list[Hardware], alice: User) -> None:
    for chair in chairs:
        contest = unknown_run(chair, alice)
        finished = contest.says("finished")
        at_once(finished, finished, finished)

        assert contest.run.status == "finished"
        assert Event.objects.filter(command=contest.run_id).count() == 1
        assert contest.payment.captured_amount == 1000


def test_two_sweeps_at_once_send_each_command_once(chairs: list[Hardware], alice: User) -> None:
    runs = [bought(chair.device, alice) for chair in chairs]
    at = now() + timedelta(seconds=1)
    start = list(due_commands(at=at))

    def sweep(_: int) -> list[Outgoing | None]:
        return [attend(command_id=one, ears=HEARING, connected=True, at=at) for one in start]

    swept = together(4, sweep)
    sent = [outgoing for answer in swept if isinstance(answer, list) for outgoing in answer if outgoing]

    assert not [answer for answer in swept if isinstance(answer, Exception)]
    assert len(sent) == len({one.payload for one in sent}) == len(runs) == ROUNDS
    assert set(Run.objects.values_list("status", flat=True)) == {"sent"}
    assert set(Command.objects.values_list("attempt", flat=True)) == {1}


def test_of_many_payers_of_one_machine_one_pays(chairs: list[Hardware]) -> None:
    chair = chairs[0].device
    payers = [person(f"Payer {number}", f"+86139000000{number:02}") for number in range(10)]
    for payer in payers:
        give(payer, 5000)

    answers = together(len(payers), lambda number: pay_for(chair, payers[number]))

    paid = [answer for answer in answers if isinstance(answer, Answer)]
    codes = Counter(getattr(answer, "code", None) for answer in answers if not isinstance(answer, Answer))
    assert len(paid) == 1
    assert codes == {"machine_busy": 9}
    assert sorted(balance(payer) for payer in payers) == [4000] + [5000] * 9
    assert Run.objects.count() == Command.objects.count() == 1


def test_a_new_session_while_a_sweep_sends_does_not_deadlock(chairs: list[Hardware], alice: User) -> None:
    for chair in chairs:
        contest = Contest(chair, bought(chair.device, alice).pk)
        at = now() + timedelta(seconds=1)
        chair.c += 1
        at_once(
            lambda chair=chair: go_online(intake(), chair),  # type: ignore[misc]
            lambda contest=contest, at=at: attend(  # type: ignore[misc]
                command_id=contest.run_id, ears=HEARING, connected=True, at=at
            ),
            lambda contest=contest, at=at: attend(  # type: ignore[misc]
                command_id=contest.run_id, ears=HEARING, connected=True, at=at
            ),
        )
        assert contest.run.status in {"paid", "sent"}
        assert Session.objects.get(pk=chair.device.pk).c == 2

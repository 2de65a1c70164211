"""The database's own rules about machines, asked by going around the services."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from devices import queries
from devices.models import Command, Device, Event, Incident, Run, Session
from devices.services import announce
from devices.services.claims import CLAIM
from devices.services.provision import provision
from devices.states import AWAITED, FINAL, OPEN, RunStatus, Trouble
from outbox.clock import now
from people.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.unbalanced]

Make = Callable[..., Run]


@pytest.fixture
def free_run(chair: Device, alice: User) -> Make:
    """Make a run that costs nothing, so that it needs no payment."""

    def make(**fields: Any) -> Run:
        values = {
            "device": chair,
            "opened_by": alice,
            "price": 0,
            "option": "10min",
            "planned_s": 600,
            "release_at": now(),
        } | fields
        return Run.objects.create(**values)

    return make


def refused(constraint: str, act: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        act()


def test_run_is_paid_or_opened_by_somebody(free_run: Make) -> None:
    refused("run_is_paid_or_opened_by_somebody", lambda: free_run(opened_by=None))


STARTED: dict[str, Any] = {
    "started_at": "2026-11-20T12:00Z",
    "ends_at": "2026-11-20T12:10Z",
    "ends_by": "2026-11-20T12:20Z",
}


@pytest.mark.parametrize("first", sorted(OPEN))
@pytest.mark.parametrize("second", [RunStatus.PAID, RunStatus.STARTED])
def test_one_open_run_per_slot(free_run: Make, first: RunStatus, second: RunStatus) -> None:
    free_run(status=first, **STARTED)
    refused("one_open_run_per_slot", lambda: free_run(status=second, **STARTED))


@pytest.mark.parametrize("status", sorted(FINAL))
def test_an_ended_run_leaves_its_slot_free(free_run: Make, status: RunStatus) -> None:
    started = STARTED | {"earned": 0} if status in {"finished", "failed", "interrupted"} else {}
    free_run(status=status, **started)
    assert free_run().status == RunStatus.PAID


def test_two_slots_of_a_machine_run_at_once(free_run: Make) -> None:
    assert free_run(slot="A1").pk != free_run(slot="A2").pk


def test_priced_run_is_paid(free_run: Make) -> None:
    refused("priced_run_is_paid", lambda: free_run(price=500))
    refused("priced_run_is_paid", lambda: free_run(price=-1))


@pytest.mark.parametrize("earned", [-1, 1])
def test_run_earns_at_most_its_price(free_run: Make, earned: int) -> None:
    refused("run_earns_at_most_its_price", lambda: free_run(status="started", earned=earned, **STARTED))


@pytest.mark.parametrize("missing", sorted(STARTED))
def test_started_run_knows_its_end(free_run: Make, missing: str) -> None:
    refused("started_run_knows_its_end", lambda: free_run(status="started", **(STARTED | {missing: None})))


@pytest.mark.parametrize("status", ["rejected", "expired", "released"])
def test_run_given_back_never_started(free_run: Make, status: str) -> None:
    refused("run_given_back_never_started", lambda: free_run(status=status, earned=0, **STARTED))


def test_only_started_runs_earn(free_run: Make) -> None:
    refused("only_started_runs_earn", lambda: free_run(status="failed", earned=0))


@pytest.mark.parametrize("status", ["finished", "failed", "interrupted"])
def test_ended_run_decided_its_money(free_run: Make, status: str) -> None:
    refused("ended_run_decided_its_money", lambda: free_run(status=status, **STARTED))


def test_only_finished_runs_are_assumed(free_run: Make) -> None:
    refused("only_finished_runs_are_assumed", lambda: free_run(status="started", assumed=True, **STARTED))


def test_states_are_known(free_run: Make, chair: Device) -> None:
    refused("run_status_is_known", lambda: free_run(status="dancing"))
    refused("command_status_is_known", lambda: command(chair, status="dancing"))


def command(device: Device, **fields: Any) -> Command:
    values = {"device": device, "op": "query", "expires_at": now() + timedelta(seconds=30), "due_at": now()}
    return Command.objects.create(**(values | fields))


def test_start_command_is_its_run(free_run: Make, chair: Device) -> None:
    run = free_run()
    refused("start_command_is_its_run", lambda: command(chair, op="start", run=run))
    refused("start_command_is_its_run", lambda: command(chair, op="start"))
    assert command(chair, id=run.pk, op="start", run=run).run == run


def test_event_is_stored_once(chair: Device) -> None:
    def store(n: int) -> Event:
        return Event.objects.create(device=chair, boot=1, n=n, name="fault", body={})

    store(1)
    refused("event_is_stored_once", lambda: store(1))
    assert store(2).n == 2


def test_run_has_one_incident_of_a_kind(free_run: Make, chair: Device) -> None:
    run = free_run()
    Incident.objects.create(kind=Trouble.LATE_START, device=chair, run=run)
    refused(
        "run_has_one_incident_of_a_kind",
        lambda: Incident.objects.create(kind=Trouble.LATE_START, device=chair, run=run),
    )
    Incident.objects.create(kind=Trouble.LATE_END, device=chair, run=run)


def test_payment_buys_one_run() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'payment_buys_one_run'")
        (definition,) = cursor.fetchone()
    assert "UNIQUE" in definition
    assert "(payment_id) WHERE (payment_id IS NOT NULL)" in definition


def test_number_names_one_device_of_an_account(chair: Device) -> None:
    refused(
        "number_names_one_device_of_an_account",
        lambda: provision(
            account_id=chair.earner_id, place_id=None, type="chair", number=chair.number, name="Other"
        ),
    )


def test_device_has_a_number(chair: Device) -> None:
    refused("device_has_a_number", lambda: Device.objects.filter(pk=chair.pk).update(number=""))


def test_device_key_versions_count_from_one(chair: Device) -> None:
    refused(
        "device_key_versions_count_from_one", lambda: Device.objects.filter(pk=chair.pk).update(key_version=0)
    )


def test_synced_device_has_a_session(chair: Device) -> None:
    refused(
        "synced_device_has_a_session", lambda: Session.objects.filter(pk=chair.pk).update(synced_at=now())
    )


def test_the_due_index_serves_the_sweep(chair: Device) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        query = Command.objects.filter(status__in=["pending", "sent"], due_at__lte=now()).order_by("due_at")
        plan = query.explain()
    assert "command_due" in plan


def test_what_a_speaker_was_handed_is_found_without_its_history(chair: Device) -> None:
    command = Command(device=chair, op="announce")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = announce.handed_besides(command, at=now()).explain()
    assert "announcement_unexpired" in plan


def test_a_persons_runs_are_found_without_everybody_elses(alice: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = queries.of_person(alice.pk).filter(status="finished", ended_at__gt=now()).explain()
    assert {"payment_of_payer", "payment_buys_one_run", "devices_run_pkey"} <= set(re.findall(r"\w+", plan))
    assert "devices_run_opened_by" in plan


def test_the_claim_names_the_very_states_of_the_index() -> None:
    named = ", ".join(f"'{status}'" for status in sorted(OPEN))
    assert f"WHERE status IN ({named})" in CLAIM
    assert set(OPEN) == {RunStatus.PAID, RunStatus.STARTED, *AWAITED}

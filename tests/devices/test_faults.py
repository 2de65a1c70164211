"""Faults: noticed once, told once, over when the machine shows that it is; and who is there at all."""

from datetime import timedelta

import pytest
from django.db.models import F

from devices import tasks
from devices.gateway.intake import Intake
from devices.models import Device, Fault, GatewayBeat, Run, Session
from devices.schedule import Ears
from devices.services import drive, faults, watch
from devices.services.provision import provision
from devices.sight import Sight
from merchants.models import Merchant
from outbox.clock import now
from people.models import User
from tests.devices.hardware import Hardware
from tests.devices.paying import bought, give, go_online

pytestmark = pytest.mark.django_db


@pytest.fixture
def facts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object]]:
    """What is told of machines: the fact's last word, and the fault's code or the machine."""
    heard: list[tuple[str, object]] = []

    def hear(fact: str, **payload: object) -> None:
        heard.append((fact.rpartition(".")[2], payload.get("code", payload["device_id"])))

    for module in ("devices.services.faults", "devices.services.watch"):
        monkeypatch.setattr(f"{module}.publish", hear)
    return heard


@pytest.fixture
def paid(chair: Device, hardware: Hardware, intake: Intake, alice: User) -> Run:
    """A chair that Alice has paid for."""
    go_online(intake, hardware)
    give(alice, 50_000)
    return bought(chair, alice)


@pytest.fixture
def running(paid: Run, hardware: Hardware, intake: Intake) -> Run:
    """A chair that Alice sits in."""
    intake.store([hardware.event("started", paid.pk, left_s=600)])
    return paid


def lasting(device: Device) -> list[str]:
    open_ones = Fault.objects.filter(device=device, cleared_at=None).order_by("pk")
    return list(open_ones.values_list("code", flat=True))


class TestWhatTheMachineSays:
    """`fault` events."""

    def test_a_fault_is_told_once_however_often_it_is_said(
        self, chair: Device, hardware: Hardware, intake: Intake, facts: list[tuple[str, object]]
    ) -> None:
        for _ in range(3):
            intake.store([hardware.event("fault", code="leak", evidence="water_ml:40")])
        fault = Fault.objects.get()

        assert (fault.device_id, fault.code, fault.detail, fault.times) == (
            chair.pk,
            "leak",
            "water_ml:40",
            3,
        )
        assert facts == [("faulted", "leak")]

    def test_ok_ends_them_all_and_the_next_one_is_a_new_one(
        self, chair: Device, hardware: Hardware, intake: Intake, facts: list[tuple[str, object]]
    ) -> None:
        intake.store([hardware.event("fault", code=code) for code in ("leak", "door", "ok", "leak")])

        assert lasting(chair) == ["leak"]
        assert Fault.objects.count() == 3
        assert [fact for fact, _ in facts] == ["faulted", "faulted", "recovered", "recovered", "faulted"]

    def test_a_repeated_event_changes_nothing(
        self, chair: Device, hardware: Hardware, intake: Intake
    ) -> None:
        intake.store([hardware.event("fault", code="leak", n=5), hardware.event("fault", code="ok", n=6)])
        intake.store([hardware.event("fault", code="leak", n=5)])

        assert lasting(chair) == []

    @pytest.mark.parametrize("says", ["fault", "off"])
    def test_a_machine_that_says_it_is_out_of_order_is_not_offered(
        self, chair: Device, hardware: Hardware, intake: Intake, says: str
    ) -> None:
        go_online(intake, hardware)
        intake.store([hardware.state(says)])
        seen = Sight.of(chair.pk)
        assert seen and not seen.online
        intake.store([hardware.state("idle")])

        seen = Sight.of(chair.pk)
        assert seen and seen.online


class TestRuns:
    """How runs end."""

    @pytest.mark.parametrize(
        ("said", "fault"),
        [
            (("failed", "motor"), ["motor"]),
            (("failed", "no_start"), ["no_start"]),
            (("failed", "expired"), []),
            (("interrupted", "stopped"), []),
            (("interrupted", "power_cut"), []),
        ],
    )
    def test_a_run_that_fails_through_the_machine_is_a_fault(
        self, intake: Intake, running: Run, said: tuple[str, str], fault: list[str]
    ) -> None:
        ev, code = said
        hardware = Hardware(running.device, n=100)
        intake.store([hardware.event(ev, running.pk, code=code, ran=True, left_s=300)])

        assert lasting(running.device) == fault

    @pytest.mark.parametrize(("code", "fault"), [("fault", ["fault"]), ("busy", []), ("door_open", [])])
    def test_of_refusals_only_its_own_fault_is_one(
        self, intake: Intake, paid: Run, code: str, fault: list[str]
    ) -> None:
        hardware = Hardware(paid.device, n=100)
        intake.store([hardware.event("rejected", paid.pk, code=code)])

        assert lasting(paid.device) == fault

    def test_a_machine_that_gave_no_answer_to_a_payer_is_faulty(self, chair: Device, paid: Run) -> None:
        ears = Ears(up=True, hearing_s=3600, return_s=30)
        for passed_s in (0.5, 31, 91):
            at = paid.created_at + timedelta(seconds=passed_s)
            drive.attend(command_id=paid.pk, ears=ears, connected=True, at=at)

        assert Run.objects.get().status == "released"
        assert lasting(chair) == ["no_answer"]

    def test_a_finished_run_shows_that_the_machine_works(
        self, chair: Device, hardware: Hardware, intake: Intake, running: Run
    ) -> None:
        faults.notice(device_id=chair.pk, code="motor")
        intake.store([hardware.event("finished", running.pk)])

        assert lasting(chair) == []

    def test_but_not_that_another_door_of_a_locker_does(
        self, chair: Device, hardware: Hardware, intake: Intake, running: Run
    ) -> None:
        Run.objects.update(slot="3")
        faults.notice(device_id=chair.pk, code="jam")
        intake.store([hardware.event("finished", running.pk)])

        assert lasting(chair) == ["jam"]

    def test_an_end_that_was_assumed_shows_nothing(self, chair: Device, running: Run) -> None:
        faults.notice(device_id=chair.pk, code="motor")
        running.refresh_from_db()
        assert running.ends_by
        tasks.attend_to_due(at=running.ends_by + timedelta(hours=1))

        assert Run.objects.get().assumed
        assert lasting(chair) == ["motor"]


class TestSilence:
    """Ten minutes without a word, while we listened."""

    @pytest.fixture
    def quiet(self, chair: Device, hardware: Hardware, intake: Intake) -> Device:
        """The chair was last heard eleven minutes ago."""
        go_online(intake, hardware)
        Session.objects.update(last_seen_at=F("last_seen_at") - timedelta(minutes=11))
        return chair

    def test_silence_is_a_fault_and_over_when_the_machine_is_heard(
        self, quiet: Device, hardware: Hardware, intake: Intake, facts: list[tuple[str, object]]
    ) -> None:
        for _ in range(2):
            watch.watch(at=now())
        assert lasting(quiet) == ["silent"]
        faults.notice(device_id=quiet.pk, code="door")
        intake.store([hardware.telemetry()])
        intake.flush()
        watch.watch(at=now())

        assert lasting(quiet) == ["door"]
        spoken = [(fact, what) for fact, what in facts if fact in {"faulted", "recovered"}]
        assert spoken == [("faulted", "silent"), ("faulted", "door"), ("recovered", "silent")]

    def test_our_own_deafness_is_not_their_silence(self, quiet: Device) -> None:
        GatewayBeat.objects.update(hearing_since=F("beat_at") - timedelta(minutes=9))
        watch.watch(at=now())
        assert lasting(quiet) == []
        GatewayBeat.objects.update(
            hearing_since=F("beat_at") - timedelta(hours=1), beat_at=F("beat_at") - timedelta(seconds=20)
        )
        watch.watch(at=now())

        assert lasting(quiet) == []

    @pytest.mark.parametrize("change", [{"enabled": False}, {"type": "bike"}])
    def test_a_machine_that_is_not_expected_to_speak_is_not_silent(
        self, quiet: Device, change: dict[str, object]
    ) -> None:
        Device.objects.update(**change)
        watch.watch(at=now())

        assert lasting(quiet) == []

    def test_a_machine_that_was_never_heard_is_not_silent(self, mei_shop: Merchant, intake: Intake) -> None:
        new = provision(account_id=mei_shop.account_id, place_id=None, type="chair", number="1", name="Chair")
        watch.watch(at=now())

        assert lasting(new) == []

    def test_shutting_a_machine_out_ends_its_silence(self, quiet: Device) -> None:
        watch.watch(at=now())
        Device.objects.update(enabled=False)
        watch.watch(at=now())

        assert lasting(quiet) == []


class TestComingAndGoing:
    """Online and offline, told once each."""

    def test_each_change_is_told_once(
        self, chair: Device, hardware: Hardware, intake: Intake, facts: list[tuple[str, object]]
    ) -> None:
        go_online(intake, hardware)
        for _ in range(2):
            watch.watch(at=now())
        intake.store([hardware.will()])
        for _ in range(2):
            watch.watch(at=now())

        assert facts == [("online", str(chair.pk)), ("offline", str(chair.pk))]

    def test_a_machine_that_just_falls_silent_is_offline_after_a_while(
        self, chair: Device, hardware: Hardware, intake: Intake, facts: list[tuple[str, object]]
    ) -> None:
        go_online(intake, hardware)
        watch.watch(at=now())
        Session.objects.update(last_seen_at=F("last_seen_at") - timedelta(seconds=76))
        watch.watch(at=now())

        assert [fact for fact, _ in facts] == ["online", "offline"]

    def test_an_outage_of_ours_sends_nobody_offline(
        self, chair: Device, hardware: Hardware, intake: Intake, facts: list[tuple[str, object]]
    ) -> None:
        go_online(intake, hardware)
        watch.watch(at=now())
        Session.objects.update(last_seen_at=F("last_seen_at") - timedelta(seconds=76))
        GatewayBeat.objects.update(beat_at=F("beat_at") - timedelta(seconds=20))
        watch.watch(at=now())
        GatewayBeat.objects.update(beat_at=now(), hearing_since=now() - timedelta(seconds=29))
        watch.watch(at=now())

        assert [fact for fact, _ in facts] == ["online"]


def test_a_machine_that_invents_codes_fills_no_list(chair: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "MOST_LASTING", 2)
    told = [faults.notice(device_id=chair.pk, code=code) for code in ("a", "b", "c", "b", faults.SILENT)]

    assert told == [True, True, False, False, True]
    assert lasting(chair) == ["a", "b", faults.SILENT]
    assert Fault.objects.get(code="b").times == 2


def test_a_person_clears_what_is_over(chair: Device, facts: list[tuple[str, object]]) -> None:
    for code in ("door", "leak"):
        faults.notice(device_id=chair.pk, code=code)

    assert faults.clear(device_id=chair.pk) == ["door", "leak"]
    assert faults.clear(device_id=chair.pk) == []
    assert facts[2:] == [("recovered", "door"), ("recovered", "leak")]

"""What a run looks like from the outside: as it should be, and broken off."""

from devices.protocol.commands import Op
from devices.protocol.envelope import sign
from devices.protocol.topics import Topic
from simulator.faults import Faults
from tests.simulator.stage import DEVICE, KEY, Stage

# As it should be


def test_a_chair_runs_and_tells_it(chair: Stage) -> None:
    run = chair.start()
    chair.advance(700)

    assert chair.starts == [run.id]
    accepted, started, finished = chair.events(run.id)
    assert (accepted["ev"], accepted["code"]) == ("accepted", "ok")
    assert (started["ev"], started["left_s"], started["evidence"]) == ("started", 600, "current_a:3.1")
    assert (finished["ev"], finished["left_s"]) == ("finished", 0)
    assert [event["n"] for event in chair.events()] == [1, 2, 3, 4]


def test_a_washer_names_its_phases(washer: Stage) -> None:
    run = washer.start()
    washer.advance(1300)

    told = [(event["ev"], event["code"], event.get("left_s")) for event in washer.events(run.id)]
    assert told == [
        ("accepted", "ok", None),
        ("started", "ok", 1200),
        ("progress", "wash", 1104),
        ("progress", "rinse", 552),
        ("progress", "spin", 240),
        ("progress", "unlock", 24),
        ("finished", "ok", 0),
    ]


def test_the_verdict_is_on_disk_before_it_is_told_and_before_the_relay_moves(chair: Stage) -> None:
    command = chair.command()
    chair.power_for = 1  # enough to store, not to tell

    chair.give(command)

    assert [record["id"] for record in chair.store.records()] == [str(command.id)]
    assert chair.events(command.id) == []
    assert chair.starts == []


def test_the_state_follows(washer: Stage) -> None:
    states = [washer.last(Topic.STATE)]
    washer.start()
    states.append(washer.last(Topic.STATE))
    washer.advance(1)
    states.append(washer.last(Topic.STATE))
    washer.advance(1300)
    states.append(washer.last(Topic.STATE))

    assert [state["status"] for state in states] == ["idle", "starting", "running", "idle"]
    assert states[2] == {"v": 1, "status": "running", "door": "locked", "course": "quick", "left_s": 1200}


# No start


def test_without_evidence_the_machine_is_switched_off_twenty_seconds_after_the_expiry() -> None:
    stage = Stage(faults=Faults(no_start=True)).online()
    run = stage.start(expires_s=30)

    stage.advance(49.9)
    assert stage.names(run.id) == ["accepted"]
    stage.advance(0.2)

    failed = stage.events(run.id)[-1]
    assert (failed["ev"], failed["code"], failed["ran"]) == ("failed", "no_start", False)
    assert not stage.hardware.switched_on
    stage.faults.no_start = False
    assert stage.verdict(stage.start()) == "accepted ok"


# Broken off


def test_stop_ends_a_run_with_what_was_left(chair: Stage) -> None:
    run = chair.start()
    chair.advance(60.3)

    stop = chair.start(op=Op.STOP, args={})

    assert chair.names(stop.id) == ["accepted"]
    interrupted = chair.events(run.id)[-1]
    assert interrupted["ev"] == "interrupted"
    assert (interrupted["code"], interrupted["ran"], interrupted["left_s"]) == ("stopped", True, 540)
    chair.advance(1000)
    assert chair.names(run.id) == ["accepted", "started", "interrupted"]


def test_stop_between_the_store_and_the_relay_keeps_it_still(chair: Stage) -> None:
    run, stop = chair.command(), chair.command(Op.STOP, args={})
    assert chair.core
    for command in (run, stop):  # both arrive before the machine's next step
        message = sign(command.body(), key=KEY, device_id=DEVICE, topic=Topic.CMD)
        chair.execute(chair.core.received(Topic.CMD, message, chair.ms))
    chair.advance(60)

    assert chair.starts == []
    interrupted = chair.events(run.id)[-1]
    assert (interrupted["ev"], interrupted["ran"], interrupted["left_s"]) == ("interrupted", False, 600)


def test_stop_without_a_run_changes_nothing(chair: Stage) -> None:
    stop = chair.start(op=Op.STOP, args={})

    assert chair.verdict(stop) == "accepted ok"


def test_identify_is_accepted_beside_a_run(chair: Stage) -> None:
    run = chair.start()
    identify = chair.start(op=Op.IDENTIFY, args={})
    chair.advance(700)

    assert chair.verdict(identify) == "accepted ok"
    assert chair.names(run.id) == ["accepted", "started", "finished"]


def test_without_power_a_washer_refuses_until_it_is_back(washer: Stage) -> None:
    run = washer.start()
    washer.advance(30)
    washer.start(op=Op.POWER_OFF, args={})

    assert washer.names(run.id) == ["accepted", "started", "interrupted"]
    assert washer.verdict(washer.start()) == "rejected fault"
    assert washer.last(Topic.STATE)["status"] == "fault"
    washer.start(op=Op.POWER_ON, args={})
    assert washer.verdict(washer.start()) == "accepted ok"


def test_a_breakdown_tells_how_much_was_left() -> None:
    stage = Stage(faults=Faults(breaks_after_s=150)).online()
    run = stage.start()
    stage.advance(700)

    failed = stage.events(run.id)[-1]
    assert (failed["ev"], failed["code"], failed["ran"], failed["left_s"]) == ("failed", "motor", True, 450)

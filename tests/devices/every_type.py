"""What holds for each type of machine, whatever it is: checked over all that are found."""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, pairwise
from typing import Any
from uuid import uuid4

from hypothesis import find
from hypothesis import strategies as st

from devices.decide import Facts, Verdict, decide, decide_deadline
from devices.machines.arguments import Schema, errors_in
from devices.machines.base import CapturePoint, Machine, Option
from devices.protocol.commands import Command, Op
from devices.protocol.envelope import sign
from devices.protocol.events import Event, EventName, RejectCode
from devices.protocol.topics import Topic
from devices.states import RunStatus

CURRENCIES = ("CNY", "JPY")
PRICE = 1000
LARGEST_AMOUNT = 10**12
LONGEST_DOOR = "d" * 16
LENGTHS_S = (1, 7, 600, 1200, 14_399)
LARGEST_COLUMN = 32  # characters of a run's option


def check_what_people_read(machine: Machine) -> None:
    """Every text is marked for the translators."""
    shown = {machine.label, *(phase.label for phase in machine.phases)}
    shown |= {text for option in machine.options for text in (option.label, option.details) if text}
    schemas = [machine.args_schema, *map(machine.schema_of, machine.options)]
    rules = chain.from_iterable(schema["properties"].values() for schema in schemas)
    shown |= {rule["title"] for rule in rules if "title" in rule}
    assert machine.label
    assert shown - marked_in(machine) == set()


def check_ids(machine: Machine) -> None:
    ids = [option.id for option in machine.options]
    assert len(set(ids)) == len(ids)
    assert all(id_ and len(id_) <= LARGEST_COLUMN for id_ in [*ids, machine.slug])
    assert [machine.option(option.id) for option in machine.options] == list(machine.options)


def check_phases(machine: Machine) -> None:
    """They fill a run of any length without gaps, and the capture phase is one of them."""
    names = [phase.id for phase in machine.phases]
    assert names
    assert len(set(names)) == len(names)
    assert (machine.capture_point is CapturePoint.PHASE) == bool(machine.capture_phase)
    assert machine.capture_phase in {"", *names}
    for dur_s in LENGTHS_S:
        script = machine.script(dur_s)
        assert (script[0].begins_s, script[-1].ends_s) == (0, dur_s)
        assert all(one.ends_s == following.begins_s for one, following in pairwise(script))


def check_prices(machine: Machine) -> None:
    """Each option costs something in every currency, also with the largest arguments."""
    settings = machine.settled({})
    for option, args in offers(machine):
        least = 0 if option.may_be_free else 1
        assert set(option.prices) >= set(CURRENCIES)
        for price in option.prices.values():
            assert type(price) is int
            assert price >= least
            amount = machine.amount(option, price=price, args=args, settings=settings, stayed_s=10**7)
            assert least <= amount <= LARGEST_AMOUNT
            assert type(amount) is int
        if option.per:
            rule = machine.schema_of(option)["properties"][option.per]
            assert rule["type"] == "integer"
            assert option.per in machine.schema_of(option)["required"]
            assert 1 <= rule["minimum"] <= rule["maximum"]


def check_start(machine: Machine) -> None:
    """The machine understands what the server builds, and reads a message of that length."""
    for option, args in offers(machine):
        start_args = machine.start_args(option, args, door=LONGEST_DOOR if machine.keeps_parcels else "")
        assert machine.understands(start_args)
        assert not machine.understands({**start_args, "stranger": 1})
        command = Command(uuid4(), "s" * 32, 10**13 - 1, 10**13 - 1, machine.start_op, start_args)
        assert sign(command.body(), key=bytes(32), device_id=str(uuid4()), topic=Topic.CMD)
    assert (machine.start_op is Op.START) == (machine.capture_point is not CapturePoint.NEVER)


def check_settings(machine: Machine) -> None:
    machine.check_settings({})
    machine.check_settings(machine.default_settings)
    machine.check_settings(machine.settled({}))
    assert errors_in(machine.settings_schema, {"stranger": 1})
    for option in machine.options:
        assert bool(machine.doors(option, machine.settled({}))) == (
            machine.keeps_parcels and not option.quoted
        )


def check_times(machine: Machine) -> None:
    """A run lasts as long as it is planned, and the warning comes after its beginning."""
    for option, args in offers(machine):
        planned_s = machine.planned_s(option, args)
        behaviour = machine.behaviour(machine.start_args(option, args))
        assert 0 < behaviour.lasts_s <= planned_s
        assert 0 <= machine.warn_s < planned_s
        assert behaviour.rejects in {"", *RejectCode}
        assert behaviour.breaks_after_s is None or 0 < behaviour.breaks_after_s < behaviour.lasts_s


def check_capture(machine: Machine) -> None:
    """Playing the script earns the whole amount, once, at the capture point and not before."""
    if machine.capture_point is CapturePoint.NEVER:
        return
    for option, args in offers(machine):
        earned = earned_along(machine, machine.planned_s(option, args))
        assert [amount for _, amount in earned if amount is not None] == [PRICE]
        at = next(name for name, amount in earned if amount is not None)
        assert at == {
            CapturePoint.START: "started",
            CapturePoint.PHASE: machine.capture_phase,
            CapturePoint.END: "finished",
        }.get(machine.capture_point)


def check_breaking_off(machine: Machine) -> None:
    """What a broken-off run earns is never less than nothing nor more than was paid, and grows with time."""
    for left_s in (*range(-1, 605, 3), 10**6):
        earned = machine.earned(amount=PRICE, dur_s=600, left_s=left_s)
        assert 0 <= earned <= PRICE
        assert earned <= machine.earned(amount=PRICE, dur_s=600, left_s=left_s - 3)


def check_without_electronics(machine: Machine) -> None:
    """Whom nobody can talk to earns by being shown, and nobody may ask it for anything."""
    assert machine.electronic or machine.capture_point is CapturePoint.START
    assert machine.electronic or not machine.operations


CHECKS: Mapping[str, Callable[[Machine], None]] = {
    name: check for name, check in list(globals().items()) if name.startswith("check_")
}


def offers(machine: Machine) -> Iterator[tuple[Option, Mapping[str, Any]]]:
    """Each option with the smallest and the largest arguments that it takes."""
    for option in machine.options:
        schema = machine.schema_of(option)
        for end in ("minimum", "maximum"):
            args = {name: sample(rule, end) for name, rule in schema["properties"].items()}
            assert errors_in(schema, args) == {}
            yield option, args


def sample(rule: Schema, end: str) -> Any:
    if "enum" in rule:
        return rule["enum"][0 if end == "minimum" else -1]
    if rule["type"] == "string":
        return find(st.from_regex(rule.get("pattern", "[a-z]{1,8}"), fullmatch=True), lambda _: True)
    return {"integer": rule.get(end), "boolean": end == "maximum"}[rule["type"]]


def marked_in(machine: Machine) -> set[str]:
    """What the machine's file gives to gettext_noop."""
    tree = ast.parse(inspect.getsource(sys.modules[type(machine).__module__]))
    return {
        str(argument.value)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "gettext_noop"
        for argument in call.args
        if isinstance(argument, ast.Constant)
    }


def earned_along(machine: Machine, dur_s: int) -> list[tuple[str, int | None]]:
    """What each event of a healthy run earns, by the event or the phase it tells."""
    facts = Facts(RunStatus.PAID, PRICE, dur_s, earned=None, started=False, assumed=False)
    steps: list[tuple[str, Callable[[Facts], Verdict]]] = []
    if not machine.electronic:
        steps = [
            ("started", lambda facts: decide_deadline(facts, RunStatus.STARTED)),
            ("finished", lambda facts: decide_deadline(facts, RunStatus.FINISHED)),
        ]
    else:
        told = [("accepted", EventName.ACCEPTED, "ok"), ("started", EventName.STARTED, "ok")]
        told += [(phase.id, EventName.PROGRESS, phase.id) for phase in machine.phases[1:]]
        told += [("finished", EventName.FINISHED, "ok")]
        steps = [(name, deciding(machine, ev, code)) for name, ev, code in told]
    earned = []
    for name, step in steps:
        verdict = step(facts)
        earned.append((name, verdict.earned))
        facts = Facts(
            status=verdict.moves[-1] if verdict.moves else facts.status,
            price=PRICE,
            planned_s=dur_s,
            earned=facts.earned if verdict.earned is None else verdict.earned,
            started=facts.started or verdict.claims,
            assumed=verdict.assumed,
        )
    assert facts.status is RunStatus.FINISHED
    return earned


def deciding(machine: Machine, ev: EventName, code: str) -> Callable[[Facts], Verdict]:
    event = Event(id=uuid4(), boot=1, n=1, ev=ev, t=0, code=code)
    return lambda facts: decide(facts, event, machine)

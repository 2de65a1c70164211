"""The same race many times over, between processes that stay: each round all of them let go together."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

from outbox.errors import Refusal
from tests.processes import fork

ROUNDS = 200
START_S = 30
_FORKING = get_context("fork")
Act = Callable[[Any], object]


def contest(
    prepare: Callable[[int], Any],
    rivals: Sequence[Act],
    check: Callable[[Any, list[Any]], None],
    *,
    rounds: int = ROUNDS,
) -> None:
    """Let rivals, each a process with a connection of its own, fight over something new in each round.

    Args:
        prepare: makes what is fought over; it goes to the rivals by pickle, so hand out ids.
        rivals: what each does with it. A refusal's code, or what was returned, is its outcome.
        check: looks at what the rivals came to, in their order; runs between the rounds.
    """
    with _started(rivals) as lines:
        for number in range(rounds):
            subject = prepare(number)
            for line in lines:
                line.send(subject)
            outcomes = [line.recv() for line in lines]
            assert not [one for one in outcomes if isinstance(one, Exception)], outcomes
            check(subject, outcomes)


@contextmanager
def _started(rivals: Sequence[Act]) -> Iterator[list[Connection]]:
    """Fork the rivals; they end when their line is closed."""
    barrier = _FORKING.Barrier(len(rivals))
    pipes = [_FORKING.Pipe() for _ in rivals]
    parents = [ours for ours, _ in pipes]
    children = [
        fork(partial(_play, act, barrier, parents, theirs))
        for act, (_, theirs) in zip(rivals, pipes, strict=True)
    ]
    try:
        yield [ours for ours, _ in pipes]
    finally:
        for ours, theirs in pipes:
            ours.close()
            theirs.close()
        for child in children:
            child.join(START_S)
            child.kill()


def _play(act: Act, barrier: Barrier, parents: list[Connection], line: Connection) -> None:
    for parent in parents:  # inherited; while we hold them we would never see the end
        parent.close()
    while True:
        try:
            subject = line.recv()
        except EOFError:
            return
        barrier.wait(START_S)
        line.send(_outcome(act, subject))


def _outcome(act: Act, subject: Any) -> object:
    try:
        return act(subject)
    except Refusal as refusal:
        return refusal.code
    except Exception as error:  # noqa: BLE001 - whatever it was, the test must hear of it
        traceback.print_exc()
        return RuntimeError(f"{type(error).__name__}: {error}")

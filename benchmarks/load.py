"""Closed-loop load: every client is a process that does one thing after another until the time is up."""

import multiprocessing
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier

Operation = Callable[[], bool]  # True: it did what was asked. StopIteration: there is nothing left to do
PREPARE_S = 300  # the slowest client's
MakeOperation = Callable[[int], Operation]  # called once in each client, with its number


@dataclass(frozen=True)
class Result:
    """What the clients did together."""

    per_s: float
    p50_ms: float
    p99_ms: float
    refused: int


def run(*, clients: int, seconds: float, make: MakeOperation) -> Result:
    """Run `clients` processes for `seconds` and add up what they did.

    Raises:
        RuntimeError: a client died, so that the figure would lie.
    """
    fork = multiprocessing.get_context("fork")  # the clients share what was imported: 32 of them fit
    start = fork.Barrier(clients)
    pipes, workers = [], []
    for number in range(clients):
        here, there = fork.Pipe(duplex=False)
        worker = fork.Process(target=_client, args=(number, seconds, make, start, there), daemon=True)
        worker.start()
        there.close()
        pipes.append(here)
        workers.append(worker)
    parts = [_receive(pipe) for pipe in pipes]
    for worker in workers:
        worker.join()
    return _add_up(parts)


def _receive(pipe: Connection) -> tuple[float, list[float], int]:
    try:
        part: tuple[float, list[float], int] = pipe.recv()
    except EOFError as error:
        raise RuntimeError("a client of the load died; its message stands above") from error
    return part


def _client(number: int, seconds: float, make: MakeOperation, start: Barrier, out: Connection) -> None:
    operation = make(number)
    operation()  # connections, caches and prepared statements are not what is measured
    took, refused = [], 0
    start.wait(PREPARE_S)
    begin = last = time.perf_counter()
    while last - begin < seconds:
        try:
            refused += not operation()
        except StopIteration:  # it has nothing left to do
            break
        now = time.perf_counter()
        took.append(now - last)
        last = now
    out.send((last - begin, took, refused))


def _add_up(parts: list[tuple[float, list[float], int]]) -> Result:
    took = sorted(one for _, times, _ in parts for one in times)
    refused = sum(part[2] for part in parts)
    span = statistics.mean(part[0] for part in parts)
    return Result(
        per_s=(len(took) - refused) / span,
        p50_ms=1000 * took[len(took) // 2],
        p99_ms=1000 * took[min(len(took) - 1, len(took) * 99 // 100)],
        refused=refused,
    )

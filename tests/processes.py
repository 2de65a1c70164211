"""Running something in several processes of its own at once, each with its own database connection."""

import multiprocessing
import os
import traceback
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from django.db import connection, connections

Result = TypeVar("Result")
_FORKING = multiprocessing.get_context("fork")  # children share the test's functions and settings


def fork(work: Callable[[], object]) -> BaseProcess:
    """Start `work` in a child; kill it, or join it and look at its exit code."""
    connections.close_all()  # a child must not speak on our socket
    child = _FORKING.Process(target=_run, args=(work,))
    child.start()
    return child


def in_processes(count: int, work: Callable[[], object]) -> None:
    """Run `work` in several children that start together; fail if one of them failed."""
    barrier = _FORKING.Barrier(count)
    children = [fork(lambda: _after(barrier, work)) for _ in range(count)]
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * count


def together(count: int, work: Callable[[int], Result]) -> list[Result | Exception]:
    """Return what `count` threads got from `work(n)`, exceptions included; each has its own connection."""
    answers: SimpleQueue[Result | Exception] = SimpleQueue()

    def one(number: int) -> None:
        try:
            answers.put(work(number))
        except Exception as error:  # noqa: BLE001 - whatever it was is the answer
            answers.put(error)
        finally:
            connection.close()

    threads = [Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers.get() for _ in range(count)]


def _after(barrier: Barrier, work: Callable[[], object]) -> None:
    barrier.wait(10)
    work()


def _run(work: Callable[[], object]) -> None:
    try:
        work()
    except BaseException:  # noqa: BLE001 - whatever it was, this child must not go on as a second pytest
        traceback.print_exc()
        os._exit(1)
    os._exit(0)

"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import TypeVar

PACE_S = 0.02
T = TypeVar("T")


def eventually(predicate: Callable[[], T], *, within_s: float = 30, what: str = "") -> T:
    """Return the first true answer of `predicate`; AssertionError when there is none in time."""
    deadline = time.monotonic() + within_s
    while not (answer := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s: {what or predicate}; last answer {answer!r}")
        time.sleep(PACE_S)
    return answer

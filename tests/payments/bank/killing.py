"""Dying between two steps: the process is gone there, and what it had committed stays."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


class Killed(BaseException):
    """Not an Exception: nothing may catch it and go on."""


@contextmanager
def killed(at: Any, name: str, when: str) -> Iterator[None]:
    """Die where `at.name` is called, "before" it does anything or "after" it did all."""
    real: Callable[..., Any] = getattr(at, name)

    def die(*args: Any, **options: Any) -> Any:
        if when == "after":
            real(*args, **options)
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(at, name, die)
        try:
            yield
        except Killed:
            return
    pytest.fail(f"{name} was not called")

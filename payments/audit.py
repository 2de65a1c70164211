"""The auditor: are the books right? It reads one snapshot, right while payments run, and repairs nothing.

Other apps add checks in a module named `audit_checks`.
"""

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction

Check = Callable[[Any], Iterable[str]]

_checks: dict[str, tuple[Check, bool]] = {}


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing that should not be."""

    check: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.check}: {self.sentence}"


def check(name: str, *, full: bool = False) -> Callable[[Check], Check]:
    """Register a check: it takes a cursor inside the auditor's snapshot and yields a sentence per breach.

    Args:
        full: reads the whole history; left out of the frequent pass.
    """

    def register(function: Check) -> Check:
        _checks[name] = (function, full)
        return function

    return register


def names(*, full: bool = True) -> list[str]:
    """Return what a pass checks."""
    return [name for name, (_, is_full) in _checks.items() if full or not is_full]


def audit(*, full: bool = True) -> list[Breach]:
    """Run the checks in one snapshot of a transaction that may not write, and return what they found.

    Inside a test's open transaction there is no snapshot to set; nobody else writes then.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if len(connection.atomic_blocks) == 1:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return [
            Breach(name, sentence)
            for name, (function, is_full) in _checks.items()
            if full or not is_full
            for sentence in function(cursor)
        ]


def confirmed_breaches(*, full: bool = True) -> list[Breach]:
    """Return what a second snapshot shows of the checks that complained in a first one.

    The second is taken AUDIT_SECOND_LOOK_S later: after an outage of ours the first sweep does the work that
    had to wait, and work that waits is no breach. Sentences are not compared: on an account in use they tell
    other sums in each snapshot.
    """
    suspected = {breach.check for breach in audit(full=full)}
    if not suspected:
        return []
    time.sleep(settings.AUDIT_SECOND_LOOK_S)
    return [breach for breach in audit(full=full) if breach.check in suspected]


def assert_conserved(*, besides: Collection[str] = ()) -> None:
    """Fail with every breach there is; for tests.

    Args:
        besides: checks that the test breaks on purpose.

    Raises:
        AssertionError: the books are wrong.
    """
    found = [breach for breach in audit() if breach.check not in besides]
    if found:
        raise AssertionError("The books are wrong:\n" + "\n".join(str(breach) for breach in found))

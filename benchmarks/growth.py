"""What a balance, a statement page and a payment cost after ten thousand transfers, and after a million."""

import argparse
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import psycopg

from benchmarks import world
from benchmarks.load import Operation
from benchmarks.table import Slice
from payments import accounts, queries
from payments.models import Lane
from payments.statements import lines

SMALL = 10_000
GOAL = 1.2
PAGE = 20
DEEP = 1_000  # a line that nobody has looked at since

# Rows as the service writes them, a coin going to and fro between two wallets; the auditor looks at them too.
# Ids grow with the line, as those of the service do with time.
FILL = """
SET LOCAL session_replication_role = replica;
CREATE TEMPORARY TABLE line ON COMMIT DROP AS
SELECT no, odd,
    (lpad(to_hex(1600000000000 + no), 12, '0') || '70008000' || lpad(to_hex(no), 12, '0'))::uuid AS id,
    CASE WHEN odd THEN {one} ELSE {other} END AS payer, CASE WHEN odd THEN {other} ELSE {one} END AS payee,
    {one_has} - odd::int AS one_after, {other_has} + odd::int AS other_after,
    timestamptz '2020-09-13 12:26:40Z' + no * interval '1 ms' AS at
FROM (SELECT no, no % 2 = 1 AS odd FROM generate_series({first}::bigint, {last}::bigint) AS no) AS numbers;
INSERT INTO payments_payment (
    id, kind, status, payer_id, payee_id, payee_name, place, option, memo, amount, captured_amount, cap_rule,
    confirmed_at, resolved_at
) SELECT id, 'person', 'settled', payer, payee, 'Payee', '', '', '', 1, 1, '', at, at FROM line ORDER BY no;
INSERT INTO payments_transfer (
    id, kind, debit_id, credit_id, amount, payment_id, posted_at,
    debit_version, debit_balance_after, credit_version, credit_balance_after
) SELECT id, 'payment', payer, payee, 1, id, at,
    no + CASE WHEN odd THEN {one_version} ELSE {other_version} END,
    CASE WHEN odd THEN one_after ELSE other_after END,
    no + CASE WHEN odd THEN {other_version} ELSE {one_version} END,
    CASE WHEN odd THEN other_after ELSE one_after END
FROM line ORDER BY no;
INSERT INTO payments_idempotentanswer (caller, key, body_hash, status, body)
SELECT id, id::text, '\\x00', 201, '{{}}' FROM line ORDER BY no;
UPDATE payments_lane SET version = version + {last} - {first} + 1 WHERE account_id IN ({one}, {other});
"""


@dataclass
class History:
    """Two wallets with ever more lines."""

    url: str  # as superuser: the service's own role could not
    users: tuple[UUID, UUID]
    lines: int = 0

    def grow(self, lines: int) -> None:
        """Write lines until there are so many."""
        one, other = (Lane.objects.get(account=accounts.wallet_of(user)) for user in self.users)
        fields = {
            "one": one.account_id,
            "other": other.account_id,
            "one_has": one.amount,
            "other_has": other.amount,
            "one_version": one.version - self.lines,
            "other_version": other.version - self.lines,
        }
        with psycopg.connect(self.url, autocommit=True) as superuser:
            for first in range(self.lines + 1, lines + 1, 500_000):
                last = min(first + 499_999, lines)
                with superuser.transaction():
                    superuser.execute(FILL.format(**fields, first=first, last=last))
                print(f"  {last:,} of {lines:,} transfers written", flush=True)
            superuser.execute("VACUUM (ANALYZE)")
            superuser.execute("CHECKPOINT")
        self.lines = lines


def build(url: str, people: world.World) -> History:
    """Take the last two payers; nobody else pays them while they are looked at."""
    return History(url, (people.payers.pop(), people.payers.pop()))


def operations(history: History, people: world.World) -> dict[str, tuple[int, Callable[[int], Operation]]]:
    """Return what is measured: name -> clients and operation."""
    user = history.users[0]
    return {
        "balance": (1, lambda _: partial(_balance, user)),
        "newest statement page": (1, lambda _: partial(_page, user, None)),
        "deep statement page": (1, lambda _: partial(_page, user, DEEP)),
        "payment": (8, partial(world.between_people, people)),
    }


def measure(
    *,
    history: History,
    slices: Mapping[str, Slice],
    baseline: Slice,
    options: argparse.Namespace,
) -> str:
    """Measure at ten thousand transfers and at as many as asked for; return the table."""
    sizes = (SMALL, options.transfers)
    taken: dict[int, dict[str, float]] = {}
    for size in sizes:
        history.grow(size)
        taken[size] = {
            name: _relative(name, slice_, baseline, options.rounds) for name, slice_ in slices.items()
        }
    rows = [
        f"\nCost after {sizes[1]:,} transfers / after {sizes[0]:,}, each relative to tpcb-like just before it"
    ]
    for name in slices:
        ratio = taken[sizes[0]][name] / taken[sizes[1]][name]
        rows.append(
            f"| {name} | {ratio:.2f} | goal {GOAL:.2f} | {'reached' if ratio <= GOAL else 'MISSED'} |"
        )
    return "\n".join(rows)


def _relative(name: str, slice_: Slice, baseline: Slice, rounds: int) -> float:
    ratios = []
    for number in range(rounds):
        against, figure = baseline(), slice_()
        print(
            f"  round {number + 1}/{rounds}  {name}: {figure:,.0f}/s (tpcb-like {against:,.0f}/s)", flush=True
        )
        ratios.append(figure / against)
    return statistics.median(ratios)


def _balance(user_id: UUID) -> bool:
    return queries.balance(user_id).available >= 0


def _page(user_id: UUID, before: int | None) -> bool:
    return len(lines.statement(user_id=user_id, before=before, limit=PAGE)) == PAGE

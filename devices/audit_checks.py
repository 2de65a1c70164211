"""What must be true of runs and their money at every moment. Each answer is a sentence about one breach."""

from collections.abc import Iterable
from typing import Any

from devices.states import AWAITED, COMMAND_OPEN, OPEN, RunStatus
from payments.audit import check

FORGOTTEN_S = 600  # a due command that nobody looked at for so long: no worker sweeps

SETTLED_WITHOUT_START = """
SELECT payment.id
FROM payments_payment payment
LEFT JOIN devices_run run ON run.payment_id = payment.id AND run.started_at IS NOT NULL
WHERE payment.kind = 'machine' AND payment.status = 'settled' AND run.id IS NULL
"""
# A run that was triggered earns from what was held again of its payment.
EARNED_IS_NOT_CAPTURED = """
SELECT run.id, run.earned, payment.status, got.captured
FROM devices_run run
JOIN payments_payment payment ON payment.id = run.payment_id
LEFT JOIN payments_hold again ON again.payment_id = payment.id AND again.again
CROSS JOIN LATERAL (
    SELECT CASE payment.kind WHEN 'machine' THEN payment.captured_amount ELSE coalesce(again.captured, 0) END
) AS got (captured)
WHERE coalesce(run.earned, 0) <> got.captured
"""
CONFIRMED_WITHOUT_RUN = """
SELECT payment.id
FROM payments_hold hold
JOIN payments_payment payment ON payment.id = hold.payment_id
LEFT JOIN devices_run run ON run.payment_id = payment.id AND run.status = ANY(%s)
WHERE hold.status <> 'resolved' AND (payment.kind = 'machine' OR hold.again) AND run.id IS NULL
"""
TRIGGERED_OTHERWISE = """
SELECT payment_id, run.price, hold.amount
FROM (
    SELECT run.payment_id, run.price FROM devices_run run
    JOIN payments_payment payment ON payment.id = run.payment_id WHERE payment.kind <> 'machine'
) AS run
FULL JOIN (SELECT payment_id, amount FROM payments_hold WHERE again) AS hold USING (payment_id)
WHERE run.price IS DISTINCT FROM hold.amount
"""
HOLD_ELSEWHERE = """
SELECT run.id, run.status, hold.status
FROM devices_run run
LEFT JOIN payments_hold hold ON hold.payment_id = run.payment_id AND hold.status <> 'resolved'
WHERE run.payment_id IS NOT NULL AND run.earned IS NULL
  AND ((run.status = ANY(%(waiting)s) AND hold.status IS DISTINCT FROM 'open')
    OR (run.status = 'started' AND hold.status IS DISTINCT FROM 'claimed'))
"""
LEFT_BEHIND = """
SELECT parcel.id, parcel.door
FROM devices_parcel parcel
JOIN devices_run put ON put.id = parcel.deposit_id
LEFT JOIN devices_run fetched ON fetched.id = parcel.fetched_by_id
WHERE parcel.ended_at IS NULL
  AND (fetched.status <> ALL(%(open)s) OR (parcel.stored_at IS NULL AND put.status <> ALL(%(open)s)))
"""
FORGOTTEN = """
SELECT run.id, run.status
FROM devices_run run
LEFT JOIN devices_command command ON command.id = run.id AND command.status = ANY(%s)
WHERE run.status = ANY(%s) AND (command.id IS NULL OR command.due_at < now() - make_interval(secs => %s))
"""


@check("settled machine payments started once", full=True)
def settled_payments_started(cursor: Any) -> Iterable[str]:
    """Yield machine payments that were settled although their machine never started."""
    cursor.execute(SETTLED_WITHOUT_START)
    for (payment_id,) in cursor.fetchall():
        yield f"Payment {payment_id} is settled, but its machine never started."


@check("runs earned what was captured", full=True)
def runs_earned_what_was_captured(cursor: Any) -> Iterable[str]:
    """Yield runs whose owner got more or less than the run earned."""
    cursor.execute(EARNED_IS_NOT_CAPTURED)
    for run_id, earned, status, captured in cursor.fetchall():
        yield f"Run {run_id} earned {earned}, but its payment ({status}) captured {captured}."


@check("triggered runs hold their price again", full=True)
def triggered_runs_hold_their_price(cursor: Any) -> Iterable[str]:
    """Yield payments of which more, less or nothing was held again than the run costs that was triggered."""
    cursor.execute(TRIGGERED_OTHERWISE)
    for payment_id, price, held in cursor.fetchall():
        yield f"Payment {payment_id} triggered a run of {price}, but {held} of it was held again."


@check("confirmed machine payments have an open run")
def confirmed_payments_have_a_run(cursor: Any) -> Iterable[str]:
    """Yield machine payments in escrow for which nothing is under way."""
    cursor.execute(CONFIRMED_WITHOUT_RUN, [sorted(OPEN)])
    for (payment_id,) in cursor.fetchall():
        yield f"Payment {payment_id} waits in escrow, but no run of it is open."


@check("open runs have their hold")
def open_runs_have_their_hold(cursor: Any) -> Iterable[str]:
    """Yield runs whose hold is not where their state says."""
    cursor.execute(HOLD_ELSEWHERE, {"waiting": sorted(AWAITED | {RunStatus.PAID})})
    for run_id, status, hold in cursor.fetchall():
        yield f"Run {run_id} is {status}, but its hold is {hold or 'resolved'}."


@check("open runs have a due command")
def open_runs_have_a_due_command(cursor: Any) -> Iterable[str]:
    """Yield runs that nobody will ever look at again, or nobody has for ten minutes."""
    cursor.execute(FORGOTTEN, [sorted(COMMAND_OPEN), sorted(OPEN), FORGOTTEN_S])
    for run_id, status in cursor.fetchall():
        yield f"Run {run_id} is {status}, but nothing is due for it."


@check("parcels follow the runs that move them", full=True)
def parcels_follow_their_runs(cursor: Any) -> Iterable[str]:
    """Yield parcels whose run has ended and left them where they were: their door would never be free."""
    cursor.execute(LEFT_BEHIND, {"open": sorted(OPEN)})
    for parcel_id, door in cursor.fetchall():
        yield f"Parcel {parcel_id} behind door {door} did not follow the end of its run."

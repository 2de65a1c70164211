"""A statement as camt.053, which bookkeeping programs read."""

from collections.abc import Iterator

from outbox import clock
from outbox.ids import uuid7
from payments import money
from payments.iso20022 import camt053, fields
from payments.iso20022.parties import BankAccount
from payments.models import Account
from payments.statements.booked import Booked, Line


def chunks(booked: Booked) -> Iterator[bytes]:
    """Write the message piece by piece; a piece is made when it is asked for."""
    head = camt053.Statement(
        id=fields.reference(uuid7()),
        created_at=clock.now(),
        account=BankAccount(other=str(booked.account.pk)),
        owner_name=_owner(booked.account),
        currency=money.currency(),
        period_from=booked.period.begins_at,
        period_to=booked.period.ends_at,
        opening=booked.opening,
        closing=booked.closing,
    )
    return camt053.build(head, map(_entry, booked.lines))


def _owner(account: Account) -> str:
    """Return a name that the message can hold: stored names were typed by people."""
    return fields.readable(account.name)[: fields.LONGEST_TEXT].strip() or str(account.pk)


def _entry(line: Line) -> camt053.Entry:
    cause = line.payment_id or line.withdrawal_id or line.top_up_id
    return camt053.Entry(
        transfer=fields.reference(line.transfer_id),
        amount=line.amount,
        booked_at=line.booked_at,
        kind=line.kind,
        reference=fields.reference(cause) if cause else "",
        counterparty=line.counterparty,
        remittance=line.memo,
    )

"""Which moves are legal, and the one way to make them."""

from uuid import UUID

from django.db.models import Model

from payments.models import Code, Hold, Payment, PaymentCode, TopUp, Withdrawal

CODE: dict[str, frozenset[str]] = {
    Code.Status.ACTIVE: frozenset({Code.Status.USED, Code.Status.EXPIRED, Code.Status.REVOKED}),
    Code.Status.USED: frozenset(),
    Code.Status.EXPIRED: frozenset(),
    Code.Status.REVOKED: frozenset(),
}
PAYMENT: dict[str, frozenset[str]] = {
    Payment.Status.CONFIRMED: frozenset({Payment.Status.SETTLED, Payment.Status.RELEASED}),
    Payment.Status.SETTLED: frozenset(),
    Payment.Status.RELEASED: frozenset(),
}
HOLD: dict[str, frozenset[str]] = {
    Hold.Status.OPEN: frozenset({Hold.Status.CLAIMED, Hold.Status.RESOLVED}),
    Hold.Status.CLAIMED: frozenset({Hold.Status.RESOLVED}),
    Hold.Status.RESOLVED: frozenset(),
}
PAYMENT_CODE: dict[str, frozenset[str]] = {
    PaymentCode.Status.ACTIVE: frozenset({PaymentCode.Status.USED, PaymentCode.Status.REVOKED}),
    PaymentCode.Status.USED: frozenset(),
    PaymentCode.Status.REVOKED: frozenset(),
}
WITHDRAWAL: dict[str, frozenset[str]] = {
    # FAILED without the bank: it was never submitted, and never will be.
    Withdrawal.Status.REQUESTED: frozenset({Withdrawal.Status.SUBMITTED, Withdrawal.Status.FAILED}),
    Withdrawal.Status.SUBMITTED: frozenset({Withdrawal.Status.PAID, Withdrawal.Status.FAILED}),
    Withdrawal.Status.PAID: frozenset({Withdrawal.Status.RETURNED}),
    Withdrawal.Status.FAILED: frozenset(),
    Withdrawal.Status.RETURNED: frozenset(),
}
TOP_UP: dict[str, frozenset[str]] = {
    TopUp.Status.REQUESTED: frozenset({TopUp.Status.PAID, TopUp.Status.FAILED}),
    TopUp.Status.PAID: frozenset(),
    TopUp.Status.FAILED: frozenset(),
}
_TABLES: dict[type[Model], dict[str, frozenset[str]]] = {
    Code: CODE,
    Payment: PAYMENT,
    Hold: HOLD,
    PaymentCode: PAYMENT_CODE,
    Withdrawal: WITHDRAWAL,
    TopUp: TOP_UP,
}
Moving = type[Code] | type[Payment] | type[Hold] | type[PaymentCode] | type[Withdrawal] | type[TopUp]


def move(what: Moving, pk: UUID, *, source: str, to: str, **fields: object) -> bool:
    """Move a row from one state to another; False if it was not in that state any more.

    Raises:
        ValueError: the table knows no such move: a mistake in the program.
    """
    if to not in _TABLES[what][source]:
        raise ValueError(f"{what.__name__} never moves from {source} to {to}")
    return what._default_manager.filter(pk=pk, status=source).update(status=to, **fields) == 1

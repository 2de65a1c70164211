"""Which moves are legal, and the one way to make them."""

from uuid import UUID

from django.db.models import Model

from payments.models import Code, Hold, Payment

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
_TABLES: dict[type[Model], dict[str, frozenset[str]]] = {Code: CODE, Payment: PAYMENT, Hold: HOLD}


def move(
    what: type[Code] | type[Payment] | type[Hold], pk: UUID, *, source: str, to: str, **fields: object
) -> bool:
    """Move a row from one state to another; False if it was not in that state any more.

    Raises:
        ValueError: the table knows no such move: a mistake in the program.
    """
    if to not in _TABLES[what][source]:
        raise ValueError(f"{what.__name__} never moves from {source} to {to}")
    return what._default_manager.filter(pk=pk, status=source).update(status=to, **fields) == 1

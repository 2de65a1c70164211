"""Who stands on the other side of a statement's line. Pure."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from payments.books import Account

_BANK = frozenset({Account.Kind.BANK.value, Account.Kind.WITHDRAWAL_CLEARING.value})


class Other(NamedTuple):
    """What is known of the other side. Everything about the payment is None where none stands behind it."""

    kind: str  # of the other account
    name: str  # of the other account
    we_paid: bool | None
    payee_name: str | None  # as the payer was shown it
    payer_name: str | None


def counterparty(other: Other) -> str:
    """Return whom a line names: escrow is nobody, so it is the person or shop behind it."""
    if other.kind in _BANK:
        return _("Bank")
    if other.kind == Account.Kind.FEE_REVENUE:
        return _("Fee")
    behind = other.payee_name if other.we_paid else other.payer_name
    return behind or other.name

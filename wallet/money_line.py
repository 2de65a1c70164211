"""The upper line of the pair: where the money of a run is. Nothing was paid, nothing is claimed."""

from django.utils.translation import gettext as _

from wallet import clocks, money
from wallet.facts import Facts
from wallet.screens import Line


def waiting(facts: Facts) -> Line:
    """Say that it is set aside, or paid already."""
    if facts.is_free:
        return _nothing()
    if facts.captured:
        return _paid(facts)
    why = _("Not theirs yet") if facts.by_person else _("Not the shop’s yet")
    return Line("dashed", _("%(sum)s set aside") % {"sum": money.text(facts.amount)}, why)


def unsure(facts: Facts) -> Line:
    """Say that it is still set aside while nobody knows what the machine did."""
    if facts.is_free:
        return _nothing()
    words = _("%(sum)s still set aside") % {"sum": money.text(facts.amount)}
    return Line("dashed", words, _("Nobody has it yet"))


def paid(facts: Facts) -> Line:
    """Say that the machine's owner has it."""
    return _nothing() if facts.is_free else _paid(facts)


def back(facts: Facts) -> Line:
    """Say that all of it is back."""
    if facts.is_free:
        return _nothing()
    known = facts.balance is not None
    why = _("Available now %(sum)s") % {"sum": money.text(facts.balance or 0)} if known else ""
    return Line("back", _("%(sum)s is back") % {"sum": money.text(facts.amount)}, why)


def partly_back(facts: Facts) -> Line:
    """Say what of it is back."""
    if not facts.released:
        return paid(facts)
    sums = {"back": money.text(facts.released), "all": money.text(facts.amount)}
    return Line("back", _("%(back)s of %(all)s is back") % sums, "")


def _nothing() -> Line:
    return Line("none", _("Nothing to pay"), "")


def _paid(facts: Facts) -> Line:
    words = _("%(sum)s paid") % {"sum": money.text(facts.captured)}
    return Line("solid", words, f"{facts.payee} · {clocks.minute(facts.settled_at or facts.confirmed_at)}")

"""What the wallet says when a service said no: what happened, what became of the money, in one breath."""

from datetime import timedelta

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from outbox import clock
from outbox.errors import Refusal
from wallet import clocks

_SENTENCES: dict[str, Promise] = {
    "insufficient_funds": gettext_lazy("There is not enough money in your wallet. No money moved"),
    "wrong_pin": gettext_lazy("That PIN is not right. No money moved"),
    "code_expired": gettext_lazy("This code has run out. No money moved"),
    "code_used": gettext_lazy("This code was paid already. No money moved"),
    "code_revoked": gettext_lazy("Its owner took this code back. No money moved"),
    "unknown_code": gettext_lazy("We do not know this code. No money moved"),
    "payable_changed": gettext_lazy("The price or the shop changed. No money moved. Please look again"),
    "payment_required": gettext_lazy("This costs something now. No money moved. Please look again"),
    "nothing_to_pay": gettext_lazy("This costs nothing now. No money moved. Please look again"),
    "self_payment": gettext_lazy("This is your own code. No money moved"),
    "payee_frozen": gettext_lazy("They cannot be paid at the moment. No money moved"),
    "payer_frozen": gettext_lazy("Your wallet is frozen. No money moved"),
    "unknown_key": gettext_lazy("Your payment never reached us. No money moved"),
}
_LOCKS = frozenset({"pin_locked", "too_many_tries"})
_ABOUT_MACHINES: dict[str, Promise] = {
    "machine_offline": gettext_lazy("%(number)s is offline. Try another machine"),
    "machine_busy": gettext_lazy("Somebody is using %(number)s. No money moved"),
}
_NOTICES: dict[str, Promise] = {
    "first_payment": gettext_lazy("You have not paid %(payee)s before. Is it the right name?"),
    "personal_code_like_machine": gettext_lazy("This code pays a person, not a machine. Nothing will start"),
}


def of_notice(notice: str, *, payee: str) -> str:
    """Say what a payer should know of a code before he pays."""
    return str(_NOTICES[notice]) % {"payee": payee}


def of_code(code: str) -> str:
    """Return the sentence for a refusal that needs nothing besides its code."""
    return str(_SENTENCES[code])


def of_machine(code: str, *, number: str) -> str:
    """Return why a machine cannot be paid for."""
    return str(_ABOUT_MACHINES[code]) % {"number": number}


def of(refusal: Refusal, *, number: str = "") -> str:
    """Say a refusal in the wallet's voice.

    Args:
        number: the machine's, where there is one.
    """
    if refusal.code in _LOCKS and refusal.retry_after_s:
        return _locked(refusal.retry_after_s)
    if refusal.code in _ABOUT_MACHINES:
        return of_machine(refusal.code, number=number) if number else refusal.detail
    if refusal.code in _SENTENCES:
        return of_code(refusal.code)
    return _("%(reason)s No money moved") % {"reason": refusal.detail}


def _locked(rest_s: int) -> str:
    now = timezone.localtime(clock.now())
    until = now + timedelta(seconds=rest_s)
    if until.date() == now.date():
        return _("Too many tries. Try again at %(time)s") % {"time": clocks.minute(until)}
    day = formats.date_format(until, _("l j F"))
    return _("Too many tries. Try again on %(day)s at %(time)s") % {"day": day, "time": clocks.minute(until)}

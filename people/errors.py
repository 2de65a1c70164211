"""Every way the people's part says no."""

from django.utils.translation import gettext_lazy as _

from outbox.errors import Refusal


class WrongPin(Refusal):
    """The PIN was not right; the failure is counted."""

    code, status = "wrong_pin", 403
    sentence = _("This is not your PIN.")


class PinLocked(Refusal):
    """Too many wrong PINs: nothing is compared until the lock ends."""

    code, status = "pin_locked", 423
    sentence = _("Too many wrong PINs. Try again later.")


class WeakPin(Refusal):
    """A PIN that others would try first."""

    code, status = "weak_pin", 400
    sentence = _("This PIN is too easy to guess: use at least three different digits, not in a row.")

    def __init__(self) -> None:
        super().__init__(errors={"pin": [str(self.sentence)]})


class WeakPassword(Refusal):
    """A password that others would try first; `errors` says why."""

    code, status = "weak_password", 400
    sentence = _("This password is too easy to guess.")


class PhoneTaken(Refusal):
    """Somebody signed up with this number before."""

    code, status = "phone_taken", 409
    sentence = _("This phone number has an account already.")


class WrongCredentials(Refusal):
    """Phone or password is wrong; which of them is not told."""

    code, status = "wrong_credentials", 401
    sentence = _("Phone number or password is wrong.")


class TooManyTries(Refusal):
    """This number or this address tried to sign in too often."""

    code, status = "too_many_tries", 429
    sentence = _("Too many attempts. Try again later.")


class SignUpClosed(Refusal):
    """Accounts are not made here without the demo."""

    code, status = "not_found", 404
    sentence = _("There is nothing here.")

"""Every way the money part says no. `code` and `status` are the contract's."""

from django.utils.translation import gettext_lazy as _

from outbox.errors import Refusal


class InsufficientFunds(Refusal):
    code, status = "insufficient_funds", 402
    sentence = _("There is not enough money in the wallet.")


class LimitExceeded(Refusal):
    code, status = "limit_exceeded", 403
    sentence = _("This payment would exceed a limit.")


class PayerFrozen(Refusal):
    code, status = "payer_frozen", 403
    sentence = _("Your wallet is frozen.")


class PayeeFrozen(Refusal):
    code, status = "payee_frozen", 403
    sentence = _("The payee cannot be paid at the moment.")


class UnknownCode(Refusal):
    code, status = "unknown_code", 404
    sentence = _("This is not a code of ours.")


class CodeExpired(Refusal):
    code, status = "code_expired", 410
    sentence = _("The code has expired.")


class CodeUsed(Refusal):
    code, status = "code_used", 410
    sentence = _("The code was paid already.")


class CodeRevoked(Refusal):
    code, status = "code_revoked", 410
    sentence = _("The code was withdrawn by its owner.")


class PayableChanged(Refusal):
    code, status = "payable_changed", 409
    sentence = _("What this code sells has changed since it was shown. Scan it again.")


class AmountRequired(Refusal):
    code, status = "amount_required", 400
    sentence = _("The code fixes no amount: say how much to pay.")


class AmountMismatch(Refusal):
    code, status = "amount_mismatch", 400
    sentence = _("The code fixes another amount.")


class CurrencyMismatch(Refusal):
    code, status = "currency_mismatch", 400
    sentence = _("This service counts in another currency.")


class OptionUnknown(Refusal):
    code, status = "option_unknown", 400
    sentence = _("There is no such option here.")


class ArgsInvalid(Refusal):
    code, status = "args_invalid", 400
    sentence = _("These arguments do not fit.")


class SelfPayment(Refusal):
    code, status = "self_payment", 400
    sentence = _("You cannot pay yourself.")


class CodeNotFound(Refusal):
    code, status = "not_found", 404
    sentence = _("There is no such code of yours.")


class UnknownPayment(Refusal):
    code, status = "not_found", 404
    sentence = _("There is no such payment.")


class KeyReused(Refusal):
    code, status = "idempotency_key_reused", 422
    sentence = _("This idempotency key was used for another request.")


class InProgress(Refusal):
    code, status = "idempotency_in_progress", 409
    sentence = _("The first request under this idempotency key is still running.")


class SizeInvalid(Refusal):
    code, status = "invalid", 400
    sentence = _("A code is printed between 15 and 200 millimetres wide.")


class OtherCurrency(Exception):
    """The database was set up for another currency: amounts would mean something else. Not for clients."""

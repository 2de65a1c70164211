"""Every way the money part says no. `code` and `status` are the contract's."""

from django.utils.translation import gettext_lazy as _

from outbox.errors import Refusal


class InsufficientFunds(Refusal):
    code, status = "insufficient_funds", 402
    sentence = _("There is not enough money in the wallet.")


class LimitExceeded(Refusal):
    code, status = "limit_exceeded", 403
    sentence = _("This payment would exceed a limit.")


class ClassUncapped(Refusal):
    code, status = "class_uncapped", 409
    sentence = _("No limit counts codes of this sort in that class. Add one first.")


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


class NothingToPay(Refusal):
    code, status = "nothing_to_pay", 409
    sentence = _("This costs nothing: it is used without a payment.")


class SelfPayment(Refusal):
    code, status = "self_payment", 400
    sentence = _("You cannot pay yourself.")


class CodeNotFound(Refusal):
    code, status = "not_found", 404
    sentence = _("There is no such code of yours.")


class AccountNotFound(Refusal):
    code, status = "not_found", 404
    sentence = _("There is no such account of yours.")


class UnknownPayment(Refusal):
    code, status = "not_found", 404
    sentence = _("There is no such payment.")


class PaymentInEscrow(Refusal):
    code, status = "payment_in_escrow", 409
    sentence = _("The payment is still in escrow: it is captured or released there, not refunded.")


class PaymentNotRefundable(Refusal):
    code, status = "payment_not_refundable", 409
    sentence = _("This payment was released, or paid to a person: there is nothing to refund.")


class RefundExceedsPayment(Refusal):
    code, status = "refund_exceeds_payment", 409
    sentence = _("This is more than is left of the payment.")


class MerchantFundsShort(Refusal):
    code, status = "merchant_funds_short", 402
    sentence = _("The shop's account does not hold enough for this refund.")


class ShopFundsShort(Refusal):
    code, status = "merchant_funds_short", 409
    sentence = _("The shop's account does not hold enough to start a machine with this payment.")


class PaymentNotSettled(Refusal):
    code, status = "payment_not_settled", 409
    sentence = _("This payment is not settled: it is still in escrow, or its payer has it back.")


class PaymentUsed(Refusal):
    code, status = "payment_used", 409
    sentence = _("A machine was started with this payment already.")


class PriceNotCovered(Refusal):
    code, status = "amount_too_small", 402
    sentence = _("What is left of this payment does not cover the price.")


class PaymentDeclined(Refusal):
    code, status = "payment_declined", 402
    sentence = _("The payment was declined.")


class PaymentCodeExpired(Refusal):
    code, status = "payment_code_expired", 410
    sentence = _("The payment code has expired. Ask for a new one.")


class PaymentCodeUsed(Refusal):
    code, status = "payment_code_used", 410
    sentence = _("The payment code was used or replaced. Ask for a new one.")


class WithdrawalsFrozen(Refusal):
    code, status = "withdrawals_frozen", 403
    sentence = _("Withdrawals are stopped while the books are checked. Try again later.")


class WithdrawalBelowFee(Refusal):
    code, status = "amount_too_small", 400
    sentence = _("The withdrawal would cost more than it brings.")


class BankAccountRequired(Refusal):
    code, status = "bank_account_required", 409
    sentence = _("Say first to which bank account the money goes.")


class BankRefused(Refusal):
    code, status = "bank_refused", 402
    sentence = _("The bank refused it.")


class UnknownWithdrawal(Refusal):
    code, status = "not_found", 404
    sentence = _("There is no such withdrawal.")


class UnknownBankAccount(Refusal):
    code, status = "not_found", 404
    sentence = _("No bank account is stored yet.")


class UnknownShop(Refusal):
    code, status = "not_found", 404
    sentence = _("There is no such shop of yours.")


class ShopRequired(Refusal):
    code, status = "invalid", 400
    sentence = _("You have several shops: say which one.")


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


class BooksStillWrong(Refusal):
    code, status = "books_still_wrong", 409
    sentence = _("The newest audit still shows a breach: withdrawals stay stopped.")

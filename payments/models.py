"""What is paid with the books: payments, holds, refunds; and the index of this app's models.

docs/money.md explains the words.
"""

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

from outbox.ids import uuid7
from payments.banking import (
    BankAccount,
    DemoBank,
    DemoTransfer,
    PayoutFile,
    TopUp,
    Withdrawal,
    WithdrawalTerms,
)
from payments.books import Account, Deployment, Lane, Transfer
from payments.pointers import Code, PaymentCode
from payments.records import (
    Alert,
    AuditPass,
    CapCounter,
    CapRule,
    IdempotentAnswer,
    RiskClass,
    WithdrawalStop,
)

__all__ = [
    "Account",
    "Alert",
    "AuditPass",
    "BankAccount",
    "CapCounter",
    "CapRule",
    "Code",
    "DemoBank",
    "DemoTransfer",
    "Deployment",
    "Hold",
    "IdempotentAnswer",
    "Lane",
    "Payment",
    "PaymentCode",
    "PayoutFile",
    "Refund",
    "RiskClass",
    "TopUp",
    "Transfer",
    "Withdrawal",
    "WithdrawalStop",
    "WithdrawalTerms",
]


class Payment(models.Model):
    """What one payer paid one payee through one code; names and terms as the payer was shown them."""

    class Status(models.TextChoices):
        CONFIRMED = "confirmed"  # in escrow
        SETTLED = "settled"  # the payee has the captured part
        RELEASED = "released"  # the payer has everything back

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16)  # the code's payable
    status = models.CharField(max_length=9, choices=Status)
    payer = models.ForeignKey(Account, models.PROTECT, related_name="payments_made", db_index=False)
    payee = models.ForeignKey(Account, models.PROTECT, related_name="payments_received", db_index=False)
    payee_name = models.CharField(max_length=100)
    payee_verified = models.BooleanField(db_default=False)
    place = models.CharField(max_length=200, blank=True)
    code = models.ForeignKey(Code, models.PROTECT, null=True, related_name="payments", db_index=False)
    option = models.CharField(max_length=64, blank=True)
    args = models.JSONField(null=True)
    memo = models.CharField(max_length=100, blank=True)
    amount = models.BigIntegerField()
    captured_amount = models.BigIntegerField(db_default=0)
    released_amount = models.BigIntegerField(db_default=0)
    refunded_amount = models.BigIntegerField(db_default=0)
    reheld_amount = models.BigIntegerField(db_default=0)  # of the captured part, in escrow again
    fee_bp = models.SmallIntegerField(db_default=0)
    fee_minimum = models.BigIntegerField(db_default=0)
    fee = models.BigIntegerField(db_default=0)  # of the captured amount
    fee_returned = models.BigIntegerField(db_default=0)  # the share of all that is refunded or re-held
    cap_rule = models.CharField(max_length=40, blank=True)  # empty: none counts it
    cap_day = models.DateField(null=True)  # where a release gives room back
    confirmed_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True)  # settled or released

    class Meta:
        constraints = [
            models.CheckConstraint(name="payment_moves_money", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="payment_between_two", condition=~Q(payer=F("payee"))),
            models.CheckConstraint(
                name="payment_is_given_out_whole_or_not_at_all",
                condition=Q(captured_amount__gte=0, released_amount__gte=0)
                & (
                    Q(amount=F("captured_amount") + F("released_amount"))
                    | Q(captured_amount=0, released_amount=0)
                ),
            ),
            models.CheckConstraint(
                name="payment_status_says_who_got_it",
                condition=Q(
                    status=Case(
                        When(captured_amount__gt=0, then=Value("settled")),
                        When(released_amount__gt=0, then=Value("released")),
                        default=Value("confirmed"),
                    )
                ),
            ),
            models.CheckConstraint(
                name="resolved_payment_says_when",
                condition=Q(status="confirmed") | Q(resolved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="payment_gives_back_what_was_captured",
                condition=Q(
                    refunded_amount__gte=0,
                    reheld_amount__gte=0,
                    captured_amount__gte=F("refunded_amount") + F("reheld_amount"),
                ),
            ),
            models.CheckConstraint(
                name="payment_returns_no_more_fee_than_it_took",
                condition=Q(fee_returned__gte=0, fee_returned__lte=F("fee")),
            ),
            models.CheckConstraint(
                name="payment_fee_within_captured",
                condition=Q(fee__gte=0, fee__lte=F("captured_amount")),
            ),
            models.CheckConstraint(
                name="payment_counts_in_a_cap_on_a_day",
                condition=Q(cap_rule="") | Q(cap_day__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["payer", "id"], name="payment_of_payer"),
            models.Index(fields=["payee", "id"], name="payment_of_payee"),
            models.Index(fields=["code", "id"], name="payment_of_code"),
        ]

    def __str__(self) -> str:
        return f"{self.status} payment of {self.amount}"


class Hold(models.Model):
    """A payment's money in escrow until somebody knows who earned it. Resolved once.

    Held again, a part of a settled payment waits for the machine that its payee triggered with it.
    """

    class Status(models.TextChoices):
        OPEN = "open"
        CLAIMED = "claimed"  # earned by a start; only a capture resolves it
        RESOLVED = "resolved"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="holds")
    payer = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    payee = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    status = models.CharField(max_length=8, choices=Status, db_default=Status.OPEN)
    again = models.BooleanField(db_default=False)  # it came back out of the payee's account
    amount = models.BigIntegerField()
    escrow_lane = models.SmallIntegerField()
    captured = models.BigIntegerField(db_default=0)
    released = models.BigIntegerField(db_default=0)
    deadline = (
        models.DateTimeField()
    )  # ten minutes later the auditor raises an alarm; nothing moves by itself
    created_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="hold_holds_money", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="hold_gives_out_no_more_than_it_holds",
                condition=Q(
                    captured__gte=0,
                    released__gte=0,
                    amount__gte=F("captured") + F("released"),
                ),
            ),
            models.CheckConstraint(
                name="hold_is_resolved_whole_or_not_at_all",
                condition=Q(
                    status="resolved",
                    amount=F("captured") + F("released"),
                    resolved_at__isnull=False,
                )
                | Q(
                    status__in=["open", "claimed"],
                    captured=0,
                    released=0,
                    resolved_at__isnull=True,
                ),
            ),
            models.UniqueConstraint(
                name="a_payment_has_one_unresolved_hold",
                fields=["payment"],
                condition=~Q(status="resolved"),
            ),
            models.UniqueConstraint(
                name="a_payment_is_held_again_once", fields=["payment"], condition=Q(again=True)
            ),
        ]
        indexes = [
            models.Index(
                fields=["payer"],
                name="unresolved_hold_of_payer",
                condition=~Q(status="resolved"),
            ),
            models.Index(
                fields=["payee"],
                name="unresolved_hold_of_payee",
                condition=~Q(status="resolved"),
            ),
            models.Index(
                fields=["deadline"],
                name="unresolved_hold_deadline",
                condition=~Q(status="resolved"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} hold of {self.amount}"


class Refund(models.Model):
    """Money that a merchant gave back of a settled payment, with its share of the fee."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    amount = models.BigIntegerField()  # to the payer
    fee_returned = models.BigIntegerField(db_default=0)  # of it, what the merchant had paid as fee
    reason = models.CharField(max_length=200)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )  # null: its key
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="refund_moves_money", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="refund_returns_a_share_of_the_fee",
                condition=Q(fee_returned__gte=0, fee_returned__lte=F("amount")),
            ),
            models.CheckConstraint(name="refund_says_why", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"refund of {self.amount}"

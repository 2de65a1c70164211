"""The books: accounts, their lanes, and the transfers between them. Amounts are integers of minor units."""

from enum import IntEnum

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from outbox.ids import uuid7

LARGEST_AMOUNT = 10**12  # minor units; far below 2^53, so that every JSON reader keeps it exact


# Postings lock accounts in the order of their ids: wallets, then merchants, then the system's own.
FIRST_MERCHANT = 10**12


class System(IntEnum):
    """The system's own accounts by their ids: the same everywhere, so that no posting looks them up."""

    ESCROW = 2 * 10**12 + 1
    WITHDRAWAL_CLEARING = 2 * 10**12 + 2
    BANK = 2 * 10**12 + 3
    FEE_REVENUE = 2 * 10**12 + 4


TRANSFER_KINDS = (
    *("payment", "fee", "hold", "capture", "release", "top_up", "refund", "fee_return"),
    *("rehold", "recapture", "fee_again"),
    *("withdrawal", "withdrawal_fee", "payout", "withdrawal_return", "withdrawal_fee_return"),
)


def is_amount(field: str) -> Q:
    """Return the condition that a column holds an amount (null passes, as in every CHECK)."""
    return Q(**{f"{field}__gte": 1, f"{field}__lte": LARGEST_AMOUNT})


class Deployment(models.Model):
    """What was decided at the first migrate and never changes."""

    id = models.SmallAutoField(primary_key=True)
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(name="there_is_one_deployment", condition=Q(id=1))]

    def __str__(self) -> str:
        return self.currency


class Account(models.Model):
    """Somebody's money, or the system's. The balance is the sum of the account's lanes."""

    class Kind(models.TextChoices):
        WALLET = "wallet"
        MERCHANT = "merchant"
        ESCROW = "escrow"
        WITHDRAWAL_CLEARING = "withdrawal_clearing"
        BANK = "bank"  # the outside world; negative by what people brought in
        FEE_REVENUE = "fee_revenue"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=20, choices=Kind)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="accounts")
    name = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="account_id_follows_its_kind",
                condition=Q(kind="wallet", owner__isnull=False, id__lt=FIRST_MERCHANT)
                | Q(kind="merchant", owner__isnull=False, id__gte=FIRST_MERCHANT, id__lt=System.ESCROW.value)
                | Q(kind="escrow", owner__isnull=True, id=System.ESCROW.value)
                | Q(kind="withdrawal_clearing", owner__isnull=True, id=System.WITHDRAWAL_CLEARING.value)
                | Q(kind="bank", owner__isnull=True, id=System.BANK.value)
                | Q(kind="fee_revenue", owner__isnull=True, id=System.FEE_REVENUE.value),
            ),
            models.UniqueConstraint(
                name="a_person_has_one_wallet", fields=["owner"], condition=Q(kind="wallet")
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.kind


class Lane(models.Model):
    """One balance row of an account. Only `payments.ledger` writes `amount` and `version`."""

    pk = models.CompositePrimaryKey("account", "no")
    account = models.ForeignKey(Account, models.PROTECT, related_name="lanes", db_index=False)
    no = models.SmallIntegerField()
    amount = models.BigIntegerField(db_default=0)
    version = models.BigIntegerField(db_default=0)  # transfers that touched this lane
    guarded = models.BooleanField()  # never below zero; never changes
    open = models.BooleanField(db_default=True)  # False: frozen

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="guarded_lane_never_negative",
                condition=Q(guarded=False) | Q(amount__gte=0),
            )
        ]

    def __str__(self) -> str:
        return f"lane {self.no} of account {self.account_id}"


class Transfer(models.Model):
    """Money moved from one account to another, once. Rows are never changed: the database refuses it."""

    class Kind(models.TextChoices):
        PAYMENT = "payment"  # wallet -> wallet or merchant
        FEE = "fee"  # merchant -> fee_revenue
        HOLD = "hold"  # wallet -> escrow
        CAPTURE = "capture"  # escrow -> wallet or merchant
        RELEASE = "release"  # escrow -> wallet
        TOP_UP = "top_up"  # bank -> wallet
        REFUND = "refund"  # merchant -> wallet; escrow -> wallet where a machine did not start
        FEE_RETURN = "fee_return"  # fee_revenue -> merchant: the share of what is refunded or re-held
        REHOLD = "rehold"  # merchant -> escrow: a trigger's price, out of a settled payment
        RECAPTURE = "recapture"  # escrow -> merchant: the machine earned it
        FEE_AGAIN = "fee_again"  # merchant -> fee_revenue: the recaptured part's share
        WITHDRAWAL = "withdrawal"  # wallet or merchant -> withdrawal_clearing
        WITHDRAWAL_FEE = "withdrawal_fee"  # wallet or merchant -> fee_revenue
        PAYOUT = "payout"  # withdrawal_clearing -> bank
        WITHDRAWAL_RETURN = "withdrawal_return"  # withdrawal_clearing or bank -> wallet or merchant
        WITHDRAWAL_FEE_RETURN = "withdrawal_fee_return"  # fee_revenue -> wallet or merchant

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=24, choices=Kind)
    debit = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    credit = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    amount = models.BigIntegerField()
    payment = models.ForeignKey(
        "payments.Payment",
        models.PROTECT,
        null=True,
        related_name="transfers",
        db_index=False,
    )
    withdrawal = models.ForeignKey(
        "payments.Withdrawal", models.PROTECT, null=True, related_name="transfers", db_index=False
    )
    top_up = models.ForeignKey(
        "payments.TopUp", models.PROTECT, null=True, related_name="transfers", db_index=False
    )
    posted_at = models.DateTimeField(db_default=Now())
    # The wallet's own running number and balance after this row, for statements; null for other accounts.
    debit_version = models.BigIntegerField(null=True)
    debit_balance_after = models.BigIntegerField(null=True)
    credit_version = models.BigIntegerField(null=True)
    credit_balance_after = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="transfer_moves_money", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="transfer_between_two", condition=~Q(debit=F("credit"))),
            models.CheckConstraint(
                name="transfer_kind_is_known",
                condition=Q(kind__in=TRANSFER_KINDS),
            ),
            models.CheckConstraint(
                name="transfer_has_one_cause",
                condition=Q(payment__isnull=True, withdrawal__isnull=True)
                | Q(payment__isnull=True, top_up__isnull=True)
                | Q(withdrawal__isnull=True, top_up__isnull=True),
            ),
            models.CheckConstraint(
                name="transfer_tells_the_debited_wallets_balance",
                condition=Q(debit_version__isnull=True) | Q(debit_balance_after__isnull=False),
            ),
            models.CheckConstraint(
                name="transfer_tells_the_credited_wallets_balance",
                condition=Q(credit_version__isnull=True) | Q(credit_balance_after__isnull=False),
            ),
            models.UniqueConstraint(
                name="a_wallet_debit_version_is_used_once",
                fields=["debit", "debit_version"],
                condition=Q(debit_version__isnull=False),
            ),
            models.UniqueConstraint(
                name="a_wallet_credit_version_is_used_once",
                fields=["credit", "credit_version"],
                condition=Q(credit_version__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["payment"],
                name="transfer_of_payment",
                condition=Q(payment__isnull=False),
            ),
            models.Index(
                fields=["withdrawal"],
                name="transfer_of_withdrawal",
                condition=Q(withdrawal__isnull=False),
            ),
            models.Index(
                fields=["top_up"],
                name="transfer_of_top_up",
                condition=Q(top_up__isnull=False),
            ),
            models.Index(
                fields=["debit", "posted_at"],
                name="transfer_of_debit",
                condition=Q(debit_version__isnull=True),
            ),
            models.Index(
                fields=["credit", "posted_at"],
                name="transfer_of_credit",
                condition=Q(credit_version__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.amount}"

"""What crosses the border to the bank: top-ups in, withdrawals out."""

from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Now

from outbox.ids import uuid7
from payments.books import Account, is_amount

WHOLE_BP = 10_000  # one hundred per cent


class WithdrawalTerms(models.Model):
    """What taking money out costs the personal tier. A merchant's plan says it for the merchant tier."""

    tier = models.CharField(primary_key=True, max_length=8)
    fee_bp = models.PositiveSmallIntegerField()
    fee_minimum = models.BigIntegerField(db_default=0)  # minor units

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="withdrawal_terms_take_at_most_the_whole",
                condition=Q(fee_bp__lte=WHOLE_BP, fee_minimum__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return self.tier


class BankAccount(models.Model):
    """Where an account's withdrawals go."""

    account = models.OneToOneField(Account, models.PROTECT, primary_key=True, related_name="bank_account")
    holder = models.CharField(max_length=70)
    number = models.CharField(max_length=34)  # IBAN, or the country's own
    bank = models.CharField(max_length=11, blank=True)  # BIC, where the number does not say it
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="bank_account_has_a_holder", condition=~Q(holder="")),
            models.CheckConstraint(
                name="bank_account_number_is_plain", condition=Q(number__regex="^[0-9A-Z]{5,34}$")
            ),
            models.CheckConstraint(
                name="bank_is_named_by_its_bic",
                condition=Q(bank__regex="^([A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?)?$"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder} …{self.number[-4:]}"


class PayoutFile(models.Model):
    """One pain.001 message: written once, the same bytes whenever it is asked for again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message_id = models.CharField(max_length=35, unique=True)
    content = models.BinaryField()
    transfers = models.IntegerField()
    total = models.BigIntegerField()  # minor units
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="payout_file_pays_something", condition=Q(transfers__gt=0, total__gt=0)
            )
        ]

    def __str__(self) -> str:
        return self.message_id


class Withdrawal(models.Model):
    """Money on its way from an account to its owner's bank. After SUBMITTED only the bank's word moves it."""

    class Status(models.TextChoices):
        REQUESTED = "requested"  # out of the wallet, not yet told to the bank
        SUBMITTED = "submitted"  # perhaps the bank has it; never submitted under another id
        PAID = "paid"
        FAILED = "failed"  # amount and fee went back
        RETURNED = "returned"  # the bank took it back after it was paid; amount and fee went back

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="withdrawals", db_index=False)
    status = models.CharField(max_length=9, choices=Status, db_default=Status.REQUESTED)
    amount = models.BigIntegerField()  # what arrives
    fee = models.BigIntegerField()  # on top
    fee_bp = models.SmallIntegerField()
    fee_minimum = models.BigIntegerField()
    # Where it goes, as it was when it was asked for; empty where the bank knows its customers itself.
    holder = models.CharField(max_length=70, blank=True)
    number = models.CharField(max_length=34, blank=True)
    bank = models.CharField(max_length=11, blank=True)
    payout_file = models.ForeignKey(PayoutFile, models.PROTECT, null=True, related_name="withdrawals")
    bank_said = models.CharField(max_length=200, blank=True)
    due_at = models.DateTimeField(
        null=True, db_default=Now()
    )  # when a worker looks again; null: nothing to do
    tries = models.IntegerField(db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)  # paid or failed
    returned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="withdrawal_moves_money", condition=is_amount("amount") & Q(fee__gte=0)
            ),
            models.CheckConstraint(
                name="withdrawal_status_says_what_happened",
                condition=Q(
                    status=Case(
                        When(returned_at__isnull=False, then=Value("returned")),
                        When(resolved_at__isnull=False, status="failed", then=Value("failed")),
                        When(resolved_at__isnull=False, then=Value("paid")),
                        When(submitted_at__isnull=False, then=Value("submitted")),
                        default=Value("requested"),
                    )
                ),
            ),
            models.CheckConstraint(
                name="withdrawal_that_arrived_was_submitted",
                condition=~Q(status__in=["paid", "returned"])
                | Q(submitted_at__isnull=False, resolved_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["account", "id"], name="withdrawal_of_account"),
            models.Index(
                fields=["account"],
                name="open_withdrawal_of_account",
                condition=Q(status__in=["requested", "submitted"]),
            ),
            models.Index(fields=["due_at"], name="due_withdrawal", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.status} withdrawal of {self.amount}"


class TopUp(models.Model):
    """Money asked of the bank for a wallet. It is posted once the bank says that it came."""

    class Status(models.TextChoices):
        REQUESTED = "requested"
        PAID = "paid"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="top_ups")
    # Under which idempotency key it was asked for: a call that died is found again and collects once.
    key = models.CharField(max_length=255)
    body_hash = models.BinaryField()
    status = models.CharField(max_length=9, choices=Status, db_default=Status.REQUESTED)
    amount = models.BigIntegerField()
    bank_said = models.CharField(max_length=200, blank=True)
    due_at = models.DateTimeField(null=True, db_default=Now())
    tries = models.IntegerField(db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="top_up_moves_money", condition=is_amount("amount")),
            models.UniqueConstraint(name="a_key_tops_up_once", fields=["account", "key"]),
            models.CheckConstraint(
                name="top_up_status_says_what_happened",
                condition=Q(status="requested", resolved_at__isnull=True)
                | Q(status__in=["paid", "failed"], resolved_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="due_top_up", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.status} top-up of {self.amount}"


class DemoTransfer(models.Model):
    """The demo bank's own book: what it was asked to do, under our reference, and what it will say."""

    reference = models.UUIDField(primary_key=True)
    incoming = models.BooleanField()  # collected for us; False: paid out by us
    amount = models.BigIntegerField()
    verdict = models.CharField(max_length=9)  # paid, failed, returned
    known_from = models.DateTimeField(db_default=Now())  # until then it says: pending
    asked = models.IntegerField(db_default=1)  # how often it was submitted; it is done once

    def __str__(self) -> str:
        return f"{self.verdict} transfer of {self.amount}"


class DemoBank(models.Model):
    """How the demo bank behaves: one row of switches, for drills."""

    id = models.SmallAutoField(primary_key=True)
    fails = models.BooleanField(db_default=False)  # refuses what it is asked from now on
    returns = models.BooleanField(db_default=False)  # pays, then takes back
    delay_s = models.PositiveIntegerField(db_default=0)  # before it says how it went
    loses_answers = models.BooleanField(db_default=False)  # does the work and does not say so
    loses_requests = models.BooleanField(db_default=False)  # neither does it nor says so

    class Meta:
        constraints = [models.CheckConstraint(name="there_is_one_demo_bank", condition=Q(id=1))]

    def __str__(self) -> str:
        return "Demo bank"

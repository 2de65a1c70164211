"""What is paid with the books: codes, payments, holds, caps, answers. docs/money.md explains the words."""

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

from outbox.ids import uuid7
from payments.books import Account, Deployment, Lane, Transfer, is_amount

__all__ = [
    "Account",
    "CapCounter",
    "CapRule",
    "Code",
    "Deployment",
    "Hold",
    "IdempotentAnswer",
    "Lane",
    "Payment",
    "Transfer",
]


class Code(models.Model):
    """A pointer to something payable: a random token, printed or shown as QR code. It holds no prices."""

    class Kind(models.TextChoices):
        STATIC = "static"  # printed, used for ever
        DYNAMIC = "dynamic"  # one payment, short life

    class Status(models.TextChoices):
        ACTIVE = "active"
        USED = "used"
        EXPIRED = "expired"
        REVOKED = "revoked"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token = models.CharField(max_length=26, unique=True)  # 128 bits, Crockford base32
    kind = models.CharField(max_length=8, choices=Kind)
    status = models.CharField(max_length=8, choices=Status, db_default=Status.ACTIVE)
    account = models.ForeignKey(Account, models.PROTECT, related_name="codes", db_index=False)  # who is paid
    payable = models.CharField(max_length=16)  # kind in payments.payables: person, merchant, order, machine
    target = models.UUIDField(null=True)  # the order or machine, by the payable's own id
    place_id = models.UUIDField(null=True)  # where it is stuck up, by the merchants' own id
    amount = models.BigIntegerField(null=True)  # null: the payer types it, or the payable prices it
    label = models.CharField(max_length=100, blank=True)  # for the owner's eyes
    memo = models.CharField(max_length=100, blank=True)  # for the payer's eyes
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="code_token_is_crockford_base32",
                condition=Q(token__regex="^[0-9A-HJKMNP-TV-Z]{26}$"),  # noqa: S106 - a shape, no secret
            ),
            models.CheckConstraint(name="code_kind_is_known", condition=Q(kind__in=["static", "dynamic"])),
            models.CheckConstraint(
                name="code_status_is_known",
                condition=Q(status__in=["active", "used", "expired", "revoked"]),
            ),
            models.CheckConstraint(name="code_amount_is_an_amount", condition=is_amount("amount")),
            models.CheckConstraint(
                name="dynamic_code_expires",
                condition=Q(kind="static") | Q(expires_at__isnull=False),
            ),
            models.CheckConstraint(
                name="static_code_is_never_used_up",
                condition=~Q(kind="static", status="used"),
            ),
        ]
        indexes = [
            models.Index(fields=["account", "id"], name="code_of_account"),
            models.Index(
                fields=["target"],
                name="code_of_target",
                condition=Q(target__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} code for {self.payable}"


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
    fee_bp = models.SmallIntegerField(db_default=0)
    fee_minimum = models.BigIntegerField(db_default=0)
    fee = models.BigIntegerField(db_default=0)  # of the captured amount
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
                name="payment_refunds_what_was_captured",
                condition=Q(refunded_amount__gte=0, refunded_amount__lte=F("captured_amount")),
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
    """A payment's money in escrow until somebody knows who earned it. Resolved once."""

    class Status(models.TextChoices):
        OPEN = "open"
        CLAIMED = "claimed"  # earned by a start; only a capture resolves it
        RESOLVED = "resolved"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="holds")
    payer = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    payee = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    status = models.CharField(max_length=8, choices=Status, db_default=Status.OPEN)
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


class CapRule(models.Model):
    """How much one payer may pay in a day under one rule, by the deployment's calendar."""

    name = models.CharField(primary_key=True, max_length=40)
    cap = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(name="cap_is_not_negative", condition=Q(cap__gte=0))]

    def __str__(self) -> str:
        return self.name


class CapCounter(models.Model):
    """What a payer has used of a cap on one day."""

    pk = models.CompositePrimaryKey("payer", "rule", "day")
    payer = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    rule = models.ForeignKey(CapRule, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    used = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = [models.CheckConstraint(name="cap_use_is_not_negative", condition=Q(used__gte=0))]

    def __str__(self) -> str:
        return f"{self.rule_id} on {self.day}"


class IdempotentAnswer(models.Model):
    """What a call under a key was answered, for life. The caller is a person or merchant, never a token."""

    pk = models.CompositePrimaryKey("caller", "key")
    caller = models.UUIDField()
    key = models.CharField(max_length=255)
    body_hash = models.BinaryField()  # SHA-256 over method, path and body without the PIN
    status = models.SmallIntegerField()
    body = models.TextField()  # JSON, as it was sent
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.status} under {self.key}"

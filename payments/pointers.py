"""What is scanned: codes that payees print or show, and the codes that payers show to a cashier."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from outbox.ids import uuid7
from payments.books import Account, is_amount
from payments.records import RiskClass


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
    risk_class = models.CharField(max_length=1, choices=RiskClass, db_default=RiskClass.A)
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
            models.CheckConstraint(name="code_risk_class_is_known", condition=Q(risk_class__in="ABCD")),
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
                fields=["expires_at"],
                name="expiry_of_active_code",
                condition=Q(status="active", expires_at__isnull=False),
            ),
            models.Index(
                fields=["target"],
                name="code_of_target",
                condition=Q(target__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} code for {self.payable}"


class PaymentCode(models.Model):
    """What a payer shows and a cashier scans: 18 digits, one charge, one minute. Stored as a hash."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        USED = "used"  # burnt by a charge, whether or not money moved
        REVOKED = "revoked"  # the payer asked for another one

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    digits_hash = models.BinaryField(max_length=32, unique=True)  # SHA-256
    payer = models.ForeignKey(Account, models.PROTECT, related_name="payment_codes")
    status = models.CharField(max_length=8, choices=Status, db_default=Status.ACTIVE)
    max_amount = models.BigIntegerField(null=True)  # null: whatever the limits allow
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="payment_code_status_is_known", condition=Q(status__in=["active", "used", "revoked"])
            ),
            models.CheckConstraint(name="payment_code_caps_at_an_amount", condition=is_amount("max_amount")),
            models.CheckConstraint(
                name="payment_code_expires_later", condition=Q(expires_at__gt=F("created_at"))
            ),
            models.UniqueConstraint(
                name="a_payer_shows_one_code", fields=["payer"], condition=Q(status="active")
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="expiry_of_payment_code")]

    def __str__(self) -> str:
        return f"{self.status} payment code"

"""What is written down beside the money: limits, answers, what the auditor and the watch saw."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from outbox.ids import uuid7
from payments.books import Account


class RiskClass(models.TextChoices):
    """How far a code can be trusted to be what it was made for; China's classes of payment codes."""

    A = "A", _("A: no limit of its own")
    B = "B", _("B")
    C = "C", _("C")
    D = "D", _("D: printed and unattended")


class CapRule(models.Model):
    """How much one payer may pay in a day through one sort of code, by the deployment's calendar.

    A sort that no rule names is not capped.
    """

    class Tier(models.TextChoices):
        """The payee's."""

        PERSONAL = "personal", _("personal")
        MERCHANT = "merchant", _("merchant")

    class CodeKind(models.TextChoices):
        STATIC = "static", _("printed")
        DYNAMIC = "dynamic", _("for one payment")
        PAYER_SHOWN = "payer_shown", _("shown by the payer")

    name = models.CharField(primary_key=True, max_length=40)
    tier = models.CharField(max_length=8, choices=Tier)
    code_kind = models.CharField(max_length=11, choices=CodeKind)
    risk_class = models.CharField(max_length=1, choices=RiskClass, db_default=RiskClass.A)
    cap = models.BigIntegerField()  # minor units a payer a day

    class Meta:
        constraints = [
            models.CheckConstraint(name="cap_is_not_negative", condition=Q(cap__gte=0)),
            models.CheckConstraint(
                name="cap_is_for_a_known_sort",
                condition=Q(
                    tier__in=["personal", "merchant"],
                    code_kind__in=["static", "dynamic", "payer_shown"],
                    risk_class__in="ABCD",
                ),
            ),
            models.UniqueConstraint(name="one_cap_for_one_sort", fields=["tier", "code_kind", "risk_class"]),
        ]

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


class AuditPass(models.Model):
    """What the auditor said of the books at one moment."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    full = models.BooleanField()  # with the fold over all history
    began_at = models.DateTimeField(db_default=Now())
    took_ms = models.IntegerField()
    checks = models.SmallIntegerField()
    breaches = models.JSONField(default=list)  # sentences that a second snapshot confirmed

    class Meta:
        indexes = [models.Index(fields=["full", "-began_at"], name="newest_audit_pass")]

    def __str__(self) -> str:
        return f"{len(self.breaches)} breaches at {self.began_at}"


class WithdrawalStop(models.Model):
    """A time in which no withdrawal is taken: the auditor begins it, a person ends it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reason = models.TextField()
    began_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Value(1), name="withdrawals_are_stopped_once", condition=Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(
                name="withdrawal_stop_ends_after_it_began",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began_at")),
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class Alert(models.Model):
    """Something about payments that a person should look at. It moves no money and stops nobody."""

    class Kind(models.TextChoices):
        LIKE_A_MACHINE = "like_a_machine", _("a personal code that is paid like a machine")
        TRAFFIC_STOPPED = "traffic_stopped", _("a code whose usual traffic stopped")
        VELOCITY = "velocity", _("unusually many payments")
        SWAPPED_STICKER = "swapped_sticker", _("payers of one code now pay another")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=20, choices=Kind)
    code = models.ForeignKey("payments.Code", models.PROTECT, null=True, related_name="alerts")
    account = models.ForeignKey(Account, models.PROTECT, related_name="alerts")  # whose code, or who pays
    detail = models.CharField(max_length=300)
    seen = models.IntegerField(db_default=1)  # how often the watch came to the same conclusion
    created_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    closed_because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="alert_kind_is_known",
                condition=Q(kind__in=["like_a_machine", "traffic_stopped", "velocity", "swapped_sticker"]),
            ),
            models.UniqueConstraint(
                name="one_open_alert_for_one_thing",
                fields=["kind", "code", "account"],
                condition=Q(closed_at__isnull=True),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="alert_is_closed_after_it_was_made",
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("created_at")),
            ),
        ]

    def __str__(self) -> str:
        return self.detail

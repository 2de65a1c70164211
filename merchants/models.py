"""Shops, where they stand, what they pay, and the keys of their servers."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from outbox.ids import uuid7
from payments.models import Account

WHOLE_BP = 10_000  # one hundred per cent
ASCII = r"^[\x20-\x7e]*$"


class Plan(models.Model):
    """What a merchant pays for being paid. Amounts in minor units, rates in basis points."""

    slug = models.SlugField(primary_key=True, max_length=32)
    name = models.CharField(_("name"), max_length=64)
    fee_bp = models.PositiveSmallIntegerField(_("fee (basis points)"))
    fee_minimum = models.BigIntegerField(_("least fee a payment"), default=0)
    withdrawal_fee_bp = models.PositiveSmallIntegerField(_("withdrawal fee (basis points)"), default=0)
    withdrawal_fee_minimum = models.BigIntegerField(_("least fee a withdrawal"), default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="plan_takes_at_most_the_whole",
                condition=Q(fee_bp__lte=WHOLE_BP, withdrawal_fee_bp__lte=WHOLE_BP),
            ),
            models.CheckConstraint(
                name="plan_minimum_is_never_negative",
                condition=Q(fee_minimum__gte=0, withdrawal_fee_minimum__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.fee_bp / 100:.2f} %)"


class Merchant(models.Model):
    """A shop. Its money lies on its own account, apart from its owner's wallet."""

    class Status(models.TextChoices):
        """Where a shop is in its life."""

        ACTIVE = "active", _("active")
        FROZEN = "frozen", _("frozen")
        CLOSED = "closed", _("closed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="merchants")
    account = models.OneToOneField(Account, models.PROTECT, related_name="merchant")
    name = models.CharField(_("name"), max_length=64)
    name_ascii = models.CharField(_("name in ASCII"), max_length=25, blank=True)  # EMVCo field 59
    city_ascii = models.CharField(_("city in ASCII"), max_length=15, blank=True)  # EMVCo field 60
    category = models.SlugField(_("category"), max_length=32)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.ACTIVE)
    verified = models.BooleanField(_("verified"), default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="merchant_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="merchant_symbol_texts_are_ascii",
                condition=Q(name_ascii__regex=ASCII, city_ascii__regex=ASCII),
            ),
            models.CheckConstraint(
                name="merchant_status_is_known",
                condition=Q(status__in=["active", "frozen", "closed"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PlanPeriod(models.Model):
    """From when a shop is on a plan. The newest that has begun counts; later ones wait for their day."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="plan_periods", db_index=False)
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField(_("from"), db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_shop_is_on_one_plan_at_a_time", fields=["merchant", "starts_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} from {self.starts_at:%Y-%m-%d %H:%M}"


class Application(models.Model):
    """A person who wants to be a shop, and what the reviewer said. The shop gets the application's id."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting for review")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="applications")
    shop_name = models.CharField(_("name of the shop"), max_length=64)
    category = models.SlugField(_("category"), max_length=32)
    status = models.CharField(_("status"), max_length=8, choices=Status, db_default=Status.WAITING)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_because = models.CharField(_("because"), max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="application_status_says_whether_it_was_decided",
                condition=Q(status="waiting", decided_at__isnull=True)
                | Q(status__in=["approved", "refused"], decided_at__isnull=False),
            ),
            models.UniqueConstraint(
                name="a_person_has_one_application_waiting", fields=["owner"], condition=Q(status="waiting")
            ),
        ]

    def __str__(self) -> str:
        return self.shop_name


class Place(models.Model):
    """Where a shop's codes and machines stand."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="places")
    name = models.CharField(_("name"), max_length=64)
    city = models.CharField(_("city"), max_length=64, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="place_has_a_name", condition=~Q(name="")),
            models.UniqueConstraint(
                name="place_name_is_used_once_by_a_merchant", fields=["merchant", "name"]
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """What a merchant's server signs in with. The key itself is shown once and stored as its SHA-256."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=64)
    prefix = models.CharField(_("begins with"), max_length=12, editable=False)  # to tell keys apart
    key_hash = models.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=32), verbose_name=_("scopes"))
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="api_key_is_revoked_after_it_was_made",
                condition=Q(revoked_at__isnull=True) | Q(revoked_at__gte=F("created_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

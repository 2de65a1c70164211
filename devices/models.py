"""Machines and their uses; and the index of this app's models."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from devices.errors import Unclaimed
from devices.messages import (
    COMMAND_IS_OPEN,
    REJECTED_BYTES,
    REJECTED_SLOTS,
    Command,
    Event,
    GatewayBeat,
    RejectedMessage,
)
from devices.records import Fault, OperatorAction, Parcel, Tally
from devices.states import AWAITED, OPEN, RunStatus, Trouble
from outbox.ids import uuid7

__all__ = [
    "COMMAND_IS_OPEN",
    "IS_AWAITED",
    "IS_OPEN",
    "REJECTED_BYTES",
    "REJECTED_SLOTS",
    "Command",
    "Device",
    "Event",
    "Fault",
    "GatewayBeat",
    "Incident",
    "OperatorAction",
    "Parcel",
    "RejectedMessage",
    "Run",
    "Session",
    "Tally",
]

IS_OPEN = Q(status__in=sorted(OPEN))
IS_AWAITED = Q(status__in=sorted(AWAITED))


class Device(models.Model):
    """A machine, as its owner set it up. What it says of itself stands in `Session`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(
        "payments.Account", models.PROTECT, null=True, related_name="devices"
    )  # who earns; null: it waits for whoever scans its set-up code
    setup_hash = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    place = models.ForeignKey(
        "merchants.Place", models.PROTECT, null=True, blank=True, related_name="devices"
    )
    number = models.CharField(_("number"), max_length=16)  # painted on the machine, shown to the payer
    name = models.CharField(_("name"), max_length=60)
    type = models.SlugField(_("type"), max_length=32, db_index=False)  # a file in devices/machines/
    prices = models.JSONField(
        _("prices"), default=dict, blank=True
    )  # option id -> minor units, over the type's own
    settings = models.JSONField(_("settings"), default=dict, blank=True)  # its type's `settings_schema`
    key_version = models.PositiveSmallIntegerField(default=1, db_default=1, editable=False)
    old_key_until = models.DateTimeField(null=True, editable=False)  # so long the version before counts
    slow = models.BooleanField(_("slow network"), default=False, db_default=False)  # a longer grace
    simulated = models.BooleanField(default=False, db_default=False)
    enabled = models.BooleanField(_("enabled"), default=True, db_default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="number_names_one_device_of_an_account", fields=["account", "number"]
            ),
            models.CheckConstraint(name="device_has_a_number", condition=~Q(number="")),
            models.CheckConstraint(
                name="device_key_versions_count_from_one", condition=Q(key_version__gte=1)
            ),
            models.CheckConstraint(
                name="device_has_an_owner_or_waits_for_one",
                condition=Q(account__isnull=False, setup_hash="")
                | (Q(account__isnull=True) & ~Q(setup_hash="")),
            ),
            models.UniqueConstraint(
                name="set_up_code_names_one_device", fields=["setup_hash"], condition=~Q(setup_hash="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"

    @property
    def earner_id(self) -> int:
        """The account it earns for.

        Raises:
            Unclaimed: nobody has claimed it yet. Whoever asks must have made sure of that.
        """
        if self.account_id is None:
            raise Unclaimed(self.pk)
        return self.account_id


class Session(models.Model):
    """What a machine last said of itself. Written by the gateway alone, apart from what people edit."""

    device = models.OneToOneField(Device, models.CASCADE, primary_key=True, related_name="session")
    sess = models.CharField(max_length=32, blank=True, default="", db_default="")  # adopted by `synced`
    boot = models.BigIntegerField(null=True)  # of the adopted session: random per power-up
    c = models.BigIntegerField(null=True)  # of the adopted session: connections since power-up
    synced_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)  # the last will of this very (boot, c)
    last_seen_at = models.DateTimeField(null=True)  # last signed, not retained message
    key_version = models.PositiveSmallIntegerField(default=1, db_default=1)  # of the key it signs with
    # Offered in the answer to a hello; adopted only when the machine says `synced`.
    offer_sess = models.CharField(max_length=32, blank=True, default="", db_default="")
    offer_boot = models.BigIntegerField(null=True)
    offer_c = models.BigIntegerField(null=True)
    firmware = models.CharField(max_length=160, blank=True, default="", db_default="")
    state = models.JSONField(default=dict)  # its own picture of itself, for people; no money depends on it
    telemetry = models.JSONField(default=dict)
    told_online = models.BooleanField(default=False, db_default=False)  # as the facts last said
    discovery = models.CharField(
        max_length=16, blank=True, default="", db_default=""
    )  # digest of what Home Assistant was told of it; empty: nothing

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="synced_device_has_a_session",
                condition=Q(synced_at__isnull=True) | (~Q(sess="") & Q(boot__isnull=False, c__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"session {self.sess or 'none'}"


class Run(models.Model):
    """One use of a machine: paid before it starts, paid back unless it did."""

    Status = RunStatus

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    device = models.ForeignKey(Device, models.PROTECT, related_name="runs")
    slot = models.CharField(
        max_length=16, blank=True, default="", db_default=""
    )  # a locker's door; empty: all of it
    payment = models.ForeignKey(
        "payments.Payment", models.PROTECT, null=True, related_name="+", db_index=False
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )  # who uses it where nothing had to be paid
    price = models.BigIntegerField()  # minor units under the hold
    option = models.CharField(max_length=32)
    args = models.JSONField(default=dict)  # what the payer chose
    status = models.CharField(max_length=12, choices=RunStatus, default=RunStatus.PAID)
    version = models.PositiveIntegerField(
        default=1, db_default=1
    )  # grows with each move: live pages ask by it
    planned_s = models.PositiveIntegerField()  # how long it will run, seconds
    release_at = models.DateTimeField()  # the money goes back here unless the machine spoke
    started_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)  # as planned, or as the machine last said
    ends_by = models.DateTimeField(null=True)  # then it counts as finished
    ended_at = models.DateTimeField(null=True)
    phase = models.CharField(max_length=32, blank=True, default="", db_default="")  # as the machine last said
    earned = models.BigIntegerField(null=True)  # minor units captured for the owner; null: undecided
    assumed = models.BooleanField(default=False, db_default=False)  # finished without the machine saying so
    failure = models.CharField(
        max_length=32, blank=True, default="", db_default=""
    )  # why it did not run to its end
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_run_per_slot", fields=["device", "slot"], condition=IS_OPEN
            ),
            models.UniqueConstraint(
                name="payment_buys_one_run", fields=["payment"], condition=Q(payment__isnull=False)
            ),
            models.CheckConstraint(name="run_status_is_known", condition=Q(status__in=sorted(RunStatus))),
            models.CheckConstraint(
                name="priced_run_is_paid", condition=Q(price=0) | Q(price__gt=0, payment__isnull=False)
            ),
            models.CheckConstraint(
                name="run_is_paid_or_opened_by_somebody",
                condition=Q(payment__isnull=False) | Q(opened_by__isnull=False),
            ),
            models.CheckConstraint(
                name="run_earns_at_most_its_price",
                condition=Q(earned__isnull=True) | Q(earned__gte=0, earned__lte=F("price")),
            ),
            models.CheckConstraint(
                name="started_run_knows_its_end",
                condition=~Q(status__in=["started", "finished"])
                | Q(started_at__isnull=False, ends_at__isnull=False, ends_by__isnull=False),
            ),
            models.CheckConstraint(
                name="run_given_back_never_started",
                condition=~Q(status__in=["rejected", "expired", "released"])
                | Q(started_at__isnull=True, earned__isnull=True),
            ),
            models.CheckConstraint(
                name="only_started_runs_earn", condition=Q(earned__isnull=True) | Q(started_at__isnull=False)
            ),
            models.CheckConstraint(
                name="ended_run_decided_its_money",
                condition=IS_OPEN | Q(started_at__isnull=True) | Q(earned__isnull=False),
            ),
            models.CheckConstraint(
                name="only_finished_runs_are_assumed", condition=Q(assumed=False) | Q(status="finished")
            ),
        ]
        indexes = [models.Index(fields=["device", "-id"], name="run_of_device")]

    def __str__(self) -> str:
        return f"{self.option} ({self.status})"


class Incident(models.Model):
    """Something that money cannot repair by itself, for a person to look at; one of a kind per run."""

    Kind = Trouble

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16, choices=Trouble)
    device = models.ForeignKey(Device, models.PROTECT, related_name="incidents")
    run = models.ForeignKey(Run, models.PROTECT, related_name="incidents", db_index=False)
    detail = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)  # a person looked at it

    class Meta:
        constraints = [
            models.UniqueConstraint(name="run_has_one_incident_of_a_kind", fields=["run", "kind"]),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

"""What is kept about machines besides their runs: parcels, faults, what a speaker said, what people did."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from outbox.ids import uuid7


class Parcel(models.Model):
    """What lies behind a door until somebody fetches it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    device = models.ForeignKey("devices.Device", models.PROTECT, related_name="parcels", db_index=False)
    door = models.CharField(max_length=16)
    deposit = models.OneToOneField("devices.Run", models.PROTECT, related_name="parcel")  # how it came in
    code_hash = models.CharField(max_length=64)  # of what its receiver types
    stored_at = models.DateTimeField(null=True)  # the door closed on it; null: not yet
    fetched_by = models.OneToOneField("devices.Run", models.PROTECT, null=True, related_name="fetched")
    ended_at = models.DateTimeField(null=True)  # fetched, or never brought

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="a_door_holds_one_parcel", fields=["device", "door"], condition=Q(ended_at__isnull=True)
            ),
            models.UniqueConstraint(
                name="a_pick_up_code_means_one_parcel",
                fields=["device", "code_hash"],
                condition=Q(ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"parcel behind door {self.door}"


class Tally(models.Model):
    """How many payments a speaker was told of on a day: the running number it reads out."""

    device = models.ForeignKey("devices.Device", models.CASCADE, related_name="tallies", db_index=False)
    day = models.DateField()
    count = models.PositiveIntegerField()
    dropped = models.PositiveIntegerField(default=0, db_default=0)  # of these, never confirmed by the speaker

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [models.UniqueConstraint(name="speaker_counts_each_day", fields=["device", "day"])]

    def __str__(self) -> str:
        return f"{self.count} on {self.day}"


class Fault(models.Model):
    """Something wrong with a machine, from when it was first noticed until it is over; one row for each."""

    id = models.BigAutoField(primary_key=True)
    device = models.ForeignKey("devices.Device", models.PROTECT, related_name="faults", db_index=False)
    code = models.CharField(max_length=32)  # as the machine said, or `silent`
    detail = models.CharField(max_length=160, blank=True)
    times = models.PositiveIntegerField(default=1, db_default=1)
    since = models.DateTimeField(db_default=Now())
    last_at = models.DateTimeField(db_default=Now())
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_fault_of_a_code",
                fields=["device", "code"],
                condition=Q(cleared_at__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["device", "-id"], name="fault_of_device")]

    def __str__(self) -> str:
        return self.code


class OperatorAction(models.Model):
    """What a person or a shop's server did to a machine, and why. Written once, with the deed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    device = models.ForeignKey("devices.Device", models.PROTECT, related_name="actions", db_index=False)
    op = models.CharField(max_length=16)  # of the wire, or clear, claim, rotate_key, revoke, restore
    args = models.JSONField(default=dict)
    reason = models.CharField(max_length=200)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    api_key = models.ForeignKey("merchants.ApiKey", models.PROTECT, null=True, related_name="+")
    command = models.OneToOneField("devices.Command", models.PROTECT, null=True, related_name="action")
    run = models.ForeignKey("devices.Run", models.PROTECT, null=True, related_name="+")  # what was under way
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="action_says_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="action_has_one_actor",
                condition=Q(user__isnull=False, api_key__isnull=True)
                | Q(user__isnull=True, api_key__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["device", "-id"], name="action_of_device")]

    def __str__(self) -> str:
        return self.op

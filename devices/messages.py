"""The messages between machines and us, as stored; what they are about stands in `models`."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from devices.states import COMMAND_OPEN, CommandStatus
from outbox.ids import uuid7

REJECTED_SLOTS = 1000  # messages of strangers kept for a look; the oldest is overwritten
REJECTED_BYTES = 512  # as much of one as a legal message may have

COMMAND_IS_OPEN = Q(status__in=sorted(COMMAND_OPEN))


class Command(models.Model):
    """One message that must get a verdict. While it is open its row, not a queue, is the work."""

    Status = CommandStatus

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)  # of a start: the run's own id
    device = models.ForeignKey("devices.Device", models.PROTECT, related_name="commands", db_index=False)
    run = models.ForeignKey("devices.Run", models.PROTECT, null=True, related_name="commands")
    payment = models.ForeignKey(
        "payments.Payment", models.PROTECT, null=True, related_name="+", db_index=False
    )  # what a speaker announces
    op = models.CharField(max_length=16)
    args = models.JSONField(default=dict)  # `a` on the wire
    status = models.CharField(max_length=8, choices=CommandStatus, default=CommandStatus.PENDING)
    expires_at = models.DateTimeField()  # `exp` on the wire; the machine enforces it
    due_at = models.DateTimeField()  # when somebody must look at it again
    attempt = models.PositiveSmallIntegerField(default=0, db_default=0)  # times handed to the broker
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="command_status_is_known", condition=Q(status__in=sorted(CommandStatus))
            ),
            models.CheckConstraint(
                name="start_command_is_its_run", condition=~Q(op="start") | Q(run__isnull=False, run=F("id"))
            ),
            models.UniqueConstraint(
                name="speaker_announces_a_payment_once",
                fields=["payment", "device"],
                condition=Q(payment__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="command_due", condition=COMMAND_IS_OPEN),
            models.Index(
                fields=["device", "expires_at"], name="command_unanswered", condition=COMMAND_IS_OPEN
            ),
            models.Index(
                fields=["device", "expires_at"],
                name="announcement_unexpired",
                condition=Q(payment__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.op} ({self.status})"


class Event(models.Model):
    """One thing a machine reported, once. The unique row is what makes a repeat harmless."""

    id = models.BigAutoField(primary_key=True)
    device = models.ForeignKey("devices.Device", models.PROTECT, related_name="events", db_index=False)
    boot = models.BigIntegerField()
    n = models.BigIntegerField()
    name = models.CharField(max_length=16)  # `ev` on the wire
    command = models.UUIDField(null=True)  # what it answers, if anything
    body = models.JSONField()  # as signed
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(name="event_is_stored_once", fields=["device", "boot", "n"]),
        ]
        indexes = [
            models.Index(fields=["command"], name="event_of_command", condition=Q(command__isnull=False)),
            models.Index(
                fields=["device", "received_at"], name="event_of_machine", condition=Q(command__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.boot}/{self.n}"


class RejectedMessage(models.Model):
    """A message that was not what it should be. The table is a ring: it cannot grow."""

    slot = models.PositiveSmallIntegerField(primary_key=True)
    topic = models.CharField(max_length=120)
    reason = models.CharField(max_length=32)
    payload = models.BinaryField(max_length=REJECTED_BYTES)  # its beginning
    size = models.PositiveIntegerField()  # bytes it had
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="rejected_messages_are_bounded", condition=Q(slot__lt=REJECTED_SLOTS)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} on {self.topic}"


class GatewayBeat(models.Model):
    """The gateway's sign of life: one row, written only while it hears the broker."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    beat_at = models.DateTimeField()  # everything that arrived before this was stored
    hearing_since = models.DateTimeField()  # start of the unbroken time up to `beat_at`
    holder = models.CharField(max_length=80)  # host and process
    rejected = models.BigIntegerField(default=0, db_default=0)  # rejected messages so far

    class Meta:
        constraints = [models.CheckConstraint(name="there_is_one_gateway_beat", condition=Q(id=1))]

    def __str__(self) -> str:
        return self.holder

"""Machines, their runs and what went wrong, in the admin. What programs wrote is read-only."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from devices import operate_admin, provision_admin, speakers
from devices.device_form import DeviceForm
from devices.fleet_admin import Fleet
from devices.models import (
    Command,
    Device,
    Event,
    GatewayBeat,
    Incident,
    OperatorAction,
    RejectedMessage,
    Run,
)
from people.confirmed import Action, ConfirmedActions, Given


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Rows that people look at and programs write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Device)
class DeviceAdmin(Fleet, ConfirmedActions):
    """Machines as their owners set them up. New ones, with their code, come from `provision_device`."""

    form = DeviceForm
    readonly_fields = (
        "id",
        "account",
        "type",
        "simulated",
        "enabled",
        "key_version",
        "old_key_until",
        "last_seen",
        "day_word",
        "created_at",
    )
    confirmed = (*operate_admin.ACTIONS, *provision_admin.ACTIONS)

    @admin.display(description=_("last heard"))
    def last_seen(self, device: Device) -> Any:
        """When the machine was last heard."""
        return device.session.last_seen_at

    @admin.display(description=_("word of the day"))
    def day_word(self, device: Device) -> str:
        """What a speaker says with each amount today; another word comes out of another speaker."""
        return speakers.words_today(device_ids=[device.pk]).get(device.pk, "-")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class CommandInline(admin.TabularInline):  # type: ignore[type-arg]
    """The messages of a run."""

    model = Command
    fields = ("op", "status", "attempt", "due_at", "expires_at")
    readonly_fields = fields
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Run)
class RunAdmin(ReadOnly):
    """Every paid use of a machine."""

    list_display = ("id", "device", "option", "status", "price", "earned", "failure", "created_at")
    list_filter = ("status", "assumed", "device__type")
    search_fields = ("id", "payment__id", "device__number")
    list_select_related = ("device",)
    ordering = ("-id",)
    inlines = (CommandInline,)


def _close(incident: Incident, given: Given) -> bool:
    open_one = Incident.objects.filter(pk=incident.pk, closed_at__isnull=True)
    return open_one.update(closed_at=Now()) == 1


@admin.register(Incident)
class IncidentAdmin(ConfirmedActions, ReadOnly):
    """What a person must look at; closing one says that somebody did."""

    list_display = ("created_at", "kind", "device", "run", "closed_at")
    list_filter = ("kind", ("closed_at", admin.EmptyFieldListFilter))
    list_select_related = ("device", "run")
    ordering = ("-id",)
    confirmed = (
        Action(
            name="close",
            verb=_("Close"),
            question=_("You looked at it and nothing is left to do. No money moves."),
            permission="devices.change_incident",
            applies=lambda incident: incident.closed_at is None,
            act=_close,
        ),
    )


@admin.register(OperatorAction)
class OperatorActionAdmin(ReadOnly):
    """What people and shops' servers did to machines, and why."""

    list_display = ("created_at", "device", "op", "reason", "user", "api_key", "run")
    list_filter = ("op",)
    list_select_related = ("device", "user", "api_key", "run")
    search_fields = ("device__number", "device__id", "reason")
    ordering = ("-id",)


@admin.register(Event)
class EventAdmin(ReadOnly):
    """What machines reported, as they signed it."""

    list_display = ("received_at", "device", "name", "command")
    list_filter = ("name",)
    search_fields = ("command", "device__id")
    list_select_related = ("device",)
    ordering = ("-id",)


@admin.register(RejectedMessage)
class RejectedMessageAdmin(ReadOnly):
    """Messages that were not what they should be."""

    list_display = ("received_at", "reason", "topic", "size")
    list_filter = ("reason",)
    ordering = ("-received_at",)


@admin.register(GatewayBeat)
class GatewayBeatAdmin(ReadOnly):
    """Whether we hear the machines."""

    list_display = ("holder", "beat_at", "hearing_since", "rejected")

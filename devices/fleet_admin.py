"""The list of machines in the admin, made for whoever drives out: visit only what has a fault."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from devices import fleet, speakers
from devices.fleet import Condition, Seen, Summary
from devices.machines.base import find_all
from devices.models import Device, Fault, Tally
from devices.services.faults import SILENT
from merchants.models import Place
from payments import money
from people.browsing import Browsable, ReadOnly

MOST_PLACES = 40  # in the filter; the search box finds the others
SIGNS = {"CNY": "¥", "JPY": "¥"}

LISTED = "listed"  # where the list keeps it on its rows
STATES = {
    Condition.SHUT_OUT: ("rest", "minus", _("shut out")),
    Condition.UNHEARD: ("dusk", "unknown", _("we cannot hear it")),
    Condition.FAULTY: ("fail", "cross", _("fault")),
    Condition.OFFLINE: ("rest", "minus", _("offline")),
    Condition.RUNNING: ("run", "power", _("running")),
    Condition.FREE: ("free", "check", _("free")),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """What the columns of one machine are made of."""

    seen: Seen
    condition: Condition
    connected: bool
    at: datetime

    @classmethod
    def of(cls, device: Device, seen: Seen, summary: Summary) -> Self:
        """Judge a machine by what was seen of it."""
        return cls(
            seen=seen,
            condition=fleet.condition_of(device, seen, summary=summary),
            connected=fleet.is_connected(device.session, at=summary.at),
            at=summary.at,
        )


class FleetList(ChangeList):
    """One page of the list, with what is known of its machines; costs the same for one and for a hundred."""

    def get_results(self, request: HttpRequest) -> None:
        """Load the page, then what is seen of its machines at once."""
        super().get_results(request)
        self.summary = Summary.now()
        self.income = written(self.summary.income)
        devices = list(self.result_list)
        known = fleet.seen([device.pk for device in devices])
        for device in devices:
            vars(device)[LISTED] = Listed.of(device, known[device.pk], self.summary)
        self.result_list = devices


class ConditionFilter(admin.SimpleListFilter):
    """Machines that are faulty, silent, away, at work."""

    title = _("condition")
    parameter_name = "condition"

    def lookups(self, request: HttpRequest, model_admin: object) -> Sequence[tuple[str, Any]]:
        """Offer the conditions, the urgent ones first."""
        return [
            ("faulty", _("has a fault")),
            ("silent", _("silent for ten minutes")),
            ("offline", _("offline")),
            ("running", _("running")),
            ("shut_out", _("shut out")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Device]) -> QuerySet[Device]:
        """Return what was chosen."""
        return fleet.of_condition(queryset, self.value() or "")


class TypeFilter(admin.SimpleListFilter):
    """Machines of a type."""

    title = _("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: object) -> Sequence[tuple[str, Any]]:
        """Offer the types there are, used or not: that asks no table."""
        return [(slug, _(machine.label)) for slug, machine in find_all().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Device]) -> QuerySet[Device]:
        """Return what was chosen."""
        return queryset.filter(type=self.value()) if self.value() else queryset


class PlaceFilter(admin.SimpleListFilter):
    """Machines at a place: offers those with the most of them."""

    title = _("place")
    parameter_name = "place"

    def lookups(self, request: HttpRequest, model_admin: object) -> Sequence[tuple[str, Any]]:
        """Offer the largest places."""
        largest = Place.objects.annotate(machines=Count("devices")).filter(machines__gt=0)
        rows = largest.order_by("-machines", "name").values_list("pk", "name")[:MOST_PLACES]
        return [(str(pk), name) for pk, name in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Device]) -> QuerySet[Device]:
        """Return what was chosen; a place that is not among the largest can stand in the address too."""
        chosen = self.value()
        if not chosen:
            return queryset
        try:
            return queryset.filter(place=UUID(chosen))
        except ValueError:
            return queryset.none()


class Fleet(Browsable):
    """The list of `Device`: what is wrong stands first. Mixed into its admin."""

    list_display = ("machine", "state", "fault", "last_run", "income_today")
    list_display_links = ("machine",)
    list_filter = (ConditionFilter, TypeFilter, PlaceFilter, "enabled", "simulated")
    list_select_related = ("account", "place", "session")
    search_fields = ("number", "name", "place__name", "account__name")
    list_per_page = 100

    class Media:
        css = {"all": ["devices/fleet.css"]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Show the fleet."""
        return FleetList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Device]:
        """Know of each machine whether it is in trouble; the list orders by that."""
        return fleet.with_trouble(Device.objects.all())

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """Show the troubled first, then by number."""
        return ["-trouble", "number", "pk"]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list under its name."""
        return super().changelist_view(request, {"title": _("Fleet"), **(extra_context or {})})

    @admin.display(description=_("machine"), ordering="number")
    def machine(self, device: Device) -> SafeString:
        """Draw the plate; beside it the name, whose it is, and where it stands."""
        return _cell("machine", device)

    @admin.display(description=_("state"), ordering="session__last_seen_at")
    def state(self, device: Device) -> SafeString:
        """Say what it is doing, and since when it is silent if it is not there."""
        machine, listed = find_all().get(device.type), _listed(device)
        tint, icon, word = STATES[listed.condition]
        gone = not listed.connected and (machine is None or machine.electronic)
        gone = gone and listed.seen.faults != [SILENT]  # then it stands there
        return _cell("state", device, tint=tint, icon=icon, word=word, gone=gone)

    @admin.display(description=_("fault"), empty_value="")
    def fault(self, device: Device) -> SafeString:
        """Name its faults, and since when."""
        says = fleet.out_of_order(device)
        codes = _listed(device).seen.faults or ([says] if says else [])
        since = device.session.last_seen_at if codes == [SILENT] else _listed(device).seen.faulty_since
        return _cell("fault", device, codes=codes, since=since)

    @admin.display(description=_("last run"), empty_value="")
    def last_run(self, device: Device) -> SafeString:
        """Say what was bought last, and when; of a speaker, how many payments it was told of today."""
        return _cell("last-run", device, speaks=speakers.is_speaker(device.type))

    @admin.display(description=_("income today"), empty_value="")
    def income_today(self, device: Device) -> SafeString:
        """Say what its runs earned today, before fees."""
        amount = "" if speakers.is_speaker(device.type) else written(_listed(device).seen.income)
        return _cell("income", device, amount=amount)


@admin.register(Fault)
class FaultAdmin(ReadOnly):
    """What was wrong with machines, and for how long. Clearing one is an action on its machine."""

    list_display = ("since", "device", "code", "detail", "times", "last_at", "cleared_at")
    list_filter = (("cleared_at", admin.EmptyFieldListFilter), "code")
    list_select_related = ("device",)
    search_fields = ("device__number", "device__name", "code")
    search_ids = ("device_id",)


@admin.register(Tally)
class TallyAdmin(ReadOnly):
    """How many payments speakers were told of, day by day, and how many of these they never confirmed."""

    list_display = ("day", "device", "count", "dropped")
    list_select_related = ("device",)
    search_fields = ("device__number", "device__name")


def written(amount: int) -> str:
    """Write an amount of minor units as it stands in a table: ¥1,234.50."""
    of = money.currency()
    whole, point, part = money.text(amount, of).partition(".")
    return f"{SIGNS.get(of, f'{of} ')}{int(whole):,}{point}{part}"


def _cell(name: str, device: Device, **more: object) -> SafeString:
    drawn = render_to_string(f"devices/fleet/{name}.html", {"device": device, "row": _listed(device), **more})
    return mark_safe(drawn.strip())  # noqa: S308  # what a template escaped; an empty cell must be empty


def _listed(device: Device) -> Listed:
    """Return what the list found out about one of its rows."""
    listed: Listed = vars(device)[LISTED]
    return listed

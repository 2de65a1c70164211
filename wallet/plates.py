"""Finding machines by the number on their plate."""

from dataclasses import dataclass

from django.db.models import OuterRef, Subquery
from django.urls import reverse

from devices.models import Device
from payments.models import Code
from wallet.runs import label_of

MOST = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A machine with that number, and where it stands."""

    url: str
    type: str
    number: str
    label: str
    payee: str
    place: str


def find(typed: str) -> list[Found]:
    """Return the machines that carry a number and can be paid for; a number is unique only within a shop."""
    code = Code.objects.filter(
        target=OuterRef("pk"), payable="machine", kind=Code.Kind.STATIC, status=Code.Status.ACTIVE
    ).order_by("id")
    machines = (
        Device.objects.filter(number__iexact=typed.strip(), enabled=True, account__isnull=False)
        .annotate(token=Subquery(code.values("token")[:1]))
        .filter(token__isnull=False)
        .select_related("account", "place")
        .order_by("account__name", "id")[:MOST]
    )
    return [
        Found(
            url=reverse("wallet:code", args=[machine.token]),
            type=machine.type,
            number=machine.number,
            label=label_of(machine.type),
            payee=machine.account.name if machine.account else "",
            place=machine.place.name if machine.place else "",
        )
        for machine in machines
    ]

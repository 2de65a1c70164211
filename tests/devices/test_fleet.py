"""The fleet in the admin: what is wrong stands first, and ten thousand machines are listed quickly."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries as AtMost
from pytest_django import Settings

from devices.fleet import Condition, Summary, seen
from devices.fleet_admin import written
from devices.gateway.intake import Intake
from devices.models import Device, GatewayBeat, Run, Session
from devices.services import faults
from devices.services.provision import provision
from merchants.models import Merchant, Place
from people.models import User
from tests.devices.hardware import Hardware
from tests.devices.paying import bought, give, go_online

pytestmark = pytest.mark.django_db
MANY = 10_000
FLEET = """
WITH device AS (
    INSERT INTO devices_device (id, account_id, place_id, number, name, type, prices, settings)
    SELECT gen_random_uuid(), %(account)s, %(place)s, to_char(n, 'FM00000'), 'Chair', 'chair', '{}', '{}'
    FROM generate_series(0, %(many)s - 1) AS n
    RETURNING id, number
), session AS (
    INSERT INTO devices_session (device_id, state, telemetry, last_seen_at)
    SELECT id, '{}', '{}', now() FROM device
)
INSERT INTO devices_fault (device_id, code, detail)
SELECT id, 'silent', '' FROM device WHERE number::int %% 7 = 0
"""
LIST = "/admin/devices/device/"


def machine(shop: Merchant, number: str, *, type: str = "chair", place: Place | None = None) -> Device:  # noqa: A002
    return provision(
        account_id=shop.account_id,
        place_id=place.pk if place else None,
        type=type,
        number=number,
        name=type.title(),
    )


def listed(desk: Client, **query: str) -> list[Any]:
    """Return the machines on the first page."""
    answer = desk.get(LIST, query)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def numbers(desk: Client, **query: str) -> list[str]:
    return [device.number for device in listed(desk, **query)]


def text_of(desk: Client, **query: str) -> str:
    return " ".join(strip_tags(desk.get(LIST, query).content.decode()).split())


def test_a_fault_stands_first_with_its_name(
    desk: Client, mei_shop: Merchant, chair: Device, intake: Intake
) -> None:
    machine(mei_shop, "01")
    go_online(intake, Hardware(chair))
    faults.notice(device_id=chair.pk, code="motor")

    assert numbers(desk) == ["07", "01"]
    assert [device.listed.condition for device in listed(desk)] == [Condition.FAULTY, Condition.OFFLINE]
    assert "motor since" in text_of(desk)


def test_a_run_shows_as_running_then_as_the_last_one_with_its_income(
    desk: Client, chair: Device, alice: User, intake: Intake
) -> None:
    hardware = Hardware(chair)
    go_online(intake, hardware)
    give(alice, 5000)
    assert listed(desk)[0].listed.condition == Condition.FREE
    run = bought(chair, alice)
    intake.store([hardware.event("started", run.pk, left_s=600)])
    assert listed(desk)[0].listed.condition == Condition.RUNNING
    assert Summary.now().running == 1
    intake.store([hardware.event("finished", run.pk)])

    (row,) = listed(desk)
    assert row.listed.condition == Condition.FREE
    assert (row.listed.seen.last_option, row.listed.seen.last_status) == ("10min", "finished")
    assert row.listed.seen.income == Summary.now().income == 1000
    assert "¥10.00" in text_of(desk)


def test_yesterdays_income_is_not_todays(desk: Client, chair: Device, alice: User, intake: Intake) -> None:
    hardware = Hardware(chair)
    go_online(intake, hardware)
    give(alice, 5000)
    run = bought(chair, alice)
    intake.store([hardware.event("started", run.pk), hardware.event("finished", run.pk)])
    Run.objects.update(ended_at=F("ended_at") - timedelta(days=1))

    assert seen([chair.pk])[chair.pk].income == Summary.now().income == 0


def test_while_the_gateway_is_down_nothing_is_said_to_be_offline(
    desk: Client, chair: Device, intake: Intake
) -> None:
    go_online(intake, Hardware(chair))
    GatewayBeat.objects.update(beat_at=F("beat_at") - timedelta(seconds=20))

    assert listed(desk)[0].listed.condition == Condition.UNHEARD
    assert "We cannot hear the machines now" in text_of(desk)


def test_a_machine_says_since_when_it_is_silent_and_one_that_was_never_heard_says_so(
    desk: Client, chair: Device, mei_shop: Merchant, intake: Intake
) -> None:
    go_online(intake, Hardware(chair))
    machine(mei_shop, "08")
    machine(mei_shop, "09", type="bike")
    Session.objects.filter(device=chair).update(last_seen_at=F("last_seen_at") - timedelta(minutes=5))

    assert [device.listed.condition for device in listed(desk)] == [
        Condition.OFFLINE,
        Condition.OFFLINE,
        Condition.FREE,
    ]
    text = text_of(desk)
    assert text.count("never heard") == 1
    assert text.count("offlinesince") == 1


@pytest.mark.parametrize("says", ["fault", "off"])
def test_what_a_machine_says_of_itself_is_a_fault_too(
    desk: Client, chair: Device, intake: Intake, says: str
) -> None:
    hardware = Hardware(chair)
    go_online(intake, hardware)
    intake.store([hardware.state(says)])

    assert listed(desk)[0].listed.condition == Condition.FAULTY


def test_the_filters_find_the_faulty_the_silent_a_type_and_a_place(
    desk: Client, mei_shop: Merchant, intake: Intake
) -> None:
    here = Place.objects.create(merchant=mei_shop, name="Station Road 3")
    jammed, quiet, well, away = (
        machine(mei_shop, "1", place=here),
        machine(mei_shop, "2", type="washer"),
        machine(mei_shop, "3"),
        machine(mei_shop, "4"),
    )
    for one in (jammed, quiet, well):
        go_online(intake, Hardware(one))
    faults.notice(device_id=jammed.pk, code="jam")
    faults.notice(device_id=quiet.pk, code="silent")
    Device.objects.filter(pk=away.pk).update(enabled=False)

    assert numbers(desk, condition="faulty") == ["1", "2"]
    assert numbers(desk, condition="silent") == ["2"]
    assert numbers(desk, condition="offline") == ["4"]
    assert numbers(desk, condition="shut_out") == ["4"]
    assert numbers(desk, type="washer") == ["2"]
    assert numbers(desk, place=str(here.pk)) == ["1"]
    assert numbers(desk, place="nonsense") == []
    assert numbers(desk, q="Station") == ["1"]
    assert numbers(desk, q=str(well.pk)) == ["3"]
    summary = Summary.now()
    assert (summary.machines, summary.online, summary.faulty, summary.silent) == (3, 3, 2, 1)


def test_the_page_of_a_machine_opens_and_a_speakers_shows_its_word(desk: Client, mei_shop: Merchant) -> None:
    speaker = machine(mei_shop, "S1", type="speaker")
    answer = desk.get(f"{LIST}{speaker.pk}/change/")

    assert answer.status_code == 200
    assert "Word of the day" in answer.content.decode()


def test_an_unclaimed_machine_and_one_whose_type_is_gone_are_listed(desk: Client, chair: Device) -> None:
    Device.objects.update(type="gone")
    waiting = Device.objects.create(setup_hash="a" * 64, type="chair", number="X", name="New")
    Session.objects.create(device=waiting)

    assert sorted(numbers(desk)) == ["07", "X"]
    assert "waits for its owner" in text_of(desk)


def test_ten_thousand_machines_are_listed_with_a_dozen_queries(
    desk: Client, mei_shop: Merchant, django_assert_max_num_queries: AtMost
) -> None:
    place = Place.objects.create(merchant=mei_shop, name="Everywhere")
    with connection.cursor() as cursor:
        cursor.execute(FLEET, {"account": mei_shop.account_id, "place": place.pk, "many": MANY})
    desk.get(LIST)  # compiles the templates
    with django_assert_max_num_queries(12):
        first = numbers(desk)

    assert len(first) == 100 and first[0] == "00000" and first[1] == "00007"
    assert len(numbers(desk, condition="faulty", p="2")) == 100


@pytest.mark.parametrize(
    ("currency", "amount", "text"),
    [("CNY", 123_450, "¥1,234.50"), ("JPY", 1200, "¥1,200"), ("EUR", 5, "EUR 0.05")],
)
def test_amounts_are_written_with_their_digits(
    settings: Settings, currency: str, amount: int, text: str
) -> None:
    settings.CURRENCY = currency

    assert written(amount) == text

"""What a machine says to who is not looking: soon done, done; once aloud, and gone when it was read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models import F
from django.test import Client

from devices.gateway.intake import Intake
from devices.models import Device, Run
from devices.schedule import DEAF
from devices.services.drive import attend
from devices.services.provision import provision
from merchants.models import Merchant
from people.models import User
from tests.devices.conftest import intake
from tests.devices.hardware import Hardware
from tests.devices.paying import bought, give, go_online

__all__ = ["intake"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def washer(mei_shop: Merchant, intake: Intake) -> Device:
    return provision(account_id=mei_shop.account_id, place_id=None, type="washer", number="07", name="W")


@pytest.fixture
def hardware(washer: Device) -> Hardware:
    return Hardware(washer)


@pytest.fixture
def run(alice: User, washer: Device, hardware: Hardware, intake: Intake) -> UUID:
    """Alice's run of the quick course: twenty minutes left."""
    go_online(intake, hardware)
    give(alice, 1_000)
    run = bought(washer, alice, "quick")
    attend(command_id=run.pk, ears=DEAF, connected=True)
    intake.store([hardware.event("started", run.pk, left_s=1200)])
    return run.pk


def left(run: UUID, *, minutes: float) -> None:
    """Let so much of the run be left."""
    Run.objects.filter(pk=run).update(ends_at=F("created_at") + timedelta(minutes=minutes))


@pytest.fixture
def end(run: UUID, hardware: Hardware, intake: Intake) -> Callable[[float], None]:
    """Let the run have finished so many minutes ago."""

    def finished(minutes_ago: float) -> None:
        intake.store([hardware.event("finished", run)])
        Run.objects.filter(pk=run).update(ended_at=F("created_at") - timedelta(minutes=minutes_ago))

    return finished


def notices(browser: Client) -> list[str]:
    return [notice.words for notice in browser.get("/").context["home"].notices]


def title_of(answer: Any) -> str:
    text: str = answer.content.decode()
    return text.partition('data-title="')[2].partition('"')[0].replace("\N{NO-BREAK SPACE}", " ")


def test_nothing_is_told_while_there_is_time(alice_at: Client, run: UUID) -> None:
    assert notices(alice_at) == []
    assert title_of(alice_at.get("/")) == "Wallet · Saoma"


def test_five_minutes_before_the_end_it_is_told(alice_at: Client, bob_at: Client, run: UUID) -> None:
    left(run, minutes=4.9)
    assert notices(alice_at) == ["Washing machine\N{NO-BREAK SPACE}07 is done in 5 min"]
    assert notices(bob_at) == []
    assert title_of(alice_at.get("/")) == "Washing machine 07 is done in 5 min · Saoma"
    url = alice_at.get("/").context["home"].using[0].url
    page = alice_at.get(url)
    assert title_of(page) == "Washing machine 07 is done in 5 min · Saoma"
    assert 'data-announce="running-soon"' in page.content.decode()


def test_it_counts_minutes_and_is_said_aloud_once(alice_at: Client, run: UUID) -> None:
    left(run, minutes=4.9)
    first = alice_at.get("/").context["home"].notices[0]
    left(run, minutes=2.9)
    later = alice_at.get("/").context["home"].notices[0]
    assert later.words.endswith("is done in 3 min")
    assert later.key == first.key, "the browser says each key once"


def test_the_end_is_told_for_fifteen_minutes(alice_at: Client, end: Callable[[float], None]) -> None:
    end(14)
    assert notices(alice_at) == ["Washing machine\N{NO-BREAK SPACE}07 is done"]
    end(16)
    assert notices(alice_at) == []


def test_what_was_put_away_stays_away_and_the_end_is_told_all_the_same(
    alice_at: Client, run: UUID, end: Callable[[float], None]
) -> None:
    left(run, minutes=4)
    key = alice_at.get("/").context["home"].notices[0].key
    alice_at.cookies["put_away"] = f"x.{key}"
    assert notices(alice_at) == []
    end(0)
    assert notices(alice_at) == ["Washing machine\N{NO-BREAK SPACE}07 is done"]


def test_a_poll_brings_the_notice(alice_at: Client, run: UUID) -> None:
    seen = alice_at.get("/").context["live"].version
    poll = {"HX-Request": "true"}
    assert alice_at.get("/", {"seen": seen}, headers=poll).status_code == 204
    left(run, minutes=4)
    answer = alice_at.get("/", {"seen": seen}, headers=poll)
    assert "is done in 4 min" in answer.content.decode()
    assert answer.context["live"].every_s == 1

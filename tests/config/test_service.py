"""Request ids, health, readiness, the API's document."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.test.utils import override_settings

from config import views
from config.middleware import RequestIdFilter
from tests.rig.servers import Servers


@pytest.mark.parametrize("name", ["abc", "A-1_b.c", "x" * 64])
def test_a_sane_request_id_is_kept(client: Client, name: str) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": name})["X-Request-Id"] == name


@pytest.mark.parametrize("name", ["", "x" * 65, "a b", "<script>", "a\tb", "é"])
def test_another_one_is_replaced(client: Client, name: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": name})

    assert re.fullmatch("[0-9a-f-]{36}", answer["X-Request-Id"])


def test_each_line_of_the_log_names_its_request(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(RequestIdFilter())

    client.get("/api/v1/nothing", headers={"X-Request-Id": "find-me"})

    assert [vars(record)["request_id"] for record in caplog.records] == ["find-me"]


def test_the_process_is_healthy_without_anything(client: Client) -> None:
    with override_settings(REDIS_URL="redis://127.0.0.1:9/0"):
        assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_with_all_servers_it_is_ready(client: Client, servers: Servers) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "degraded": []})


@pytest.mark.django_db
def test_without_redis_and_broker_it_is_ready_but_says_so(client: Client) -> None:
    started = time.monotonic()
    with override_settings(REDIS_URL="redis://127.0.0.1:9/0", MQTT_URL="mqtt://127.0.0.1:9"):
        answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "degraded": ["redis", "mqtt"]}
    assert time.monotonic() - started < 1


def test_without_the_database_it_is_not(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_database_answers", lambda: False)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["failed"]) == (503, ["database"])


def schema(client: Client) -> dict[str, Any]:
    """Return the OpenAPI document."""
    answer = client.get("/api/schema/", {"format": "json"})
    assert answer.status_code == 200
    document: dict[str, Any] = answer.json()
    return document


@pytest.mark.django_db
def test_the_document_is_valid_and_nothing_in_it_is_guessed(tmp_path: Path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


@pytest.mark.django_db
def test_every_call_documents_its_refusals(client: Client) -> None:
    document = schema(client)

    assert "/api/v1/sessions" in document["paths"]
    for operations in document["paths"].values():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
    assert "Problem" in document["components"]["schemas"]


@pytest.mark.django_db
def test_the_document_says_who_may_call(client: Client) -> None:
    document = schema(client)

    assert document["paths"]["/api/v1/sessions"]["post"].get("security", [{}]) == [{}]
    assert {"person": []} in document["paths"]["/api/v1/sessions/current"]["delete"]["security"]
    assert document["paths"]["/api/v1/balance"]["get"]["security"] == [{"merchant": []}]


@pytest.mark.django_db
def test_the_pages_for_people_need_no_inline_script_or_style(client: Client) -> None:
    page = client.get("/api/docs/")

    assert page.status_code == 200
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert not re.search(r"<style|<script>|\son\w+=|style=", page.text)
    script = re.search(r'src="([^"]*script[^"]*)"', page.text)
    assert script is not None
    assert client.get(script[1].replace("&amp;", "&"))["Content-Type"].startswith("application/javascript")

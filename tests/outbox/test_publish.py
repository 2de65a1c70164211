"""A fact is stored with the change it tells of, once for everybody who listens."""

from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from outbox import services
from outbox.models import Delivery
from outbox.registry import on


def hear(**_: object) -> None:
    """Do nothing."""


def overhear(**_: object) -> None:
    """Do nothing, elsewhere."""


@pytest.mark.django_db
def test_a_fact_nobody_hears_costs_no_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        services.publish("tests.tree.fell", tree="oak")


@pytest.mark.django_db
def test_two_listeners_cost_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    on("tests.tree.fell")(hear)
    on("tests.tree.fell", queue="webhooks")(overhear)

    with django_assert_num_queries(1):
        services.publish("tests.tree.fell", tree="oak")

    stored = Delivery.objects.order_by("queue").values("fact", "handler", "queue", "payload", "attempts")
    assert list(stored) == [
        {
            "fact": "tests.tree.fell",
            "handler": f"{__name__}.{handler}",
            "queue": queue,
            "payload": {"tree": "oak"},
            "attempts": 0,
        }
        for handler, queue in (("hear", "default"), ("overhear", "webhooks"))
    ]


@pytest.mark.django_db(transaction=True)
def test_a_change_rolled_back_tells_nobody() -> None:
    on("tests.tree.fell")(hear)

    with transaction.atomic():
        services.publish("tests.tree.fell", tree="oak")
        transaction.set_rollback(True)

    assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_fact_outside_a_transaction_is_refused_even_if_nobody_listens() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        services.publish("tests.tree.fell", tree="oak")


@pytest.mark.django_db
@pytest.mark.parametrize("payload", [{"tree": object()}, {"tree": b"oak"}])
def test_a_payload_json_cannot_hold_is_refused(payload: dict[str, Any]) -> None:
    on("tests.tree.fell")(hear)

    with pytest.raises(TypeError):
        services.publish("tests.tree.fell", **payload)

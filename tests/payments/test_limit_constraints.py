"""What the database refuses of limits, whoever asks: every rule, tried by going around the services."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from payments import caps
from payments.models import CapRule, Code

pytestmark = pytest.mark.django_db


def rule(**fields: object) -> None:
    sort = {"tier": "personal", "code_kind": "dynamic", "risk_class": "D", "cap": 1, "name": "rule"}
    CapRule.objects.create(**(sort | fields))


RULES: list[tuple[str, Callable[[], object]]] = [
    ("cap_is_not_negative", lambda: rule(cap=-1)),
    ("cap_is_for_a_known_sort", lambda: rule(tier="staff")),
    ("cap_is_for_a_known_sort", lambda: rule(tier="")),
    ("cap_is_for_a_known_sort", lambda: rule(code_kind="shown")),
    ("cap_is_for_a_known_sort", lambda: rule(risk_class="E")),
    ("cap_is_for_a_known_sort", lambda: rule(risk_class="a")),
    ("one_cap_for_one_sort", lambda: rule(code_kind="static", risk_class="A")),
    ("payments_caprule_pkey", lambda: rule(name=caps.PERSONAL_STATIC)),
]


@pytest.mark.parametrize(("name", "broken"), RULES, ids=[f"{n}-{name}" for n, (name, _) in enumerate(RULES)])
def test_the_database_refuses_such_a_rule(name: str, broken: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        broken()


def test_every_sort_can_have_a_cap() -> None:
    CapRule.objects.all().delete()
    for tier in CapRule.Tier.values:
        for code_kind in CapRule.CodeKind.values:
            for risk_class in "ABCD":
                sort = {"tier": tier, "code_kind": code_kind, "risk_class": risk_class}
                name = caps.name_of(**sort)
                CapRule.objects.create(name=name, cap=0, **sort)
                assert caps.rule_for(**sort) == name
    assert CapRule.objects.count() == 24


@pytest.mark.parametrize("risk_class", ["", "E", "a"])
def test_a_code_is_of_a_known_class(bob_code: Code, risk_class: str) -> None:
    with pytest.raises(IntegrityError, match='"code_risk_class_is_known"'), transaction.atomic():
        Code.objects.filter(pk=bob_code.pk).update(risk_class=risk_class)

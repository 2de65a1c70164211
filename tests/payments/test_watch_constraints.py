"""What the database refuses of alerts and stops: every rule, tried by going around the services."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from payments.models import Account, Alert, Code, WithdrawalStop
from people.models import User
from tests.payments.hands import wallet

pytestmark = pytest.mark.django_db
EARLIER = timedelta(seconds=1)


@pytest.fixture
def account(bob: User) -> Account:
    return wallet(bob)


def alert(account: Account, **fields: object) -> Alert:
    return Alert.objects.create(**{"kind": "velocity", "account": account, "detail": "often"} | fields)


def end(rows: type[WithdrawalStop] | type[Alert], began: str, ended: str) -> int:
    return rows._default_manager.update(**{ended: F(began) - EARLIER})


RULES: list[tuple[str, Callable[[Account, Code], object]]] = [
    (
        "withdrawals_are_stopped_once",
        lambda account, code: [WithdrawalStop.objects.create(reason=why) for why in "ab"],
    ),
    (
        "withdrawal_stop_ends_after_it_began",
        lambda account, code: (
            WithdrawalStop.objects.create(reason="a"),
            end(WithdrawalStop, "began_at", "ended_at"),
        ),
    ),
    ("alert_kind_is_known", lambda account, code: alert(account, kind="gossip")),
    ("one_open_alert_for_one_thing", lambda account, code: [alert(account) for _ in range(2)]),
    ("one_open_alert_for_one_thing", lambda account, code: [alert(account, code=code) for _ in range(2)]),
    (
        "alert_is_closed_after_it_was_made",
        lambda account, code: (alert(account), end(Alert, "created_at", "closed_at")),
    ),
]


@pytest.mark.parametrize(("rule", "broken"), RULES, ids=[f"{n}-{rule}" for n, (rule, _) in enumerate(RULES)])
def test_the_database_refuses(
    account: Account, bob_code: Code, rule: str, broken: Callable[[Account, Code], object]
) -> None:
    with pytest.raises(IntegrityError, match=f'"{rule}"'), transaction.atomic():
        broken(account, bob_code)


def test_what_is_over_may_begin_again(account: Account) -> None:
    for _ in range(2):
        WithdrawalStop.objects.create(reason="a")
        WithdrawalStop.objects.update(ended_at=F("began_at"))
        alert(account)
        Alert.objects.update(closed_at=F("created_at"))
    assert (WithdrawalStop.objects.count(), Alert.objects.count()) == (2, 2)


def test_different_things_may_be_open_at_once(account: Account, bob_code: Code, charlie: User) -> None:
    for fields in ({}, {"code": bob_code}, {"kind": "like_a_machine"}):
        alert(account, **fields)
    alert(wallet(charlie))
    assert Alert.objects.count() == 4

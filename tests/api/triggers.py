"""A shop's server with a machine to start and a payment to start it with."""

from typing import Any
from uuid import uuid4

import pytest

from merchants import scopes
from merchants.models import Merchant
from merchants.services import create_key, open_merchant
from payments.models import Code
from tests.api.callers import Caller, Person
from tests.api.machines import Machine, new_machine

PRICE, FEE = 100, 1  # of every option of the sandbox, and what 0.8 % of it are


@pytest.fixture
def alice(alice: Person) -> Person:
    alice.gets(10_000)
    return alice


@pytest.fixture
def sandbox(mei_shop: Merchant, ready_chair: Machine) -> Machine:
    """A machine for developers in the laundry, online."""
    machine = new_machine(mei_shop, "S1", kind="sandbox")
    machine.go_online()
    return machine


@pytest.fixture
def rival(bob: Person) -> Merchant:
    """Another shop."""
    return open_merchant(owner_id=bob.pk, name="Rival", category="laundry")


@pytest.fixture
def rival_till(rival: Merchant, secrets: list[str]) -> Caller:
    secrets.append(create_key(merchant_id=rival.pk, name="till", scopes=scopes.ALL)[1])
    return Caller(secrets[-1])


@pytest.fixture
def paid(alice: Person, counter: Code) -> str:
    """Alice's payment of 25.00 at the laundry's counter, for which the laundry has 24.80."""
    return str(alice.pay(counter.token, amount=2_500).json()["id"])


def trigger(till: Caller, machine: Machine, payment: str, key: str | None = None, **wish: Any) -> Any:
    body = {"payment": payment, "option": "ok"} | wish
    return till.post(f"devices/{machine.id}/trigger", body, key=key or str(uuid4()))


def started(till: Caller, machine: Machine, payment: str, **wish: Any) -> str:
    """Trigger and let the worker send the command; the run's id."""
    run = str(trigger(till, machine, payment, **wish).json()["id"])
    machine.is_told_to_start(run)
    return run

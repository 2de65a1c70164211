"""A withdrawal survives whoever dies between two of its steps, with the same end as if nobody had."""

from typing import Any

import pytest

from outbox import services
from payments import ledger, states
from payments.bank import demo, outcomes
from payments.models import Withdrawal
from people.models import User
from tests.payments.bank.hands import asked, status, sweep, switch
from tests.payments.bank.killing import killed
from tests.payments.hands import has

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("behaviour", [{}, {"fails": True}, {"returns": True}])
@pytest.mark.parametrize(
    "seam",
    [
        (outcomes, "submit", "before"),
        (outcomes, "submit", "after"),
        (demo.Demo, "pay_out", "before"),
        (demo.Demo, "pay_out", "after"),
        (outcomes, "apply", "before"),
        (states, "move", "after"),
        (ledger, "post", "before"),
        (ledger, "post", "after"),
        (services, "publish", "after"),
    ],
    ids=lambda seam: f"{seam[2]}-{seam[1]}",
)
def test_whoever_dies_between_two_steps_leaves_it_to_the_next(
    rich_alice: User, withdrawal: Withdrawal, behaviour: dict[str, bool], seam: tuple[Any, str, str]
) -> None:
    switch(**behaviour)
    with killed(*seam):
        sweep()

    sweep(60)
    sweep(600)

    end = {"fails": "failed", "returns": "returned"}.get(next(iter(behaviour), ""), "paid")
    assert status(withdrawal) == end
    assert asked(withdrawal.pk) == 1
    assert has(rich_alice) == (100_000 - 10_511 if end == "paid" else 100_000)


@pytest.mark.parametrize(
    "seam",
    [
        (outcomes, "give_back", "before"),
        (outcomes, "give_back", "after"),
        (ledger, "post", "before"),
        (services, "publish", "after"),
    ],
    ids=lambda seam: f"{seam[2]}-{seam[1]}",
)
def test_whoever_dies_while_it_comes_back_leaves_it_to_the_next(
    rich_alice: User, withdrawal: Withdrawal, seam: tuple[Any, str, str]
) -> None:
    switch(returns=True)
    sweep()
    with killed(*seam):
        sweep(5)

    sweep(60)

    assert status(withdrawal) == "returned"
    assert has(rich_alice) == 100_000

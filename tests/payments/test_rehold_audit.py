"""The auditor finds what is wrong with what was held again, and is silent otherwise."""

from collections.abc import Callable

import pytest

from payments import audit
from payments.models import Account
from people.models import User
from tests.conftest import RUNS
from tests.payments.faults import break_rules
from tests.payments.hands import capture, claim, pay
from tests.payments.rehold_faults import FAULTS
from tests.payments.till import counter_code, rehold, till_call

pytestmark = [pytest.mark.django_db, pytest.mark.unbalanced]


@pytest.fixture
def history(rich_alice: User, shop: Account) -> None:
    """One re-hold that waits, and one that ended: a quarter captured, the rest refunded."""
    waiting, ended = (pay(rich_alice, counter_code(shop), 1_000) for _ in range(2))
    rehold(till_call(), waiting, 300)
    rehold(till_call(), ended, 400)
    claim(ended)
    capture(ended, 100)


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(("change", "checks"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS])
def test_the_auditor_sees_each_fault_and_only_that(change: Callable[[], object], checks: set[str]) -> None:
    assert {breach.check for breach in audit.audit()} <= set(RUNS)
    break_rules(change)

    assert {breach.check for breach in audit.audit()} - set(RUNS) == checks

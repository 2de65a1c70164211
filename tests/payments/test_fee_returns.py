"""A refund's share of the fee: whatever the parts, the whole comes back whole, and both languages agree."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from merchants.models import Plan
from payments import money
from payments.books import System
from payments.models import Account
from people.models import User
from tests.payments.hands import fill, has, holds_money, pay
from tests.payments.till import counter_code, refund

FEES = System.FEE_REVENUE.value
AMOUNT = some.integers(1, 10**12)


@given(captured=AMOUNT, bp=some.integers(0, 10_000), minimum=some.integers(0, 10**6), dice=some.data())
def test_any_number_of_parts_returns_the_whole_fee(
    captured: int, bp: int, minimum: int, dice: some.DataObject
) -> None:
    fee = money.fee(captured, bp=bp, minimum=minimum)
    refunded = returned = 0
    while refunded < captured:
        most = captured - refunded
        part = dice.draw(some.integers(max(1, most // 8), most))
        refunded += part
        so_far = money.fee_returned(fee, refunded=refunded, captured=captured)
        assert 0 <= so_far - returned <= part
        returned = so_far
    assert returned == fee


@pytest.mark.django_db
@given(
    captured=some.one_of(some.integers(1, 300), AMOUNT),
    terms=some.tuples(some.sampled_from([1, 60, 80, 100, 3_333, 10_000]), some.sampled_from([0, 0, 7, 100])),
    dice=some.data(),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_counts_the_fee_as_the_program_does(
    alice: User, shop: Account, captured: int, terms: tuple[int, int], dice: some.DataObject
) -> None:
    Plan.objects.update(fee_bp=terms[0], fee_minimum=terms[1])
    fill(alice, captured)
    before = has(alice), holds_money(shop.pk), holds_money(FEES)
    paid = pay(alice, counter_code(shop), captured)
    for share in (5, 4, 3, 2, 1):
        part = (captured - paid.refunded_amount) // share
        refund(paid, dice.draw(some.sampled_from([None, max(1, part), max(1, part - 1)])))
        paid.refresh_from_db()
        expected = money.fee_returned(paid.fee, refunded=paid.refunded_amount, captured=captured)
        assert paid.fee_returned == expected
        if paid.refunded_amount == captured:
            break
    else:
        refund(paid)
        paid.refresh_from_db()
    assert paid.fee_returned == paid.fee
    assert (has(alice), holds_money(shop.pk), holds_money(FEES)) == before

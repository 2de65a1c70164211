"""Two people with one set-up code, from two processes: one gets the machine, the other nothing at all."""

from functools import partial
from uuid import UUID

import pytest

from devices.models import Device, OperatorAction
from devices.services import claiming
from devices.services.credentials import revoke
from devices.services.provision import provision_unclaimed, renew_code
from payments import codes
from payments.accounts import wallet_of
from payments.models import Code
from people.models import User
from tests.races.contest import contest

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 60
LOST = "unknown_setup_code"


def new_machine(number: int) -> tuple[str, UUID, str]:
    """What is fought over: a token, its machine, and a number for its plate."""
    device, token = provision_unclaimed(type="chair")
    return token, device.pk, str(number)


def take(user_id: UUID, subject: tuple[str, UUID, str]) -> str:
    token, _, number = subject
    claiming.claim(token=token, user_id=user_id, number=number)
    return "mine"


def test_two_people_scan_one_set_up_code(bob: User, charlie: User, no_deadlock: None) -> None:
    people = [bob, charlie]

    def one_has_it(subject: tuple[str, UUID, str], outcomes: list[str]) -> None:
        assert sorted(outcomes) == ["mine", LOST]
        winner = people[outcomes.index("mine")]
        device = Device.objects.get(pk=subject[1])
        assert device.account_id == wallet_of(winner.pk).pk
        assert Code.objects.get(target=device.pk).account_id == device.account_id
        assert OperatorAction.objects.get(device=device).user_id == winner.pk

    contest(new_machine, [partial(take, person.pk) for person in people], one_has_it, rounds=ROUNDS)


def test_one_person_taps_twice_and_has_one_machine_with_one_code(bob: User, no_deadlock: None) -> None:
    def one(subject: tuple[str, UUID, str], outcomes: list[str]) -> None:
        assert sorted(outcomes) == ["mine", LOST]
        assert Code.objects.filter(target=subject[1]).count() == 1

    contest(new_machine, [partial(take, bob.pk)] * 2, one, rounds=ROUNDS)


def test_a_machine_is_shut_out_while_somebody_scans_it(bob: User, mei: User, no_deadlock: None) -> None:
    def shut_out(subject: tuple[str, UUID, str]) -> bool:
        return revoke(device_id=subject[1], user_id=mei.pk, reason="stolen")

    def either_first(subject: tuple[str, UUID, str], outcomes: list[object]) -> None:
        claimed, revoked = outcomes
        assert revoked is True
        device = Device.objects.get(pk=subject[1])
        assert not device.enabled
        assert (device.account_id is not None) == (claimed == "mine")
        assert Code.objects.filter(target=device.pk).count() == (claimed == "mine")

    contest(new_machine, [partial(take, bob.pk), shut_out], either_first, rounds=ROUNDS)


def test_two_of_the_staff_make_one_new_code(bob: User, mei: User, no_deadlock: None) -> None:
    def without_code(number: int) -> UUID:
        _, token = provision_unclaimed(type="chair")
        device = claiming.claim(token=token, user_id=bob.pk, number=str(number))
        codes.revoke(code_id=Code.objects.get(target=device.pk).pk)
        return device.pk

    def renew(device_id: UUID) -> str:
        renew_code(device_id=device_id, user_id=mei.pk, reason="lost")
        return "made"

    def one(device_id: UUID, outcomes: list[str]) -> None:
        assert sorted(outcomes) == ["code_still_pays", "made"]
        assert Code.objects.filter(target=device_id, status="active").count() == 1

    contest(without_code, [renew, renew], one, rounds=ROUNDS)

"""Keys that change, machines that are shut out: who is believed, and until when."""

import json
from dataclasses import asdict
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from devices import keys, queries
from devices.gateway.intake import Intake
from devices.models import Command, Device, Event, OperatorAction, RejectedMessage, Session
from devices.protocol.keys import decode_key
from devices.schedule import Ears
from devices.services import operate
from devices.services.credentials import OVERLAP, restore, revoke, rotate
from devices.services.drive import attend
from devices.services.provision import credentials
from devices.sight import Sight
from devices.trust import believed
from merchants.models import Merchant
from merchants.services import create_key
from outbox.clock import now
from people.models import User
from tests.devices.hardware import Hardware
from tests.devices.paying import bought, give, go_online

pytestmark = pytest.mark.django_db

HEARING = Ears(up=True, hearing_s=3600, return_s=30)


def fresh() -> Intake:
    """A gateway that remembers nothing: what a minute later it would be."""
    return Intake(still_ours=lambda: True)


def newer(hardware: Hardware) -> Hardware:
    """The same machine after somebody put its newest key in."""
    return Hardware(Device.objects.get(pk=hardware.device.pk), boot=hardware.boot + 1)


def online(device: Device) -> bool:
    sight = Sight.of(device.pk)
    return sight is not None and sight.online


def last_key(device: Device) -> int:
    return Session.objects.get(pk=device.pk).key_version


@pytest.fixture
def staff(mei: User) -> User:
    User.objects.filter(pk=mei.pk).update(is_staff=True)
    return mei


def turn(device: Device, user: User, *, at_once: bool = False) -> None:
    rotate(device_id=device.pk, user_id=user.pk, reason="lost notebook", at_once=at_once)


def said(command: str, device: object, *flags: str, by: User, reason: str = "because") -> str:
    """What a command printed."""
    out = StringIO()
    call_command(command, str(device), "--by", by.phone, "--reason", reason, *flags, stdout=out)
    return out.getvalue()


def overlap_ends(device: Device) -> None:
    Device.objects.filter(pk=device.pk).update(old_key_until=Now() - timedelta(seconds=1))


def test_a_new_key_is_said_once_noted_and_differs(chair: Device, mei: User) -> None:
    before = credentials(chair)
    made = rotate(device_id=chair.pk, user_id=mei.pk, reason="every spring")

    chair.refresh_from_db()
    assert made == credentials(chair)
    assert (made.key, made.mqtt_password) != (before.key, before.mqtt_password)
    assert decode_key(made.key) == keys.key_of(str(chair.pk), 2)
    assert chair.old_key_until is not None
    assert abs(chair.old_key_until - now() - OVERLAP) < timedelta(minutes=1)
    action = OperatorAction.objects.get()
    assert (action.op, action.reason, action.user_id) == ("rotate_key", "every spring", mei.pk)
    assert action.args == {"version": 2, "at_once": False}
    assert made.key not in json.dumps(action.args)


def test_the_key_before_is_believed_for_a_day_and_then_no_more(
    intake: Intake, hardware: Hardware, mei: User
) -> None:
    chair = hardware.device
    go_online(intake, hardware)
    turn(chair, mei)

    fresh().store([hardware.event("fault", code="door")])
    assert Event.objects.filter(name="fault").count() == 1
    overlap_ends(chair)
    fresh().store([hardware.event("fault", code="motor")])
    assert Event.objects.filter(name="fault").count() == 1
    assert RejectedMessage.objects.get().reason == "bad_tag"


def test_a_machine_comes_online_with_either_key_and_is_answered_with_its_own(
    intake: Intake, hardware: Hardware, mei: User
) -> None:
    turn(hardware.device, mei)

    go_online(fresh(), hardware)
    assert last_key(hardware.device) == 1
    assert online(hardware.device)
    go_online(fresh(), newer(hardware))
    assert last_key(hardware.device) == 2
    assert online(hardware.device)


def test_commands_are_signed_with_the_key_the_machine_last_came_online_with(
    intake: Intake, hardware: Hardware, alice: User, mei: User
) -> None:
    give(alice, 10_000)
    go_online(intake, hardware)
    turn(hardware.device, mei)
    run = bought(hardware.device, alice)
    sent = attend(command_id=run.pk, ears=HEARING, connected=True)
    assert sent is not None
    assert hardware.read_command(sent.payload).id == run.pk

    renewed = newer(hardware)
    go_online(fresh(), renewed)
    again = attend(command_id=run.pk, ears=HEARING, connected=True)
    assert again is not None
    assert renewed.read_command(again.payload).id == run.pk


def test_operators_commands_too(intake: Intake, hardware: Hardware, mei: User) -> None:
    go_online(intake, hardware)
    turn(hardware.device, mei)
    command = Command.objects.create(
        device=hardware.device, op="identify", expires_at=now() + timedelta(minutes=1), due_at=now()
    )
    sent = operate.attend(command_id=command.pk, connected=True)

    assert sent is not None
    assert hardware.read_command(sent.payload).id == command.pk


def test_a_machine_that_has_proved_its_new_key_never_falls_back(
    intake: Intake, hardware: Hardware, mei: User
) -> None:
    turn(hardware.device, mei)
    renewed = newer(hardware)
    go_online(fresh(), renewed)
    thief = Hardware(hardware.device, boot=99)  # holds the key of before
    go_online(fresh(), thief)

    session = Session.objects.get(pk=hardware.device.pk)
    assert (session.key_version, session.boot) == (2, renewed.boot)


def test_a_leaked_key_counts_no_longer_at_once(intake: Intake, hardware: Hardware, mei: User) -> None:
    chair = hardware.device
    go_online(intake, hardware)
    turn(chair, mei, at_once=True)

    assert not online(chair)
    assert believed([chair.pk]) == {chair.pk: (2,)}
    fresh().store([hardware.event("fault")])
    assert not Event.objects.filter(name="fault").exists()
    go_online(fresh(), newer(hardware))
    assert online(chair)


def test_a_gateway_that_still_remembers_the_leaked_key_lets_nobody_online_with_it(
    intake: Intake, hardware: Hardware, mei: User
) -> None:
    go_online(intake, hardware)  # now it remembers
    turn(hardware.device, mei, at_once=True)
    thief = Hardware(hardware.device, boot=99)
    go_online(intake, thief)

    assert not online(hardware.device)
    assert Session.objects.get(pk=hardware.device.pk).boot == hardware.boot


def test_a_second_key_waits_until_the_machine_holds_the_first_unless_it_is_urgent(
    intake: Intake, hardware: Hardware, staff: User
) -> None:
    chair = hardware.device
    turn(chair, staff)
    with pytest.raises(CommandError, match="--now"):
        said("rotate_device_key", chair.pk, by=staff)

    go_online(fresh(), newer(hardware))
    said("rotate_device_key", chair.pk, by=staff)
    said("rotate_device_key", chair.pk, "--now", by=staff)
    chair.refresh_from_db()
    assert (chair.key_version, chair.old_key_until) == (4, None)
    assert believed([chair.pk]) == {chair.pk: (4,)}


def test_after_the_day_a_machine_that_never_took_its_key_may_get_another(chair: Device, mei: User) -> None:
    turn(chair, mei)
    overlap_ends(chair)
    turn(chair, mei)

    chair.refresh_from_db()
    assert chair.key_version == 3


def test_a_machine_that_is_shut_out_is_not_heard_and_not_sold(
    intake: Intake, hardware: Hardware, mei: User
) -> None:
    chair = hardware.device
    go_online(intake, hardware)
    assert revoke(device_id=chair.pk, user_id=mei.pk, reason="stolen")
    assert not revoke(device_id=chair.pk, user_id=mei.pk, reason="stolen")

    assert not online(chair)
    (shown,) = queries.devices(device_ids=[chair.pk])
    assert not shown["online"]
    fresh().store([hardware.event("fault")])
    assert RejectedMessage.objects.get().reason == "unknown_device"
    assert believed([chair.pk]) == {}


def test_a_gateway_that_still_remembers_a_machine_lets_it_not_online_again(
    intake: Intake, hardware: Hardware, mei: User
) -> None:
    sess = go_online(intake, hardware)
    revoke(device_id=hardware.device.pk, user_id=mei.pk, reason="stolen")
    go_online(intake, Hardware(hardware.device, boot=99))

    assert Session.objects.get(pk=hardware.device.pk).sess == sess


def test_restoring_lets_it_in_with_the_key_it_had(intake: Intake, hardware: Hardware, mei: User) -> None:
    revoke(device_id=hardware.device.pk, user_id=mei.pk, reason="stolen")
    assert restore(device_id=hardware.device.pk, user_id=mei.pk, reason="found behind the sofa")
    assert not restore(device_id=hardware.device.pk, user_id=mei.pk, reason="twice")

    go_online(fresh(), hardware)
    assert online(hardware.device)
    assert list(OperatorAction.objects.order_by("pk").values_list("op", flat=True)) == ["revoke", "restore"]


def test_the_commands_want_somebody_of_the_staff_and_a_reason(chair: Device, staff: User, bob: User) -> None:
    for command in ("revoke_device", "rotate_device_key"):
        for by, reason in ((bob, "because"), (User(phone="+8610000000000"), "because"), (staff, "  ")):
            with pytest.raises(CommandError):
                said(command, chair.pk, by=by, reason=reason)
        with pytest.raises(CommandError, match="no machine"):
            said(command, bob.pk, by=staff)
    chair.refresh_from_db()
    assert (chair.enabled, chair.key_version) == (True, 1)
    assert not OperatorAction.objects.exists()


def test_the_commands_do_it(chair: Device, staff: User) -> None:
    told = [said("revoke_device", chair.pk, *flags, by=staff) for flags in ((), (), ("--restore",))]
    assert told == ["Done.\n", "Nothing was done: it was so already.\n", "Done.\n"]

    new = json.loads(said("rotate_device_key", chair.pk, by=staff))
    chair.refresh_from_db()
    assert new == asdict(credentials(chair))


def test_action_says_why_and_action_has_one_actor(chair: Device, mei: User, mei_shop: Merchant) -> None:
    key, _ = create_key(merchant_id=mei_shop.pk, name="till", scopes=["devices:operate"])
    said_by_mei = {"device": chair, "op": "revoke", "reason": "stolen", "user": mei}
    for name, change in (
        ("action_says_why", {"reason": ""}),
        ("action_has_one_actor", {"user": None}),
        ("action_has_one_actor", {"api_key": key}),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            OperatorAction.objects.create(**said_by_mei | change)

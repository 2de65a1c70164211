"""Speakers: each payment of their owner is announced once, within a minute, and no money waits for it."""

from datetime import date, timedelta

import pytest
from django.db.models import F
from django.test import Client
from pytest_django import Settings

from devices import queries, speakers
from devices.gateway.intake import Intake
from devices.machines.base import CapturePoint, find_all
from devices.machines.speaker import DAY_WORDS, LONGEST_WORD, day_word
from devices.models import Device, Run, Session, Tally
from devices.protocol import commands as wire
from devices.protocol.commands import Op
from devices.protocol.envelope import sign
from devices.protocol.topics import Topic
from devices.services import announce, faults
from merchants import applications
from merchants.models import Merchant, Place
from outbox.clock import now
from outbox.ids import uuid7
from outbox.models import Delivery
from payments import days
from payments.accounts import wallet_of
from payments.models import Code, Payment, Transfer
from people.models import User
from tests.devices.announcing import attend, code_of, hand_over, paid, speaker, told
from tests.devices.hardware import Hardware
from tests.devices.paying import give, go_online

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(alice: User) -> User:
    give(alice, 500_000)
    return alice


@pytest.fixture
def counter(mei_shop: Merchant) -> Device:
    """The speaker on Mei's counter."""
    return speaker(mei_shop.account_id)


class TestWhatIsSaid:
    """One announcement, with all that the speaker reads out."""

    def test_a_payment_to_a_speakers_own_code_is_announced(self, counter: Device, alice: User) -> None:
        payment = paid(alice, code_of(counter))
        hand_over()

        (command,) = told(counter)
        today = days.business_day(now())
        assert command.args == {
            "amount_minor": 1280,
            "currency": "CNY",
            "exponent": 2,
            "no": 1,
            "locale": "zh",
            "day_word": speakers.word_of(counter, day=today),
        }
        assert payment.resolved_at
        assert command.expires_at - payment.resolved_at == timedelta(seconds=60)
        assert (command.payment_id, command.run_id, command.status) == (payment.pk, None, "pending")

    def test_yen_have_no_digits_behind_the_point(
        self, counter: Device, alice: User, settings: Settings
    ) -> None:
        settings.CURRENCY = "JPY"
        paid(alice, code_of(counter), 1200)
        hand_over()

        said = told(counter)[0].args
        assert (said["amount_minor"], said["currency"], said["exponent"]) == (1200, "JPY", 0)
        assert said["locale"] == "ja"
        assert said["day_word"] in DAY_WORDS["ja"]

    def test_the_owner_chooses_the_language(self, counter: Device, alice: User) -> None:
        Device.objects.update(settings={"locale": "en"})
        paid(alice, code_of(counter))
        hand_over()

        said = told(counter)[0].args
        assert said["locale"] == "en" and said["day_word"] in DAY_WORDS["en"]

    def test_numbers_count_the_payments_of_a_day(self, counter: Device, alice: User) -> None:
        for _ in range(3):
            paid(alice, code_of(counter))
        hand_over()

        assert [command.args["no"] for command in told(counter)] == [1, 2, 3]
        Tally.objects.update(day=F("day") - 1)
        paid(alice, code_of(counter))
        hand_over()
        assert told(counter)[-1].args["no"] == 1

    @pytest.mark.parametrize("locale", DAY_WORDS)
    def test_the_longest_announcement_fits_into_a_message(self, counter: Device, locale: str) -> None:
        args = {
            "amount_minor": 10**12,
            "currency": "CNY",
            "exponent": 2,
            "no": 10**6,
            "locale": locale,
            "day_word": max(DAY_WORDS[locale], key=lambda word: len(word.encode())),
        }
        assert find_all()["speaker"].understands(args)
        longest = wire.Command(uuid7(), "0" * 32, 10**13 - 1, 10**13 - 1, Op.ANNOUNCE, args)
        assert sign(longest.body(), key=b"k" * 32, device_id=str(counter.pk), topic=Topic.CMD)

    def test_words_differ_by_speaker_and_day_and_none_is_too_long(self) -> None:
        first, second = b"a" * 32, b"b" * 32
        month = [date(2026, 11, day) for day in range(1, 31)]
        words = [day_word(first, day, "en") for day in month]

        assert words == [day_word(first, day, "en") for day in month]
        assert len(set(words)) > 10
        assert words != [day_word(second, day, "en") for day in month]
        for choice in DAY_WORDS.values():
            assert len(set(choice)) == len(choice) == 24
            assert max(map(len, choice)) <= LONGEST_WORD


class TestOnce:
    """Whatever is repeated, a payment is announced once."""

    def test_a_fact_told_twice_is_announced_once_and_takes_one_number(
        self, counter: Device, alice: User
    ) -> None:
        payment = paid(alice, code_of(counter))
        again = Delivery.objects.get(fact="payments.payment.settled")
        again.pk = None
        again.save(force_insert=True)
        hand_over()
        assert announce.announce(payment_id=payment.pk) == []

        assert [command.args["no"] for command in told(counter)] == [1]
        assert Tally.objects.get().count == 1

    def test_a_payment_that_settled_a_minute_ago_is_counted_and_never_said(
        self, counter: Device, alice: User, intake: Intake
    ) -> None:
        go_online(intake, Hardware(counter))
        payment = paid(alice, code_of(counter))
        Payment.objects.update(resolved_at=F("resolved_at") - timedelta(seconds=60))
        hand_over()

        (command,) = told(counter)
        assert command.status == "expired" and not attend(command)
        assert announce.announce(payment_id=payment.pk) == []
        tally = Tally.objects.get()
        assert (tally.count, tally.dropped) == (1, 1)

    def test_an_offline_speaker_is_told_when_it_is_back_within_the_minute(
        self, counter: Device, alice: User, intake: Intake
    ) -> None:
        paid(alice, code_of(counter))
        hand_over()
        (command,) = told(counter)
        assert not attend(command)
        go_online(intake, Hardware(counter))

        assert attend(command, later_s=2)
        assert told(counter)[0].status == "sent"

    def test_without_an_answer_it_is_sent_again_until_there_is_one(
        self, counter: Device, alice: User, intake: Intake
    ) -> None:
        hardware = Hardware(counter)
        go_online(intake, hardware)
        paid(alice, code_of(counter))
        hand_over()
        (command,) = told(counter)
        assert [attend(command, later_s=second) for second in (0, 1, 3, 8)] == [True, False, True, True]
        intake.store([hardware.event("accepted", command.pk)])

        assert not attend(command, later_s=20)

    def test_and_never_after(self, counter: Device, alice: User, intake: Intake) -> None:
        paid(alice, code_of(counter))
        hand_over()
        (command,) = told(counter)
        go_online(intake, Hardware(counter))

        assert not attend(command, later_s=61)
        assert told(counter)[0].status == "expired"
        assert (Tally.objects.get().count, Tally.objects.get().dropped) == (1, 1)


class TestWhere:
    """Which speakers hear of a payment."""

    def test_only_the_payees_speakers_hear_of_it(self, counter: Device, alice: User, bob: User) -> None:
        bobs = speaker(wallet_of(bob.pk).pk)
        paid(alice, code_of(counter))
        hand_over()

        assert len(told(counter)) == 1 and told(bobs) == []

    def test_a_speaker_hears_of_its_own_place_and_one_without_a_place_of_all(
        self, mei_shop: Merchant, alice: User
    ) -> None:
        here = Place.objects.create(merchant=mei_shop, name="Station Road 3")
        there = Place.objects.create(merchant=mei_shop, name="Hill Road 12")
        at_all, at_here, at_there = (
            speaker(mei_shop.account_id, number=number, place=place)
            for number, place in (("S1", None), ("S2", here), ("S3", there))
        )
        paid(alice, code_of(at_here))
        paid(alice, code_of(at_all))
        hand_over()

        assert [len(told(one)) for one in (at_all, at_here, at_there)] == [2, 1, 0]

    def test_a_disabled_speaker_hears_nothing(self, counter: Device, alice: User) -> None:
        Device.objects.update(enabled=False)
        paid(alice, code_of(counter))
        hand_over()

        assert told(counter) == []

    def test_a_persons_speaker_works_without_a_shop_and_follows_him_into_one(
        self, bob: User, alice: User, mei: User
    ) -> None:
        own = speaker(wallet_of(bob.pk).pk)
        assert Code.objects.get(target=own.pk).payable == "person"
        paid(alice, code_of(own), 500)
        hand_over()
        applied = applications.apply(owner_id=bob.pk, shop_name="Bob's", category="food")
        assert applications.approve(application_id=applied.pk, staff_id=mei.pk, reason="known")
        hand_over()
        payment = paid(alice, code_of(own), 700)
        hand_over()

        assert payment.payee_id != wallet_of(bob.pk).pk
        assert [command.args["amount_minor"] for command in told(own)] == [500, 700]


class TestMoney:
    """A speaker is told of money and moves none."""

    def test_a_speaker_sells_nothing_and_never_captures(self) -> None:
        machine = find_all()["speaker"]

        assert machine.options == () and machine.capture_point is CapturePoint.NEVER

    def test_its_printed_code_pays_its_owner_whether_or_not_it_is_there(
        self, counter: Device, alice: User
    ) -> None:
        assert Session.objects.get(device=counter).synced_at is None
        payment = paid(alice, code_of(counter))

        assert (payment.kind, payment.status, payment.payee_id) == ("merchant", "settled", counter.account_id)
        assert not Run.objects.exists()

    @pytest.mark.parametrize("ev", ["accepted", "started", "finished", "failed", "interrupted", "rejected"])
    def test_whatever_it_answers_moves_no_money(
        self, counter: Device, alice: User, intake: Intake, ev: str
    ) -> None:
        hardware = Hardware(counter)
        go_online(intake, hardware)
        paid(alice, code_of(counter))
        hand_over()
        (command,) = told(counter)
        assert attend(command)
        moved = Transfer.objects.count()
        more = {"ran": True, "left_s": 0} if ev in {"failed", "interrupted"} else {}
        intake.store([hardware.event(ev, command.pk, **more)])

        assert told(counter)[0].status == ("rejected" if ev == "rejected" else "done")
        assert Transfer.objects.count() == moved
        assert Tally.objects.get().dropped == int(ev == "rejected")
        assert not attend(command, later_s=30)


def test_its_owner_alone_is_told_the_word_of_the_day(counter: Device, mei: User, alice: User) -> None:
    word = speakers.word_of(counter, day=days.business_day(now()))

    assert speakers.of_owner(user_id=mei.pk) == [("Speaker S1", word)]
    assert speakers.of_owner(user_id=alice.pk) == []
    browser = Client()
    browser.force_login(mei)
    assert word in browser.get("/me/").content.decode()
    assert queries.devices(device_ids=[counter.pk])[0]["day_word"] == word


def test_a_merchants_server_sees_the_faults_of_its_machines(counter: Device) -> None:
    faults.notice(device_id=counter.pk, code="jam")

    assert queries.devices(device_ids=[counter.pk])[0]["faults"] == ["jam"]

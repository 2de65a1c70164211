"""Tokens, what is read from a symbol, and what a scan shows."""

from datetime import timedelta

import pytest
from django.test import override_settings

from outbox.clock import now
from payments import codes, emv, payloads, queries, tasks
from payments.emv import Merchant
from payments.errors import CodeExpired, CodeRevoked, UnknownCode
from payments.models import Account, Code
from people.models import User
from tests.payments.hands import Box, box_code, dynamic_code, static_code, wallet

TOKEN = "70ZRE6XES2ETMR3Q1BKC8N20JC"
OURS = f"HTTPS://PAY.EXAMPLE.COM/Q/{TOKEN}"

production = override_settings(PUBLIC_URL="https://pay.example.com", LOCAL=False)


def test_a_token_is_128_random_bits() -> None:
    tokens = {payloads.new_token() for _ in range(200)}
    assert len(tokens) == 200
    assert {payloads.fold(token) for token in tokens} == tokens
    assert {token[0] for token in tokens} <= set("01234567")


@pytest.mark.parametrize(
    "typed", [TOKEN.lower(), TOKEN.replace("0", "o"), TOKEN.replace("1", "I"), TOKEN.replace("1", "l")]
)
def test_look_alikes_fold(typed: str) -> None:
    assert payloads.fold(typed) == TOKEN


@pytest.mark.parametrize(
    "typed",
    [
        "",
        TOKEN[:-1],
        TOKEN + "0",
        "8" + TOKEN[1:],
        TOKEN.replace("Z", "U"),
        TOKEN[:-1] + "ſ",
        TOKEN + "\n",
        "７" + TOKEN[1:],
    ],
)
def test_what_is_no_token(typed: str) -> None:
    with pytest.raises(UnknownCode):
        payloads.fold(typed)


@pytest.mark.parametrize(
    "payload",
    [
        OURS,
        OURS.lower(),
        f"https://pay.example.com:443/q/{TOKEN}",
        f"hTTpS://Pay.Example.Com/Q/{TOKEN.lower()}",
        TOKEN,
    ],
)
@production
def test_our_own_payloads_are_read(payload: str) -> None:
    assert payloads.read(payload) == TOKEN


@pytest.mark.parametrize(
    "payload",
    [
        f"http://pay.example.com/q/{TOKEN}",
        f"https://pay.example.com.evil.org/q/{TOKEN}",
        f"https://evil.org/pay.example.com/q/{TOKEN}",
        f"https://pay.example.com@evil.org/q/{TOKEN}",
        f"https://evil@pay.example.com/q/{TOKEN}",
        f"https://pay.example.com:8443/q/{TOKEN}",
        f"https://pay.example.com/other/q/{TOKEN}",
        f"https://pay.example.com/q/{TOKEN}/",
        f"https://pay.example.com/q/{TOKEN}?amount=1",
        f"https://pay.example.com/q/{TOKEN}#x",
        f"https://pay.example.com/q/{TOKEN}\n",
        f" https://pay.example.com/q/{TOKEN}",
        f"https://pay.example.com//q/{TOKEN}",
        f"https://pay.example.com/q/../q/{TOKEN}",
        f"https://рay.example.com/q/{TOKEN}",  # a Cyrillic letter
        f"https://127.0.0.1/q/{TOKEN}",
        "https://pay.example.com/q/",
        "wxp://f2f0abcdef",
        "000201",
        "x" * 600,
        "",
    ],
)
@production
def test_somebody_else_s_payloads_are_not(payload: str) -> None:
    with pytest.raises(UnknownCode):
        payloads.read(payload)


def test_a_malformed_emvco_text_is_refused_with_the_reason() -> None:
    shop = Merchant("CORNER LAUNDRY", "SHANGHAI", "CN", "156")
    text = emv.build(guid=payloads.guid(), token=TOKEN, merchant=shop, amount="5.00", dynamic=False)
    assert payloads.read(text) == TOKEN

    for malformed, reason in (
        (text.replace("5.00", "9.00"), "its checksum is wrong"),
        (
            text + "\u202e",
            f"it holds a character at {len(text) + 1} that readers disagree about",
        ),
        (
            "000201" + "\ud800",
            "it holds a character at 7 that readers disagree about",
        ),
    ):
        with pytest.raises(UnknownCode) as refused:
            payloads.read(malformed)
        assert refused.value.detail == f"This EMVCo text is malformed: {reason}."


def test_a_stranger_s_emvco_text_is_simply_none_of_ours() -> None:
    stranger_s = "00020101021129370016A000000677010111011300668999999995802TH53037646304FE29"
    with pytest.raises(UnknownCode) as refused:
        payloads.read(stranger_s)
    assert refused.value.detail == str(UnknownCode.sentence)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "127.0.0.1:54321", "localhost", "[::1]:8000"])
def test_loopback_on_any_port_is_ours_while_we_play(host: str) -> None:
    assert payloads.read(f"http://{host}/q/{TOKEN}") == TOKEN


@override_settings(PUBLIC_URL="https://example.com/pay")
def test_the_service_may_live_below_a_path() -> None:
    assert payloads.read(payloads.payload_of(TOKEN)) == TOKEN
    with pytest.raises(UnknownCode):
        payloads.read(f"https://example.com/q/{TOKEN}")


def test_a_payload_has_no_lower_case_letter() -> None:
    assert payloads.payload_of(TOKEN) == payloads.payload_of(TOKEN).upper()


@pytest.mark.parametrize(
    ("url", "guid"),
    [
        ("https://pay.example.com", "com.example.pay"),
        ("http://127.0.0.1:8000", "local.saoma"),
        ("https://" + "a" * 40 + ".com", "local.saoma"),
    ],
)
def test_the_template_is_named_by_our_domain(url: str, guid: str) -> None:
    with override_settings(PUBLIC_URL=url):
        assert payloads.guid() == guid


@pytest.mark.django_db
class TestScan:
    """What the payer sees before he pays."""

    def test_a_person(self, alice: User, bob: User, bob_code: Code) -> None:
        shown = codes.scan(payload=payloads.payload_of(bob_code.token), payer_id=alice.pk)
        version = shown.pop("version")
        assert shown == {
            "code": bob_code.token,
            "kind": "person",
            "payee": {"name": "Bob", "tier": "personal", "verified": False, "place": ""},
            "amount": None,
            "currency": "CNY",
            "memo": "",
            "machine": None,
            "notices": ["first_payment"],
            "expires_at": None,
        }
        assert version and version == codes.scan(payload=bob_code.token, payer_id=alice.pk)["version"]

    def test_the_version_changes_with_what_is_shown(self, alice: User, bob: User) -> None:
        versions = {
            str(codes.scan(payload=code.token, payer_id=alice.pk)["version"])
            for code in (
                static_code(bob),
                static_code(bob, amount=5),
                static_code(bob, amount=6),
                static_code(alice),
            )
        }
        assert len(versions) == 4

    def test_an_emvco_text_of_ours_leads_to_the_same_code(
        self, alice: User, bob: User, bob_code: Code
    ) -> None:
        emv = queries.code_answer(bob_code)["emv"]
        assert codes.scan(payload=str(emv), payer_id=alice.pk)["code"] == bob_code.token

    def test_ended_and_unknown_codes(self, alice: User, bob: User) -> None:
        revoked, past = static_code(bob), dynamic_code(bob)
        assert codes.revoke(code_id=revoked.pk) and not codes.revoke(code_id=revoked.pk)
        Code.objects.filter(pk=past.pk).update(expires_at=now() - timedelta(seconds=1))
        for token, refusal in (
            (revoked.token, CodeRevoked),
            (past.token, CodeExpired),
            ("0" * 26, UnknownCode),
        ):
            with pytest.raises(refusal):
                codes.scan(payload=token, payer_id=alice.pk)


@pytest.mark.django_db
def test_a_dynamic_code_lives_five_minutes_unless_asked_otherwise(bob: User) -> None:
    default, short = dynamic_code(bob), dynamic_code(bob, expires_in_s=30)
    assert default.expires_at is not None and short.expires_at is not None
    assert (default.expires_at - now()).total_seconds() == pytest.approx(300, abs=2)
    assert (short.expires_at - now()).total_seconds() == pytest.approx(30, abs=2)
    assert static_code(bob).expires_at is None


@pytest.mark.django_db
def test_the_sweep_marks_what_is_past(bob: User) -> None:
    past, alive, printed = dynamic_code(bob), dynamic_code(bob), static_code(bob)
    Code.objects.filter(pk=past.pk).update(expires_at=now() - timedelta(seconds=1))
    assert queries.code_answer(Code.objects.get(pk=past.pk))["status"] == "expired"

    tasks.expire_codes(sent_by_a_newer_caller=True)
    stored = dict(Code.objects.values_list("pk", "status"))
    assert stored == {past.pk: "expired", alive.pk: "active", printed.pk: "active"}


@pytest.mark.django_db
class TestEmv:
    """The same pointer as an EMVCo payload."""

    def test_a_shop_is_spelt_as_it_is_stored(self, shop: Account) -> None:
        code = codes.create(account_id=shop.pk, payable="merchant", amount=1250)
        text = str(queries.code_answer(code)["emv"])
        assert "5303156" in text and "540512.50" in text and "5802CN" in text
        assert "5914CORNER LAUNDRY" in text

    def test_a_name_that_emvco_cannot_spell_is_not_guessed(self, bob: User) -> None:
        wallet(bob)
        Account.objects.filter(owner=bob).update(name="小明")
        assert queries.code_answer(static_code(bob))["emv"] is None

    def test_a_machine_s_number_stands_in_it(self, box: Box, shop: Account) -> None:
        box.changes(machine={"number": "07"})
        assert "62060702" in str(queries.code_answer(box_code(shop))["emv"])

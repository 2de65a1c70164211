"""EMVCo payloads that others published, and ours read by a parser from outside."""

from typing import Any

import pytest
from konthaina_khqr import decode, verify

from payments import emv
from payments.emv import EmvError, Merchant

# EMVCo's own sample, and one of mercari/go-emv-code: the language template is counted in characters.
COMPLETE = {
    "emvco": (
        "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN5914"
        "BEST TRANSPORT6007BEIJING64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***"
        "0708A60086670902ME91320016A0112233449988770708123456786304A13A"
    ),
    "go-emv-code": (
        "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115303156540"
        "523.725502015802CN5914BEST TRANSPORT6007BEIJING6233030412340603***0708A60086670902ME64200002ZH01"
        "04最佳运输0202北京6304CDE7"
    ),
    "pix": (
        "00020126440014BR.GOV.BCB.PIX0122FULANO2019 EXAMPLE.COM5204000053039865802BR5913FULANO DE TAL6008"
        "BRASILIA62410503***50300017BR.GOV.BCB.BRCODE01051.0.0630427E9"
    ),
    "pix dynamic": (
        "00020101021226720014br.gov.bcb.pix2550bx.com.br/pix/8b3da2f3-9a41-40d1-a91a-bd93113bd44152040000"
        "53039865406123.455802BR5913Fulano de Tal6008BRASILIA62190515RP12345678-2019630445C8"
    ),
    "phannaly/emv-qr-code": (
        "00020101021252044131153137210116372101160123456789ABCDE6010Phnom Penh5913Merchant Shop5802KH5405"
        "10.005303840622501081234567802090124444446304A0BA"
    ),
    "vietqr withdrawal": (
        "00020101021238500010A000000727012200069704030108123456780206QRCASH5204601153037045802VN5915NGUYE"
        "N HUU HUAN6005HANOI6237052120190109155714228384707080000111163041009"
    ),
    "qris": (
        "00020101021126570011ID.DANA.WWW011893600915302450525202090245052520303UMI51440014ID.CO.QRIS.WWW0"
        "215ID10265204376450303UMI5204737253033605802ID5909Mitra RHK6013Kab. Pasuruan6105671766304F2F4"
    ),
}
# National schemes that leave out what EMVCo demands, and the first object that is missing.
INCOMPLETE = {
    "promptpay": ("00020101021129370016A000000677010111011300668999999995802TH53037646304FE29", "52"),
    "promptpay with an amount": (
        "00020101021229370016A000000677010111011300668999999995802TH53037645406420.006304CF9E",
        "52",
    ),
    "vietqr to a card": (
        "00020101021138600010A00000072701300006970403011697040311012345670208QRIBFTTC53037045802VN63044F52",
        "52",
    ),
}
# Right checksums do not make right payloads.
BROKEN = {
    # NAPAS' own example: in 38.01 the account says 12 characters and has 13.
    "vietqr to an account": (
        "00020101021138570010A00000072701270006970403011200110123456780208QRIBFTTA53037045802VN6304F4E5",
        "no object begins at character 61",
    ),
    "another version": (
        "00020001021238570010A00000072701270006970436011308810004580860208QRIBFTTA53037045802VN6304CD60",
        "it does not start with format indicator 01",
    ),
}


@pytest.mark.parametrize("payload", COMPLETE.values(), ids=COMPLETE)
def test_what_others_published_is_read(payload: str) -> None:
    assert emv.parse(payload)["63"] == payload[-4:]


@pytest.mark.parametrize(("payload", "missing"), INCOMPLETE.values(), ids=INCOMPLETE)
def test_a_national_scheme_s_payload_is_well_formed_though_not_complete(payload: str, missing: str) -> None:
    assert emv.read(payload)["58"] in {"TH", "VN"}
    with pytest.raises(EmvError, match=f"^it lacks object {missing}$"):
        emv.parse(payload)


@pytest.mark.parametrize(("payload", "reason"), BROKEN.values(), ids=BROKEN)
def test_what_was_published_with_a_fault_is_refused_for_it(payload: str, reason: str) -> None:
    assert emv.checksum(payload[:-4]) == payload[-4:]
    with pytest.raises(EmvError) as refused:
        emv.read(payload)
    assert str(refused.value) == reason


def test_templates_are_opened_as_deep_as_their_scheme_goes() -> None:
    assert emv.read(INCOMPLETE["vietqr to a card"][0])["38"] == {
        "00": "A000000727",
        "01": {"00": "970403", "01": "9704031101234567"},
        "02": "QRIBFTTC",
    }
    assert emv.parse(COMPLETE["emvco"])["64"] == {"00": "ZH", "01": "最佳运输", "02": "北京"}
    assert emv.parse(COMPLETE["emvco"])["91"] == {"00": "A011223344998877", "07": "12345678"}


@pytest.mark.parametrize("amount", [None, "12.50", "9999999999.99"])
@pytest.mark.parametrize("dynamic", [True, False])
def test_a_parser_from_outside_reads_ours(amount: str | None, dynamic: bool) -> None:
    payload = emv.build(
        guid="com.example.pay",
        token="70ZRE6XES2ETMR3Q1BKC8N20JC",
        merchant=Merchant("CORNER LAUNDRY", "SHANGHAI", "CN", "156"),
        amount=amount,
        dynamic=dynamic,
        reference="A-17",
        machine="07",
    )
    objects: dict[str, Any] = decode(payload)

    assert verify(payload)
    assert not verify(payload.replace("LAUNDRY", "LAUNDRI"))
    assert decode(objects["26"]) == {"00": "com.example.pay", "01": "70ZRE6XES2ETMR3Q1BKC8N20JC"}
    assert decode(objects["62"]) == {"05": "A-17", "07": "07"}
    assert (objects["01"], objects.get("54")) == ("12" if dynamic else "11", amount)
    shown = [objects[number] for number in ("00", "52", "53", "58", "59", "60")]
    assert shown == ["01", "0000", "156", "CN", "CORNER LAUNDRY", "SHANGHAI"]

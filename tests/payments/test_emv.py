"""EMVCo payloads: built right, read strictly."""

import pytest

from payments import emv
from payments.emv import EmvError, Merchant

SHOP = Merchant("CORNER LAUNDRY", "SHANGHAI", "CN", "156")
TOKEN = "70ZRE6XES2ETMR3Q1BKC8N20JC"
GUID = "com.example.pay"


def built(**fields: object) -> str:
    wish = {"guid": GUID, "token": TOKEN, "merchant": SHOP, "amount": None, "dynamic": False} | fields
    return emv.build(**wish)  # type: ignore[arg-type]


def signed(text: str) -> str:
    """Return a payload with the checksum that fits it."""
    return text + "6304" + emv.checksum(text + "6304")


def test_the_checksum_is_the_published_one() -> None:
    assert emv.checksum("123456789") == "29B1"


def test_the_example_of_the_specification_checks_out() -> None:
    sample = (
        "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN"
        "5914BEST TRANSPORT6007BEIJING64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***"
        "0708A60086670902ME91320016A0112233449988770708123456786304"
    )
    assert emv.checksum(sample) == "A13A"


def test_a_payload_is_read_back() -> None:
    text = built(amount="12.50", dynamic=True, reference="A-17", machine="07")
    assert emv.parse(text) == {
        "00": "01",
        "01": "12",
        "26": {"00": GUID, "01": TOKEN},
        "52": "0000",
        "53": "156",
        "54": "12.50",
        "58": "CN",
        "59": "CORNER LAUNDRY",
        "60": "SHANGHAI",
        "62": {"05": "A-17", "07": "07"},
        "63": text[-4:],
    }
    assert emv.token_in(text, guid=GUID) == TOKEN


def test_what_is_not_known_is_left_out() -> None:
    objects = emv.parse(built())
    assert objects["01"] == "11" and "54" not in objects and "62" not in objects


def test_somebody_else_s_template_holds_no_token_of_ours() -> None:
    assert emv.token_in(built(guid="org.evil"), guid=GUID) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"merchant": Merchant("小店", "SHANGHAI", "CN", "156")},
        {"merchant": Merchant("A" * 26, "SHANGHAI", "CN", "156")},
        {"merchant": Merchant("SHOP", "A" * 16, "CN", "156")},
        {"merchant": Merchant("SH\nOP", "SHANGHAI", "CN", "156")},
        {"amount": "12345678901.23"},
        {"reference": "A" * 26},
    ],
)
def test_what_does_not_fit_is_not_built(fields: dict[str, object]) -> None:
    with pytest.raises(EmvError):
        built(**fields)


GOOD = built()
BODY = GOOD[:-8]  # without the checksum object

# Of a few payloads one has a letter in its checksum.
LETTERED = next(text for n in range(99) if (text := built(reference=str(n)))[-4:].lower() != text[-4:])

BAD = {
    "empty": "",
    "checksum wrong": GOOD[:-4] + "0000",
    "checksum in lower case": LETTERED[:-4] + LETTERED[-4:].lower(),
    "checksum missing": BODY,
    "checksum not last": signed(BODY) + "6105AAAAA",
    "not first": signed("0102110002" + "01" + BODY[12:]),
    "another version": signed("000202" + BODY[6:]),
    "cut off": GOOD[:40],
    "name twice": signed(BODY + "5904EVIL"),
    "amount twice": signed(BODY + "54011" + "54019"),
    "no name": signed(BODY.replace("5914CORNER LAUNDRY", "")),
    "no account": signed("000201010211" + BODY[BODY.index("5204") :]),
    "length too long": signed(BODY.replace("5914", "5915")),
    "length zero": signed(BODY + "6200"),
    "length of signs": signed(BODY + "62+5AAAAA"),
    "length of foreign digits": GOOD.replace("5914", "59１4"),
    "template broken inside": signed(BODY + "62060599AA"),
    "template entry twice": signed(BODY + "62100501A0501B"),
    "control character": signed(BODY + "6101\n"),
    "too long": signed(BODY + "".join(f"{number}99" + "A" * 99 for number in range(80, 85))),
}


@pytest.mark.parametrize("payload", BAD.values(), ids=BAD)
def test_a_malformed_payload_is_refused_with_a_reason(payload: str) -> None:
    with pytest.raises(EmvError) as refused:
        emv.parse(payload)
    assert str(refused.value)

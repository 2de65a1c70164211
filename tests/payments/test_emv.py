"""EMVCo payloads: built right, read strictly, every fault named."""

import pytest

from payments import emv
from payments.emv import EmvError, Merchant, Objects

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


def test_a_payload_of_ours_without_a_mandatory_object_is_refused_and_a_stranger_s_is_none_of_ours() -> None:
    text = signed(BODY.replace("5914CORNER LAUNDRY", ""))
    with pytest.raises(EmvError, match=r"^it lacks object 59$"):
        emv.token_in(text, guid=GUID)
    assert emv.token_in(text, guid="com.example.other") is None


GOOD = built()
OBJECTS = {number: value for number, value in emv.parse(GOOD).items() if number != "63"}
BODY = GOOD[:-8]  # without the checksum object
NAME, CITY = BODY.index("5914"), BODY.index("6008")

# Of a few payloads one has a letter in its checksum.
LETTERED = next(text for n in range(99) if (text := built(reference=str(n)))[-4:].lower() != text[-4:])

BAD = {
    "empty": ("", "it does not start with format indicator 01"),
    "checksum wrong": (GOOD[:-4] + "0000", "its checksum is wrong"),
    "checksum in lower case": (
        LETTERED[:-4] + LETTERED[-4:].lower(),
        "its checksum is not four upper-case hexadecimal digits",
    ),
    "checksum missing": (BODY, "it does not end with a checksum"),
    "checksum not last": (signed(BODY) + "6105AAAAA", "it goes on after its checksum"),
    "checksum twice": (signed(signed(BODY)), "it goes on after its checksum"),
    "not first": (signed("010211000201" + BODY[12:]), "it does not start with format indicator 01"),
    "another version": (signed("000202" + BODY[6:]), "it does not start with format indicator 01"),
    "cut off": (GOOD[:40], "object 26 is longer than what is left"),
    "cut off in the head": (GOOD[:-6], f"no object begins at character {len(GOOD) - 7}"),
    "name twice": (signed(BODY + "5904EVIL"), "object 59 stands there twice"),
    "amount twice": (signed(BODY + "54011" + "54019"), "object 54 stands there twice"),
    "account twice": (signed(BODY + "26080004evil"), "object 26 stands there twice"),
    "no name": (signed(BODY.replace("5914CORNER LAUNDRY", "")), "it lacks object 59"),
    "no city": (signed(BODY.replace("6008SHANGHAI", "")), "it lacks object 60"),
    "no category": (signed(BODY.replace("52040000", "")), "it lacks object 52"),
    "no account": (signed("000201010211" + BODY[BODY.index("5204") :]), "it names no account"),
    "length too long": (signed(BODY.replace("5914", "5915")), f"no object begins at character {CITY + 2}"),
    "length too short": (signed(BODY.replace("5914", "5913")), f"no object begins at character {CITY}"),
    "length zero": (signed(BODY + "6200"), "object 62 is empty"),
    "length of signs": (signed(BODY + "62+5AAAAA"), f"no object begins at character {len(BODY) + 1}"),
    "length of foreign digits": (GOOD.replace("5914", "59１4"), f"no object begins at character {NAME + 1}"),
    "number of foreign digits": (GOOD.replace("5914", "５914"), f"no object begins at character {NAME + 1}"),
    "template broken inside": (signed(BODY + "62060599AA"), "object 62.05 is longer than what is left"),
    "template entry empty": (signed(BODY + "62040500"), "object 62.05 is empty"),
    "template entry twice": (signed(BODY + "62100501A0501B"), "object 62.05 stands there twice"),
    "template entry reserved": (signed(BODY + "62051201A"), "object 62.12 is reserved"),
    "template shorter than what it holds": (
        signed(BODY.replace("2649", "2647")),
        f"no object begins at character {BODY.index('5204') - 1}",
    ),
    "template entry longer than its template": (
        signed(BODY.replace("0126" + TOKEN, "0127" + TOKEN)),
        "object 26.01 is longer than what is left",
    ),
    "line break": (
        signed(BODY + "6101\n"),
        f"it holds a character at {len(BODY) + 5} that readers disagree about",
    ),
    "something behind it": (
        GOOD + "\n",
        f"it holds a character at {len(GOOD) + 1} that readers disagree about",
    ),
    "a space behind it": (GOOD + " ", "it goes on after its checksum"),
    "byte order mark": ("\ufeff" + GOOD, "it holds a character at 1 that readers disagree about"),
    "too long": (
        signed(BODY + "".join(f"{n}990001A0199{'A' * 88}0102" for n in range(80, 85))),
        "it is longer than 512 characters",
    ),
}


@pytest.mark.parametrize(("payload", "reason"), BAD.values(), ids=BAD)
def test_a_malformed_payload_is_refused_with_a_reason(payload: str, reason: str) -> None:
    with pytest.raises(EmvError) as refused:
        emv.parse(payload)
    assert str(refused.value) == reason


# What one object more makes wrong, though the checksum is right.
WRONG = {
    "01": ("0110", "object 01 is neither 11 (static) nor 12 (dynamic)"),
    "52": ("000A", "object 52 is not 4 digits"),
    "53": ("CNY", "object 53 is not 3 digits"),
    "58": ("cn", "object 58 is no country of two upper-case letters"),
    "59": ("   ", "object 59 is not 1 to 25 printable ASCII characters with one to see among them"),
    "60": ("上海", "object 60 is not 1 to 15 printable ASCII characters with one to see among them"),
    "61": ("12345678901", "object 61 is not 1 to 10 printable ASCII characters"),
    "06": ("A", "object 06 is reserved"),
    "17": ("A", "object 17 is reserved"),
    "65": ("A", "object 65 is reserved"),
    "79": ("A", "object 79 is reserved"),
    "27": ({"01": "A"}, "object 27 does not begin with the name of its scheme"),
    "28": ({"01": "A", "00": "org.example"}, "object 28 does not begin with the name of its scheme"),
    "29": ({"00": "A" * 33}, "object 29.00 is not 1 to 32 printable ASCII characters"),
    "80": ({"01": "A"}, "object 80 does not begin with the name of its scheme"),
    "62": ({"05": "A" * 26}, "object 62.05 is not 1 to 25 printable ASCII characters"),
    "64": ({"00": "ZH"}, "it lacks object 64.01"),
}
MORE_WRONG = [
    *[
        ("62", {"09": value}, "object 62.09 is not made of A, M and E, each once at most")
        for value in ("MM", "X")
    ],
    ("62", {"00": "A"}, "object 62.00 is reserved"),
    ("62", {"50": {"01": "A"}}, "object 62.50 does not begin with the name of its scheme"),
    ("62", {"11": "12"}, "object 62.11 is not 3 digits"),
    ("64", {"01": "小店"}, "it lacks object 64.00"),
    ("64", {"00": "Z1", "01": "小店"}, "object 64.00 is no language of two letters"),
    ("64", {"00": "ZH", "01": "店" * 26}, "object 64.01 is longer than 25 characters"),
    ("64", {"00": "ZH", "01": "小店", "03": "x"}, "object 64.03 is reserved"),
    (
        "64",
        {"00": "ZH", "01": "\u202e店小"},
        f"it holds a character at {len(BODY) + 15} that readers disagree about",
    ),
    ("64", {"00": "ZH", "01": "𠮷"}, f"it holds a character at {len(BODY) + 15} that readers disagree about"),
    (
        "64",
        {"00": "ZH", "01": "\ud800"},
        f"it holds a character at {len(BODY) + 15} that readers disagree about",
    ),
]


@pytest.mark.parametrize(
    ("number", "value", "reason"), [*[(number, *rest) for number, rest in WRONG.items()], *MORE_WRONG]
)
def test_an_object_that_holds_something_else_is_refused(
    number: str, value: str | Objects, reason: str
) -> None:
    with pytest.raises(EmvError) as refused:
        emv.compose({**OBJECTS, number: value})
    assert str(refused.value) == reason


def test_a_checksum_inside_a_value_is_no_end() -> None:
    reference = "6304" + emv.checksum("x")
    objects = emv.parse(built(reference=reference))
    assert objects["62"] == {"05": reference}


def test_a_value_longer_than_its_length_can_say_is_not_built() -> None:
    with pytest.raises(EmvError, match=r"^object 26 is longer than 99 characters$"):
        emv.compose({**OBJECTS, "26": {"00": GUID, "01": "A" * 99}})

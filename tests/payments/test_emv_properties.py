"""EMVCo payloads at random: what is built is read back, what is altered is refused."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from payments import emv
from payments.emv import EmvError, Merchant, Objects

ASCII = [chr(number) for number in range(32, 127)]
TOKENS = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26)


def lines(longest: int) -> st.SearchStrategy[str]:
    """Printable ASCII with something to see."""
    return st.text(ASCII, min_size=1, max_size=longest).filter(str.strip)


def templates(longest: int) -> st.SearchStrategy[Objects]:
    """What a scheme may keep in a template of its own, which has 99 characters in all."""
    return st.dictionaries(st.sampled_from(["01", "02", "50", "99"]), lines(longest), max_size=2).map(
        lambda inner: {"00": "org.example", **inner}
    )


AMOUNTS = st.integers(1, 10**12 - 1).map(lambda minor: f"{minor // 100}.{minor % 100:02}")
MERCHANTS = st.builds(
    Merchant,
    name=lines(25),
    city=lines(15),
    country=st.sampled_from(["CN", "JP"]),
    currency=st.sampled_from(["156", "840"]),
)
OURS = st.fixed_dictionaries(
    {
        "guid": lines(32),
        "token": TOKENS,
        "merchant": MERCHANTS,
        "amount": st.none() | AMOUNTS,
        "dynamic": st.booleans(),
        "reference": st.text(ASCII, max_size=25),
        "machine": st.text(ASCII, max_size=16),
    }
)
TIPS = st.sampled_from([{}, {"55": "01"}, {"55": "02", "56": "1.50"}, {"55": "03", "57": "12.5"}])
ANYBODY_S = st.builds(
    lambda fixed, more, tip, order: dict(
        [("00", "01"), *sorted({**fixed, **more, **tip}.items(), key=lambda each: order.get(each[0], 0))]
    ),
    st.fixed_dictionaries(
        {
            "27": templates(25),
            "52": st.from_regex("[0-9]{4}", fullmatch=True),
            "53": st.just("156"),
            "58": st.just("CN"),
            "59": lines(25),
            "60": lines(15),
        }
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "01": st.sampled_from(["11", "12"]),
            "04": lines(19),
            "54": AMOUNTS,
            "61": lines(10),
            "62": st.fixed_dictionaries(
                {"01": lines(25)}, optional={"09": st.just("AE"), "50": templates(15)}
            ),
            "64": st.fixed_dictionaries(
                {"00": st.just("ZH"), "01": st.text("最佳运输店", min_size=1, max_size=25)}
            ),
            "80": templates(25),
        },
    ),
    TIPS,
    st.dictionaries(st.sampled_from(["27", "52", "54", "59", "62", "64"]), st.integers(-9, 9)),
)


@given(OURS)
def test_what_is_built_is_read_back(fields: dict[str, Any]) -> None:
    payload = emv.build(**fields)
    objects: dict[str, Any] = emv.parse(payload)

    shop = fields["merchant"]
    assert len(payload) <= 512 and payload.isascii()
    assert objects["26"] == {"00": fields["guid"], "01": fields["token"]}
    assert (objects["59"], objects["60"]) == (shop.name, shop.city)
    assert (objects["53"], objects["58"]) == (shop.currency, shop.country)
    assert objects.get("54") == fields["amount"]
    assert objects["01"] == ("12" if fields["dynamic"] else "11")
    inner = objects.get("62", {})
    assert (inner.get("05", ""), inner.get("07", "")) == (fields["reference"], fields["machine"])
    assert emv.token_in(payload, guid=fields["guid"]) == fields["token"]


@given(ANYBODY_S)
def test_any_objects_in_any_order_are_read_back(objects: Objects) -> None:
    payload = emv.compose(objects)

    assert emv.parse(payload) == {**objects, "63": payload[-4:]}
    assert list(emv.parse(payload)) == [*objects, "63"]


@settings(max_examples=500)
@given(OURS, st.data())
def test_a_payload_with_one_character_altered_is_refused(fields: dict[str, Any], data: st.DataObject) -> None:
    payload = emv.build(**fields)
    at = data.draw(st.integers(0, len(payload) - 1))
    other = data.draw((st.sampled_from(ASCII) | st.characters()).filter(lambda char: char != payload[at]))

    assert refused(payload[:at] + other + payload[at + 1 :])


@settings(max_examples=500)
@given(OURS, st.data())
def test_a_payload_with_a_character_too_many_or_too_few_is_refused(
    fields: dict[str, Any], data: st.DataObject
) -> None:
    payload = emv.build(**fields)
    at = data.draw(st.integers(0, len(payload) - 1))
    char = data.draw(st.sampled_from(ASCII))

    assert refused(payload[:at] + payload[at + 1 :])
    assert refused(payload + char)
    assert refused(char + payload)


@settings(max_examples=500)
@given(
    st.text()
    | st.text("0123456789ABC.")
    | st.from_regex(r"\A000201([0-9]{2}0[1-9][ -~]{1,9}){0,9}6304[0-9A-F]{4}\Z")
)
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    assert refused(text) or same_when_written_again(text)


@settings(max_examples=500)
@given(ANYBODY_S, st.data())
def test_a_payload_is_read_or_refused_with_a_reason_whatever_is_put_into_it(
    objects: Objects, data: st.DataObject
) -> None:
    """The checksum is made right again, so that the rules about the objects have to answer."""
    body = emv.compose(objects)[:-4]
    at = data.draw(st.integers(6, len(body) - 5))
    altered = (
        body[:at]
        + data.draw(st.text(st.characters(), max_size=5))
        + body[at + data.draw(st.integers(0, 5)) :]
    )

    altered += emv.checksum(altered)

    assert refused(altered) or same_when_written_again(altered)


def refused(text: str) -> bool:
    """Whether a text is refused with a reason; anything else that is raised fails the test."""
    try:
        emv.parse(text)
    except EmvError as error:
        return bool(str(error))
    return False


def same_when_written_again(text: str) -> bool:
    """Whether what was understood is all that was written."""
    objects = emv.parse(text)
    return emv.compose({number: value for number, value in objects.items() if number != "63"}) == text

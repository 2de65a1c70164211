"""Files that mean harm, or are merely broken: each is refused in one way, soon."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from payments.iso20022 import reading
from payments.iso20022.camt054 import read_returns
from payments.iso20022.errors import MessageError
from payments.iso20022.pain002 import read_report
from tests.payments.iso20022.samples import (
    SECOND,
    block,
    details,
    entry,
    notification,
    reasoned,
    report,
    said,
)

Reader = Callable[[bytes], object]
REPORT = report(
    block(said("RJCT", reason=reasoned("AC04", "closed")), said("ACSC", SECOND.hex), status="PART"),
    group="PART",
)
NOTIFICATION = notification(entry(details()), entry(details(SECOND.hex, returned=""), side="DBIT"))
GOOD: list[tuple[Reader, bytes]] = [(read_report, REPORT), (read_returns, NOTIFICATION)]
SOON_S = 5

both = pytest.mark.parametrize(("reader", "good"), GOOD, ids=["pain.002", "camt.054"])


def with_type(good: bytes, declaration: str) -> bytes:
    """Put a document type declaration before the document, and its entity into the message's id."""
    head, _, rest = good.partition(b"\n")
    return head + b"\n" + declaration.encode() + rest.replace(b"BANK-7", b"&x;")


LAUGHS = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * 10}">' for n in range(1, 12))
TYPES = {
    "billion laughs": f'<!DOCTYPE Document [<!ENTITY x0 "ha">{LAUGHS}<!ENTITY x "&x11;">]>',
    "one long entity": f'<!DOCTYPE Document [<!ENTITY x "{"ha" * 100_000}">]>',
    "external entity": '<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "external entity far away": '<!DOCTYPE Document [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
    "external type": '<!DOCTYPE Document SYSTEM "http://127.0.0.1:9/x.dtd">',
    "parameter entity": '<!DOCTYPE Document [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p; <!ENTITY x "1">]>',
    "harmless type": '<!DOCTYPE Document [<!ENTITY x "1">]>',
    "bare type": "<!DOCTYPE Document>",
}


@both
@pytest.mark.parametrize("declaration", TYPES.values(), ids=TYPES)
def test_a_document_type_is_refused_before_its_entities_are_read(
    reader: Reader, good: bytes, declaration: str
) -> None:
    started = time.monotonic()
    with pytest.raises(MessageError, match="document type"):
        reader(with_type(good, declaration))
    assert time.monotonic() - started < SOON_S


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_document_type_cannot_hide_in_another_encoding(encoding: str) -> None:
    text = with_type(REPORT.replace(b' encoding="UTF-8"', b""), TYPES["external entity"]).decode()
    with pytest.raises(MessageError, match="UTF-8"):
        read_report(text.encode(encoding))


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "space": lambda _: b" \n",
    "no XML": lambda _: b"{}",
    "cut off": lambda good: good[:-20],
    "type after the document": lambda good: good + b"<!DOCTYPE Document>",
    "goes on": lambda good: good + b"<Document/>",
    "NUL": lambda good: good.replace(b"BANK", b"BA\0NK"),
    "NUL as reference": lambda good: good.replace(b"BANK", b"BA&#0;NK"),
    "escape as reference": lambda good: good.replace(b"BANK", b"BA&#27;NK"),
    "hidden character": lambda good: good.replace(b"BANK", "BA\u202eNK".encode()),
    "entity that nobody declared": lambda good: good.replace(b"BANK", b"BA&x;NK"),
    "no UTF-8": lambda good: good.replace(b"BANK", b"BA\xffNK"),
    "half a surrogate": lambda good: good.replace(b"BANK", b"BA\xed\xa0\x80NK"),
    "UTF-16": lambda good: good.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "UTF-16 that does not say so": lambda good: good.decode().encode("utf-16-le"),
    "Latin-1": lambda good: good.replace(b"UTF-8", b"ISO-8859-1"),
    "encoding of a mainframe": lambda good: good.replace(b"UTF-8", b"cp037"),
    "encoding that nobody knows": lambda good: good.replace(b"UTF-8", b"x-klingon"),
    "encoding of many bytes": lambda good: good.replace(b"UTF-8", b"gb18030"),
    "no namespace": lambda good: good.replace(b"xmlns=", b"x="),
    "unknown namespace": lambda good: good.replace(b"urn:iso:std", b"urn:evil"),
    "prefix that nobody declared": lambda good: good.replace(b"<GrpHdr>", b"<x:GrpHdr>"),
    "not a Document": lambda good: good.replace(b"Document", b"Dokument"),
    "message id twice": lambda good: good.replace(b"</MsgId>", b"</MsgId><MsgId>2</MsgId>"),
    "header twice": lambda good: good.replace(b"<GrpHdr>", b"<GrpHdr/><GrpHdr>"),
    "no header": lambda good: good.replace(b"GrpHdr", b"GrpTail"),
    "elements in an id": lambda good: good.replace(b"BANK", b"<Cd>B</Cd>ANK"),
    "too deep": lambda good: good.replace(b"<GrpHdr>", b"<a>" * 100 + b"</a>" * 100 + b"<GrpHdr>"),
    "too large": lambda good: good.replace(b"\n", b"\n" + b" " * reading.LARGEST),
}


@both
@pytest.mark.parametrize("harm", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_with_a_reason(
    reader: Reader, good: bytes, harm: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(MessageError) as refused:
        reader(harm(good))
    assert str(refused.value)


def test_a_file_of_countless_elements_is_refused() -> None:
    many = b"<AddtlInf/>" * (reading.MOST + 1)
    with pytest.raises(MessageError, match="elements"):
        read_report(REPORT.replace(b"<AddtlInf>", many + b"<AddtlInf>", 1))


def test_two_messages_in_one_document_are_refused() -> None:
    inner = REPORT.partition(b"<CstmrPmtStsRpt>")[2].partition(b"</CstmrPmtStsRpt>")[0]
    twice = b"<CstmrPmtStsRpt>" + inner + b"</CstmrPmtStsRpt>"
    with pytest.raises(MessageError, match="twice"):
        read_report(REPORT.replace(b"</Document>", twice + b"</Document>"))


def test_a_byte_order_mark_comments_and_instructions_do_no_harm() -> None:
    marked = b"\xef\xbb\xbf" + REPORT.replace(b"<GrpHdr>", b"<!-- <GrpSts> --><?x y?><GrpHdr>")
    assert read_report(marked) == read_report(REPORT)


@both
@settings(deadline=None)
@given(data=some.data())
def test_a_mutated_file_is_read_or_refused_and_nothing_else(
    reader: Reader, good: bytes, data: some.DataObject
) -> None:
    mutant = good
    for _ in range(data.draw(some.integers(1, 4))):
        start = data.draw(some.integers(0, len(mutant)))
        end = data.draw(some.integers(start, min(start + 40, len(mutant))))
        place = data.draw(some.integers(0, len(good) - 1))
        piece = data.draw(some.binary(max_size=8) | some.just(good[place : place + 60]))
        mutant = mutant[:start] + piece + mutant[end:]
    with suppress(MessageError):
        reader(mutant)


@both
@settings(deadline=None)
@given(data=some.data())
def test_a_file_with_swapped_words_is_read_or_refused_and_nothing_else(
    reader: Reader, good: bytes, data: some.DataObject
) -> None:
    words = [word for word in good.replace(b">", b"> ").split() if word]
    old, new = data.draw(some.sampled_from(words)), data.draw(some.sampled_from(words))
    with suppress(MessageError):
        reader(good.replace(old, new, data.draw(some.integers(1, 3))))


@both
@settings(deadline=None)
@given(noise=some.binary(max_size=200))
def test_noise_is_refused(reader: Reader, good: bytes, noise: bytes) -> None:
    with pytest.raises(MessageError):
        reader(noise)
    with suppress(MessageError):
        reader(noise + good[40:])

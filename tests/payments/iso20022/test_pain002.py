"""Status reports: what a bank says is believed only where it can be understood in one way."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from payments.iso20022 import pain002
from payments.iso20022.errors import MessageError
from payments.iso20022.pain002 import Outcome, Verdict, read_report, verdicts
from tests.payments.iso20022.samples import FIRST, SECOND, SENT, THIRD, block, reasoned, report, said

PENDING = ["RCVD", "ACTC", "ACCP", "ACSP", "ACWC", "PDNG", "PATC", "BLCK"]
ALL = {FIRST.hex, SECOND.hex, THIRD.hex}


def outcomes(xml: bytes) -> dict[str, Outcome]:
    return {name: verdict.outcome for name, verdict in verdicts(read_report(xml), sent=SENT).items()}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, Outcome.PENDING) for status in PENDING),
        ("ACSC", Outcome.PAID),
        ("ACCC", Outcome.PAID),
        ("RJCT", Outcome.FAILED),
        ("CANC", Outcome.FAILED),
    ],
)
def test_a_status_means_the_same_at_every_level(status: str, outcome: Outcome) -> None:
    assert outcomes(report(block(said(status)))) == {FIRST.hex: outcome}
    assert outcomes(report(block(status=status))) == dict.fromkeys(ALL, outcome)
    assert outcomes(report(group=status)) == dict.fromkeys(ALL, outcome)


def test_the_whole_answer() -> None:
    xml = report(
        block(
            said("RJCT", FIRST.hex, reasoned("AC04", "account", "closed")),
            said("ACSC", SECOND.hex),
            status="PART",
        ),
        group="PART",
    )
    found = read_report(xml)
    assert found.message_id == "BANK-77" and found.original_message_id == "PAYOUT-1"
    assert found.whole is None
    assert found.transfers == {
        FIRST.hex: Verdict(Outcome.FAILED, "RJCT", "AC04", "account closed"),
        SECOND.hex: Verdict(Outcome.PAID, "ACSC"),
    }


def test_a_partly_accepted_message_says_nothing_of_transfers_it_does_not_name() -> None:
    xml = report(block(said("ACSC", SECOND.hex), status="PART"), group="PART")
    assert set(verdicts(read_report(xml), sent=SENT)) == {SECOND.hex}


def test_a_rejected_group_rejects_all_with_its_reason() -> None:
    xml = report(group="RJCT", reason=reasoned("DU01", "same message twice"))
    verdict = Verdict(Outcome.FAILED, "RJCT", "DU01", "same message twice")
    assert verdicts(read_report(xml), sent=SENT) == dict.fromkeys(ALL, verdict)


def test_a_transfer_s_own_status_and_reason_go_before_those_above() -> None:
    accepted = report(block(said("ACSC"), status="ACSP"), group="ACCP")
    assert outcomes(accepted) == dict.fromkeys(ALL, Outcome.PENDING) | {FIRST.hex: Outcome.PAID}

    own = said("RJCT", FIRST.hex, reasoned("AC04"))
    bare = said(None, SECOND.hex)
    xml = report(block(own, bare, status="RJCT", reason=reasoned("NARR", "see below")))
    found = verdicts(read_report(xml), sent=SENT)
    assert (found[FIRST.hex].reason, found[FIRST.hex].text) == ("AC04", "see below")
    assert (found[SECOND.hex].reason, found[SECOND.hex].outcome) == ("NARR", Outcome.FAILED)


def test_a_bank_s_own_reason_is_read_and_its_text_is_fit_to_be_shown() -> None:
    rejected = said("RJCT", FIRST.hex, reasoned("Konto zu", "auf\u202egelöst", " am\n 3. ", own=True))
    verdict = read_report(report(block(rejected))).transfers[FIRST.hex]
    assert (verdict.reason, verdict.text) == ("Konto zu", "auf\ufffdgelöst am 3.")


def test_an_endless_text_is_cut() -> None:
    rejected = said("RJCT", FIRST.hex, reasoned("NARR", *["x" * 105] * 50))
    assert len(read_report(report(block(rejected))).transfers[FIRST.hex].text) == pain002.LONGEST_REASON


@pytest.mark.parametrize("version", ["03", "09", "10", "11", "12"])
def test_the_versions_of_the_report_are_read_alike(version: str) -> None:
    xml = report(block(said("ACSC")), version=f"pain.002.001.{version}")
    assert outcomes(xml) == {FIRST.hex: Outcome.PAID}


def test_elements_of_other_namespaces_say_nothing() -> None:
    foreign = "<TxSts xmlns='urn:evil'>ACSC</TxSts>"
    extra = f"<SplmtryData><Envlp><TxSts>ACSC</TxSts>{foreign}</Envlp></SplmtryData>"
    assert outcomes(report(block(said("RJCT", FIRST.hex, foreign + extra)))) == {FIRST.hex: Outcome.FAILED}


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        (report(block(said("ACSC"), said("ACSC"))), "twice"),
        (report(block(said("ACSC")), block(said("RJCT"))), "twice"),
        (report(block(said("RJCT")), group="ACCP"), "contradicts"),
        (report(block(said("ACSC")), group="RJCT"), "contradicts"),
        (report(block(said("ACSC"), status="RJCT")), "contradicts"),
        (report(block(said("ACSP"), status="ACSP"), group="RJCT"), "contradicts"),
        (report(block(said("ACSC"), status="PART"), group="RJCT"), "contradicts"),
        (report(block(status="ACSC"), block(status="RJCT")), "contradict"),
        (report(block(status="ACSC"), block(said("ACSC"))), "contradict"),
        (report(block(status="ACSC"), block(status="ACSC", name="OTHER")), "several payment blocks"),
        (report(block(said("GOOD"))), "unknown"),
        (report(block(said("acsc"))), "unknown"),
        (report(block(said("PART"))), "unknown"),
        (report(group="GOOD"), "unknown"),
        (report(block(said("ACSC"), said(None, SECOND.hex))), "has no status"),
        (report(block(), group="PART"), "no status at all"),
        (report(), "no status at all"),
        (report(block(said("ACSC", ""))), "OrgnlEndToEndId"),
        (report(block(said("ACSC", "x" * 36))), "OrgnlEndToEndId"),
        (report(block(said("ACSC").replace("OrgnlEndToEndId", "OrgnlInstrId"))), "OrgnlEndToEndId"),
        (report(block(said("ACSC", FIRST.hex, "<TxSts>RJCT</TxSts>"))), "twice"),
        (report(block(said("ACSC", FIRST.hex, reasoned("A" * 36)))), "Cd"),
        (report(block(said("ACSC", FIRST.hex, "<StsRsnInf><Rsn/></StsRsnInf>"))), "codes"),
        (report(group="ACSC", about="pain.008.001.02"), "about a pain.008"),
        (report(group="ACSC", message=""), "OrgnlMsgId"),
        (report(group="ACSC", version="pain.002.001.99"), "namespace"),
        (report(group="ACSC", version="pain.001.001.09"), "namespace"),
        (report(group="ACSC").replace(b"CstmrPmtStsRpt", b"CstmrPmtRvsl"), "empty"),
        (report(group="ACSC").replace(b"OrgnlGrpInfAndSts", b"OrgnlGrpInf"), "lacks"),
    ],
)
def test_a_report_that_could_be_read_in_two_ways_is_refused(xml: bytes, why: str) -> None:
    with pytest.raises(MessageError, match=why):
        read_report(xml)


def test_a_report_on_a_message_that_was_never_sent_is_refused() -> None:
    with pytest.raises(MessageError, match="never sent"):
        verdicts(read_report(report(group="ACSC", message="PAYOUT-2")), sent=SENT)


def test_a_report_on_a_transfer_that_the_message_did_not_hold_is_refused() -> None:
    with pytest.raises(MessageError, match="held no transfer"):
        verdicts(read_report(report(block(said("ACSC", "0" * 32)))), sent=SENT)


@settings(deadline=None)
@given(
    statuses=some.dictionaries(
        some.uuids().map(lambda name: name.hex), some.sampled_from(sorted(pain002.OUTCOMES)), min_size=1
    )
)
def test_every_transfer_gets_the_status_that_was_said_of_it(statuses: dict[str, str]) -> None:
    xml = report(block(*(said(status, name) for name, status in statuses.items()), status="PART"))
    found = verdicts(read_report(xml), sent={"PAYOUT-1": list(statuses)})
    assert {name: verdict.status for name, verdict in found.items()} == statuses

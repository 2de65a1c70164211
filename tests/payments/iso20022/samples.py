"""Messages to build and messages that a bank might send."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from xmlschema import XMLResource

from payments.iso20022 import pain001
from payments.iso20022.pain001 import CreditTransfer, Initiation
from payments.iso20022.parties import Bank, BankAccount

FIRST = UUID("0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e5f")
SECOND = UUID("0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e60")
THIRD = UUID("0193f4a2-7c1e-7b3a-9d55-0a1b2c3d4e61")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
IBAN = "DE89370400440532013000"
SENT = {"PAYOUT-1": [FIRST.hex, SECOND.hex, THIRD.hex]}


def transfer(**fields: Any) -> CreditTransfer:
    wish: dict[str, Any] = {
        "id": FIRST,
        "amount": 1234,
        "creditor_name": "Bob",
        "creditor_account": BankAccount(iban=IBAN),
    }
    return CreditTransfer(**(wish | fields))


def initiation(**fields: Any) -> Initiation:
    wish: dict[str, Any] = {
        "message_id": "PAYOUT-1",
        "created_at": NOON,
        "debtor_name": "Saoma",
        "debtor_account": BankAccount(other="1001244219001"),
        "debtor_bank": Bank(bic="COBADEFFXXX"),
        "execute_on": date(2026, 11, 23),
        "currency": "CNY",
        "transfers": [transfer()],
    }
    return Initiation(**(wish | fields))


def built(**fields: Any) -> bytes:
    return pain001.build(initiation(**fields))


def tree(xml: bytes) -> Element:
    """Return the root as the schema library reads it, which is not the reader under test."""
    root = XMLResource(xml).root
    assert isinstance(root, Element)
    return root


def texts(root: Element, path: str) -> list[str]:
    """Return what stands at a path of names such as Stmt/Ntry/Amt, below any depth."""
    steps = "/".join(f"{{*}}{name}" for name in path.split("/"))
    return [element.text or "" for element in root.findall(f".//{steps}")]


def reasoned(code: str = "", *lines: str, own: bool = False) -> str:
    """Return a StsRsnInf."""
    choice = "Prtry" if own else "Cd"
    reason = f"<Rsn><{choice}>{code}</{choice}></Rsn>" if code else ""
    said = "".join(f"<AddtlInf>{escape(line)}</AddtlInf>" for line in lines)
    return f"<StsRsnInf>{reason}{said}</StsRsnInf>"


def said(status: str | None, name: str = FIRST.hex, reason: str = "") -> str:
    """Return a TxInfAndSts."""
    own = f"<TxSts>{status}</TxSts>" if status else ""
    return (
        f"<TxInfAndSts><StsId>1</StsId><OrgnlEndToEndId>{name}</OrgnlEndToEndId>{own}{reason}"
        "<OrgnlTxRef><Amt><InstdAmt Ccy='CNY'>12.34</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>"
    )


def block(*transactions: str, status: str | None = None, reason: str = "", name: str = "PAYOUT-1") -> str:
    """Return an OrgnlPmtInfAndSts."""
    own = f"<PmtInfSts>{status}</PmtInfSts>" if status else ""
    return (
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{name}</OrgnlPmtInfId>{own}{reason}{''.join(transactions)}"
        "</OrgnlPmtInfAndSts>"
    )


def report(
    *blocks: str,
    group: str | None = None,
    reason: str = "",
    message: str = "PAYOUT-1",
    about: str = "pain.001.001.09",
    version: str = "pain.002.001.10",
) -> bytes:
    """Return a pain.002."""
    own = f"<GrpSts>{group}</GrpSts>" if group else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}"><CstmrPmtStsRpt>
  <GrpHdr><MsgId>BANK-77</MsgId><CreDtTm>2026-11-20T12:30:00</CreDtTm></GrpHdr>
  <OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId><OrgnlMsgNmId>{about}</OrgnlMsgNmId>{own}{reason}
  </OrgnlGrpInfAndSts>{"".join(blocks)}
</CstmrPmtStsRpt></Document>""".encode()


def details(
    name: str | None = FIRST.hex, *, amount: str = "<Amt Ccy='CNY'>12.34</Amt>", returned: str = "AC04"
) -> str:
    """Return a TxDtls; with an empty reason one that is no return."""
    refs = f"<Refs><EndToEndId>{name}</EndToEndId></Refs>" if name else ""
    reason = f"<RtrInf><Rsn><Cd>{returned}</Cd></Rsn><AddtlInf>account closed</AddtlInf></RtrInf>"
    return f"<TxDtls>{refs}{amount}{reason if returned else ''}</TxDtls>"


def entry(
    *transactions: str, side: str = "CRDT", status: str = "<Cd>BOOK</Cd>", amount: str = "12.34"
) -> str:
    """Return an Ntry."""
    return (
        f"<Ntry><Amt Ccy='CNY'>{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>{status}</Sts>"
        "<BookgDt><Dt>2026-11-21</Dt></BookgDt><AcctSvcrRef>B-1</AcctSvcrRef>"
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls>{''.join(transactions)}</NtryDtls></Ntry>"
    )


def notification(*entries: str, version: str = "camt.054.001.08") -> bytes:
    """Return a camt.054, or a camt.053 of the same entries."""
    outer, inner = (
        ("BkToCstmrStmt", "Stmt") if version.startswith("camt.053") else ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}"><{outer}>
  <GrpHdr><MsgId>BANK-78</MsgId><CreDtTm>2026-11-21T18:00:00</CreDtTm></GrpHdr>
  <{inner}><Id>N1</Id><Acct><Id><IBAN>{IBAN}</IBAN></Id></Acct>{"".join(entries)}</{inner}>
</{outer}></Document>""".encode()

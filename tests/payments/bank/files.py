"""What the bank would write back about a file of ours."""

from collections.abc import Mapping
from uuid import UUID

from payments.models import PayoutFile, Withdrawal

OUR_ACCOUNT = "GB33BUKB20201555555555"
STATUS = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
NOTICE = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"


def report(message_id: str, statuses: Mapping[str, str], *, group: str = "PART", text: str = "") -> bytes:
    """Return a status report: a status for each end-to-end id, and one for the whole file."""
    said = f"<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>{text}</AddtlInf></StsRsnInf>" if text else ""
    single = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{name}</OrgnlEndToEndId><TxSts>{status}</TxSts>{said}</TxInfAndSts>"
        for name, status in statuses.items()
    )
    block = (
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{message_id}</OrgnlPmtInfId>{single}</OrgnlPmtInfAndSts>"
        if single
        else ""
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{STATUS}"><CstmrPmtStsRpt>'
        "<GrpHdr><MsgId>R1</MsgId><CreDtTm>2026-11-20T10:00:00Z</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message_id}</OrgnlMsgId>"
        f"<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>{group}</GrpSts></OrgnlGrpInfAndSts>"
        f"{block}</CstmrPmtStsRpt></Document>"
    ).encode()


def report_on(file: PayoutFile, statuses: Mapping[Withdrawal, str], **said: str) -> bytes:
    return report(file.message_id, {row.pk.hex: status for row, status in statuses.items()}, **said)


def returned(
    reference: UUID | str, *, amount: str, currency: str = "CNY", account: str = OUR_ACCOUNT
) -> bytes:
    """Return a notification that one payment came back."""
    name = reference.hex if isinstance(reference, UUID) else reference
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{NOTICE}"><BkToCstmrDbtCdtNtfctn>'
        "<GrpHdr><MsgId>N1</MsgId><CreDtTm>2026-11-21T10:00:00Z</CreDtTm></GrpHdr><Ntfctn><Id>N1</Id>"
        f"<Acct><Id><IBAN>{account}</IBAN></Id></Acct><Ntry>"
        f'<Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{name}</EndToEndId></Refs><RtrInf><Rsn><Cd>AC04</Cd></Rsn>"
        "<AddtlInf>Account closed</AddtlInf></RtrInf></TxDtls></NtryDtls></Ntry></Ntfctn>"
        "</BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()

"""What a payer is told of a code while he looks at it, before the PIN. It refuses nothing.

A sticker pasted over another cannot be told from a genuine one by any signature: the thief's code is a code
of ours. What gives it away is that it pays somebody else; docs/security.md says how far that helps.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from django.db import connection

from outbox.ids import first_id_of
from payments.models import Account, Code

_LOOKED_BACK = 1000  # payments of a payer; whom he last paid before that is new to him again
DAY = timedelta(days=1)
MOST_READ = 200  # newest payments through one code
MACHINE_PAYERS = 5  # friends who share a bill are fewer
MACHINE_SAME = 80  # per cent of the payers pay one amount: a price, not a present

# Latin words stand alone, so that nobody called Mr. Parkinger meets one; the others need no spaces.
_LATIN = (
    r"washer|washing|laundry|laundromat|dryer|machine|vending|kiosk|charger|charging|massage|karaoke|"
    r"lockers?|parking|carwash|self-service|turnstile"
)
_OTHERS = (
    r"洗衣|烘干|干衣|自助|售货机|贩卖机|充电|按摩椅|停车|储物柜|寄存柜|共享|机器|唱吧|点歌|洗车|洗濯|乾燥機|"
    r"ランドリー|自販機|自動販売|マッサージチェア|ロッカー|カラオケ|駐車|駐輪|券売機|洗車|無人|无人"
)
_MACHINE = re.compile(rf"\b(?:{_LATIN})\b|{_OTHERS}")

_PAID_BEFORE = """
SELECT EXISTS (
    SELECT 1 FROM (
        SELECT payee_id FROM payments_payment WHERE payer_id = %s ORDER BY id DESC LIMIT %s
    ) AS own WHERE payee_id = %s
)
"""
_TRAFFIC = """
SELECT payer_id, amount FROM payments_payment WHERE code_id = %s AND id >= %s ORDER BY id DESC LIMIT %s
"""
_SUSPECTED = """
SELECT code.label, EXISTS (
    SELECT 1 FROM payments_alert
    WHERE kind IN ('like_a_machine', 'swapped_sticker') AND code_id = code.id AND closed_at IS NULL
)
FROM payments_code AS code WHERE code.id = %s
"""


class Notice(StrEnum):
    """What is told, as the API names it."""

    FIRST_PAYMENT = "first_payment"  # this payer never paid this payee
    LIKE_A_MACHINE = "personal_code_like_machine"  # the code pays a person and is used like a machine's


def of(*, code: Code, payer_id: int | None, payee_id: int, now: datetime) -> list[Notice]:
    """Return what a payer should know before he pays; [] for his own code and for somebody without a wallet.

    Costs at most three short index ranges, however long anybody's history is.

    Args:
        code: with its account loaded.
        payer_id, payee_id: accounts.
    """
    if payer_id in {None, payee_id}:
        return []
    told = []
    if not _paid_before(payer_id, payee_id):
        told.append(Notice.FIRST_PAYMENT)
    if is_printed_by_a_person(code) and _is_like_a_machine(code, now):
        told.append(Notice.LIKE_A_MACHINE)
    return told


def is_printed_by_a_person(code: Code) -> bool:
    """Say whether it is the sort of code that a thief can make: printed, and his own."""
    person = code.payable == "person" and code.account.kind == Account.Kind.WALLET
    return person and code.kind == Code.Kind.STATIC


def speaks_of_a_machine(*texts: str) -> bool:
    """Say whether a name, label or memo speaks of a machine that sells, in one of three languages."""
    return any(_MACHINE.search(unicodedata.normalize("NFKC", text).casefold()) for text in texts)


def is_paid_like_a_machine(paid: Sequence[tuple[int, int]]) -> bool:
    """Say whether payments, given as (payer, amount), look like a machine's: many payers, one price.

    Each payer weighs the same: however often a thief pays himself odd sums, he is one of them.
    """
    payments_of = Counter(payer for payer, _ in paid)
    if len(payments_of) < MACHINE_PAYERS:
        return False
    shares: dict[int, Fraction] = defaultdict(Fraction)
    for (payer, amount), times in Counter(paid).items():
        shares[amount] += Fraction(times, payments_of[payer])
    return 100 * max(shares.values()) >= MACHINE_SAME * len(payments_of)


def _is_like_a_machine(code: Code, now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_SUSPECTED, [code.id])
        label, suspected = cursor.fetchone()
        if suspected or speaks_of_a_machine(label, code.memo, code.account.name):
            return True
        cursor.execute(_TRAFFIC, [code.id, first_id_of(now - DAY), MOST_READ])
        return is_paid_like_a_machine(cursor.fetchall())


def _paid_before(payer_id: int | None, payee_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_PAID_BEFORE, [payer_id, _LOOKED_BACK, payee_id])
        (paid,) = cursor.fetchone()
        return bool(paid)

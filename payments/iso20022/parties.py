"""Bank accounts and banks, as ISO 20022 names them."""

import re
from dataclasses import dataclass
from typing import Self

from payments.iso20022 import fields
from payments.iso20022.errors import MessageError
from payments.iso20022.writing import Writer

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")  # Norway's, the shortest, has 15 characters
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
_LONGEST_NUMBER = 34  # Max34Text
_LONGEST_CLEARING_SYSTEM = 5  # as in CNAPS, JPZGN, USABA


@dataclass(frozen=True, slots=True)
class BankAccount:
    """An account by its IBAN or by the country's own number: exactly one of them.

    Raises:
        MessageError: both or neither, or an IBAN whose check digits are wrong.
    """

    iban: str = ""
    other: str = ""

    def __post_init__(self) -> None:
        if bool(self.iban) == bool(self.other):
            raise MessageError("an account has either an IBAN or another number")
        if self.iban and not _is_iban(self.iban):
            raise MessageError("the IBAN is malformed or mistyped")
        if self.other:
            fields.identifier(self.other, field="the account number", longest=_LONGEST_NUMBER)

    @classmethod
    def of(cls, number: str) -> Self:
        """Return the account of a number without spaces: whatever looks like an IBAN must be one."""
        return cls(iban=number) if _IBAN.fullmatch(number) else cls(other=number)

    def write(self, xml: Writer) -> None:
        """Write what `Id` of an account holds."""
        if self.iban:
            xml.leaf("IBAN", self.iban)
            return
        with xml.inside("Othr"):
            xml.leaf("Id", self.other)


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank by its BIC, by its number in a clearing system, or by another id: exactly one of them.

    `other` is "NOTPROVIDED" where the account's number alone says which bank.

    Raises:
        MessageError: none or several, or one that is malformed.
    """

    bic: str = ""
    clearing: str = ""
    other: str = ""
    clearing_system: str = ""  # ISO external code, such as CNAPS; only beside `clearing`

    def __post_init__(self) -> None:
        if [bool(self.bic), bool(self.clearing), bool(self.other)].count(True) != 1:
            raise MessageError("a bank has either a BIC, or a clearing number, or another id")
        if self.bic and _BIC.fullmatch(self.bic) is None:
            raise MessageError("the BIC is malformed")
        if self.clearing or self.other:
            fields.identifier(self.clearing or self.other, field="the bank's id")
        if self.clearing_system:
            self._check_system()

    def _check_system(self) -> None:
        if not self.clearing:
            raise MessageError("a clearing system stands beside a clearing number only")
        fields.identifier(self.clearing_system, field="the clearing system", longest=_LONGEST_CLEARING_SYSTEM)

    def write(self, xml: Writer) -> None:
        """Write what an agent element holds."""
        with xml.inside("FinInstnId"):
            if self.bic:
                xml.leaf("BICFI", self.bic)
            elif self.clearing:
                self._write_member(xml)
            else:
                with xml.inside("Othr"):
                    xml.leaf("Id", self.other)

    def _write_member(self, xml: Writer) -> None:
        with xml.inside("ClrSysMmbId"):
            if self.clearing_system:
                with xml.inside("ClrSysId"):
                    xml.leaf("Cd", self.clearing_system)
            xml.leaf("MmbId", self.clearing)


def _is_iban(number: str) -> bool:
    """Tell whether the check digits fit (ISO 7064, MOD 97-10)."""
    if _IBAN.fullmatch(number) is None:
        return False
    turned = number[4:] + number[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1

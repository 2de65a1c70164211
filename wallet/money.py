"""How amounts are written: integers of minor units come in, text leaves; nothing here calculates."""

from dataclasses import dataclass

from payments import money as minor_units

MINUS = "−"
_SIGNS = {"CNY": "¥", "JPY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "KRW": "₩"}


@dataclass(frozen=True, slots=True)
class Parts:
    """An amount in the pieces that are set in different sizes; joined they are the whole text."""

    sign: str
    currency: str
    units: str
    minor: str  # with its point, empty for currencies without minor units

    def __str__(self) -> str:
        return f"{self.sign}{self.currency}{self.units}{self.minor}"


def exponent() -> int:
    """Return how many minor digits the deployment's currency has."""
    return minor_units.exponent(minor_units.currency())


def currency_sign() -> str:
    """Return what stands before an amount."""
    return _SIGNS.get(minor_units.currency(), f"{minor_units.currency()} ")


def parts(amount: int, *, signed: bool = False) -> Parts:
    """Cut an amount of minor units into its written parts; `signed` shows a plus too."""
    digits = str(abs(amount)).rjust(exponent() + 1, "0")
    cut = len(digits) - exponent()
    return Parts(
        sign=MINUS if amount < 0 else "+" if signed and amount > 0 else "",
        currency=currency_sign(),
        units=f"{int(digits[:cut]):,}",
        minor=f".{digits[cut:]}" if exponent() else "",
    )


def text(amount: int, *, signed: bool = False) -> str:
    """Write an amount as it stands in a sentence: ¥6.00."""
    return str(parts(amount, signed=signed))

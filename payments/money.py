"""Minor units: what an amount means, reads like, and costs. Pure, but for the deployment's currency."""

from django.conf import settings

# Digits behind the point where they are not two, by ISO 4217 (never by a locale library: those differ).
_EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}


def currency() -> str:
    """Return the deployment's one currency, as ISO 4217 letters."""
    return str(settings.CURRENCY)


def exponent(of: str) -> int:
    """Return how many digits of a currency's amounts stand behind the decimal point."""
    return _EXPONENTS.get(of, 2)


def text(amount: int, of: str) -> str:
    """Return an amount of minor units as plain decimal text: 1200 CNY is 12.00, 1200 JPY is 1200."""
    digits = exponent(of)
    if digits == 0:
        return str(amount)
    whole, part = divmod(abs(amount), 10**digits)
    return f"{'-' if amount < 0 else ''}{whole}.{part:0{digits}}"


def half_up(numerator: int, denominator: int) -> int:
    """Divide two integers, neither below zero, and round halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def fee(amount: int, *, bp: int, minimum: int) -> int:
    """Return the fee on a captured amount: half up, at least the minimum, never more than the amount itself.

    Args:
        amount: what was captured, in minor units; nothing captured costs nothing.
        bp: the rate in basis points.
        minimum: in minor units.
    """
    return min(amount, max(minimum, half_up(amount * bp, 10_000)))


def fee_returned(fee: int, *, refunded: int, captured: int) -> int:
    """Return how much of a payment's fee its payee has back once he gave up so much of it, half up.

    It depends on the sum alone: a whole refund gives the whole fee back, in however many parts it was made.

    Args:
        fee: what was paid on the captured amount, in minor units.
        refunded: all that is refunded or held again, at most `captured`.
        captured: more than nothing.
    """
    return half_up(fee * refunded, captured)

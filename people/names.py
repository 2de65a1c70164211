"""Names that people and shops choose for themselves, and that others read before they pay."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LONGEST = 64
# What reorders or hides text: a name must look like what it is.
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")  # Cf, but scripts and emoji need them
# Fillers and blanks that Unicode counts as letters, marks or symbols.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0")
_VISIBLE = frozenset("LNPS")


def clean_name(text: str, *, longest: int = LONGEST) -> str:
    """Return the name in Unicode's composed form without outer space.

    Raises:
        ValidationError: nothing visible, too long, or with control, bidirectional or hidden characters.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not name or not any(unicodedata.category(char)[0] in _VISIBLE for char in name):
        raise ValidationError(_("Give a name."), code="empty")
    if len(name) > longest:
        raise ValidationError(
            _("A name has at most %(longest)d characters."), code="too_long", params={"longest": longest}
        )
    if any(map(_deceives, name)):
        raise ValidationError(_("A name cannot hold control or hidden characters."), code="characters")
    return name


def _deceives(char: str) -> bool:
    forbidden = unicodedata.category(char) in _FORBIDDEN_CATEGORIES and char not in _JOINERS
    return forbidden or char in _INVISIBLE


def validate_name(text: str) -> None:
    """Refuse a name that is not stored clean.

    Raises:
        ValidationError: see `clean_name`, or outer space.
    """
    if clean_name(text) != text:
        raise ValidationError(_("A name starts and ends with a visible character."), code="untrimmed")

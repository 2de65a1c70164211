"""Names that people and shops choose for themselves, and that others read before they pay."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LONGEST = 64
# What reorders or hides text: a name must look like what it is. U+200C and U+200D stay: scripts need them.
_DECEIVING = re.compile(
    "[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
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
    if _DECEIVING.search(name) or any(unicodedata.category(char) in _FORBIDDEN_CATEGORIES for char in name):
        raise ValidationError(_("A name cannot hold control or hidden characters."), code="characters")
    return name


def validate_name(text: str) -> None:
    """Refuse a name that is not stored clean.

    Raises:
        ValidationError: see `clean_name`, or outer space.
    """
    if clean_name(text) != text:
        raise ValidationError(_("A name starts and ends with a visible character."), code="untrimmed")

"""What the pay page's script is told, in JSON: where to go, or what to say."""

from django.http import JsonResponse

from outbox.errors import Refusal
from wallet import words

# After these the very same call may be sent again under its key: nothing was stored, or it is not known yet.
_SAME_KEY = frozenset(
    {"wrong_pin", "pin_locked", "unknown_key", "invalid", "idempotency_in_progress", "idempotency_key_reused"}
)
_ARGUMENT = "args."


def went(url: str, *, status: int) -> JsonResponse:
    """Say where what was asked for is shown."""
    return JsonResponse({"next": url}, status=status)


def no(code: str, text: str, *, status: int) -> JsonResponse:
    """Say no in words."""
    return JsonResponse({"code": code, "words": text, "spent": code not in _SAME_KEY}, status=status)


def refused(refusal: Refusal) -> JsonResponse:
    """Say a refusal, at the field that caused it where there is one."""
    field = next((name for name in refusal.errors if name.startswith(_ARGUMENT)), None)
    if field is not None:
        texts = " ".join(refusal.errors[field])
        body = {"code": refusal.code, "words": texts, "field": field.removeprefix(_ARGUMENT), "spent": True}
        return JsonResponse(body, status=refusal.status)
    return no(refusal.code, words.of(refusal), status=refusal.status)

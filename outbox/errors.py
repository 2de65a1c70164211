"""How a service says no. Every app's refusals derive from here; `config/api.py` turns them into answers."""

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise

Text = str | Promise


class Refusal(Exception):
    """A business rule said no: nothing was changed, and the caller is told why.

    Attributes:
        code: stable, snake_case; what a program reads.
        status: the HTTP status it becomes.
        detail: one sentence for a person; subclasses give `sentence`, a raise may be more precise.
        errors: messages by field, for bad input.
        retry_after_s: whole seconds until another try makes sense.
    """

    code: str = "refused"
    status: int = 400
    sentence: Text = ""

    def __init__(
        self,
        detail: Text = "",
        *,
        errors: Mapping[str, Sequence[Text]] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        self.detail = str(detail or self.sentence)
        self.errors = {
            field: [str(message) for message in messages] for field, messages in (errors or {}).items()
        }
        self.retry_after_s = retry_after_s
        super().__init__(self.detail)

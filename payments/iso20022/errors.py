"""The one way in which these messages say no."""


class MessageError(ValueError):
    """A message that cannot be built, or must not be believed; its one sentence says why."""

"""The one way the embedded servers say no."""


class EmbeddedError(Exception):
    """A server or process of the demo cannot run; the message is a sentence for a person, with the cure."""

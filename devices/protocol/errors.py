"""Every way a message can be wrong. No error ever carries the message, a key or a tag."""

from typing import ClassVar


class ProtocolError(Exception):
    """A message that must be dropped. `code` is stable: it is stored, counted and tested."""

    code: ClassVar[str] = "protocol"

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"{self.code}: {detail}" if detail else self.code)
        self.detail = detail


class BadTopic(ProtocolError):
    code = "bad_topic"


class Oversized(ProtocolError):
    code = "oversized"


class BadTag(ProtocolError):
    """The tag is missing, malformed, or was made with another key, direction, device or topic."""

    code = "bad_tag"


class NotUtf8(ProtocolError):
    code = "not_utf8"


class NotJson(ProtocolError):
    """Not one JSON object, or one that reads differently to different parsers (NaN, a key twice)."""

    code = "not_json"


class BadVersion(ProtocolError):
    code = "bad_version"


class UnknownEvent(ProtocolError):
    code = "unknown_event"


class BadField(ProtocolError):
    """A field is missing, of the wrong type, or out of range; `detail` names the field."""

    code = "bad_field"

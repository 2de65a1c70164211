"""The handshake with the server, and the server's clock that comes with it."""

import math

from devices.protocol.sessions import SYNC_WITHIN_S, Sync, new_nonce

FIRST_RETRY_S = 2
LAST_RETRY_S = 60
REPEAT_S = 3600  # crystals drift: the clock is set again each hour


class Session:
    """Asks with a hello until a sync answers. All `now` are monotonic seconds."""

    def __init__(self) -> None:
        self.sess = ""  # empty: no session, and every command is foreign
        self.hello_due: float | None = None
        self._nonce = ""
        self._asked_at = 0.0
        self._retry_s = FIRST_RETRY_S
        self._server_ms = 0  # the server's clock at `_server_at`; nobody asks before the first sync
        self._server_at = 0.0

    def connected(self, now: float) -> None:
        self._retry_s = FIRST_RETRY_S
        self.hello_due = now

    def disconnected(self) -> None:
        """The clock stays: it is as good as before."""
        self.sess, self._nonce, self.hello_due = "", "", None

    def ask(self, now: float) -> str:
        """The nonce for a hello sent now; the next hello is due if no sync answers this one."""
        self._nonce, self._asked_at = new_nonce(), now
        self.hello_due = now + self._retry_s
        self._retry_s = min(2 * self._retry_s, LAST_RETRY_S)
        return self._nonce

    def accept(self, sync: Sync, now: float) -> bool:
        """Adopt the session and the clock, once, if the sync answers the last hello in time.

        The server read its clock after our hello left, so counting from the hello never puts us behind it.
        """
        if sync.nonce != self._nonce or now - self._asked_at > SYNC_WITHIN_S:
            return False
        self.sess, self._nonce = sync.sess, ""
        self._server_ms, self._server_at = sync.now_ms, self._asked_at
        self._retry_s, self.hello_due = FIRST_RETRY_S, now + REPEAT_S
        return True

    def now_ms(self, now: float) -> int:
        """The server's time, rounded up: being ahead only refuses early."""
        return self._server_ms + math.ceil((now - self._server_at) * 1000)

    def when(self, server_ms: int) -> float:
        """The monotonic second at which the server's clock shows that time."""
        return self._server_at + (server_ms - self._server_ms) / 1000

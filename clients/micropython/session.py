"""The handshake with the server, and the server's clock that comes with it. All `now` are monotonic ms."""

from binascii import hexlify

SYNC_WITHIN_MS = 5_000  # a sync older than this would set the clock behind
FIRST_RETRY_MS, LAST_RETRY_MS = 2_000, 60_000
REPEAT_MS = 3_600_000  # crystals drift: the clock is set again each hour


class Session:
    """Asks with a hello until a sync answers; `random(n)` gives n random bytes."""

    def __init__(self, random: "Callable[[int], bytes]") -> None:
        self.sess = ""  # empty: no session, and every command is foreign
        self.hello_due: int | None = None
        self._random, self._nonce, self._retry_ms = random, "", FIRST_RETRY_MS
        self._asked_at = self._ahead_ms = 0  # nobody asks for the time before the first sync

    def connected(self, now: int) -> None:
        self._retry_ms, self.hello_due = FIRST_RETRY_MS, now

    def disconnected(self) -> None:
        """The clock stays: it is as good as before."""
        self.sess, self._nonce, self.hello_due = "", "", None

    def ask(self, now: int) -> str:
        """The nonce for a hello sent now; the next hello is due if no sync answers this one."""
        self._nonce, self._asked_at = hexlify(self._random(8)).decode(), now
        self.hello_due = now + self._retry_ms
        self._retry_ms = min(2 * self._retry_ms, LAST_RETRY_MS)
        return self._nonce

    def answers(self, sync: dict, now: int) -> bool:
        """Is this the answer to the last hello, in time and for the first time?"""
        return bool(self._nonce) and sync["nonce"] == self._nonce and now - self._asked_at <= SYNC_WITHIN_MS

    def adopt(self, sync: dict, now: int) -> None:
        """The server read its clock after our hello left, so counting from the hello never puts us behind
        it; the millisecond more is for what was rounded. Being ahead only refuses early."""
        self.sess, self._nonce = sync["sess"], ""
        self._ahead_ms = sync["now_ms"] - self._asked_at + 1
        self._retry_ms, self.hello_due = FIRST_RETRY_MS, now + REPEAT_MS

    def now_ms(self, now: int) -> int:
        """The server's time."""
        return now + self._ahead_ms

    def when(self, server_ms: int) -> int:
        """When the server's clock shows that time."""
        return server_ms - self._ahead_ms

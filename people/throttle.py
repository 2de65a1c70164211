"""How often somebody may try to sign in: counted in the database, before anything is hashed."""

from ipaddress import IPv6Address, ip_address

from django.db import connection

from outbox.clock import now
from people.errors import TooManyTries
from people.models import Throttle

WINDOW_S = 15 * 60
TRIES_A_PHONE = 10  # from one network: who locks himself out locks nobody else out
TRIES_A_PHONE_ANYWHERE = 100  # a guesser with many networks; an owner elsewhere hardly ever meets it
TRIES_AN_ADDRESS = 100  # a shop's guests share one address
_LONGEST_ADDRESS = 45  # IPv6 at its longest, and a key has to fit its column

# One conditional statement: parallel tries cannot slip past each other. No row comes back from a full window.
_TAKE = """
INSERT INTO people_throttle AS throttle (key, tries, window_ends_at)
VALUES (%(key)s, 1, now() + make_interval(secs => %(window_s)s))
ON CONFLICT (key) DO UPDATE SET
    tries = CASE WHEN throttle.window_ends_at > now() THEN throttle.tries + 1 ELSE 1 END,
    window_ends_at = CASE
        WHEN throttle.window_ends_at > now() THEN throttle.window_ends_at ELSE excluded.window_ends_at END
WHERE throttle.tries < %(most)s OR throttle.window_ends_at <= now()
RETURNING tries
"""

_REST = "SELECT ceil(extract(epoch FROM window_ends_at - now()))::integer FROM people_throttle WHERE key = %s"

_FULL = _REST + " AND tries >= %s AND window_ends_at > now()"

_GIVE_BACK = "UPDATE people_throttle SET tries = tries - 1 WHERE key = %s AND tries > 0"


def keys_of(*, phone: str, address: str) -> dict[str, int]:
    """Return what is counted for a try, each with how many a window holds.

    The narrow ones stand first: a try that one of them refuses is not counted by the next, so one network
    alone never fills a phone's window for everybody.
    """
    network = _network(address)
    return {
        f"address {network}": TRIES_AN_ADDRESS,
        f"phone {phone} at {network}": TRIES_A_PHONE,
        f"phone {phone}": TRIES_A_PHONE_ANYWHERE,
    }


def take(keys: dict[str, int], *, window_s: int = WINDOW_S) -> None:
    """Count one try, within a window that begins with the first one.

    Raises:
        TooManyTries: the window of one of the keys is full; it says when that ends.
    """
    for key, most in keys.items():
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, {"key": key, "most": most, "window_s": window_s})
            if cursor.fetchone() is None:
                cursor.execute(_REST, [key])
                (rest_s,) = cursor.fetchone() or (1,)
                raise TooManyTries(retry_after_s=max(1, rest_s))


def refuse_full(keys: dict[str, int]) -> None:
    """Refuse where a window is full, and count nothing: for what is counted only when it fails.

    Raises:
        TooManyTries: as `take`.
    """
    for key, most in keys.items():
        with connection.cursor() as cursor:
            cursor.execute(_FULL, [key, most])
            full = cursor.fetchone()
        if full is not None:
            raise TooManyTries(retry_after_s=max(1, full[0]))


def give_back(keys: dict[str, int]) -> None:
    """Uncount a try that succeeded: only failures use up a window."""
    for key in keys:
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_BACK, [key])


def forget_ended() -> None:
    """Delete windows that are over."""
    Throttle.objects.filter(window_ends_at__lt=now()).delete()


def _network(address: str) -> str:
    """Return the address, of IPv6 the /64 that one household has; IPv4 within IPv6 is IPv4."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:_LONGEST_ADDRESS]
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))

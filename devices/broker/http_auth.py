"""What a broker that asks over HTTP is told: who may connect, and to do what. The rights are `users`'."""

import hmac
from uuid import UUID

from devices import keys
from devices.broker.users import User, own_users, user_of
from devices.trust import Versions, believed

WILDCARDS = frozenset("+#")


def may_connect(*, user: str, password: str, client_id: str) -> bool:
    """May somebody connect with this?

    A machine's client id is its user name, so that no machine can take over another's connection; those of
    our own processes begin with theirs. During a rotation the password before counts, too.
    """
    own = own_users().get(user)
    if own is not None:
        return client_id.startswith(f"{user}-") and _same(password, own.password)
    versions = _versions_of(user)
    return client_id == user and any(_same(password, keys.password_of(user, one)) for one in versions)


def may(*, user: str, action: str, topic: str) -> bool:
    """May a connected user do this?

    Args:
        action: "publish" or "subscribe"; nothing else is allowed.
        topic: or the topic filter that is subscribed to.
    """
    known = own_users().get(user) or _machine(user)
    if known is None:
        return False
    if action == "publish":
        return not WILDCARDS & set(topic) and any(covers(right, topic) for right in known.publish)
    return action == "subscribe" and any(covers(right, topic) for right in known.subscribe)


def covers(right: str, wanted: str) -> bool:
    """Does a topic filter take in all that another one, or a topic, takes in?"""
    if wanted.startswith("$") and not right.startswith("$"):
        return False
    allowed, asked = right.split("/"), wanted.split("/")
    for place, level in enumerate(allowed):
        if level == "#":
            return True
        if place >= len(asked) or asked[place] == "#" or level not in ("+", asked[place]):
            return False
    return len(allowed) == len(asked)


def _machine(name: str) -> User | None:
    versions = _versions_of(name)
    return user_of(name, versions[0]) if versions else None


def _versions_of(name: str) -> Versions:
    try:
        device_id = UUID(name)
    except ValueError:
        return ()
    if str(device_id) != name:  # another spelling would have topics of its own
        return ()
    return believed([device_id]).get(device_id, ())


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), right.encode())

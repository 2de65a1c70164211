"""Who wants to hear which fact."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Handler = TypeVar("Handler", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class Subscription:
    """One handler of one fact, and where it runs."""

    fact: str
    handler: str  # dotted path: the name under which deliveries are stored
    queue: str
    network: bool  # speaks to something slow: runs under a lease, outside any transaction
    call: Callable[..., None]


_subscriptions: dict[str, dict[str, Subscription]] = defaultdict(dict)


def on(fact: str, *, queue: str = "default", network: bool = False) -> Callable[[Handler], Handler]:
    """Subscribe the decorated function to a fact.

    The handler takes the fact's payload by keyword and must accept more (`**_`): publishers add fields. It is
    called at least once; without `network` its changes and the end of the delivery are one transaction, so
    its effect happens exactly once.
    """

    def subscribe(handler: Handler) -> Handler:
        name = f"{handler.__module__}.{handler.__qualname__}"
        _subscriptions[fact][name] = Subscription(fact, name, queue, network, handler)
        return handler

    return subscribe


def subscriptions_to(fact: str) -> list[Subscription]:
    """Return who hears this fact."""
    return list(_subscriptions.get(fact, {}).values())


def find(fact: str, handler: str) -> Subscription:
    """Return one subscription.

    Raises:
        LookupError: a deployment removed the handler before its deliveries were done.
    """
    try:
        return _subscriptions[fact][handler]
    except KeyError:
        raise LookupError(f"{handler} no longer handles {fact}") from None


def network_handlers() -> list[str]:
    """Return the names of the handlers that need a long lease."""
    everybody = (each for listeners in _subscriptions.values() for each in listeners.values())
    return [each.handler for each in everybody if each.network]

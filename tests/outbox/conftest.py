"""Facts and handlers of these tests alone."""

from collections import defaultdict

import pytest

from outbox import registry


@pytest.fixture(autouse=True)
def nobody_else_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only the test's own handlers hear its facts."""
    monkeypatch.setattr(registry, "_subscriptions", defaultdict(dict))

"""Gives every test process servers of its own before Django's settings are read.

Loaded by `-p tests.rig.plugin`: a conftest would come too late, pytest-django reads the settings before it.
"""

import os
from collections.abc import Generator

import pytest

from tests.rig.servers import Servers

SERVERS = pytest.StashKey[Servers]()
MARKERS = (
    "browser: needs Chromium",
    "mosquitto: needs a Mosquitto server",
    "unbalanced: breaks the books on purpose, so that they are not audited afterwards",
)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Choose ports and passwords; the servers themselves start with the first test that wants them."""
    for marker in MARKERS:
        early_config.addinivalue_line("markers", marker)
    servers = Servers(os.environ.get("PYTEST_XDIST_WORKER", "main"))
    early_config.stash[SERVERS] = servers
    early_config.add_cleanup(servers.close)
    os.environ.update(servers.environment)
    return (yield)

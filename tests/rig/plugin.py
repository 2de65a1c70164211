"""Gives every test process servers of its own before Django's settings are read.

Loaded by `-p tests.rig.plugin`: a conftest would come too late, pytest-django reads the settings before it.
"""

import os
import subprocess
import sys
from collections.abc import Generator

import pytest

from embedded.home import PROJECT
from embedded.static_files import collect_if_changed
from tests.rig.servers import STATIC_ROOT, Servers

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
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _collect_static_files()
    return (yield)


def _collect_static_files() -> None:
    """Fill the shared folder before any test process reads it."""
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    collect_if_changed(STATIC_ROOT, lambda: subprocess.run(command, cwd=PROJECT, check=True))

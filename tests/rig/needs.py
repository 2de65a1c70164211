"""Programs that a machine may lack."""

import os
import shutil
from pathlib import Path

import pytest

# Debian keeps servers where an ordinary account does not look.
PLACES = os.pathsep.join(
    [os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"]
)


def program(marker: str, *names: str) -> Path:
    """The first of these programs that is installed.

    Without one the test is skipped, or fails where SAOMA_REQUIRE names its marker, as in continuous
    integration.
    """
    for name in names:
        if found := shutil.which(name, path=PLACES):
            return Path(found)
    reason = f"needs one of {', '.join(names)}"
    if marker in os.environ.get("SAOMA_REQUIRE", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)

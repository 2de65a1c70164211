"""Machines on a stage, online."""

import pytest

from tests.simulator.stage import Stage


@pytest.fixture
def chair() -> Stage:
    return Stage().online()


@pytest.fixture
def washer() -> Stage:
    return Stage("washer").online()

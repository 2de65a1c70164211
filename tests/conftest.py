"""The rig: real servers, real processes, and the audit after every test that touched the database."""

from collections.abc import Collection, Generator, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.commands import flush
from django.db import connection, connections
from playwright.sync_api import Playwright, sync_playwright
from pytest_django import DjangoDbBlocker

from embedded import ports
from tests.cast import alice, bob, boss, charlie, desk, mei, mei_shop
from tests.rig import money
from tests.rig.browser import Phone
from tests.rig.mosquitto import Mosquitto
from tests.rig.plugin import SERVERS
from tests.rig.pristine import Pristine
from tests.rig.servers import Servers
from tests.rig.service import Nurseries, Service

__all__ = ["alice", "bob", "boss", "charlie", "desk", "mei", "mei_shop"]  # the cast, for every test

SERVICE = pytest.StashKey[Service]()
CAUSES = ("transfers have their cause",)
RUNS = ("triggered runs hold their price again", "confirmed machine payments have an open run")


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    """PostgreSQL, Redis and NATS of this test process, running."""
    servers = pytestconfig.stash[SERVERS]
    servers.start()
    return servers


@pytest.fixture(scope="session")
def django_db_setup(
    servers: Servers, django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Migrate the servers' own database (child processes know it by its real name)."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        call_command("migrate", verbosity=0)
        pristine = Pristine(servers.postgres.superuser_url)
        pristine.remember()
        # What Django runs after a transactional test. The service's own role may not empty the ledger.
        patch.setattr(flush.Command, "handle", lambda *_, **__: pristine.restore())
        yield


@pytest.fixture(autouse=True)
def books_balance(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test that used the database: no money was made or lost."""
    uses_database = request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & set(
        request.fixturenames
    )
    if not uses_database:
        yield
        return
    request.getfixturevalue("db")  # first in, last out: we look before the rows are gone
    yield
    if not request.node.get_closest_marker("unbalanced"):
        money.assert_conserved(besides=overlooked(request))


@pytest.fixture
def causeless() -> Collection[str]:
    """Money is moved by the ledger alone and no payment stands behind it: that one thing is not looked at."""
    return CAUSES


@pytest.fixture
def runless() -> Collection[str]:
    """Payments are held again by the money part alone and start no machine: that is not looked at."""
    return RUNS


def overlooked(request: pytest.FixtureRequest) -> Collection[str]:
    """Return what a test breaks on purpose."""
    known = {"causeless": CAUSES, "runless": RUNS}
    return [check for name, checks in known.items() if name in request.fixturenames for check in checks]


@pytest.fixture(scope="session")
def nurseries(servers: Servers) -> Iterator[Nurseries]:
    """Where the processes of the service come from."""
    nurseries = Nurseries(servers.folder / "logs" / "nursery.log")
    yield nurseries
    nurseries.close()


@pytest.fixture
def service(
    request: pytest.FixtureRequest,
    transactional_db: None,
    servers: Servers,
    nurseries: Nurseries,
) -> Iterator[Service]:
    """The service as child processes, none running yet; afterwards all are ended and their messages gone."""
    service = Service(servers, nurseries)
    request.node.stash[SERVICE] = service
    yield service
    service.stop()
    servers.forget_messages()
    connection.close()  # the test may have restarted the database under it
    service.forget_logs()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A Mosquitto that is not running yet: `admit_devices()`, then `start()`."""
    mosquitto = Mosquitto(folder=tmp_path, port=ports.pick(1)[0])
    yield mosquitto
    mosquitto.kill()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The driver of the browser, which runs an event loop in this thread.

    Django would refuse to work there, and keeps its connections elsewhere while a loop runs: none may cross
    the border, and the driver must not outlive the module.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        connections.close_all()
        with sync_playwright() as playwright:
            yield playwright
            connections.close_all()


@pytest.fixture
def phone(playwright: Playwright, service: Service) -> Iterator[Phone]:
    """Pages as a phone shows them; a fault on any of them fails the test."""
    phone = Phone(playwright, service.url)
    yield phone
    phone.faults.check()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the processes printed when a test fails."""
    report = yield
    if report.failed and SERVICE in item.stash:
        report.sections.extend(
            (f"log of {name}", text[-4000:]) for name, text in item.stash[SERVICE].logs().items()
        )
    return report

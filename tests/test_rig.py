"""The rig itself: what the other tests lean on."""

import urllib.error
import urllib.request

import psycopg
import pytest
from django.db import connection

from embedded.errors import EmbeddedError
from payments.models import Account
from people.models import User
from tests.rig import needs
from tests.rig.browser import Phone
from tests.rig.service import Service
from tests.rig.waiting import eventually

transactional = pytest.mark.django_db(transaction=True)


def status(url: str) -> int:
    """What the service answers; 0 when it does not."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (ours)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@transactional
@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_committed_is_gone_and_the_systems_own_accounts_are_there(alice: User, turn: int) -> None:
    assert User.objects.count() == 1
    assert Account.objects.filter(owner=None).exists()


@transactional
def test_the_services_role_cannot_go_past_the_triggers_of_the_ledger() -> None:
    with connection.cursor() as cursor, pytest.raises(Exception, match="permission denied"):
        cursor.execute("SET session_replication_role = replica")


def test_the_whole_service_starts_and_every_part_can_die_and_come_back(service: Service) -> None:
    service.admit_devices()
    service.start("web", "machines", "default", "beat", "gateway")
    assert status(f"{service.url}/readyz") == 200

    for part in (service.web, service.machines, service.gateway):
        part.kill()
        assert not part.running
        part.start()

    assert status(f"{service.url}/readyz") == 200


def test_the_service_outlives_its_servers(service: Service) -> None:
    service.start("web")
    for server in (service.servers.redis, service.servers.nats):
        server.kill()
        assert status(f"{service.url}/readyz") == 200  # degraded, not down
        server.start()

    service.servers.postgres.stop_immediately()
    assert status(f"{service.url}/readyz") == 503
    service.servers.postgres.start()
    eventually(lambda: status(f"{service.url}/readyz") == 200)


def test_a_part_sees_the_environment_a_test_gave_it(service: Service) -> None:
    service.env(DEMO="0", PUBLIC_URL="http://pay.example.com")
    with pytest.raises(EmbeddedError, match="PUBLIC_URL must start with https"):
        service.start("web")


def test_nothing_runs_between_tests(service: Service) -> None:
    assert status(service.url) == 0
    with psycopg.connect(service.servers.postgres.superuser_url) as superuser:
        others = superuser.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'saoma' AND pid <> %s",
            [connection.connection.info.backend_pid if connection.connection else 0],
        ).fetchone()
    assert others == (0,)


@pytest.mark.browser
def test_a_fault_on_a_page_is_noticed(phone: Phone, service: Service) -> None:
    service.start("web")
    with phone.page() as page:
        page.goto("/healthz")
        page.evaluate(
            "() => { console.error('planted'); fetch('http://127.0.0.1:9/stranger').catch(() => 0); }"
        )
        page.wait_for_timeout(100)
    with pytest.raises(AssertionError, match=r"planted.*stranger"):
        phone.faults.check()
    phone.faults.seen.clear()


@pytest.mark.parametrize(
    ("required", "outcome"), [("", pytest.skip.Exception), ("mosquitto,browser", pytest.fail.Exception)]
)
def test_a_missing_program_skips_a_test_unless_it_is_required(
    monkeypatch: pytest.MonkeyPatch, required: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("SAOMA_REQUIRE", required)
    with pytest.raises(outcome, match="needs one of no-such-program"):
        needs.program("browser", "no-such-program")

"""The embedded servers: they start anywhere, ask for a password, and come back after a crash."""

import os
import socket
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import redis

from embedded import ports
from embedded.errors import EmbeddedError
from embedded.nats import Nats
from embedded.postgres import Postgres
from embedded.redis import Redis
from embedded.room import forget

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root must become somebody else")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "somebody's folder"


@pytest.fixture
def postgres(folder: Path) -> Iterator[Postgres]:
    server = Postgres(
        folder=folder, port=ports.pick(1)[0], password="secret", superuser_password="other", durable=False
    )
    yield server
    server.stop()
    forget(folder / "postgres-home")


@pytest.fixture
def queue(folder: Path) -> Iterator[Redis]:
    server = Redis(folder=folder, port=ports.pick(1)[0], password="secret")
    yield server
    server.kill()


@pytest.fixture
def nats(folder: Path) -> Iterator[Nats]:
    port, core_port = ports.pick(2)
    server = Nats(folder=folder, port=port, core_port=core_port)
    yield server
    server.kill()


def test_the_services_role_is_no_superuser_and_owns_its_database(postgres: Postgres) -> None:
    postgres.start()

    with psycopg.connect(postgres.url) as connection:
        row = connection.execute(
            "SELECT rolsuper, pg_get_userbyid(datdba), current_setting('server_version_num')::int / 10000"
            " FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"
        ).fetchone()
        assert row == (False, "saoma", 18)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET session_replication_role = replica")


def test_postgres_wants_the_password_and_listens_on_loopback_alone(postgres: Postgres) -> None:
    postgres.start()

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres.url.replace("secret", "wrong"))
    with psycopg.connect(postgres.superuser_url) as connection:
        shown = connection.execute("SHOW listen_addresses").fetchone()
        sockets = connection.execute("SHOW unix_socket_directories").fetchone()
    assert (shown, sockets) == (("127.0.0.1",), ("",))


@pytest.mark.parametrize("end", ["stop", "kill", "stop_immediately"])
def test_postgres_comes_back_on_its_port_with_what_was_committed(postgres: Postgres, end: str) -> None:
    postgres.start()
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")

    getattr(postgres, end)()
    assert not ports.answers(postgres.port)
    postgres.start()

    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_postgres_comes_back_while_a_session_of_the_killed_one_is_still_busy(postgres: Postgres) -> None:
    postgres.start()
    busy = psycopg.connect(postgres.url, autocommit=True)
    with ThreadPoolExecutor() as pool:
        # Counts for about a second without looking up: it does not notice that its server died.
        counting = pool.submit(busy.execute, "SELECT count(*) FROM generate_series(1, 8000000)")
        time.sleep(0.2)
        postgres.kill()
        postgres.start()
        counting.exception(20)
    busy.close()

    psycopg.connect(postgres.url).close()


@as_root
def test_as_root_postgres_runs_as_nobody_and_no_folder_is_opened_for_it(
    postgres: Postgres, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    postgres.start()

    assert postgres.child is not None
    assert postgres.child.process is not None
    status = Path(f"/proc/{postgres.child.process.pid}/status").read_text()
    assert "Uid:\t0" not in status
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert not postgres.data.is_relative_to(tmp_path)


@as_root
def test_where_nobody_can_read_the_wheel_a_copy_of_it_runs(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.room.open_to_all", lambda _: False)
    postgres.start()

    assert postgres.child is not None
    assert postgres.child.argv[0].startswith(str(postgres.data.parent))
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE anything (word text)")


@as_root
def test_a_reachable_folder_keeps_the_data_in_place(postgres: Postgres, folder: Path) -> None:
    folder.mkdir()
    for ours in (folder, *folder.parents):
        if ours.is_relative_to("/tmp") and ours != Path("/tmp"):  # noqa: S108
            ours.chmod(0o711)  # what pytest made, not the machine's own
    postgres.start()

    assert postgres.data == folder / "postgres"


def test_redis_comes_back_on_its_port_with_its_data(queue: Redis) -> None:
    queue.start()
    with redis.Redis.from_url(queue.url) as client:
        client.set("kept", "7")

    queue.stop()
    assert not ports.answers(queue.port)
    queue.start()

    with redis.Redis.from_url(queue.url) as client:
        assert client.get("kept") == b"7"


def test_redis_wants_the_password(queue: Redis) -> None:
    queue.start()

    with socket.create_connection((ports.LOOPBACK, queue.port), timeout=2) as link:
        link.sendall(b"PING\r\n")
        assert link.recv(8) == b"-NOAUTH "


def test_a_missing_redis_is_one_sentence_with_the_cure(queue: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedded.redis.MODULE", "no_such_wheel")
    monkeypatch.setenv("PATH", "")

    with pytest.raises(EmbeddedError, match="Install redis-server or valkey-server"):
        queue.start()


def test_nats_speaks_mqtt_refuses_strangers_and_comes_back_on_its_port(nats: Nats) -> None:
    for end in (nats.kill, nats.stop):
        nats.start()
        assert _connect_return_code(nats.port) == 5  # not authorised
        end()
        assert not ports.answers(nats.port)


def _connect_return_code(port: int) -> int:
    """What MQTT 3.1.1's CONNACK says to a client without a name and password."""
    connect = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x1e\x00\x03who"
    with socket.create_connection((ports.LOOPBACK, port), timeout=2) as link:
        link.sendall(connect)
        return link.recv(4)[3]


def test_a_server_that_cannot_start_says_its_last_words(nats: Nats, tmp_path: Path) -> None:
    nats.start()
    broken = Nats(folder=tmp_path / "second", port=nats.port, core_port=nats.core_port)

    with pytest.raises(EmbeddedError, match="address already in use"):
        broken.start()
    broken.kill()

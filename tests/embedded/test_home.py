"""What the demo keeps in its folder: secrets, the lock, the pid file."""

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded import home, ports, room, secrets
from embedded.children import Child
from embedded.demo import publish
from embedded.errors import EmbeddedError
from embedded.home import PROJECT
from embedded.strays import MARK, PidFile, started_at
from tests.rig.waiting import eventually


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Child]:
    child = Child(name="sleeper", argv=["sleep", "60"], env=os.environ, log=tmp_path / "log")
    child.spawn()
    yield child
    child.kill()


def test_secrets_are_made_once_and_are_ours_alone(tmp_path: Path) -> None:
    file = tmp_path / "secrets"

    first = secrets.load(file)

    assert secrets.load(file) == first
    assert set(first) == set(secrets.MAKERS)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_secret_that_a_newer_version_wants_is_added_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "secrets"
    file.write_text("SECRET_KEY=old=\n")

    assert secrets.load(file)["SECRET_KEY"] == "old="
    assert secrets.load(file)["PIN_PEPPER"]


def test_two_demos_cannot_use_one_folder(tmp_path: Path) -> None:
    with home.claimed(tmp_path):
        assert home.another_demo(tmp_path) == str(os.getpid())
        with pytest.raises(EmbeddedError, match=f"process {os.getpid()}"), home.claimed(tmp_path):
            pass

    assert home.another_demo(tmp_path) is None


def test_a_stray_child_is_ended_at_the_next_start(tmp_path: Path, sleeper: Child) -> None:
    PidFile(tmp_path / "pids").write([sleeper])

    assert PidFile(tmp_path / "pids").end_strays("no mark") == ["sleeper"]

    assert not sleeper.running
    assert PidFile(tmp_path / "pids").end_strays("no mark") == []


def test_another_process_that_got_the_number_is_left_alone(tmp_path: Path, sleeper: Child) -> None:
    file = tmp_path / "pids"
    PidFile(file).write([sleeper])
    file.write_text(file.read_text().replace(started_at(sleeper.process.pid if sleeper.process else 0), "1"))

    assert PidFile(file).end_strays("no mark") == []
    assert sleeper.running


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_marked_grandchild_is_ended_although_no_pid_file_names_it(tmp_path: Path) -> None:
    env = os.environ | {MARK: str(tmp_path)}
    with subprocess.Popen(["/bin/sleep", "60"], env=env, start_new_session=True) as process:
        eventually(lambda: b"sleep" in Path(f"/proc/{process.pid}/cmdline").read_bytes())

        assert PidFile(tmp_path / "pids").end_strays(str(tmp_path)) == [f"process {process.pid}"]

        assert process.wait(5) == -signal.SIGKILL


def test_a_taken_port_gives_way_to_the_next_free_one() -> None:
    taken = ports.pick(1)[0]
    with socket.create_server((ports.LOOPBACK, taken)):
        assert ports.next_free(taken) > taken
        assert ports.answers(taken)
    assert ports.next_free(taken) == taken


def test_nobody_else_picks_a_port_that_was_picked(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = ports.pick(1)[0]
    monkeypatch.setattr(ports, "PRIVATE_PORTS", range(mine, mine + 1))

    assert ports.is_free(mine)
    assert ports.pick(1) == []
    script = f"from embedded import ports; ports.PRIVATE_PORTS = [{mine}]; print(ports.pick(1))"
    picked = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert picked.stdout == "[]\n"


def test_a_room_is_remembered_and_forgotten_with_its_link(tmp_path: Path) -> None:
    link = tmp_path / "postgres-home"

    made = room.make_reachable(link)

    assert room.make_reachable(link) == made
    assert room.open_to_all(made)
    room.forget(link)
    assert not made.exists()
    assert not link.is_symlink()


def test_a_room_that_was_cleaned_away_is_replaced(tmp_path: Path) -> None:
    link = tmp_path / "postgres-home"
    made = room.make_reachable(link)
    made.rmdir()

    again = room.make_reachable(link)

    assert again.is_dir()
    assert again != made
    room.forget(link)


def test_the_folder_is_ours_alone_also_if_it_was_not(tmp_path: Path) -> None:
    for folder in (tmp_path / "new", tmp_path / "old"):
        if folder.name == "old":
            folder.mkdir(mode=0o755)
        with home.claimed(folder):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_one_signs_in_with_is_ours_alone_from_the_start(tmp_path: Path) -> None:
    source, target = tmp_path / "seed.json", tmp_path / "demo.json"
    source.write_text("secret")
    source.chmod(0o644)
    (tmp_path / "demo.json.new").write_text("left over")

    publish(source, target)

    assert target.read_text() == "secret"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert not (tmp_path / "demo.json.new").exists()

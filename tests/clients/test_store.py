"""The durable memory of a machine: what was stored is found again, whatever a power cut did to its files."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.micropython import store as module
from clients.micropython.store import Store


def record(command_id: str | None = None, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": command_id or str(uuid4()),
        "op": "start",
        "exp": 1795160030123,
        "a": {"course": "cotton-40", "dur_s": 2280},
        "status": "starting",
        "left_s": 2280,
        "events": ['{"v":1,"id":"x","ev":"accepted","code":"洗"}'],
    }
    return fields | changes


def reopened(folder: Path) -> list[dict[str, Any]]:
    opened = Store(str(folder))
    opened.close()
    records: list[dict[str, Any]] = opened.records()
    return records


def stored(folder: Path, *records: dict[str, Any]) -> Store:
    """A store with these records in it, still open."""
    store = Store(str(folder))
    for one in records:
        store.put(one)
    return store


@pytest.fixture(autouse=True, scope="module")
def _without_waiting_for_the_disk() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


def active(folder: Path) -> Path:
    """The file that is being written: the one that was changed last."""
    return max(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)


def test_a_new_machine_remembers_nothing(tmp_path: Path) -> None:
    assert reopened(tmp_path) == []


def test_what_was_stored_is_found_again_in_order(tmp_path: Path) -> None:
    records = [record() for _ in range(3)]
    stored(tmp_path, *records).close()

    assert reopened(tmp_path) == records
    assert reopened(tmp_path) == records


def test_the_last_version_counts(tmp_path: Path) -> None:
    command_id = str(uuid4())
    versions = [record(command_id, status=status) for status in ("starting", "running", "closed")]
    stored(tmp_path, *versions).close()

    assert [one["status"] for one in reopened(tmp_path)] == ["closed"]


def test_the_forgotten_is_gone(tmp_path: Path) -> None:
    first, second = record(), record()
    store = stored(tmp_path, first)
    store.forget(first["id"])
    store.put(second)
    store.close()

    assert reopened(tmp_path) == [second]


def test_a_line_torn_anywhere_leaves_the_lines_before_it(tmp_path: Path) -> None:
    first, second = record(), record()
    store = stored(tmp_path, first)
    file = active(tmp_path)
    intact = file.stat().st_size
    store.put(second)
    store.close()
    content = file.read_bytes()
    others = {path: path.read_bytes() for path in tmp_path.iterdir() if path != file}

    for length in range(intact, len(content) - 1):  # the last byte is the line's end: without it, it is whole
        file.write_bytes(content[:length])
        for path, whole in others.items():
            path.write_bytes(whole)
        assert reopened(tmp_path) == [first]


def test_a_store_goes_on_behind_a_torn_line(tmp_path: Path) -> None:
    first, second = record(), record()
    (tmp_path / "0.log").write_bytes(b"00000000 {")
    stored(tmp_path, first).close()
    file = active(tmp_path)
    file.write_bytes(file.read_bytes() + b"deadbeef")
    stored(tmp_path, second).close()

    assert reopened(tmp_path) == [first, second]


@given(position=st.integers(0, 10_000), flipped=st.integers(1, 255))
def test_a_damaged_byte_never_yields_a_wrong_record(
    tmp_path_factory: pytest.TempPathFactory, position: int, flipped: int
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    records = [record() for _ in range(3)]
    stored(folder, *records).close()
    file = active(folder)
    content = bytearray(file.read_bytes())
    content[position % len(content)] ^= flipped
    file.write_bytes(bytes(content))

    survivors = reopened(folder)

    assert all(one in records for one in survivors)
    assert len(survivors) >= 1


def test_a_grown_file_gives_way_to_the_other_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TURN_AT_BYTES", 2000)
    command_id, other = str(uuid4()), record()
    versions = [record(command_id, left_s=left_s) for left_s in range(100)]
    stored(tmp_path, other, *versions).close()

    assert max(path.stat().st_size for path in tmp_path.iterdir()) < 2600
    assert reopened(tmp_path) == [other, versions[-1]]


@pytest.mark.parametrize("puts", [1, 2, 3, 6, 11])
def test_a_cut_anywhere_while_the_files_take_turns_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, puts: int
) -> None:
    """The new file is cut off at each of its bytes, while the old one still stands beside it."""
    monkeypatch.setattr(module, "TURN_AT_BYTES", 900)
    records = [record(f"{n:036d}") for n in range(puts)]
    stored(tmp_path, *records).close()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(module, "TURN_AT_BYTES", 10**6)
    reopened(tmp_path)  # writes all into the other file
    [turned] = [path for path in tmp_path.iterdir() if path.read_bytes() != before.get(path)]
    content = turned.read_bytes()

    for length in range(0, len(content), 7):
        for path, whole in before.items():
            path.write_bytes(whole)
        turned.write_bytes(content[:length])
        assert sorted(one["id"] for one in reopened(tmp_path)) == [one["id"] for one in records]


def test_a_record_is_on_disk_when_put_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(str(tmp_path))
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))

    store.put(record())

    assert synced == [active(tmp_path).stat().st_size]
    store.close()


def test_records_do_not_change_under_the_hands_of_the_store(tmp_path: Path) -> None:
    first = record()
    store = stored(tmp_path, first)
    store.records().clear()
    store.close()

    assert reopened(tmp_path) == [first]

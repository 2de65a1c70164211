"""The durable memory: what was stored is found again, whatever a power cut did to the file."""

import os
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import journal
from simulator.journal import Journal, VolatileJournal
from simulator.records import Record, Status


def record(command_id: UUID | None = None, **changes: Any) -> Record:
    fields: dict[str, Any] = {
        "id": command_id or uuid4(),
        "op": "start",
        "exp": 1795160030123,
        "args": {"course": "cotton-40", "dur_s": 2280},
        "status": Status.STARTING,
        "left_s": 2280,
        "events": ({"v": 1, "id": "x", "ev": "accepted", "code": "洗"},),
    }
    return Record(**(fields | changes))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "machine.journal"


def reopened(path: Path) -> list[Record]:
    opened = Journal(path)
    opened.close()
    return opened.records()


def test_a_new_machine_remembers_nothing(path: Path) -> None:
    assert reopened(path) == []


def test_what_was_stored_is_found_again_in_order(path: Path) -> None:
    records = [record() for _ in range(3)]
    store = Journal(path)
    for one in records:
        store.put(one)
    store.close()

    assert reopened(path) == records


def test_the_last_version_counts(path: Path) -> None:
    command_id = uuid4()
    store = Journal(path)
    for status in Status:
        store.put(record(command_id, status=status))
    store.close()

    assert [one.status for one in reopened(path)] == [Status.CLOSED]


def test_the_forgotten_is_gone(path: Path) -> None:
    first, second = record(), record()
    store = Journal(path)
    store.put(first)
    store.forget(first.id)
    store.put(second)
    store.close()

    assert reopened(path) == [second]


def test_a_line_torn_anywhere_leaves_the_lines_before_it(path: Path) -> None:
    first, second = record(), record()
    store = Journal(path)
    store.put(first)
    intact = path.stat().st_size
    store.put(second)
    store.close()
    content = path.read_bytes()

    for length in range(intact, len(content) - 1):  # the last byte is the line's end: without it, it is whole
        path.write_bytes(content[:length])
        assert reopened(path) == [first]


def test_a_journal_goes_on_behind_a_torn_line(path: Path) -> None:
    first, second = record(), record()
    path.write_bytes(b"00000000 {")
    store = Journal(path)
    store.put(first)
    store.close()
    path.write_bytes(path.read_bytes() + b"deadbeef")
    store = Journal(path)
    store.put(second)
    store.close()

    assert reopened(path) == [first, second]


@given(position=st.integers(0, 10_000), flipped=st.integers(1, 255))
def test_a_damaged_byte_never_yields_a_wrong_record(
    tmp_path_factory: pytest.TempPathFactory, position: int, flipped: int
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "machine.journal"
    records = [record() for _ in range(3)]
    store = Journal(path)
    for one in records:
        store.put(one)
    store.close()
    content = bytearray(path.read_bytes())
    content[position % len(content)] ^= flipped
    path.write_bytes(bytes(content))

    survivors = reopened(path)

    assert all(one in records for one in survivors)
    assert len(survivors) >= 1


def test_a_grown_journal_is_compacted_and_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "COMPACT_AT_BYTES", 2000)
    command_id = uuid4()
    store = Journal(path)
    for left_s in range(100):
        store.put(record(command_id, left_s=left_s))
    store.close()

    assert path.stat().st_size < 2600
    assert [one.left_s for one in reopened(path)] == [99]


def test_a_cut_while_compacting_loses_nothing(path: Path) -> None:
    one = record()
    store = Journal(path)
    store.put(one)
    store.close()
    path.with_suffix(".new").write_bytes(b"half a li")

    assert reopened(path) == [one]


def test_a_record_is_on_disk_when_put_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Journal(path)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))

    store.put(record())

    assert synced == [path.stat().st_size]
    store.close()


def test_the_volatile_store_behaves_the_same() -> None:
    first, second = record(), record()
    store = VolatileJournal()
    store.put(first)
    store.put(second)
    store.forget(first.id)

    assert store.records() == [second]

"""Where simulated machines remember: on disk as any machine, or in memory as if it were one."""

from pathlib import Path
from uuid import UUID

from simulator.journal import Record, VolatileJournal, open_store

FIRST, SECOND = str(UUID(int=1)), str(UUID(int=2))


def record(command_id: str) -> Record:
    return {"id": command_id, "op": "start", "exp": 1, "a": {}, "status": "closed", "left_s": 0, "events": []}


def test_the_volatile_store_behaves_the_same(tmp_path: Path) -> None:
    for store in (VolatileJournal(), open_store(tmp_path, "machine")):
        store.put(record(FIRST))
        store.put(record(SECOND))
        store.forget(FIRST)

        assert store.records() == [record(SECOND)]
        store.close()


def test_each_machine_has_a_store_of_its_own(tmp_path: Path) -> None:
    first, second = open_store(tmp_path, "a"), open_store(tmp_path, "b")

    first.put(record(FIRST))

    assert second.records() == []
    first.close()
    second.close()


def test_without_a_folder_nothing_outlives_the_process() -> None:
    assert isinstance(open_store(None, "machine"), VolatileJournal)

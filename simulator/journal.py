"""Where simulated machines remember: the machine's own store on disk, or memory."""

from pathlib import Path
from typing import Any, Protocol

from clients.micropython.store import Store as DiskStore

Record = dict[str, Any]  # see clients/micropython/core.py


class Store(Protocol):
    """Durable memory: `put` returns when the record would survive a power cut."""

    def records(self) -> list[Record]: ...
    def put(self, record: Record) -> None: ...
    def forget(self, command_id: str) -> None: ...
    def close(self) -> None: ...


class VolatileJournal:
    """For tests and try-outs: it survives the simulated power cuts, not the process."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    def records(self) -> list[Record]:
        return list(self._records.values())

    def put(self, record: Record) -> None:
        self._records[record["id"]] = record

    def forget(self, command_id: str) -> None:
        self._records.pop(command_id, None)

    def close(self) -> None:
        pass


def open_store(data: Path | None, device_id: str) -> Store:
    """The store of one machine below `data`; without it, one in memory."""
    if data is None:
        return VolatileJournal()
    folder = data / device_id
    folder.mkdir(parents=True, exist_ok=True)
    return DiskStore(str(folder))

"""Every command a machine must still recognise, oldest first, within a fixed room."""

from collections.abc import Iterable
from uuid import UUID

from simulator.records import Record

CAPACITY = 64  # the contract asks for 32; the server keeps at most 8 unexpired


class Memory:
    """The records a machine knows. It never forgets a command that could still start something."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records = {record.id: record for record in records}

    def get(self, command_id: UUID) -> Record | None:
        return self._records.get(command_id)

    def keep(self, record: Record) -> None:
        self._records[record.id] = record

    def open_records(self) -> list[Record]:
        return [record for record in self._records.values() if record.open]

    @property
    def full(self) -> bool:
        return len(self._records) >= CAPACITY

    def forget_expired(self, now_ms: int) -> UUID | None:
        """Drop the oldest record whose command would be refused as expired anyway; None if there is none."""
        for record in self._records.values():
            if not record.open and record.exp <= now_ms:
                del self._records[record.id]
                return record.id
        return None

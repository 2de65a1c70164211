"""A machine's durable memory: one line per change, checked by a CRC, on disk before anything else happens.

A line is `<crc32 in hex> <JSON>`. A power cut can only tear the last line, whose actions were then never
taken; any damaged line is skipped. When the file has grown, what is still known is written to a second file
that replaces the first in one step.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID
from zlib import crc32

from simulator.records import Record

COMPACT_AT_BYTES = 256 * 1024  # some hundred runs; a compacted file has at most about 100 KB


class Journal:
    """The journal of one machine in `path`; the folder exists."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._records = _read(path)
        self._file = self._rewrite()

    def records(self) -> list[Record]:
        """What survived, oldest command first."""
        return list(self._records.values())

    def put(self, record: Record) -> None:
        """Store a record in place of its earlier version; returns when it would survive a power cut."""
        self._records[record.id] = record
        self._append(record.to_json())

    def forget(self, command_id: UUID) -> None:
        """Drop a record. It may come back after a power cut, which does no harm."""
        self._records.pop(command_id, None)
        self._file.write(_line({"forget": str(command_id)}))

    def close(self) -> None:
        self._file.close()

    def _append(self, entry: dict[str, Any]) -> None:
        self._file.write(_line(entry))
        _flush(self._file)
        if self._file.tell() > COMPACT_AT_BYTES:
            self._file.close()
            self._file = self._rewrite()

    def _rewrite(self) -> BinaryIO:
        """Write all records to a second file, put it in the place of the first, and go on behind them."""
        second = self._path.with_suffix(".new")
        file = second.open("wb")
        file.writelines(_line(record.to_json()) for record in self._records.values())
        _flush(file)
        second.replace(self._path)
        _flush_folder(self._path.parent)
        return file


class VolatileJournal:
    """The same in memory, for tests and try-outs: it survives the simulated power cuts, not the process."""

    def __init__(self) -> None:
        self._records: dict[UUID, Record] = {}

    def records(self) -> list[Record]:
        return list(self._records.values())

    def put(self, record: Record) -> None:
        self._records[record.id] = record

    def forget(self, command_id: UUID) -> None:
        self._records.pop(command_id, None)

    def close(self) -> None:
        pass


def _read(path: Path) -> dict[UUID, Record]:
    records: dict[UUID, Record] = {}
    for entry in _entries(path):
        if "forget" in entry:
            records.pop(UUID(entry["forget"]), None)
        else:
            record = Record.from_json(entry)
            records[record.id] = record
    return records


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        check, _, text = line.partition(b" ")
        if check == _check(text):
            yield json.loads(text)


def _line(entry: dict[str, Any]) -> bytes:
    text = json.dumps(entry, ensure_ascii=True, separators=(",", ":")).encode()
    return _check(text) + b" " + text + b"\n"


def _check(text: bytes) -> bytes:
    return b"%08x" % crc32(text)


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

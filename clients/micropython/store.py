"""What must survive a power cut: two files in turn, one CRC-checked line for each change.

A cut can only tear the last line, whose actions were then never taken. When the file has grown, all that is
still known is written into the other one; it counts once its line `whole` stands there.
"""

import json
import os
from binascii import crc32

from .wire import encode

TURN_AT_BYTES = 64 * 1024


class Store:
    """The records of one machine, in a folder that exists."""

    def __init__(self, folder: str) -> None:
        self._records: dict[str, dict] = {}
        slots = [(_age(path), path) for path in (folder + "/0.log", folder + "/1.log")]
        slots.sort()  # the older first, or the one that was never completed
        for _, path in slots:
            for entry in _entries(path):
                self._apply(entry)
        self._age, self._paths = slots[1][0], [path for _, path in slots]
        self._turn()

    def records(self) -> list:
        """What survived."""
        return list(self._records.values())

    def put(self, record: dict) -> None:
        """Store a record in place of its earlier version; returns when it would survive a power cut."""
        self._write({"put": record})
        _flush(self._file)
        if self._file.tell() > TURN_AT_BYTES:
            self._file.close()
            self._turn()

    def forget(self, command_id: str) -> None:
        """Drop a record. It may come back after a power cut, which does no harm."""
        self._write({"forget": command_id})

    def close(self) -> None:
        self._file.close()

    def _apply(self, entry: dict) -> None:
        if "put" in entry:
            self._records[entry["put"]["id"]] = entry["put"]
        else:
            self._records.pop(entry.get("forget", ""), None)

    def _turn(self) -> None:
        """Write all records into the older file and go on behind them."""
        self._paths.reverse()
        self._age += 1
        self._file = open(self._paths[1], "wb")
        for record in self.records():
            self._write({"put": record})
        self._write({"whole": self._age})
        _flush(self._file)

    def _write(self, entry: dict) -> None:
        self._apply(entry)
        text = encode(entry).encode()
        self._file.write(b"%08x " % crc32(text) + text + b"\n")


def _age(path: str) -> int:
    """How often the files had taken turns when this one was completed; 0: it never was."""
    return max([entry.get("whole", 0) for entry in _entries(path)], default=0)


def _entries(path: str) -> "Iterator[dict]":
    try:
        with open(path, "rb") as file:
            for line in file:
                check, _, text = line.rstrip(b"\n").partition(b" ")
                if check == b"%08x" % crc32(text):
                    yield json.loads(text)
    except OSError:  # not there yet
        return


def _flush(file: "BinaryIO") -> None:
    file.flush()
    if hasattr(os, "fsync"):  # MicroPython's flush is on the flash when it returns
        os.fsync(file.fileno())

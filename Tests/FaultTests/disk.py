"""Calls to the file system that die, fail or are written down: see disk_faults.c."""

import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

COMPILER = shutil.which("cc")
HEAD = struct.Struct("=BBHHHi4xQII")
STORE = "rota.db,rota.db-wal"


@dataclass
class Call:
    """`kind` is write, sync, truncate, create, rename, unlink, or send."""
    kind: str
    path: str
    #: What a rename makes of it.
    other: str
    #: Zero when it succeeded.
    error: int
    offset: int
    data: bytes

    @property
    def is_acknowledgement(self):
        """The store's log is on disk: what was committed counts from here on."""
        return self.kind == "sync" and not self.error and self.path.endswith(".db-wal")

    @property
    def is_effect(self):
        """Somebody else sees it: a write request to a server, or a change in the folder of a vault."""
        changes = self.kind in ("rename", "create") and "/local" in (self.other or self.path)
        return changes or self.kind == "send" and self.data[:4] in (b"PUT ", b"POST", b"PATC")


KINDS = {
    "w": "write", "s": "sync", "t": "truncate", "c": "create", "r": "rename", "u": "unlink", "n": "send",
}


class Disk:
    def __init__(self, house, folder: Path):
        assert COMPILER, "there is no cc to compile disk_faults.c with: run 'make deps'"
        self.library, self.log, self.folder = folder / "disk_faults.so", folder / "calls", house.folder
        if not self.library.exists():
            source = Path(__file__).with_name("disk_faults.c")
            subprocess.run(
                [COMPILER, "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", self.library, source], check=True)

    def environment(self, fault=None, calls=None, only=None):
        self.log.unlink(missing_ok=True)
        chosen = {"DISK_FAULT": fault, "DISK_CALLS": calls, "DISK_ONLY": only}
        return {
            "LD_PRELOAD": str(self.library), "DISK_FOLDER": str(self.folder), "DISK_LOG": str(self.log),
        } | {name: value for name, value in chosen.items() if value}

    def calls(self) -> list[Call]:
        data, at, found = self.log.read_bytes(), 0, []
        while at < len(data):
            kind, _, path, other, _, error, offset, length, _ = HEAD.unpack_from(data, at)
            at += HEAD.size
            texts = []
            for size in (path, other, length):
                texts.append(data[at:at + size])
                at += size
            found.append(Call(KINDS[chr(kind)], texts[0].decode(), texts[1].decode(), error, offset, texts[2]))
        assert at == len(data), "the log of calls ends in the middle of one"
        return found

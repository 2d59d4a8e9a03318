"""A clock that a test moves, under the real program: see moved_clock.c."""

import mmap
import struct
from pathlib import Path

from preloaded import compiled


class MovedClock:
    """`environment` makes a program go by it."""

    def __init__(self, folder: Path):
        library, numbers = compiled("moved_clock", folder), folder / "moved_clock"
        numbers.write_bytes(bytes(16))
        with numbers.open("r+b") as file:
            self.page = mmap.mmap(file.fileno(), 16)
        self.environment = {"LD_PRELOAD": str(library), "MOVED_CLOCK": str(numbers)}
        self.passed = self.set = 0

    def pass_by(self, seconds):
        """Time passes, as every clock of the machine shows."""
        self.passed += seconds
        self.page[0:8] = struct.pack("=q", self.passed)

    def set_by(self, seconds):
        """Somebody sets the wall clock; no time passes."""
        self.set += seconds
        self.page[8:16] = struct.pack("=q", self.set)

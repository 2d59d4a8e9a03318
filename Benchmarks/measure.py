"""What every benchmark here shares: how a command is measured, where our binary is, and the one table.

A figure is processor time where it can be, since other work on the machine disturbs it least. Each one is the
least of some runs, ours and the peer's in turn, so that both see the same machine.
"""

import argparse
import dataclasses
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCRATCH = os.path.join(ROOT, ".build", "bench")
PEERS = os.path.join(ROOT, "Benchmarks", "peers")
MIB = 1 << 20

# A small process of its own starts what is measured: a child's peak of memory counts what its parent was before.
LAUNCHER = """
import os, sys, time
out = [(os.POSIX_SPAWN_OPEN, number, '/dev/null', os.O_WRONLY, 0) for number in (1, 2)]
begun = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=out)
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""


@dataclasses.dataclass
class Run:
    """What one run of a command took."""

    wall: float
    """Seconds."""
    processor: float
    """Seconds of user and system together."""
    peak: int
    """Bytes of memory."""


@dataclasses.dataclass
class Row:
    """One line of the table."""

    what: str
    ours: str
    peer: str
    ratio: str
    at_least: str
    holds: bool | None
    """None when there was nothing to hold it against."""

    @property
    def verdict(self):
        return {True: "holds", False: "FAILS", None: "not judged"}[self.holds]


def run(command, allowed=(0,), **options):
    """Runs a command with its output thrown away."""
    program = shutil.which(command[0])
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LAUNCHER, program, *command[1:]], capture_output=True, text=True, **options)
    if result.returncode != 0:
        sys.exit(f"error: {' '.join(command)}: {result.stderr}")
    code, wall, processor, kibibytes = result.stdout.split()
    if int(code) not in allowed:
        sys.exit(f"error: {' '.join(command)} ended with {code}")
    return Run(float(wall), float(processor), int(kibibytes) << 10)


def in_turn(times, **commands):
    """The least that each of some commands took, wall and processor each for itself, run one after the other."""
    runs = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            runs[name].append(run(command))
    return {
        name: Run(min(r.wall for r in of), min(r.processor for r in of), max(r.peak for r in of))
        for name, of in runs.items()}


def processor_of(process):
    """Seconds of processor that a running process has used, all its threads together."""
    with open(f"/proc/{process}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(process):
    """Bytes of resident memory of a running process: now, and at its peak."""
    with open(f"/proc/{process}/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    return tuple(int(lines[name].split()[0]) << 10 for name in ("VmRSS", "VmHWM"))


def until(condition, what, seconds=60):
    """Waits for something to come true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"error: {what} did not happen in {seconds} s")
        time.sleep(0.02)


def options(description, *more):
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--tokens", type=int, default=100_000, help="how many the store holds; 100000")
    parser.add_argument("--runs", type=int, default=5, help="of each command; the best counts")
    parser.add_argument("--rota", default=os.path.join(ROOT, ".build", "release", "rota"), help="the binary")
    for name, settings in more:
        parser.add_argument(name, **settings)
    chosen = parser.parse_args()
    chosen.rota = os.path.abspath(chosen.rota)
    if not os.access(chosen.rota, os.X_OK):
        sys.exit(f"error: there is no {chosen.rota}\nhint: make release")
    os.makedirs(SCRATCH, exist_ok=True)
    return chosen


def note(text):
    print(text, file=sys.stderr, flush=True)


def table(rows):
    """Prints rows as a table that is Markdown too."""
    cells = [["what", "ours", "peer", "ratio", "at least", ""]]
    cells += [[row.what, row.ours, row.peer, row.ratio, row.at_least, row.verdict] for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    cells.insert(1, ["-" * width for width in widths])
    for line in cells:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |", flush=True)


def main(description, rows):
    """Runs one benchmark by itself."""
    table(list(rows(options(description))))


def seconds(value):
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms" if value >= 1e-3 else f"{value * 1e6:.0f} us"


def mebibytes(value):
    return f"{value / MIB:.1f} MiB"

"""What is in the memory of a process that runs, read from outside as a debugger reads it.

    assert places(process.pid, [value]) == {}

Such a process lets nobody of its own user look: it takes root, or sudo."""

import collections
import json
import os
import re
import subprocess
import sys


def places(pid, texts):
    """How often each of these texts is in the memory of a process, by its place in the list and the kind of memory."""
    # The texts are secrets: they go through a pipe.
    rights = ["sudo", "-n"] if os.geteuid() else []
    done = subprocess.run(
        [*rights, sys.executable, __file__, str(pid)], input=json.dumps(texts), capture_output=True, text=True,
        timeout=120)
    assert done.returncode == 0, done.stderr[-1000:]
    return {tuple(place): count for place, count in json.loads(done.stdout)}


def search(pid, texts):
    """Reads all that can be read; the pages that the kernel shows to nobody are left out."""
    found, total = collections.Counter(), 0
    with open(f"/proc/{pid}/maps") as maps:
        regions = [re.match(r"(\w+)-(\w+) (r?)\S+ \S+ \S+ \S+\s*(.*)", line).groups() for line in maps]
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for first, end, is_readable, name in regions:
            if not is_readable or name in ("[vvar]", "[vsyscall]"):
                continue
            try:
                memory.seek(int(first, 16))
                content = memory.read(int(end, 16) - int(first, 16))
            except (OSError, ValueError):
                continue  # it was given back while we looked
            total += len(content)
            for number, text in enumerate(texts):
                if count := content.count(text.encode()):
                    found[number, name or "memory"] += count
    assert total > 1 << 20, "hardly anything was read"
    return found


if __name__ == "__main__":
    print(json.dumps(list(search(int(sys.argv[1]), json.load(sys.stdin)).items())))

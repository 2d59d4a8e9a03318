#!/usr/bin/env python3
"""What it costs to import a large inventory: rate, peak memory, disk, and the same again when nothing changed.

usage: import.py [--tokens 1000000] [--rota BINARY] [--folder FOLDER] [--keep]

The inventory has every column filled: names and digests in random order, a destination for each token, dates over two
years, a hundred owners. Its peer is the sqlite3 shell, which imports the same file into one table without an index.
"""

import argparse
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CONFIGURATION = "store: sqlite:rota.db\npolicies: policies.yaml\nvaults:\n  local: { kind: directory, path: secrets }\n"
COLUMNS = ("name,issuer,external_id,description,owner,integration,scopes,labels,created_at,value_issued_at,expires_at,"
           "last_used_at,destinations,digest")
# A process of its own, so that the peak is the child's alone.
MEASURE = """
import os, sys, time
begun = time.perf_counter()
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ,
    file_actions=[(os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0)])
largest = 0
while True:
    done, status, usage = os.wait4(child, os.WNOHANG)
    if done: break
    try: largest = max(largest, os.stat(sys.argv[1] + '-wal').st_size)
    except OSError: pass
    time.sleep(0.05)
print(os.waitstatus_to_exitcode(status), time.perf_counter() - begun, usage.ru_utime + usage.ru_stime,
      usage.ru_maxrss, largest)
"""


def binary():
    for kind in ("release", "debug"):
        path = os.path.join(ROOT, ".build", kind, "rota")
        if os.access(path, os.X_OK):
            return path
    sys.exit("error: there is no rota; swift build -c release --product rota")


def generate(path, count, seed=1):
    """The same file for the same count and seed, so that two builds read the same."""
    chance, now = random.Random(seed), int(time.time()) // 86_400 * 86_400
    order = list(range(count))
    chance.shuffle(order)

    def day(age):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - age))

    with open(path, "w") as file:
        file.write(COLUMNS + "\n")
        for number in order:
            created = chance.randrange(86_400, 730 * 86_400)
            issued, used = chance.randrange(created), chance.randrange(created)
            digest = hashlib.sha256(b"%d" % number).hexdigest()
            file.write(
                f"service-{number:08d},rota,ext-{number * 7919 % count:08d},Key number {number},team-{number % 100}@example.com,"
                f"integration-{number % 37},export:read;ingest:write,env={'production' if number % 3 else 'staging'};"
                f"tier={number % 5},{day(created)},{day(issued)},{day(-86_400 * (1 + number % 365))},{day(used)},"
                f"local:apps/{number % 1000:03d}/service-{number:08d},sha256:{digest}\n")


def measured(command, store):
    result = subprocess.run([sys.executable, "-I", "-S", "-c", MEASURE, store, *command], check=True,
                            stdout=subprocess.PIPE, text=True)
    code, wall, used, resident, log = result.stdout.split()
    if code != "0":
        sys.exit(f"error: {' '.join(command)} ended with {code}")
    return float(wall), float(used), int(resident) / 1024, int(log) / (1 << 20)


def show(what, count, figures):
    wall, used, resident, log = figures
    print(f"{what:24} {wall:8.2f} s  {count / wall:10,.0f} tokens a second  {used:7.2f} s of processor  "
          f"{resident:6.1f} MiB resident  {log:7.1f} MiB of log at most", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--rota", default=None)
    parser.add_argument("--folder", default=None, help="where to work; a temporary folder if not given")
    parser.add_argument("--keep", action="store_true", help="leave the folder as it is at the end")
    options = parser.parse_args()
    rota, count = os.path.abspath(options.rota or binary()), options.tokens
    folder = options.folder or tempfile.mkdtemp(prefix="rota-import-")
    os.makedirs(folder, exist_ok=True)
    try:
        inventory, store = os.path.join(folder, f"tokens-{count}.csv"), os.path.join(folder, "rota.db")
        if not os.path.exists(inventory):
            generate(inventory, count)
        for name in os.listdir(folder):
            if name.startswith("rota.") or name.startswith("peer.") or name.startswith("policies"):
                os.remove(os.path.join(folder, name))
        with open(os.path.join(folder, "rota.yaml"), "w") as file:
            file.write(CONFIGURATION)
        with open(os.path.join(folder, "policies.yaml"), "w") as file:
            file.write("version: 1\npolicies: []\n")
        subprocess.run([rota, "init", "--directory", folder], check=True, stdout=subprocess.DEVNULL)
        print(f"{rota}: {count:,} tokens, {os.path.getsize(inventory) / (1 << 20):,.0f} MiB of CSV")
        run = [rota, "--config", os.path.join(folder, "rota.yaml"), "import", inventory]
        show("dry run", count, measured(run + ["--dry-run"], store))
        show("import", count, measured(run, store))
        print(f"{'':24} {os.path.getsize(store) / (1 << 20):,.0f} MiB of store")
        show("the same file again", count, measured(run, store))
        if shutil.which("sqlite3"):
            peer = os.path.join(folder, "peer.db")
            show("sqlite3, no index", count, measured(
                [shutil.which("sqlite3"), "-csv", peer, f".import {inventory} tokens"], peer))
    finally:
        if not options.keep and not options.folder:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Rotating tokens into one local OpenBao, against what that OpenBao bears under a load generator that makes the same calls.

A rotation reads its secret, writes the next version on the condition that the one before is still the newest, and reads
it back. wrk does the same with as many connections and does nothing else: no digest, no store, no audit log. Both are
taken in turn, a fresh store each time; all secrets are there before.

Where there are two cores, OpenBao has one and whoever calls it the other, as they would on machines of their own: else
what is measured is how they share a machine. That is told, too.
"""

import os
import shutil
import tempfile
from statistics import median

import openbao
import stores
from load import load
from measure import Row, SCRATCH, main, note, processor_of, run, seconds
from openbao import OpenBao

CONFIGURATION = """store: sqlite:rota.db
policies: policies.yaml
limits: {{ percent: 100, rotations-per-second: 10000 }}
vaults:
  main: {{ kind: vault-kv2, address: "{address}", mount: secret, auth: {{ token: "file:token" }} }}
"""
POLICIES = """version: 1
policies:
  - name: quarterly
    mode: enforce
    match: all
    rules: [{ max-age: 90d, action: rotate, overlap: 24h }]
"""
COUNT = 2_000
CONNECTIONS = 32


def house(rota, bao, turn):
    """A store of tokens that are all due, whose values OpenBao holds."""
    folder = tempfile.mkdtemp(dir=SCRATCH)
    for name, text in (
            ("rota.yaml", CONFIGURATION.format(address=bao.address)), ("policies.yaml", POLICIES), ("token", bao.token)):
        with open(os.path.join(folder, name), "w", opener=stores.privately) as file:
            file.write(text)
    stores.initialise(rota, folder)
    with open(os.path.join(folder, "tokens.csv"), "w") as file:
        file.write("name,issuer,created_at,value_issued_at,destinations,digest\n")
        for number in range(COUNT):
            digest = stores.digest(stores.value(number))
            file.write(f"t{number},rota,2026-01-01,2026-01-01,main:ours{turn}/t{number},sha256:{digest}\n")
    run([rota, "--config", os.path.join(folder, "rota.yaml"), "import", os.path.join(folder, "tokens.csv")])
    bao.write_all((f"ours{turn}/t{number}", stores.value(number)) for number in range(COUNT))
    bao.write_all((f"theirs{turn}/t{number + 1}", stores.value(number)) for number in range(COUNT))
    return folder


def measured(options, cores):
    """Rotations a second, what wrk gets from the same OpenBao, and the ratio: the medians of the turns.

    - cores: of OpenBao, and of those who call it; None where all share the machine.
    """
    prefix = ("taskset", "--cpu-list", str(cores[1])) if cores else ()
    ours, theirs = [], []
    with OpenBao({cores[0]} if cores else None) as bao:
        for turn in range(options.runs):
            folder = house(options.rota, bao, turn)
            told = load(bao.server, bao.address, "rotate.lua", bao.token, f"theirs{turn}/t", str(COUNT),
                        connections=CONNECTIONS, seconds=4, prefix=prefix)
            theirs.append((told.rate / 3, 3 * told.processor))
            before = processor_of(bao.server)
            taken = run([*prefix, options.rota, "--config", os.path.join(folder, "rota.yaml"), "run"])
            ours.append((COUNT / taken.wall, (processor_of(bao.server) - before) / COUNT))
            note(f"turn {turn + 1}: rota {ours[-1][0]:,.0f} rotations a second with {seconds(taken.processor / COUNT)} of its own "
                 f"processor and {seconds(ours[-1][1])} of OpenBao's each; wrk {theirs[-1][0]:,.0f}, "
                 f"{seconds(theirs[-1][1])} of OpenBao's")
            shutil.rmtree(folder)
    ours, theirs = [rate for rate, _ in ours], [rate for rate, _ in theirs]
    # Of each turn by itself: the machine is as busy for one as for the other.
    return median(ours), median(theirs), median(our / their for our, their in zip(ours, theirs))


def rows(options):
    if not openbao.is_here():
        note("skipped: OpenBao is not in .build/venv; make deps")
        return
    what = f"{COUNT:,} tokens rotated into OpenBao: a second"
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        rate, ceiling, ratio = measured(options, cores)
        yield Row(
            f"{what}, OpenBao on a core of its own", f"{rate:,.0f}", f"{ceiling:,.0f} (wrk, the same calls)",
            f"{ratio:.0%}", "80%", ratio >= 0.8)
    rate, ceiling, ratio = measured(options, None)
    yield Row(
        f"{what}, all on {len(cores)} cores", f"{rate:,.0f}", f"{ceiling:,.0f} (wrk, the same calls)",
        f"{ratio:.0%}", "", None)


if __name__ == "__main__":
    main(__doc__, rows)

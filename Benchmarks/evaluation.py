#!/usr/bin/env python3
"""Every token judged by five policies, streaming from the store, against Cloud Custodian's filters over lists in memory.

Ours is the whole of `rota report --format html`, reading and summing up included; the peer's is the filtering alone, of
a sample of the same rows. Both ask the same three questions in each policy. Beside it the same with a condition on each
policy, and with every rule in each.
"""

import json
import os
import subprocess

from measure import MIB, PEERS, Row, SCRATCH, main, mebibytes, note, run, seconds
from stores import Store

SAMPLE = 50_000


def custodian(inventory):
    """Seconds of processor for each token and policy; None when the peer is not here."""
    python = os.path.join(SCRATCH, "venv", "bin", "python")
    if not os.access(python, os.X_OK):
        note("skipped: Cloud Custodian is not in .build/bench/venv; make .build/bench/peers.stamp")
        return None
    told = subprocess.run(
        [python, os.path.join(PEERS, "custodian.py"), inventory, str(SAMPLE), "3"], check=True, capture_output=True,
        text=True).stdout
    found = json.loads(told)
    return found["processor"] / found["tokens"]


def rows(options):
    store = Store(options.rota, options.tokens)
    report, conditional, every = [], [], []
    for _ in range(min(options.runs, 3)):
        report.append(run(store.command("report", "--format", "html")))
        conditional.append(run(store.command("report", "--format", "html", configuration="conditional.yaml")))
        every.append(run(store.command("report", "--format", "html", configuration="every.yaml")))
    ours = min(r.processor for r in report)
    costly = min(r.processor for r in conditional)
    peak = max(r.peak for r in report)
    pairs = 5 * options.tokens
    each = custodian(store.inventory)
    ratio = each / (ours / pairs) if each else 0
    yield Row(
        f"{options.tokens:,} tokens x 5 policies judged: a second of processor", f"{pairs / ours:,.0f}",
        f"{1 / each:,.0f} (Cloud Custodian)" if each else "absent", f"{ratio:,.0f}x", "200x",
        ratio >= 200 if each else None)
    wall = min(r.wall for r in report)
    yield Row(
        f"report --format html, {options.tokens:,} tokens", seconds(wall), "", "", "10 s a million",
        wall <= 10 * max(1, options.tokens / 1e6))
    yield Row("the same, peak of memory", mebibytes(peak), "", "", "64 MiB", peak < 64 * MIB)
    yield Row(
        "the same with a condition on each policy: processor", seconds(costly), f"{seconds(ours)} (without)",
        f"{costly / ours:.2f}x", "3x", costly <= 3 * ours)
    wall, peak = min(r.wall for r in every), max(r.peak for r in every)
    yield Row(
        "the same with ten rules in each policy instead of three", seconds(wall), f"{seconds(ours)} (three: processor)",
        f"{min(r.processor for r in every) / ours:.2f}x", "10 s a million, 64 MiB",
        wall <= 10 * max(1, options.tokens / 1e6) and peak < 64 * MIB)


if __name__ == "__main__":
    main(__doc__, rows)

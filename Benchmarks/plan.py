#!/usr/bin/env python3
"""Import rate, a plan with nothing due against start-up, and a CSV report against the sqlite3 shell.

usage: plan.py [--tokens 100000] [--rota BINARY]

Each figure is the best of five, taken side by side in one run; the ratios are what counts. Needs the sqlite3 shell.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CONFIGURATION = "store: sqlite:rota.db\npolicies: policies.yaml\n"
POLICIES = """version: 1
policies:
  - name: nothing-due
    mode: enforce
    match: all
    rules:
      - max-age: 90d
        action: rotate
      - unused-for: 90d
        action: revoke
"""


def binary():
    for kind in ("release", "debug"):
        path = os.path.join(ROOT, ".build", kind, "rota")
        if os.access(path, os.X_OK):
            return path
    sys.exit("error: there is no rota; swift build -c release --product rota")


def best(command, times=5, **options):
    """Wall clock and processor seconds of the quickest of some runs."""
    figures = []
    for _ in range(times):
        before, start = os.times(), time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
        wall, after = time.perf_counter() - start, os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        figures.append((wall, used))
    return min(figures)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tokens", type=int, default=100_000)
    parser.add_argument("--rota", default=None)
    options = parser.parse_args()
    rota, count = os.path.abspath(options.rota or binary()), options.tokens
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("rota.yaml", CONFIGURATION), ("policies.yaml", POLICIES)):
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        now = time.time()
        with open(os.path.join(folder, "tokens.csv"), "w") as file:
            file.write("name,issuer,owner,labels,created_at,last_used_at\n")
            for number in range(count):
                day = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 86_400 * (1 + number % 80)))
                file.write(f"token-{number:07d},rota,team{number % 50}@example.com,env=production,{day},{day}\n")
        run = [rota, "--config", os.path.join(folder, "rota.yaml")]
        subprocess.run([rota, "init", "--directory", folder], check=True, stdout=subprocess.DEVNULL)
        wall, used = best(run + ["import", os.path.join(folder, "tokens.csv")], times=1)
        print(f"{rota.split('/')[-2]} build, {count:,} tokens")
        print(f"import             {wall:8.2f} s   {count / wall:,.0f} tokens a second")
        start, start_cpu = best([rota, "--version"])
        plan, plan_cpu = best(run + ["plan"])
        print(f"rota --version     {start * 1000:8.1f} ms  {start_cpu * 1000:.1f} ms of processor")
        print(f"rota plan, 0 due   {plan * 1000:8.1f} ms  {plan_cpu * 1000:.1f} ms of processor; "
              f"{(plan - start) * 1000:.1f} ms beyond start-up")
        report, _ = best(run + ["report", "--format", "csv"], times=2)
        query = "SELECT a.* FROM tokens a, (SELECT 1 UNION ALL SELECT 2)"
        shell, _ = best(["sqlite3", "-csv", os.path.join(folder, "rota.db"), query], times=2)
        print(f"report --format csv {report:7.2f} s   {2 * count:,} rows")
        print(f"sqlite3 -csv       {shell:8.2f} s   as many rows; the report takes {report / shell:.1f} times as long")


if __name__ == "__main__":
    main()

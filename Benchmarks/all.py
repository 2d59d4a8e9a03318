#!/usr/bin/env python3
"""Runs the benchmarks that are named, or all of them, and prints one table."""

import busy
import evaluation
import evidence
import introspection
import lines
import listing
import plan
import policies
import push
import start
import taking
from measure import note, options, table

ALL = {"plan": plan, "evaluation": evaluation, "lines": lines, "policies": policies, "introspection": introspection,
       "busy": busy, "listing": listing, "evidence": evidence,
       "push": push, "start": start, "import": taking}


def main():
    chosen = options(__doc__, ("names", {"nargs": "*", "metavar": "BENCHMARK", "help": ", ".join(ALL)}))
    if unknown := set(chosen.names) - set(ALL):
        raise SystemExit(f"error: there is no benchmark '{unknown.pop()}'\nhint: {', '.join(ALL)}")
    rows = []
    for name in chosen.names or ALL:
        note(f"+ {name}")
        for row in ALL[name].rows(chosen):
            note(f"{row.what}: {row.ours}; {row.peer or '-'}; {row.ratio or '-'}; {row.verdict}")
            rows.append(row)
    table(rows)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What a changed policy would do, and what the coming days bring: `rota policy diff` and `policy simulate` over all tokens.
"""

import os

from measure import MIB, Row, main, mebibytes, run, seconds
from stores import ACTING, Store


def rows(options):
    store = Store(options.rota, options.tokens)
    # Of the same name, so that it takes the place of the configured one, with values half as old.
    changed = os.path.join(store.folder, "changed", "policies-acting.yaml")
    os.makedirs(os.path.dirname(changed), exist_ok=True)
    with open(changed, "w") as file:
        file.write(ACTING.format(pace="").replace("90d", "45d"))
    commands = {
        "policy diff": store.command("policy", "diff", changed, configuration="acting.yaml"),
        "policy simulate --days 90": store.command("policy", "simulate", configuration="acting.yaml"),
        "policy simulate --days 90, with a pace": store.command("policy", "simulate", configuration="paced.yaml"),
    }
    for what, command in commands.items():
        runs = [run(command) for _ in range(min(options.runs, 2))]
        wall, peak = min(r.wall for r in runs), max(r.peak for r in runs)
        yield Row(f"{what}, {options.tokens:,} tokens", seconds(wall), "", "", "", None)
        # Tokens that wait for a pace are kept.
        flat = None if "pace" in what else peak < 64 * MIB
        yield Row("the same, peak of memory", mebibytes(peak), "", "", "" if flat is None else "64 MiB", flat)


if __name__ == "__main__":
    main(__doc__, rows)

#!/usr/bin/env python3
"""A plan over many tokens of which nothing is due: its processor time beyond start-up, and that of ten times fewer."""

from measure import Row, in_turn, main, seconds
from stores import Store


def rows(options):
    store, smaller = Store(options.rota, options.tokens), Store(options.rota, options.tokens // 10)
    best = in_turn(
        max(options.runs, 9), start=[options.rota, "--version"],
        small=smaller.command("plan", configuration="nothing.yaml"),
        large=store.command("plan", configuration="nothing.yaml"))
    small, large = (best[name].processor - best["start"].processor for name in ("small", "large"))
    yield Row(
        f"plan, {options.tokens:,} tokens, 0 due: processor beyond start-up", seconds(large),
        f"{seconds(best['start'].processor)} (start-up)", "", "10 ms", large <= 0.010)
    yield Row(
        f"the same against {options.tokens // 10:,} tokens", seconds(large), seconds(small), f"{large / small:.2f}x",
        "1.5x", large <= 1.5 * small)


if __name__ == "__main__":
    main(__doc__, rows)

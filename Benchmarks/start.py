#!/usr/bin/env python3
"""How long the smallest thing takes: `rota token list` of a few tokens, against `bao token lookup`."""

import os

import openbao
from measure import Row, in_turn, main, note, seconds
from openbao import OpenBao
from stores import Store


def rows(options):
    few = Store(options.rota, 20)
    listing = few.command("token", "list")
    if not openbao.is_here():
        note("skipped: OpenBao is not in .build/venv; make deps")
        return
    with OpenBao() as bao:
        os.environ.update(BAO_ADDR=bao.address, BAO_TOKEN=bao.token)
        best = in_turn(4 * options.runs, ours=listing, peer=[openbao.PROGRAM, "token", "lookup"])
    ratio = best["peer"].wall / best["ours"].wall
    yield Row(
        "start: token list", seconds(best["ours"].wall), f"{seconds(best['peer'].wall)} (bao token lookup)",
        f"{ratio:.1f}x faster", "5x faster", ratio >= 5)


if __name__ == "__main__":
    main(__doc__, rows)

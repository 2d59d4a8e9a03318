#!/usr/bin/env python3
"""An import of many tokens into an empty store: how long, and in how much memory."""

import os
import shutil
import tempfile

from measure import MIB, Row, SCRATCH, main, mebibytes, run, seconds
from stores import Store, configure, initialise


def rows(options):
    store = Store(options.rota, options.tokens)
    folder = tempfile.mkdtemp(dir=SCRATCH)
    try:
        configure(folder)
        initialise(options.rota, folder)
        taken = run([options.rota, "--config", os.path.join(folder, "rota.yaml"), "import", store.inventory])
    finally:
        shutil.rmtree(folder)
    yield Row(
        f"import of {options.tokens:,} tokens", f"{seconds(taken.wall)} ({seconds(taken.processor)} of processor)", "",
        f"{options.tokens / taken.wall:,.0f}/s", "60 s a million", taken.wall <= 60 * max(options.tokens / 1e6, 0.1))
    yield Row("the same, peak of memory", mebibytes(taken.peak), "", "", "64 MiB", taken.peak < 64 * MIB)


if __name__ == "__main__":
    main(__doc__, rows)

#!/usr/bin/env python3
"""What an auditor asks for: a report of a past instant, one that is held against it, the archive, and what retention
removes.

There is no peer; each is held against the memory that reports may take. The past is that of the store's own log, with an
entry for each token. For `store prune` as many violations that are over as there are tokens are written beside it first.
"""

import os
import subprocess
import time

from measure import MIB, Row, main, mebibytes, run, seconds
from stores import CONFIGURATION, Store, privately

PEAK = 64 * MIB
OLD = """INSERT INTO findings (token_id, policy, rule, reason, message, opened_at, closed_at, closed_how)
SELECT id, 'five-0', 'max-age', 'max-age-exceeded', 'the value is 120 days old; the limit is 90 days',
  unixepoch() - 900 * 86400, unixepoch() - 800 * 86400, 'resolved' FROM tokens"""


def configure(store):
    """With a key for the log, and a retention."""
    path = os.path.join(store.folder, "evidence.yaml")
    with open(path, "w", opener=privately) as file:
        file.write(CONFIGURATION.format(policies="policies-rota.yaml", port=0))
        file.write("audit: { key: file:evidence.key }\nretention: 400d\n")
    if not os.path.exists(os.path.join(store.folder, "evidence.key")):
        run(store.command("audit", "key", "--new", configuration="evidence.yaml"))
    # Notes the policies, without which nobody knows by which a past instant was judged.
    run(store.command("report", "--format", "markdown", configuration="evidence.yaml"))
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def rows(options):
    store = Store(options.rota, options.tokens)
    instant = configure(store)
    # An instant is before now by a second at the least.
    time.sleep(1.1)
    target = os.path.join(store.folder, "evidence.out")

    def measured(*words):
        return run(store.command(*words, configuration="evidence.yaml"))

    def row(what, taken, most=None):
        return Row(
            f"{what}, {options.tokens:,} tokens, and its peak of memory", f"{seconds(taken.wall)}, {mebibytes(taken.peak)}",
            "", "", "64 MiB" if most is None else most, taken.peak < PEAK)

    yield row("report --as-of (csv)", measured("report", "--as-of", instant, "--output", f"{target}.csv"))
    yield row("report --since (html)", measured("report", "--since", instant, "--output", f"{target}.html"))
    yield row("report bundle", measured("report", "bundle", "--output", f"{target}.zip"))
    subprocess.run(["sqlite3", store.database, OLD], check=True)
    yield row("store prune, with a violation that is over for each token", measured("store", "prune"))
    for ending in ("csv", "html", "zip"):
        for file in (f"{target}.{ending}", f"{target}.{ending}.sig"):
            os.unlink(file)


if __name__ == "__main__":
    main(__doc__, rows)

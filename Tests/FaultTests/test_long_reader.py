"""Somebody reads one state of the store for long: nobody waits for him, the log grows meanwhile and that is told,
and it is short again afterwards."""

import contextlib
import fcntl
import sqlite3

from house import Seed
from introspecting import Gateway, wait_for
from serving import Served

MEGABYTE = 1 << 20


@contextlib.contextmanager
def long_reader(house):
    reader = sqlite3.connect(f"file:{house.store}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM tokens").fetchone()
    try:
        yield reader
    finally:
        reader.close()


def log_size(house):
    return house.store.with_name("rota.db-wal").stat().st_size


def write_ballast(house, megabytes):
    """As a writer of ours does it: at the gate. What it writes, it takes away again."""
    with house.store.with_name("rota.db.gate").open() as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        store = sqlite3.connect(house.store, isolation_level=None)
        store.execute("PRAGMA wal_autocheckpoint = 0")
        for _ in range(megabytes // 8):
            store.execute("INSERT INTO store VALUES ('ballast', ?)", ("x" * 8 * MEGABYTE,))
            store.execute("DELETE FROM store WHERE key = 'ballast'")
        store.close()  # without a checkpoint, since the daemon has the store open


def test_writers_and_answers_go_on_beside_a_long_reader_and_the_log_is_short_again_after_him(bare):
    bare.init()
    bare.policy(overlap="0s")
    gateway = Gateway(bare)
    seeds = [Seed(f"token-{n:03}", [f"local:token-{n:03}"]) for n in range(100)]
    bare.import_seeds(seeds[:50])
    with Served(bare) as served:
        with long_reader(bare) as reader:
            write_ballast(bare, 80)
            bare.import_seeds(seeds[50:])
            bare.rota("token", "rotate", "--overlap", "0s", seeds[0].name)
            assert bare.accepts(bare.get(seeds[0].destinations[0]))
            gateway.ask(served)
            wait_for(served, "the store's log is long")
            assert log_size(bare) > 64 * MEGABYTE, "the reader was not in the way"
            assert reader.execute("SELECT COUNT(*) FROM tokens").fetchone() == (53,), "it reads one state"
        # Whoever writes next shortens it; the flush of a later use would, too, within a minute.
        bare.rota("token", "edit", seeds[1].name, "--description", "written after the reader")
        wait_for(served, "the store's log is short again")
        assert log_size(bare) < 5 * MEGABYTE
        served.stop()
    assert bare.rows("PRAGMA quick_check") == [("ok",)]
    assert bare.rows("SELECT COUNT(*) FROM tokens") == [(103,)]

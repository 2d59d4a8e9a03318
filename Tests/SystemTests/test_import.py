"""A large import is all or nothing, whenever it is killed, and leaves every index as it was."""

import fcntl
import os
import random
import signal
import sqlite3
import subprocess
import time

import pytest

from house import House

ROWS = 24_000


@pytest.fixture(scope="module")
def house(binary, tmp_path_factory):
    house = House(binary, tmp_path_factory.mktemp("import"))
    house.init()
    house.policy(overlap="24h")
    return house


@pytest.fixture(scope="module")
def inventory(house):
    numbers = list(range(ROWS))
    random.Random(5).shuffle(numbers)
    rows = "".join(f"t{n},rota,e{n},local:t/{n},sha256:{n:064x}\n" for n in numbers)
    path = house.folder / "large.csv"
    path.write_text("name,issuer,external_id,destinations,digest\n" + rows)
    return path


def look(house, query):
    with sqlite3.connect(f"file:{house.store}?mode=ro", uri=True) as store:
        return store.execute(query).fetchall()


def schema(house):
    return look(house, "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")


def begin(house, inventory):
    """An import, with nothing in the log before it."""
    with sqlite3.connect(house.store) as store:
        assert store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    store.close()
    return subprocess.Popen(house.command("import", inventory), env=house.environment, cwd=house.folder,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def log_size(house):
    try:
        return house.store.with_name("rota.db-wal").stat().st_size
    except FileNotFoundError:
        return 0


@pytest.fixture(scope="module")
def size(binary, inventory, tmp_path_factory):
    """How many bytes the log has when such an import commits."""
    other = House(binary, tmp_path_factory.mktemp("measured"))
    other.init()
    other.policy(overlap="24h")
    child, most = begin(other, inventory), 0
    while child.poll() is None:
        most = max(most, log_size(other))
        time.sleep(0.001)  # between two looks at how much is written; its end bounds them
    assert child.returncode == 0 and most > 1 << 20
    return most


def stop(child, house, size):
    """Holds an import within its transaction, as soon as it has written so much."""
    with house.store.with_name("rota.db.gate").open() as gate:
        def is_writing():
            try:
                fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            fcntl.flock(gate, fcntl.LOCK_UN)
            return False

        while not is_writing() or log_size(house) < size:
            assert child.poll() is None, "it came to its end before it had written so much"
            time.sleep(0.002)  # between two looks at how much is written; its end bounds them
        child.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        assert is_writing() and log_size(house) < 1.1 * size + (4 << 20), "it is held too late"


@pytest.mark.slow
def test_an_import_that_is_killed_leaves_nothing_and_a_whole_one_all(house, inventory, size):
    before = schema(house), look(house, "SELECT count(*) FROM tokens"), look(house, "SELECT count(*) FROM audit")
    for share in (0, 0.05, 0.3, 0.6, 0.9):
        child = begin(house, inventory)
        stop(child, house, int(share * size))
        child.send_signal(signal.SIGKILL)
        assert child.wait(timeout=60) == -signal.SIGKILL
        assert (schema(house), look(house, "SELECT count(*) FROM tokens"),
                look(house, "SELECT count(*) FROM audit")) == before
        assert look(house, "PRAGMA integrity_check") == [("ok",)]
    house.rota("import", inventory)
    assert schema(house) == before[0]
    assert look(house, "PRAGMA integrity_check") == [("ok",)]
    assert look(house, "PRAGMA foreign_key_check") == []
    assert look(house, "SELECT count(*) FROM tokens WHERE name LIKE 't%'") == [(ROWS,)]
    assert look(house, "SELECT count(*) FROM audit WHERE action = 'token.import'") == [(ROWS,)]
    # One event, not one for each.
    assert look(house, "SELECT count(*) FROM events WHERE type = 'inventory.imported'") == [(1,)]
    assert look(house, "SELECT count(*) FROM events WHERE type LIKE 'token.%' AND data LIKE '%\"t1\"%'") == [(0,)]


@pytest.mark.parametrize("command", [
    ("token", "revoke", "{name}", "--emergency", "--reason", "leaked", "--yes"),
    ("token", "quarantine", "{name}", "--reason", "leaked"),
    ("freeze", "--reason", "leaked")], ids=lambda words: " ".join(words[:2]))
def test_what_is_done_in_an_emergency_waits_for_whoever_writes_and_says_so(binary, tmp_path, command):
    house = House(binary, tmp_path)
    house.init()
    house.json("token", "create", "--name", "leaked", "--owner", "t")
    with house.store.with_name("rota.db.gate").open() as gate:
        # As an import that takes in many tokens has it.
        fcntl.flock(gate, fcntl.LOCK_EX)
        child = subprocess.Popen(house.command(*(word.format(name="leaked") for word in command)), text=True,
                                 env=house.environment, cwd=house.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # It ends when the child says that it waits, and with no time of ours.
        told = next(line for line in child.stderr if line.startswith("warning:"))
        assert "another process is writing to the store" in told and "up to ten minutes" in told
        assert child.poll() is None
        assert house.rows("SELECT count(*) FROM tokens WHERE state <> 'active'") == [(0,)]
        fcntl.flock(gate, fcntl.LOCK_UN)
        _, rest = child.communicate(timeout=60)
    assert child.returncode == 0, rest
    assert "warning: another" not in rest, "it is said once"
    assert house.rows("SELECT count(*) FROM audit WHERE action IN ('token.revoke', 'token.quarantine', 'store.freeze')"
                      ) == [(1,)]

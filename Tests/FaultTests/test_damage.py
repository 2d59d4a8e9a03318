"""A page of the store is damaged: a clear error, and nothing is destroyed."""

import subprocess

import pytest

from house import Seed
from introspecting import Gateway
from serving import Served


def pages(house, names):
    """The first page of each table or index, and the size of pages."""
    (size,), = house.rows("PRAGMA page_size")
    marks = ", ".join("?" * len(names))
    rows = house.rows(f"SELECT name, rootpage FROM sqlite_master WHERE name IN ({marks})", *names)
    assert len(rows) == len(names), rows
    return dict(rows), size


@pytest.fixture
def stocked(bare):
    """Tokens that are all due, and everything in the file itself: its log is empty."""
    bare.init()
    bare.policy(overlap="0s")
    bare.seeds = [Seed(f"token-{n:02}", [f"local:token-{n:02}"]) for n in range(30)]
    bare.import_seeds(bare.seeds)
    bare.values = lambda: [
        bare.rows("SELECT * FROM versions ORDER BY 1, 2"), bare.rows("SELECT * FROM destinations ORDER BY 1"),
        bare.rows("SELECT id, name, state, current_version FROM tokens ORDER BY 1")]
    bare.gateway = Gateway(bare)
    subprocess.run(["sqlite3", bare.store, "PRAGMA wal_checkpoint(TRUNCATE)"], check=True, capture_output=True)
    log = bare.store.with_name("rota.db-wal")
    assert not log.exists() or not log.stat().st_size
    return bare


class Damage:
    """Zeros where a page was; `undo` puts it back."""

    def __init__(self, house, name):
        found, self.size = pages(house, [name])
        self.house, self.at = house, (found[name] - 1) * self.size
        with house.store.open("r+b") as file:
            file.seek(self.at)
            self.before = file.read(self.size)
        self.write(bytes(self.size))

    def write(self, data):
        with self.house.store.open("r+b") as file:
            file.seek(self.at)
            file.write(data)

    def undo(self):
        self.write(self.before)


@pytest.mark.parametrize("name", ["tokens", "versions", "versions_digest", "tokens_by_age", "destinations", "audit"])
def test_damage_within_the_store_is_told_and_nothing_is_destroyed(stocked, name):
    before = stocked.values()
    files = {path: path.read_bytes() for path in stocked.local.iterdir()}
    damage = Damage(stocked, name)
    # Not one of them works on: a daemon reads all of it at its start.
    done = stocked.rota("serve", expect=2)
    assert "error: the store is damaged" in done.stderr and "restore it from a backup" in done.stderr, done.stderr
    met = 0
    for command in (["plan"], ["token", "list"], ["status"], ["token", "rotate", "token-03"], ["run"]):
        done = stocked.rota(*command, expect=None)
        if not done.returncode:
            continue  # it did not come by the page
        met += 1
        message, hint = {
            2: ("error: the store is damaged", "restore it from a backup"),
            # A token by itself met it.
            5: ("the store is damaged", ""),
            # COMMIT itself met it, and nobody knows whether the last change was kept.
            74: ("error: the store may or may not have kept the last change", "check the disk"),
        }[done.returncode]
        said = done.stdout + done.stderr
        assert message in said and hint in said and "malformed" in said, (command, done)
    assert met, "nothing met the damage"
    assert {path: path.read_bytes() for path in stocked.local.iterdir()} == files, "a vault was changed"
    damage.undo()
    assert stocked.rows("PRAGMA quick_check") == [("ok",)]
    # That somebody began a run, and what he found, is on record.
    assert stocked.values() == before
    assert stocked.accepts(stocked.seeds[0].value)
    stocked.rota("run", "--quiet")
    assert all(stocked.accepts(stocked.get(seed.destinations[0])) for seed in stocked.seeds)


def test_a_daemon_under_which_a_page_is_damaged_refuses_no_value_and_lives(stocked):
    gateway = stocked.gateway
    with Served(stocked) as served:
        gateway.ask(served)
        damage = Damage(stocked, "versions_digest")
        # What SQLite has in memory it believes until somebody writes.
        stocked.rota("token", "edit", "asked-about", "--description", "looked at")
        answers = set()
        for seed in stocked.seeds:
            answer = gateway.post(served, token=seed.value)
            # What it has in memory it may answer by; what it cannot read, it does not know.
            assert answer.status_code in (200, 500, 503), answer.text
            assert answer.status_code != 200 or answer.json()["active"] is True, "a value was refused"
            answers.add(answer.status_code)
        assert answers & {500, 503}, "the damage was not met"
        assert served.process.poll() is None, served.log.read_text()
        assert "the store is damaged" in served.log.read_text()
        damage.undo()
        stocked.rota("token", "edit", "asked-about", "--description", "looked at again")
        for seed in stocked.seeds:
            assert gateway.post(served, token=seed.value).json()["active"] is True
        served.stop()

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
    bare.gateway = Gateway(bare)
    subprocess.run(["sqlite3", bare.store, "PRAGMA wal_checkpoint(TRUNCATE)"], check=True, capture_output=True)
    assert not bare.store.with_name("rota.db-wal").stat().st_size
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
    before = stocked.fingerprint()
    files = {path: path.read_bytes() for path in stocked.local.iterdir()}
    damage = Damage(stocked, name)
    # Not one of them works on: a daemon reads all of it at its start.
    done = stocked.rota("serve", expect=2)
    assert "error: the store is damaged" in done.stderr and "restore it from a backup" in done.stderr, done.stderr
    met = 0
    for command in (["run"], ["plan"], ["token", "list"], ["status"], ["token", "rotate", "token-03"]):
        done = stocked.rota(*command, expect=None)
        # What does not touch the page works; what does, says so.
        told = "the store is damaged" in done.stderr
        met += told
        assert done.returncode == 0 if not told else done.returncode == 2, (command, done)
        assert not told or "restore it from a backup" in done.stderr, done.stderr
    assert met, "nothing met the damage"
    assert {path: path.read_bytes() for path in stocked.local.iterdir()} == files, "a vault was changed"
    damage.undo()
    assert stocked.rows("PRAGMA quick_check") == [("ok",)]
    assert stocked.fingerprint() == before, "the store was changed"
    assert stocked.accepts(stocked.seeds[0].value)
    stocked.rota("run", "--quiet")
    assert all(stocked.accepts(stocked.get(seed.destinations[0])) for seed in stocked.seeds)


def test_a_daemon_under_which_a_page_is_damaged_refuses_no_value_and_lives(stocked):
    gateway = stocked.gateway
    with Served(stocked, settings="") as served:
        gateway.ask(served)
        damage = Damage(stocked, "versions_digest")
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
        for seed in stocked.seeds:
            assert gateway.post(served, token=seed.value).json()["active"] is True
        served.stop()

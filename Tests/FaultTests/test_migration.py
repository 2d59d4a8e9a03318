"""A store of the first release is brought up to date, and dies at every call of that: it is of one release or of the
next, never between, and comes to the same end."""

import collections
import json
import shutil
import sqlite3
import subprocess
from pathlib import Path

from disk import Disk
from house import Seed, digest, new_value
from scene import IDLE, two_at_once, was_killed
from test_disk import second

TOKEN = (
    "INSERT INTO tokens (id, revision, name, description, owner, integration, scopes, labels, prefix, issuer, state,"
    " created_at, created_by, provenance, current_version, value_issued_at, oldest_issued_at, rotation_open,"
    " awaiting_retirement, overlap_ends_at, destination_count, event_seq)"
    " VALUES (?, 1, ?, '', 'team', '', '', '', 'rota', 'rota', 'active', 1700000000, 'x', 'observed', ?, 1700000000,"
    " 1700000000, 0, ?, ?, 1, 0)")
VERSION = (
    "INSERT INTO versions (token_id, number, state, digest, hint, issued_at, ends_at) VALUES (?, ?, ?, ?, '', ?, ?)")


class OldStore:
    """What the first release had written: a token as it was made, and one whose overlap has passed by now."""

    def __init__(self, house):
        self.house = house
        house.init()
        house.policy(text=IDLE)
        self.newest = self.shape()
        self.seeds = [Seed("plain", ["local:plain"]), Seed("rotated", ["local:rotated"])]
        for seed in self.seeds:
            house.put(seed.destinations[0], seed.value)
        self.older = new_value()
        for path in house.store.parent.iterdir():
            path.unlink()
        with sqlite3.connect(house.store) as store:
            store.execute("PRAGMA journal_mode = WAL")
            store.executescript(Path(__file__).with_name("schema-1.sql").read_text())
            self.fill(store)
        store.close()
        house.store.chmod(0o600)
        self.kept = house.folder / "kept"
        shutil.copytree(house.store.parent, self.kept)

    def fill(self, store):
        store.executemany("INSERT INTO store VALUES (?, ?)", [
            ("instance", "old"), ("generation", "1"), ("created_at", "1690000000")])
        store.execute("INSERT INTO audit (at, actor, action, object, body)"
                      " VALUES (1690000000, 'x', 'store.init', 'old', '{}')")
        store.execute(TOKEN, ("tok_plain", "plain", 1, 0, None))
        store.execute(VERSION, ("tok_plain", 1, "current", digest(self.seeds[0].value), 1700000000, None))
        store.execute(TOKEN, ("tok_rotated", "rotated", 2, 1, 1700003600))
        store.execute(VERSION, ("tok_rotated", 1, "previous", digest(self.older), 1690000000, 1700003600))
        store.execute(VERSION, ("tok_rotated", 2, "current", digest(self.seeds[1].value), 1700000000, None))
        for number, token in ((1, "plain"), (2, "rotated")):
            store.execute("INSERT INTO destinations (id, token_id, vault, path, field) VALUES (?, ?, 'local', ?, '')",
                          (number, f"tok_{token}", token))
        store.execute(
            "INSERT INTO rotations (token_id, from_version, to_version, phase, overlap, claimed_at, claim_actor,"
            " claim_cause, failures, next_attempt_at)"
            " VALUES ('tok_rotated', 1, 2, 'overlap', 3600, 1700000000, 'x', 'x', 0, 0)")
        store.execute("INSERT INTO pushes (token_id, version, destination_id, state, base, attempt, changed_at)"
                      " VALUES ('tok_rotated', 2, 2, 'verified', 'b', 1, 1700000000)")

    def restore(self):
        shutil.rmtree(self.house.store.parent)
        shutil.copytree(self.kept, self.house.store.parent)

    def shape(self):
        """The number of the schema, and the schema itself."""
        (number,), = self.house.rows("PRAGMA user_version")
        return number, tuple(self.house.rows("SELECT name, sql FROM sqlite_master ORDER BY 1"))

    def check_whole(self, told, asking):
        """It comes to its end: the newest schema, everything that was known, and it is at work."""
        # With 4 it would say that it is held back, as a store is that was restored.
        self.house.rota("run", "--quiet")
        assert self.shape() == self.newest, told
        if asking:
            assert [self.house.accepts(value) for value in (self.older, *(seed.value for seed in self.seeds))] == [
                False, True, True], told
        states = self.house.rows("SELECT token_id, number, state FROM versions ORDER BY 1, 2")
        assert states == [
            ("tok_plain", 1, "current"), ("tok_rotated", 1, "revoked"), ("tok_rotated", 2, "current")], told
        assert [self.house.get(seed.destinations[0]) for seed in self.seeds] == [seed.value for seed in self.seeds]


def test_dying_at_every_call_of_a_migration(bare, binary, tmp_path):
    """Two houses, since there are two cores: one dies at the odd calls, the other at the even ones."""
    houses = [bare, second(bare, binary, tmp_path / "second")]
    seen, asked = collections.defaultdict(set), set()

    def work(of):
        first, house = of
        old, disk, number = OldStore(house), Disk(house, tmp_path), first
        while True:
            old.restore()
            begun = opening(house, disk.environment(f"kill:{number}"))
            told = f"it died at call {number}"
            version, schema = old.shape()
            seen[version].add(schema)
            assert house.rows("PRAGMA quick_check") == [("ok",)], told
            ids = house.rows("SELECT id FROM tokens ORDER BY 1")
            assert ids == [("tok_plain",), ("tok_rotated",)], told
            if not was_killed(begun):
                assert json.loads(begun.stdout), begun
                old.check_whole("undisturbed", asking=True)
                return number
            is_new = version not in asked
            asked.add(version)
            # Asking first is asking a store that somebody has died in.
            assert not is_new or house.accepts(old.older), told
            old.check_whole(told, asking=is_new)
            number += 2

    Disk(bare, tmp_path)  # makes the library, before there are two to do it
    ends = two_at_once(work, enumerate(houses, start=1))
    print(f"died at each of {min(ends) - 1} calls; stores of schema {sorted(seen)} were left behind")
    assert all(len(schemas) == 1 for schemas in seen.values()), "a schema between two"
    assert {1, max(seen)} < set(seen) and len(seen) > 10


def opening(house, environment):
    """A command that only looks; the first one brings the store up to date."""
    return subprocess.run(
        house.command("token", "list", "--json"), env=house.environment | environment, cwd=house.folder,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

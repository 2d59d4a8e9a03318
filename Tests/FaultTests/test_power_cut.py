"""The power goes in the middle of a rotation: what was synced is there, of the rest any part, torn at sectors.

The calls of a real rotation are written down with their data, and carried out again on files in memory, up to the cut.
"""

import collections
import hashlib
import json
import os
import random
import shutil
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from disk import Disk
from house import VALID, digest
from scene import Scene

LONG = bool(os.environ.get("ROTA_LONG"))
IMAGES = 20_000 if LONG else 2_000
# So many of them are opened by the program itself, which has to bring the rotation to its end.
OPENED = 200 if LONG else 30
SECTOR = 512
TOKENS = 4


@dataclass
class File:
    """What is on the platter for certain, and the writes and truncations that wait for a sync."""
    durable: bytes
    waiting: list = field(default_factory=list)
    #: Whether its name is on the platter, too.
    named: bool = True

    def whole(self):
        return apply(self.durable, self.waiting)

    def after_the_cut(self, chance):
        """Each change that waited has been carried out, or has not, or in some of its sectors, in any order."""
        kept = []
        for offset, data in self.waiting:
            fate = chance.random()
            if fate < 0.4:
                kept.append((offset, data))
            elif fate < 0.6 and data is not None:
                # Sectors lie where the disk has them, not where the write begins.
                at = 0
                while at < len(data):
                    end = min(len(data), at + SECTOR - (offset + at) % SECTOR)
                    if chance.random() < 0.5:
                        kept.append((offset + at, data[at:end]))
                    at = end
        chance.shuffle(kept)
        return apply(self.durable, kept)


def apply(content, changes):
    made = bytearray(content)
    for offset, data in changes:
        if data is None:
            del made[offset:]
            made.extend(bytes(offset - len(made)))
        else:
            made.extend(bytes(max(0, offset - len(made))))
            made[offset:offset + len(data)] = data
    return bytes(made)


class Disks:
    """The store's disk, which loses power, and the vault's, which does not: that is another machine."""

    def __init__(self, start):
        self.files = {path: File(content) for path, content in start.items()}
        #: Files whose removal waits for the sync of their folder.
        self.removed = {}
        #: Files in whose place others were put: until then the name is the one's or the other's, and never nobody's.
        self.replaced = {}

    def carry_out(self, call):
        if call.error or call.kind == "send":
            return
        if call.kind == "create":
            self.files[call.path] = File(b"", named=False)
        elif call.kind == "rename":
            if call.other in self.files:
                self.replaced[call.other] = self.files[call.other]
            self.files[call.other] = self.files.pop(call.path)
        elif call.kind == "unlink":
            if call.path in self.files:
                self.removed[call.path] = self.files.pop(call.path)
        elif call.kind == "sync":
            if call.path in self.files:
                file = self.files[call.path]
                file.durable, file.waiting = file.whole(), []
            else:
                # A folder: the names in it are on the platter now.
                for path, file in self.files.items():
                    file.named = file.named or os.path.dirname(path) == call.path
                self.replaced = {path: of for path, of in self.replaced.items() if os.path.dirname(path) != call.path}
                self.removed = {path: of for path, of in self.removed.items() if os.path.dirname(path) != call.path}
        elif call.path in self.files:
            change = (call.offset, call.data if call.kind == "write" else None)
            self.files[call.path].waiting.append(change)

    def whole(self, folder):
        return {path: file.whole() for path, file in self.files.items() if path.startswith(folder)}

    def after_the_cut(self, folder, chance):
        found = {}
        for path, file in self.files.items():
            if path.startswith(folder) and (file.named or chance.random() < 0.5):
                found[path] = file.after_the_cut(chance)
            elif path.startswith(folder) and path in self.replaced:
                found[path] = self.replaced[path].after_the_cut(chance)
        for path, file in self.removed.items():
            if path.startswith(folder) and chance.random() < 0.5:
                found.setdefault(path, file.after_the_cut(chance))
        return found


def snapshot(folder):
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lay_out(image, folder, target):
    """Writes the store's files of an image into a folder of their own."""
    for path, content in image.items():
        if not path.endswith("-shm"):
            place = target / os.path.relpath(path, folder)
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            place.write_bytes(content)
            place.chmod(0o600)


def put_back(image, folder, target):
    """The same over the files that are there: after a power cut they are the same files, and no copies of them.

    Which file the mark beside the store is, is no content, and no image has it: the present one's is put in.
    """
    mark = target / "rota.db.mark"
    present = json.loads(mark.read_bytes())
    for file in [file for file in target.iterdir() if str(Path(folder) / file.name) not in image
                 or file.name.endswith("-shm")]:
        file.unlink()
    for path, content in image.items():
        place = target / os.path.relpath(path, folder)
        if not path.endswith("-shm"):
            with place.open("r+b" if place.exists() else "wb") as file:
                file.truncate(0)
                file.write(content)
            place.chmod(0o600)
    if mark.exists():
        content = json.loads(mark.read_bytes()) | {name: present[name] for name in ("own", "store")}
        mark.write_text(json.dumps(content, separators=(",", ":")).ljust(1023) + "\n")


def content(store):
    """A hash over every row; the real SQLite recovers the log first, and finds the file sound."""
    with sqlite3.connect(store) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = hashlib.sha256()
        for (table,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
        ).fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}" ORDER BY 1, 2').fetchall():
                found.update(repr((table, row)).encode())
    connection.close()
    return found.hexdigest()


class Recording:
    """A rotation of some tokens at once, as calls, and what the store held after each acknowledged commit."""

    def __init__(self, house, tmp_path):
        self.house, self.scratch = house, tmp_path / "images"
        self.scratch.mkdir()
        self.scene = Scene(house, TOKENS, ["local:{name}", "local:copy-{name}"])
        self.store, self.vault = str(house.folder / "store"), str(house.folder / "local")
        self.start = snapshot(house.folder / "store") | snapshot(house.local)
        self.disk = Disk(house, tmp_path)
        names = [self.scene.take().name for _ in range(TOKENS)]
        done = self.scene.start("token", "rotate", "--overlap", "0s", *names, extra=self.disk.environment())
        assert done.returncode == 0, done.stderr
        self.calls = self.disk.calls()
        self.syncs = [at for at, call in enumerate(self.calls) if call.kind == "sync" and self.store in call.path]
        self.states = self.acknowledged()

    def acknowledged(self):
        """Pairs of a place among the calls, and the content that is owed from there on."""
        disks = Disks(self.start)
        states = [(0, self.content_of(disks.whole(self.store)))]
        for at, call in enumerate(self.calls):
            disks.carry_out(call)
            if call.is_acknowledgement:
                states.append((at + 1, self.content_of(disks.whole(self.store))))
        return states

    def content_of(self, image):
        shutil.rmtree(self.scratch)
        self.scratch.mkdir()
        lay_out(image, self.store, self.scratch)
        return content(self.scratch / "rota.db")

    def cuts(self, chance, count):
        """At every sync, before it and after it; and anywhere between."""
        around = [at + after for at in self.syncs for after in (0, 1)]
        return sorted((around * (count // len(around) + 1))[:count // 2]
                      + [chance.randrange(len(self.calls) + 1) for _ in range(count - count // 2)])

    def check(self, cut, image):
        """What came back is what was owed at the cut, or a later commit, and nothing between two."""
        owed = max(number for number, (at, _) in enumerate(self.states) if at <= cut)
        found = self.content_of(image)
        later = [state for _, state in self.states[owed:]]
        if found in later:
            return
        lost = found in [state for _, state in self.states]
        raise AssertionError(f"cut at call {cut}: " + (
            "an acknowledged commit is lost" if lost else "a state that no commit made"))


@pytest.mark.slow
def test_a_power_cut_loses_no_commit_that_was_acknowledged(bare, tmp_path):
    seed = int(os.environ.get("ROTA_SEED", time.time_ns() % 1_000_000))
    print(f"ROTA_SEED={seed}")
    chance = random.Random(seed)
    recording = Recording(bare, tmp_path)
    cuts = recording.cuts(chance, IMAGES)
    opened = set(chance.sample(range(IMAGES), OPENED))
    disks, done, torn = Disks(recording.start), 0, 0
    for number, cut in enumerate(cuts):
        while done < cut:
            disks.carry_out(recording.calls[done])
            done += 1
        image = disks.after_the_cut(recording.store, chance)
        torn += image != disks.whole(recording.store)
        recording.check(cut, image)
        if number in opened:
            go_on(recording, image, disks.whole(recording.vault), f"cut at call {cut} (ROTA_SEED={seed})")
    kinds = collections.Counter(call.kind for call in recording.calls)
    print(f"{IMAGES} images of {len(recording.calls)} calls {dict(kinds)} with {len(recording.syncs)} syncs of the"
          f" store and {len(recording.states) - 1} acknowledged commits; {torn} images lack something or are torn;"
          f" 0 acknowledged commits lost; {OPENED} images were brought to an end by the program")
    assert torn > IMAGES // 4 and len(recording.states) > 5


def go_on(recording, image, vault, told):
    """The program itself opens the image, with the vault as it was at that moment, and ends what was begun."""
    house, scene = recording.house, recording.scene
    shutil.rmtree(house.local)
    house.local.mkdir(mode=0o700)
    put_back(image, recording.store, house.folder / "store")
    lay_out(vault, recording.vault, house.local)
    before = {seed.name: scene.held(seed) for seed in scene.seeds}
    valid = {row[0] for row in scene.rows(
        f"SELECT digest FROM versions WHERE state IN ({', '.join('?' * len(VALID))})", *VALID)}
    for seed in scene.seeds:
        assert all(digest(value) in valid for value in before[seed.name]), f"{told}: {seed.name}"
    assert scene.recover().returncode in (0, 5), told
    for seed in scene.seeds:
        scene.settle(seed, told)


def test_the_simulator_finds_what_a_store_without_syncs_loses(bare, tmp_path):
    """Teeth: with the syncs taken out of the record, acknowledged commits do get lost."""
    chance = random.Random(1)
    recording = Recording(bare, tmp_path)
    lost = 0
    for cut in recording.cuts(chance, 200):
        disks = Disks(recording.start)
        for call in recording.calls[:cut]:
            if not call.is_acknowledgement:
                disks.carry_out(call)
        try:
            recording.check(cut, disks.after_the_cut(recording.store, chance))
        except (AssertionError, sqlite3.DatabaseError):
            lost += 1
    assert lost > 50, lost

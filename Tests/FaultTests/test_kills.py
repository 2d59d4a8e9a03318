"""Two runs and a daemon on one store, under load, and again and again one of them is killed at a random moment."""

import collections
import os
import random
import signal
import subprocess
import time

import pytest

from house import digest
from scene import VALID, Scene
from servers import die_with_parent

LONG = bool(os.environ.get("ROTA_LONG"))
KILLS = 5_000 if LONG else 300
TOKENS = 40
# A value is due again as soon as it is older than this, so that every run has all of them to do anew.
RESTLESS = (
    "version: 1\npolicies:\n  - name: restless\n    mode: enforce\n    match: { name: \"token-*\" }\n    rules:\n"
    "      - max-age: 4s\n        action: rotate\n        overlap: 2s\n"
)


class Crew:
    """The processes; each is begun anew when it has ended."""

    def __init__(self, house):
        self.house, self.log = house, (house.folder / "crew.log").open("ab")
        self.processes = {}
        self.ended = collections.Counter()
        self.last_words = {}

    def __enter__(self):
        self.fill()
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.log.close()

    def fill(self):
        for slot, command in (("first", ["run", "--quiet"]), ("second", ["run", "--quiet"]), ("daemon", ["serve"])):
            process = self.processes.get(slot)
            if process and process.poll() is None:
                continue
            if process:
                self.ended[slot, process.returncode] += 1
                assert process.returncode in (0, 5, -signal.SIGKILL), (slot, process.returncode, self.tail())
            self.processes[slot] = subprocess.Popen(
                self.house.command(*command), env=self.house.environment, cwd=self.house.folder,
                stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=die_with_parent)

    def tail(self):
        return (self.house.folder / "crew.log").read_text()[-2000:]

    def kill(self, slot):
        """False when it had ended before."""
        process = self.processes[slot]
        if process.poll() is not None:
            return False
        process.kill()
        return process.wait() == -signal.SIGKILL


def check(scene, told, before):
    """Every invariant, of all tokens at once, while the others go on. How many places hold something new."""
    held = {(seed.name, place): scene.read(place) for seed in scene.seeds for place in seed.destinations}
    rows = scene.rows(
        "SELECT name, versions.state, digest FROM versions JOIN tokens ON tokens.id = token_id"
        " WHERE versions.state <> 'revoked'")
    states, valid = collections.defaultdict(list), collections.defaultdict(set)
    for name, state, value in rows:
        states[name].append(state)
        if state in VALID:
            valid[name].add(value)
    for (name, place), value in held.items():
        assert digest(value) in valid[name], f"{told}: {place} holds a value that is not accepted; {states[name]}"
    for seed in scene.seeds:
        found = states[seed.name]
        assert found.count("current") == 1 and found.count("pending") <= 1, (told, seed.name, found)
        assert 1 <= len(valid[seed.name]) <= 3, (told, seed.name, found)
    (last, count), = scene.rows("SELECT MAX(number), COUNT(*) FROM audit")
    assert last == count, f"{told}: a gap in the audit log"
    changed = sum(before.get(place) != value for place, value in held.items())
    before.update(held)
    scene.ever.update(held.values())
    return changed


@pytest.mark.slow
def test_three_hundred_kills_under_load_lock_nobody_out(house):
    seed = int(os.environ.get("ROTA_SEED", time.time_ns() % 1_000_000))
    print(f"ROTA_SEED={seed}")
    chance = random.Random(seed)
    with (house.folder / "rota.yaml").open("a") as file:
        file.write('server: { listen: "127.0.0.1:0" }\n')
    scene = Scene(house, TOKENS, ["bao:apps/{name}#token", "local:{name}"])
    house.policy(text=RESTLESS)
    before, killed, changed, asked = {}, collections.Counter(), 0, 0
    begun = time.monotonic()
    end = begun + 15 * KILLS
    with Crew(house) as crew:
        while killed.total() < KILLS:
            assert time.monotonic() < end, f"only {killed.total()} kills (ROTA_SEED={seed})"
            # The moment of the kill: it is what the test draws, and nothing is waited for.
            time.sleep(chance.uniform(0.01, 0.25))
            slot = chance.choice(list(crew.processes))
            if crew.kill(slot):
                killed[slot] += 1
                told = f"kill {killed.total()}, of {slot} (ROTA_SEED={seed})"
                changed += check(scene, told, before)
                if killed.total() % 10 == 0:
                    # The command has to say the same.
                    asked += 1
                    value = scene.read(chance.choice(scene.seeds).destinations[asked % 2])
                    assert house.accepts(value), f"{told}: verify refuses a value that a vault holds"
                    assert scene.rows("PRAGMA quick_check") == [("ok",)], told
            crew.fill()
    house.policy(overlap="1s")
    scene.next = TOKENS
    house.run_until_settled(within=120)
    check(scene, "settled", before)
    left = scene.rows("SELECT state, COUNT(*) FROM versions WHERE state IN ('pending', 'unconfirmed') GROUP BY 1")
    assert left == [] and not scene.unfinished()
    for of in scene.seeds:
        first, second = scene.held(of)
        assert first == second and house.accepts(first), of.name
    scene.finish()
    assert scene.rows("PRAGMA integrity_check") == [("ok",)]
    assert house.rows("SELECT COUNT(*) FROM runs WHERE finished_at IS NULL") == [(0,)]
    print(f"{killed.total()} kills {dict(killed)} in {time.monotonic() - begun:.0f} s, a full check after each,"
          f" 0 violations; {changed} places changed;"
          f" ends: { {' '.join(map(str, key)): count for key, count in crew.ended.items()} }")
    assert changed > KILLS and min(killed.values()) > KILLS // 20

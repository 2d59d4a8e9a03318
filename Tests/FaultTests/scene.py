"""A house in which one rotation at a time is disturbed, and the checks that must hold after each disturbance."""

import http.client
import json
import signal
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor

from house import VALID, House, Seed, digest, split

# No policy calls for anything: what a run does then is to go on with what others left.
IDLE = (
    "version: 1\npolicies:\n  - name: none\n    mode: enforce\n    match: { name: \"nothing\" }\n    rules:\n"
    "      - max-age: 90d\n        action: rotate\n        overlap: 0s\n"
)


class Scene:
    def __init__(self, house: House, count: int, places, first=0):
        """`places` are the destinations of a token, with {name} in them."""
        self.house, self.next = house, 0
        house.init()
        house.policy(text=IDLE)
        self.seeds = [
            Seed(f"token-{first + n:04}", [place.format(name=f"app-{first + n:04}") for place in places])
            for n in range(count)
        ]
        house.import_seeds(self.seeds)
        self.ever = {seed.value for seed in self.seeds}
        self.checks = 0
        self.client = None

    def take(self) -> Seed:
        """A token that nothing has happened to yet."""
        self.next += 1
        return self.seeds[self.next - 1]

    def start(self, *arguments, extra=None, within=60) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.house.command(*arguments), env=self.house.environment | (extra or {}), cwd=self.house.folder,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=within)

    def rotate(self, seed, extra=None):
        return self.start("token", "rotate", "--overlap", "0s", seed.name, extra=extra)

    def recover(self, extra=None):
        return self.start("run", "--quiet", extra=extra)

    def held(self, seed):
        """What the destinations of a token hold, read by other clients than ours."""
        return [self.read(place) for place in seed.destinations]

    def read(self, place) -> str:
        vault, path, key = split(place)
        if vault != "bao":
            return self.house.get(place)
        if not self.client:
            self.client = http.client.HTTPConnection(self.house.bao.address.removeprefix("http://"), timeout=60)
        self.client.request(
            "GET", f"/v1/{self.house.mount}/data/{path}", headers={"X-Vault-Token": self.house.bao.token})
        answer = self.client.getresponse()
        document = json.load(answer)
        assert answer.status == 200, (place, document)
        data = document["data"]["data"]
        assert data["note"] == f"keep {path}", f"{place}: a sibling was changed"
        return data[key]

    def rows(self, query, *parameters):
        return self.house.rows(query, *parameters)

    def check(self, seed, told, asking=True):
        """Every invariant, of one token; `told` says what had been done to it, for whom it fails."""
        self.checks += 1
        held = self.held(seed)
        self.ever.update(held)
        versions = self.rows(
            "SELECT versions.state, digest FROM versions JOIN tokens ON tokens.id = token_id WHERE name = ?", seed.name)
        states = [state for state, _ in versions]
        valid = {value for state, value in versions if state in VALID}
        for place, value in zip(seed.destinations, held):
            assert digest(value) in valid, f"{told}: {place} holds a value that is not accepted; versions: {states}"
            # The command has to say the same.
            assert not asking or self.house.accepts(value), f"{told}: {place} holds a value that verify refuses"
        assert states.count("current") == 1, (told, states)
        assert states.count("pending") <= 1, (told, states)
        assert 1 <= len(valid) <= 3, (told, states)
        numbers = [number for (number,) in self.rows("SELECT number FROM audit ORDER BY number")]
        assert numbers == list(range(1, len(numbers) + 1)), f"{told}: a gap in the audit log"
        assert self.rows("PRAGMA quick_check") == [("ok",)], told

    def settle(self, seed, told):
        """Lets it come to its end undisturbed: everywhere the same value, new, and nothing older valid."""
        for _ in range(6):
            self.end_waits()
            done = self.recover()
            assert done.returncode in (0, 5), (told, done.stdout, done.stderr)
            if not self.unfinished():
                break
        assert not self.unfinished(), f"{told}: {self.unfinished()}"
        self.check(seed, told + ", then settled")
        states = self.rows(
            "SELECT versions.state, COUNT(*) FROM versions JOIN tokens ON tokens.id = token_id"
            " WHERE name = ? AND versions.state <> 'revoked' GROUP BY 1", seed.name)
        assert states == [("current", 1)], (told, states)
        assert len(set(self.held(seed))) == 1, f"{told}: its destinations differ"

    def unfinished(self):
        return self.rows("SELECT token_id, phase, cause FROM rotations WHERE phase IN ('open', 'overlap')")

    def end_waits(self):
        """As if the time had passed for which rotations wait between attempts."""
        with sqlite3.connect(self.house.store) as store:
            store.execute("UPDATE rotations SET next_attempt_at = 0 WHERE phase IN ('open', 'overlap')")
            store.execute("UPDATE failed_attempts SET next_attempt_at = 0")
        store.close()

    def finish(self):
        """What holds of all: whoever was not disturbed is as before, and no value was ever written down."""
        for seed in self.seeds[self.next:]:
            assert self.held(seed) == [seed.value] * len(seed.destinations), f"{seed.name} was touched"
        values = [value.encode() for value in self.ever | {
            self.read(place) for seed in self.seeds for place in seed.destinations}]
        for path in (self.house.folder / "store").iterdir():
            data = path.read_bytes()
            assert not any(value in data for value in values), f"{path.name} has a value in it"
        if self.client:
            self.client.close()


def was_killed(done) -> bool:
    assert done.returncode in (-signal.SIGKILL, 0, 5), (done.returncode, done.stdout, done.stderr)
    return done.returncode == -signal.SIGKILL


def two_at_once(work, items):
    """Two cores: two processes of ours at a time, and a scene for each."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(work, items))

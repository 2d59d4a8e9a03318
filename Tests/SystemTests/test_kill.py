"""Runs stopped dead at random moments, fifty times: what is in the vaults is accepted all the while."""

import collections
import datetime
import http.client
import json
import os
import random
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from standardwebhooks.webhooks import Webhook

from house import VALID, Seed, digest, split

LONG = bool(os.environ.get("ROTA_LONG"))
TOKENS = 200
KILLS = 500 if LONG else 50
# A value is due again as soon as it is older than this, so that each run has all of them to do anew.
POLICY = (
    "version: 1\npolicies:\n  - name: restless\n    mode: enforce\n    match: { name: \"token-*\" }\n    rules:\n"
    "      - max-age: 2s\n        action: rotate\n        overlap: 1s\n"
)


class Vaults:
    """What the destinations hold, read by other clients than ours, and what of it was new at the last look."""

    def __init__(self, house, seeds):
        self.house, self.seeds = house, seeds
        self.places = [(seed.name, place) for seed in seeds for place in seed.destinations]
        self.held = {}
        self.asked = 0
        # Commands are processes of their own: four at once keep two cores busy.
        self.pool = ThreadPoolExecutor(4)

    def look(self):
        """I1 and I2: every value that a vault holds authenticates, and no token has more than three that do."""
        held = self.read()
        valid = self.valid()
        for (name, place), value in held.items():
            assert (name, digest(value)) in valid, f"{place} of {name} holds a value that is not accepted"
        counts = collections.Counter(name for name, _ in valid)
        for seed in self.seeds:
            assert 1 <= counts[seed.name] <= 3, (seed.name, counts[seed.name])
        states = self.house.rows(
            "SELECT token_id, SUM(state = 'current'), SUM(state = 'pending') FROM versions GROUP BY 1")
        assert all(current == 1 and pending <= 1 for _, current, pending in states)
        # The command has to say the same of each.
        self.ask(sorted(set(held.values())))
        changed = sum(self.held.get(named) != value for named, value in held.items())
        self.held = held
        return changed

    def read(self):
        """Over one connection of a client that is not ours, so that three hundred secrets take a moment."""
        client = http.client.HTTPConnection(self.house.bao.address.removeprefix("http://"))
        held = {}
        for name, place in self.places:
            vault, path, key = split(place)
            if vault == "bao":
                client.request("GET", f"/v1/{self.house.mount}/data/{path}",
                               headers={"X-Vault-Token": self.house.bao.token})
                answer = client.getresponse()
                document = json.load(answer)
                assert answer.status == 200, (place, document)
                held[name, place] = document["data"]["data"][key]
            else:
                held[name, place] = self.house.get(place)
        client.close()
        return held

    def ask(self, values):
        self.asked += len(values)
        for value, accepted in zip(values, self.pool.map(self.house.accepts, values)):
            assert accepted, f"a value ending in {value[-4:]} is in a vault and not accepted"

    def valid(self):
        marks = ", ".join("?" * len(VALID))
        return set(self.house.rows(
            "SELECT name, digest FROM versions JOIN tokens ON tokens.id = token_id"
            f" WHERE versions.state IN ({marks}) AND tokens.state = 'active'", *VALID))


def stop_a_run(house, moment):
    """Begins a run and kills it at that moment; false when it ended before."""
    process = subprocess.Popen(
        house.command("run"), env=house.environment, cwd=house.folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(moment)
        return False
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True


def assert_nothing_is_left(house):
    for table, rest in (
        ("versions", "state IN ('pending', 'unconfirmed')"), ("rotations", "phase IN ('open', 'overlap')"),
        ("pushes", "state = 'sending' AND version IN (SELECT current_version FROM tokens WHERE id = token_id)"),
        # Each run has its end in the record, those that were killed too, and tells every rotation that it claimed.
        ("runs", "finished_at IS NULL"),
        ("rotations r", "r.policy IS NOT NULL AND NOT EXISTS (SELECT 1 FROM run_actions a WHERE a.run = r.claim_run"
                        " AND a.token_id = r.token_id AND a.action = 'rotate')"),
    ):
        assert house.rows(f"SELECT COUNT(*) FROM {table} WHERE {rest}") == [(0,)], table
    runs, ends = house.rows("SELECT (SELECT COUNT(*) FROM runs), COUNT(*) FROM events"
                            " WHERE type IN ('run.completed', 'run.aborted')")[0]
    assert runs == ends


def assert_every_event_arrived(house, receiver):
    """I6: each event of the store was delivered under its id, or waits; and nothing else was."""
    signer, bodies = Webhook(house.signing_secret), {}
    for number, (headers, body) in enumerate(receiver.taken):
        identifier = headers["webhook-id"]
        assert bodies.setdefault(identifier, body) == body, "one id, two events"
        if number % 20 == 0:
            # Signed anew in place of verified, which refuses what is older than five minutes.
            at = datetime.datetime.fromtimestamp(int(headers["webhook-timestamp"]), datetime.UTC)
            assert signer.sign(identifier, at, body.decode()) in headers["webhook-signature"].split()
    events = {row[0]: row[1:] for row in house.rows("SELECT id, type, token_id, seq FROM events")}
    waiting = {row[0] for row in house.rows("SELECT event_id FROM deliveries WHERE state = 'waiting'")}
    assert set(bodies) <= set(events), "what was delivered is in the store"
    assert set(events) <= set(bodies) | waiting, "what is in the store was delivered, or waits"
    for identifier, body in bodies.items():
        assert json.loads(body)["type"] == events[identifier][0]
    numbers = collections.defaultdict(list)
    for _, token, number in events.values():
        if token:
            numbers[token].append(number)
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in numbers.values()), "no gap in a token's"
    return len(events), len(waiting)


@pytest.mark.slow
def test_fifty_runs_that_are_killed_lose_no_value_and_no_event(house, receiver):
    seed = int(os.environ.get("ROTA_SEED", time.time_ns() % 1_000_000))
    print(f"ROTA_SEED={seed}")
    chance = random.Random(seed)
    house.configure(webhook=receiver.address)
    house.init()
    house.policy(text=POLICY)
    # Half of them live in OpenBao and in a file, half in two secrets of OpenBao.
    seeds = [
        Seed(f"token-{n:03}", [f"bao:apps/{n:03}#token", second])
        for n in range(TOKENS)
        for second in [f"local:app-{n:03}" if n % 2 else f"bao:mirror/{n:03}#key"]
    ]
    house.import_seeds(seeds)
    vaults = Vaults(house, seeds)
    # How long a run takes here and now that has everything to rotate; every stop lies within it.
    begun = time.monotonic()
    house.rota("run", "--quiet")
    length = time.monotonic() - begun
    assert vaults.look() == 2 * TOKENS
    moments, early, changed = [], 0, 0
    while len(moments) < KILLS:
        moment = chance.uniform(0.005, length)
        if stop_a_run(house, moment):
            moments.append(moment)
        else:
            early += 1
            assert early < 5 * KILLS, "it always ends before it is stopped"
        changed += vaults.look()

    house.policy(overlap="1s")
    runs = house.run_until_settled(within=120)
    house.rota("run", "--quiet", "--deliver-within", "60s")
    vaults.look()
    assert_nothing_is_left(house)
    for seed in seeds:
        first, second = (house.get(place) for place in seed.destinations)
        assert first == second
    events, waiting = assert_every_event_arrived(house, receiver)
    print(f"{len(moments)} stops within {length:.2f} s, {early} runs ended before; {changed} places changed and"
          f" {vaults.asked} were asked for; settled after {runs} runs; {events} events, {waiting} of them waiting")
    print("stopped after", " ".join(f"{moment:.2f}" for moment in moments))

"""Stopped dead at random moments, fifty times: what is in the vaults is accepted all the while."""

import os
import random
import signal
import subprocess
import time

import pytest

from house import VALID, Seed, digest

TOKENS = 40
KILLS = 50


def assert_invariants(house, seeds, sample):
    """I1 and I2: every value in a vault authenticates, and no token has more than three that do."""
    held = {(seed.name, place): house.get(place) for seed in seeds for place in seed.destinations}
    marks = ", ".join("?" * len(VALID))
    valid = house.rows(
        "SELECT name, digest FROM versions JOIN tokens ON tokens.id = token_id"
        f" WHERE versions.state IN ({marks}) AND tokens.state = 'active'", *VALID)
    known = set(valid)
    for (name, place), value in held.items():
        assert (name, digest(value)) in known, f"{place} of {name} holds a value that is not accepted"
    for seed in seeds:
        assert 1 <= sum(name == seed.name for name, _ in valid) <= 3, seed.name
    # The command must agree with what the store's file says.
    for key in sample.sample(sorted(held), 3):
        assert house.accepts(held[key]), key
    counts = house.rows("SELECT token_id, SUM(state = 'current'), SUM(state = 'pending') FROM versions GROUP BY 1")
    assert all(current == 1 and pending <= 1 for _, current, pending in counts)


@pytest.mark.slow
def test_fifty_kills_at_random_moments_lose_nothing(house):
    seed = int(os.environ.get("ROTA_SEED", time.time_ns() % 1_000_000))
    print(f"ROTA_SEED={seed}")
    chance = random.Random(seed)
    house.init()
    house.policy(overlap="1s")
    seeds = [Seed(f"token-{n:02}", [f"bao:apps/{n:02}#token", f"local:app-{n:02}"]) for n in range(TOKENS)]
    house.import_seeds(seeds)
    # How long a run takes here and now; every stop lies within it.
    begun = time.monotonic()
    house.rota("run")
    length = time.monotonic() - begun
    names = [seed.name for seed in seeds]
    stopped = early = 0
    while stopped < KILLS:
        # A new value for everyone, so that there is always something to stop; or the recovery of the last one.
        arguments = ["run"] if chance.random() < 0.3 else ["token", "rotate", "--overlap", "1s", *names]
        process = subprocess.Popen(
            house.command(*arguments), env=house.environment, cwd=house.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            process.wait(chance.uniform(0.005, max(length, 0.05)))
            early += 1
            process.stderr.close()
            assert early < 20 * KILLS, "it always ends before it is stopped"
            continue
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            process.stderr.close()
            stopped += 1
        assert_invariants(house, seeds, chance)

    runs = house.run_until_settled(within=120)
    print(f"{stopped} stops, {early} ended before; a run took {length:.2f} s; settled after {runs} runs")
    assert_invariants(house, seeds, chance)
    assert house.rows("SELECT COUNT(*) FROM versions WHERE state IN ('pending', 'unconfirmed')") == [(0,)]
    assert house.rows("SELECT COUNT(*) FROM rotations WHERE phase IN ('open', 'overlap')") == [(0,)]
    assert house.rows("SELECT COUNT(*) FROM pushes WHERE state = 'sending'"
                      " AND version IN (SELECT current_version FROM tokens WHERE id = token_id)") == [(0,)]
    # Each run has its end in the record, those that were killed too, and tells every rotation that it claimed.
    assert house.rows("SELECT COUNT(*) FROM runs WHERE finished_at IS NULL") == [(0,)]
    assert house.rows("SELECT COUNT(*) FROM rotations r WHERE r.policy IS NOT NULL AND NOT EXISTS (SELECT 1 FROM run_actions a"
                      " WHERE a.run = r.claim_run AND a.token_id = r.token_id AND a.action = 'rotate')") == [(0,)]
    ends = house.rows("SELECT (SELECT COUNT(*) FROM runs), COUNT(*) FROM events WHERE type IN ('run.completed', 'run.aborted')")
    assert ends[0][0] == ends[0][1], ends
    for seed in seeds:
        first, second = (house.get(place) for place in seed.destinations)
        assert first == second and house.accepts(first)

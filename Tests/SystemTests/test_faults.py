"""A bad network between the program and a real vault: what it does to one request after the other harms no token."""

import collections
import json
import os
import subprocess
import time

import pytest

from fault_proxy import FAULTS, FaultProxy
from house import Seed, digest
from test_kill import Vaults

TOKENS = 20


@pytest.fixture
def proxy(bao):
    seed = os.environ.get("ROTA_SEED", str(time.time_ns() % 1_000_000))
    print(f"ROTA_SEED={seed}")
    with FaultProxy(bao.address, seed) as proxy:
        yield proxy


def furnish(house, proxy, names):
    """A vault that is reached through the proxy, and tokens that live there and in a file."""
    house.configure(vaults=(
        f"  far:\n    kind: vault-kv2\n    address: {proxy.address}\n    mount: {house.mount}\n"
        "    auth: { token: file:bao-token }\n    timeout: 1s"))
    house.init()
    house.policy(overlap="0s")
    # The values are put there, and looked at, without the proxy.
    seeds = [Seed(name, [f"bao:apps/{name}#token", f"local:{name}"]) for name in names]
    for seed in seeds:
        for place in seed.destinations:
            house.put(place, seed.value)
    rows = [seed.row | {"destinations": " ".join(seed.destinations).replace("bao:", "far:")} for seed in seeds]
    house.json("import", house.inventory(rows))
    return seeds


def policy_for(house, names):
    house.policy(text=(
        "version: 1\npolicies:\n  - name: quarterly\n    mode: enforce\n"
        f"    match: {{ name: \"{names}\" }}\n    rules:\n"
        "      - max-age: 90d\n        action: rotate\n        overlap: 0s\n"))


@pytest.mark.slow
def test_one_fault_after_the_other_leaves_every_value_accepted_and_nothing_behind(house, proxy):
    """Each fault hits twenty tokens, and what the faults before it have left open."""
    seeds = furnish(house, proxy, [f"{fault}.{n:02}" for fault in FAULTS for n in range(TOKENS)])
    vaults = Vaults(house, seeds)
    for fault in FAULTS:
        policy_for(house, f"{fault}.*")
        # To be left alone takes its time: two seconds for each.
        proxy.harm(fault, share=0.1 if fault == "too-many" else 0.4)
        before, begun = len(proxy.seen), time.monotonic()
        ran = house.rota("run", "--json", expect=None)
        assert ran.returncode in (0, 5), ran.stderr
        # Those of faults before that are taken up again are actions of this run, too.
        outcomes = collections.Counter(
            action["outcome"] for action in json.loads(ran.stdout)["actions"] if action["name"].startswith(fault + "."))
        harmed = sum(seen.fault == fault for seen in proxy.seen[before:])
        print(f"{fault}: {harmed} of {len(proxy.seen) - before} requests in {time.monotonic() - begun:.1f} s,"
              f" {dict(outcomes)}")
        assert harmed, fault
        assert sum(outcomes.values()) == TOKENS
        vaults.look()
        if fault == "duplicate":
            # What is sent twice is written once: the second one names a version that is not the newest any more.
            assert any(seen.fault == fault and seen.method in ("POST", "PUT") for seen in proxy.seen[before:])
            written = {house.secret(f"apps/{seed.name}")["metadata"]["version"]
                       for seed in seeds if seed.name.startswith("duplicate.")}
            assert written == {2}, written

    # Now nothing is in the way, and nothing needs a hand.
    proxy.harm(None)
    policy_for(house, "*")
    house.run_until_settled(within=180)
    vaults.look()
    states = dict(house.rows("SELECT state, COUNT(*) FROM versions WHERE token_id IN"
                             " (SELECT token_id FROM destinations) GROUP BY state"))
    assert states["current"] == len(seeds) and set(states) == {"current", "revoked"}, states
    assert house.rows(
        "SELECT COUNT(*) FROM pushes p JOIN tokens t ON t.id = p.token_id AND t.current_version = p.version"
        " WHERE p.state = 'verified'") == [(2 * len(seeds),)]
    valid = house.valid_digests()
    for seed in seeds:
        first, second = (house.get(place) for place in seed.destinations)
        assert first == second != seed.value and digest(first) in valid
        # Not one sibling was lost on the way.
        assert house.secret(f"apps/{seed.name}")["data"]["note"] == f"keep apps/{seed.name}"
    assert all(house.accepts(house.get(seed.destinations[0])) for seed in seeds[::TOKENS])


def test_a_server_that_asks_to_be_left_alone_is(house, proxy):
    seeds = furnish(house, proxy, [f"token-{n:02}" for n in range(TOKENS)])
    count = 0

    def choose(request):
        nonlocal count
        count += 1
        return "too-many" if count in (5, 60) else None

    proxy.choose = choose
    house.rota("run")

    refused = [seen for seen in proxy.seen if seen.fault]
    assert len(refused) == 2
    for told in refused:
        # What was under way may still arrive; then there is silence until the time is over.
        early = [seen for seen in proxy.seen if told.at + 0.3 < seen.at < told.at + proxy.retry_after]
        assert early == []
        again = [seen for seen in proxy.seen
                 if seen.at > told.at and (seen.method, seen.path) == (told.method, told.path)]
        assert again and again[0].at >= told.at + proxy.retry_after
    for seed in seeds:
        assert house.accepts(house.get(seed.destinations[0]))


def peak(house, *arguments) -> float:
    """Runs a command to its end; the most memory that it ever had, in MiB."""
    process = subprocess.Popen(
        house.command(*arguments), env=house.environment, cwd=house.folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_maxrss / 1024


def test_memory_stays_flat_when_every_answer_is_a_gibibyte(house, proxy):
    seeds = furnish(house, proxy, [f"token-{n:02}" for n in range(100)])
    names = [seed.name for seed in seeds]
    proxy.harm("huge")
    under_fire = peak(house, "run", "--quiet")
    asked = sum(seen.fault == "huge" for seen in proxy.seen)
    proxy.harm(None)
    at_peace = peak(house, "token", "rotate", "--overlap", "0s", *names)
    print(f"{under_fire:.0f} MiB with {asked} huge answers, {at_peace:.0f} MiB without")
    assert asked >= 100
    assert under_fire < at_peace + 64
    assert all(house.accepts(house.get(seed.destinations[0])) for seed in seeds[:5])

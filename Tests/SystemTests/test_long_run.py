"""A scheduled run that takes longer than the time to its next fires, and one that has very much to do: no slot runs
over itself, and values are answered for meanwhile."""

import subprocess
import threading
import time

import requests

from house import Seed
from serving import Served
from servers import FakeKV2
from test_serve import hours_pass

POLICY = (
    "version: 1\npolicies:\n  - name: quarterly\n    mode: enforce\n    match: { name: 'token-*' }\n    rules:\n"
    "      - max-age: 90d\n        action: rotate\n        overlap: 1h\n    schedule: { every: 1m }\n")
MANY = 5_000


def until(is_so, served, within=60):
    end = time.monotonic() + within
    while not is_so():
        assert served.process.poll() is None, served.log.read_text()
        assert time.monotonic() < end, served.log.read_text()
        time.sleep(0.05)  # between two looks; `end` bounds them


def has_schedule(house):
    return house.rows("SELECT 1 FROM schedules") != []


def an_hour_passes_again(house):
    """The same when it has fired before: what is next due goes with what was last."""
    subprocess.run(
        ["sqlite3", "-cmd", ".timeout 5000", house.store,
         "UPDATE schedules SET next_due = next_due - 3600, last_fired = last_fired - 3600"], check=True)


def runs(house):
    """How many have begun, and how many ended."""
    return house.rows("SELECT COUNT(*), COUNT(finished_at) FROM runs")[0]


def test_a_run_that_outlasts_its_next_fires_is_not_run_over_and_they_come_to_one(bare):
    is_open = threading.Event()

    def hold_writes(method, _):
        if method != "GET":
            is_open.wait(30)

    with FakeKV2(hold_writes) as vault:
        bare.keep("fake-token", "fake")
        bare.configure(vaults=(
            f"  fake:\n    kind: vault-kv2\n    address: {vault.address}\n    mount: kv\n"
            "    auth: { token: file:fake-token }\n    timeout: 30s"))
        bare.init()
        bare.policy(text=POLICY)
        seed = Seed("token-1", ["fake:apps/1#token"])
        vault.secrets["apps/1"] = (1, {"token": seed.value})
        bare.rota("import", bare.inventory([seed]))
        with Served(bare) as served:
            until(lambda: has_schedule(bare), served)
            hours_pass(bare)
            until(lambda: bare.rows("SELECT 1 FROM pushes WHERE state = 'sending'"), served)
            for _ in range(3):
                an_hour_passes_again(bare)  # sixty fires
                time.sleep(1.2)  # the schedules are looked at each second, and must not begin another
                assert runs(bare) == (1, 0), "a slot was run over itself"
            is_open.set()
            until(lambda: runs(bare) == (2, 2), served)
            time.sleep(2.2)  # two more looks, which must find nothing
            assert runs(bare) == (2, 2), "the fires that were missed came to more than one run"
            assert served.process.poll() is None
            served.stop()
        assert vault.secrets["apps/1"][0] == 2, "it was written twice"
        assert bare.accepts(vault.secrets["apps/1"][1]["token"])
    assert bare.rows("SELECT COUNT(*) FROM rotations") == [(1,)]


def test_values_are_answered_for_while_five_thousand_tokens_are_rotated(bare):
    bare.init()
    bare.policy(text=POLICY)
    gateway = bare.json("token", "create", "--name", "gateway", "--owner", "t", "--scope", "rota:introspect")["value"]
    seeds = [Seed(f"token-{n:04}", [f"local:{n:04}"]) for n in range(MANY)]
    bare.import_seeds(seeds)
    with Served(bare) as served, requests.Session() as session:
        def introspect(value):
            """Not a timed test: five seconds are no answer."""
            answer = session.post(
                served.address + "/v1/introspect", data={"token": value}, auth=("", gateway), timeout=5)
            assert answer.status_code == 200, answer.text
            return answer.json()["active"]

        def rotated():
            return bare.rows("SELECT COUNT(*) FROM tokens WHERE current_version > 1")[0][0]

        until(lambda: has_schedule(bare), served)
        hours_pass(bare)
        until(lambda: rotated() > 0, served)
        first, asked, slowest, begun = rotated(), 0, 0.0, time.monotonic()
        # As long as the run goes on, but no longer than it takes to see: some seconds of it.
        while time.monotonic() < begun + 8 and runs(bare) == (1, 0):
            for seed in seeds[asked % MANY::MANY // 50]:
                before = time.monotonic()
                # The overlap is an hour: the old value is accepted whether it has been rotated or not.
                assert introspect(seed.value), f"{seed.name} was refused"
                slowest = max(slowest, time.monotonic() - before)
                asked += 1
        last = rotated()
        print(f"{asked} answers while {last - first} of {MANY} tokens were rotated, the slowest in {slowest:.2f} s")
        assert last > first and asked > 100
        served.stop()
    current = bare.rows("SELECT name, digest FROM tokens JOIN versions ON versions.token_id = tokens.id"
                        " WHERE versions.state IN ('pending', 'current', 'previous', 'unconfirmed')")
    assert len({name for name, _ in current}) == MANY + 2

"""What is left of values in the memory of the program (rows 6 and 7 of the checklist), as a debugger would find it."""

import os
import re
import subprocess
import threading

import pytest
import requests

from house import Seed, new_value
from memory import places
from preloaded import tool
from servers import Receiver, die_with_parent
from serving import Served, wait_until
from test_security import sign_in

FLAT = (
    "version: 1\npolicies:\n  - name: quarterly\n    mode: enforce\n    match: { name: \"t*\" }\n    rules:\n"
    "      - max-age: 90d\n        action: rotate\n        overlap: 0s\n")


def bodies(values):
    """A value without its prefix, and the middle of it: what came to its end in two pieces is found, too."""
    return sorted({part for value in values for part in (value.partition("_")[2], value[-24:-6])})


class Holding(Receiver):
    """Lets whoever delivers to it wait, from when on it is told to."""

    def __init__(self):
        super().__init__()
        self.holds, self.arrived, self.released = False, threading.Event(), threading.Event()

    def handle(self, request, body):
        if self.holds:
            self.arrived.set()
            self.released.wait(60)
        super().handle(request, body)


def test_no_value_is_in_the_memory_of_a_server_that_has_done_with_it(house):
    admin = house.init()
    house.policy(text=FLAT)
    seeds = [Seed(f"t{number:02}", [f"bao:{number}#token", f"local:{number}"]) for number in range(20)]
    house.import_seeds(seeds)
    strangers = [new_value() for _ in range(20)]
    with Served(house, settings=", limits: { idle-time: 1s }") as served:
        values = {admin, *strangers, *(seed.value for seed in seeds)}
        bearer = {"Authorization": f"Bearer {admin}"}
        with requests.Session() as client:
            def ask(path, status, **fields):
                answer = client.post(served.address + path, headers=bearer, timeout=30, **fields)
                assert answer.status_code == status, answer.text
                return answer

            for number, seed in enumerate(seeds):
                # Rotated into two vaults, shown, asked about, signed in with, revoked; and those that are nobody's.
                ask(f"/v1/tokens/{seed.name}/rotate", 200, json={"reason": "test", "overlap": "0s"})
                made = ask("/v1/tokens", 201, json={"name": f"made-{number}", "scopes": ["rota:audit"]}).json()["value"]
                values |= {made} | {house.get(place) for place in seed.destinations}
                for value in (made, house.get(seed.destinations[0]), strangers[number]):
                    ask("/v1/introspect", 200, data={"token": value})
                assert client.get(served.address + "/v1/authorize", timeout=30, headers={
                    "Authorization": f"Bearer {strangers[number]}"}).status_code == 401
                assert sign_in(served, made).status_code == 303
                ask("/v1/revoke", 200, data={"token": made})
        assert len(values) == 1 + 4 * len(seeds)
        wait_until(lambda: len(house.rows("SELECT 1 FROM rotations WHERE phase = 'done'")) == len(seeds))

        def left():
            return places(served.process.pid, bodies(values))

        # Whoever has gone is closed a moment later.
        wait_until(lambda: not left(), within=10)
        assert left() == {}
        # What is still of use is there: the search finds what is to be found, where nothing is swapped to a disk.
        assert places(served.process.pid, [house.bao.token, "/v1/introspect"]).keys() >= {(0, "memory")}
        served.stop()


def test_no_value_is_in_the_memory_of_a_run_that_has_rotated(house):
    with Holding() as receiver:
        house.configure(webhook=receiver.address)
        house.init()
        house.policy(text=FLAT)
        seeds = [Seed(f"t{number:02}", [f"bao:{number}#token", f"local:{number}"]) for number in range(20)]
        house.import_seeds(seeds)
        receiver.holds = True
        run = subprocess.Popen(
            house.command("run"), env=house.environment, cwd=house.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        try:
            assert receiver.arrived.wait(60)
            wait_until(lambda: len(house.rows("SELECT 1 FROM rotations WHERE phase = 'done'")) == len(seeds))
            values = {seed.value for seed in seeds} | {house.get(seed.destinations[0]) for seed in seeds}
            assert len(values) == 2 * len(seeds) and run.poll() is None
            assert places(run.pid, bodies(values)) == {}
            assert (0, "memory") in places(run.pid, [house.bao.token])
        finally:
            receiver.released.set()
            assert run.wait(60) == 0


def locked(process):
    """Kilobytes that are never written to where the system swaps to."""
    with open(f"/proc/{process.pid}/status") as status:
        return int(re.search(r"VmLck:\s+(\d+) kB", status.read())[1])


def test_secrets_are_in_memory_that_is_locked(bare):
    bare.init()
    with Served(bare) as served:
        assert locked(served.process) >= 1024
        assert "swapped" not in served.log.read_text()
        served.stop()


def test_where_no_memory_can_be_locked_it_says_so_and_works(bare):
    admin = bare.init()
    bare.import_seeds([Seed("old", ["local:old"])])
    # Root may lock beyond its limit.
    rights = [tool("setpriv"), "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"] if os.geteuid() == 0 else []
    command = bare.command
    bare.command = lambda *words: [tool("prlimit"), "--memlock=0", *rights, *command(*words)]
    with Served(bare) as served:
        wait_until(lambda: "secrets may be swapped out" in served.log.read_text())
        [line] = [line for line in served.log.read_text().splitlines() if "swapped" in line]
        assert "level=warning" in line and "LimitMEMLOCK" in line and "ulimit -l" in line
        assert locked(served.process) == 0
        answer = requests.post(
            served.address + "/v1/tokens/old/rotate", headers={"Authorization": f"Bearer {admin}"}, json={}, timeout=30)
        assert answer.status_code == 200 and bare.accepts(bare.get("local:old"))
        served.stop()

"""A vault that takes a connection and never answers: all others are done before its first deadline."""

import os
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from house import Seed

#: Of one request to the dead one, in seconds.
DEADLINE = 30
#: As many as are there by then: with the debug program and all of this on two cores.
GOOD = 2_000


class BlackHole:
    """Accepts connections, reads nothing and says nothing."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.address = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.connections, self.first = [], None
        self.thread = threading.Thread(target=self.take)
        self.thread.start()
        return self

    def take(self):
        try:
            while True:
                connection, _ = self.listener.accept()
                self.first = self.first or time.monotonic()
                self.connections.append(connection)
        except OSError:
            pass  # closed below

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        for connection in self.connections:
            connection.close()


def schedulings(process):
    """Of each of its threads: nice value, and policy (sched(7))."""
    for stat in Path(f"/proc/{process}/task").glob("*/stat"):
        # The name, in parentheses, may hold blanks (proc_pid_stat(5)).
        fields = stat.read_text().rpartition(")")[2].split()
        yield int(fields[16]), int(fields[38])


def test_a_run_lets_others_on_the_machine_go_first_with_all_its_threads(house):
    with BlackHole() as hole:
        house.configure(vaults=(
            f"  dead:\n    kind: vault-kv2\n    address: {hole.address}\n    mount: kv\n"
            f"    auth: {{ token: file:bao-token }}\n    timeout: {DEADLINE}s"))
        house.init()
        house.policy()
        house.rota("import", house.inventory([Seed("waits", ["dead:1#token"])]))
        with subprocess.Popen(
                house.command("run"), env=house.environment, cwd=house.folder, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                end = time.monotonic() + DEADLINE
                # Once it waits for the vault it has all the threads that it needs.
                while not hole.first or set(schedulings(process.pid)) != {(10, os.SCHED_BATCH)}:
                    assert process.poll() is None and time.monotonic() < end, set(schedulings(process.pid))
                    time.sleep(0.05)  # between two looks, which a deadline bounds
            finally:
                process.kill()


def test_all_other_tokens_are_done_before_the_first_deadline_of_a_dead_vault(house):
    with BlackHole() as hole:
        house.configure(vaults=(
            f"  dead:\n    kind: vault-kv2\n    address: {hole.address}\n    mount: kv\n"
            f"    auth: {{ token: file:bao-token }}\n    timeout: {DEADLINE}s"))
        with (house.folder / "rota.yaml").open("a") as file:
            # Nothing but the dead vault is to hold anybody up.
            file.write("limits: { rotations-per-second: 10000 }\n")
        house.init()
        house.policy(overlap="24h")
        # More of the dead one's than are under way at once, and the oldest, which come first.
        dead = [Seed(f"dead-{n:03}", [f"dead:{n}#token"], value_issued_at="2025-12-01T00:00:00Z") for n in range(600)]
        good = [Seed(f"good-{n:04}", [f"bao:{n}#token"]) for n in range(GOOD)]
        with ThreadPoolExecutor(8) as crowd:
            list(crowd.map(lambda seed: house.put(seed.destinations[0], seed.value), good))
        house.rota("import", house.inventory(dead + good))

        process = subprocess.Popen(
            house.command("run", "--json"), env=house.environment, cwd=house.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            rotated, end = 0, time.monotonic() + 2 * DEADLINE
            while rotated < len(good) and time.monotonic() < end:
                [(rotated,)] = house.rows(
                    "SELECT COUNT(*) FROM tokens WHERE name LIKE 'good-%' AND current_version = 2")
                time.sleep(0.05)  # between two looks, which a deadline bounds
            taken = time.monotonic() - hole.first
            assert rotated == len(good)
            print(f"{rotated} tokens after {taken:.1f} s")
            assert taken < DEADLINE
            assert process.poll() is None, "the dead one's are still waited for"
            process.communicate(timeout=4 * DEADLINE)
            assert process.returncode == 5
        finally:
            process.kill()
            process.wait()
        for seed in good[::200]:
            assert house.accepts(house.get(seed.destinations[0])) and house.accepts(seed.value)
        assert all(house.accepts(seed.value) for seed in dead[::200])

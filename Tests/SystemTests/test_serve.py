"""`rota serve` as a service manager runs it: it says when it is ready, works by schedules, reloads, and ends in good order."""
import fcntl
import json
import signal
import socket
import subprocess
import threading
import time

import pytest
import requests

import serving
from house import Seed
from preloaded import compiled

POLICY = (
    "version: 1\npolicies:\n  - name: quarterly\n    mode: enforce\n    match: all\n    rules:\n"
    "      - max-age: 90d\n        action: rotate\n        overlap: 0s\n")


class Served:
    """A running daemon, with what it told its manager and its log."""

    def __init__(self, house, watchdog=0.2):
        self.house, self.told, self.alive = house, [], []
        path = house.folder / "notify"
        path.unlink(missing_ok=True)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(path))
        self.manager.settimeout(0.5)
        # Always read, as systemd does: what it has no room for would hold the daemon up.
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.errors = (house.folder / "serve.log").open("a+")
        told = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": str(int(watchdog * 1_000_000))}
        self.process = subprocess.Popen(
            house.command("serve"), env=house.environment | told, cwd=house.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=self.errors)

    def read(self):
        while True:
            try:
                message = self.manager.recv(4096).decode()
                if "WATCHDOG=1" in message:
                    self.alive.append(time.monotonic())
                self.told.append(message)
            except TimeoutError:
                continue
            except OSError:
                return

    def wait_for(self, state, within=30):
        end = time.monotonic() + within
        while not any(state in message for message in list(self.told)):
            assert time.monotonic() < end, (state, self.told[-5:])
            time.sleep(0.01)
        return self

    @property
    def log(self):
        self.errors.seek(0)
        return [json.loads(line) for line in self.errors.read().splitlines() if line.startswith("{")]

    def wait_for_log(self, message, within=30):
        end = time.monotonic() + within
        while time.monotonic() < end:
            found = [entry for entry in self.log if entry["msg"] == message]
            if found:
                return found[-1]
            assert self.process.poll() is None, self.log[-5:]
            time.sleep(0.05)
        raise AssertionError(f"no '{message}' in {self.log[-5:]}")

    def forget(self):
        self.told.clear()
        self.errors.truncate(0)

    def end(self, number=signal.SIGTERM, within=10):
        self.process.send_signal(number)
        begun = time.monotonic()
        try:
            code = self.process.wait(within)
        finally:
            self.process.kill()
            self.manager.close()
        return code, time.monotonic() - begun


@pytest.fixture
def serve(house):
    running = []

    def begin(**options):
        running.append(Served(house, **options))
        return running[-1]

    yield begin
    for served in running:
        served.process.kill()
        served.process.wait()


def make(house, tokens=12, schedule=""):
    house.init()
    house.policy(text=POLICY)
    with (house.folder / "rota.yaml").open("a") as file:
        file.write("log: { format: json }\n" + schedule)
    seeds = [Seed(f"token-{n:02}", [f"bao:apps/{n:02}#token", f"local:app-{n:02}"]) for n in range(tokens)]
    house.import_seeds(seeds)
    return seeds


def hours_pass(house):
    """What is due next was due in the last hour."""
    subprocess.run(
        ["sqlite3", "-cmd", ".timeout 5000", house.store, "UPDATE schedules SET next_due = next_due - 3600"], check=True)


def test_it_runs_by_schedule_and_ends_in_good_order(house, serve):
    seeds = make(house)
    served = serve().wait_for("READY=1")
    served.wait_for("WATCHDOG=1")
    assert served.process.poll() is None
    second = subprocess.run(
        house.command("serve"), env=house.environment, cwd=house.folder, capture_output=True, text=True, timeout=30)
    assert second.returncode == 1 and "another 'rota serve'" in second.stderr, second.stderr
    # A new schedule waits for its next fire: nothing was done by starting.
    assert house.rows("SELECT COUNT(*) FROM rotations") == [(0,)]
    hours_pass(house)
    done = served.wait_for_log("a run is done")
    assert done["done"] == len(seeds), done
    values = [house.get(place) for seed in seeds for place in seed.destinations]
    assert len(set(values)) == len(seeds) and all(house.accepts(value) for value in set(values))
    code, seconds = served.end()
    assert (code, seconds < 10) == (0, True)
    assert any("STOPPING=1" in message for message in served.told)
    assert [entry["msg"] for entry in served.log][-1] == "stopped"


def test_a_reload_takes_over_what_is_right_and_keeps_the_old_where_not(house, serve):
    make(house)
    served = serve().wait_for("READY=1")
    served.forget()
    house.policy(text="version: 1\npolicies:\n  - nmae: quarterly\n")
    served.process.send_signal(signal.SIGHUP)
    served.wait_for_log("the configuration in force stays")
    served.wait_for("RELOADING=1").wait_for("READY=1")
    faults = [entry["fault"] for entry in served.log if entry["msg"] == "a fault in the new configuration"]
    assert any("nmae" in fault and ":3:" in fault for fault in faults), faults
    assert not any("hint:" in fault for fault in faults), faults
    hints = [entry.get("hint") for entry in served.log if entry["msg"] == "a fault in the new configuration"]
    assert "did you mean 'name'?" in hints, hints
    hours_pass(house)
    assert served.wait_for_log("a run is done")["done"] == 12, "the old policies are in force"

    house.policy(text=POLICY.replace("quarterly", "other").replace("max-age: 90d", "max-age: 91d"))
    served.process.send_signal(signal.SIGHUP)
    served.wait_for_log("the configuration is in force")
    # Its schedule is new, and waits.
    end = time.monotonic() + 20
    while [("other",)] != house.rows("SELECT policy FROM schedules WHERE policy = 'other'"):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert served.end(signal.SIGINT)[0] == 0


def test_a_run_that_was_killed_is_made_up_for_at_the_next_start(house, serve):
    seeds = make(house, tokens=60)
    served = serve().wait_for("READY=1")
    served.wait_for_log("serving")
    settle(house)
    end = time.monotonic() + 20
    hours_pass(house)
    while house.rows("SELECT COUNT(*) FROM versions WHERE state = 'pending'") == [(0,)]:
        assert time.monotonic() < end, "it never began"
        time.sleep(0.005)
    served.process.send_signal(signal.SIGKILL)
    served.process.wait()
    served = serve().wait_for("READY=1")
    end = time.monotonic() + 60
    while house.rows("SELECT COUNT(*) FROM tokens WHERE current_version > 1") != [(len(seeds),)]:
        assert time.monotonic() < end, served.log[-5:]
        time.sleep(0.05)
    for seed in seeds:
        first, second = (house.get(place) for place in seed.destinations)
        assert first == second and house.accepts(first)
    assert served.end()[0] == 0
    # No token was rotated twice, and the killed run has its end in the record.
    assert house.rows("SELECT COUNT(*), COUNT(DISTINCT token_id) FROM rotations WHERE promoted_at IS NOT NULL") == [
        (len(seeds), len(seeds))]
    assert house.rows("SELECT COUNT(*) FROM runs WHERE finished_at IS NULL") == [(0,)]


def settle(house):
    """Waits until the daemon has written down when it fires next."""
    end = time.monotonic() + 20
    while not house.rows("SELECT policy FROM schedules"):
        assert time.monotonic() < end
        time.sleep(0.05)  # between two looks, which a deadline bounds


def longest_silence(served, begin, end):
    """How long it told its manager nothing, at the most, between these two."""
    told = [begin, *(at for at in served.alive if begin < at < end), end]
    return max(after - before for before, after in zip(told, told[1:]))


def test_the_watchdog_is_content_while_another_process_has_the_store(house, serve):
    seeds = make(house)
    served = serve(watchdog=2).wait_for("READY=1").wait_for("WATCHDOG=1")
    settle(house)
    with house.store.with_name("rota.db.gate").open() as gate:
        # As a large import has it, for longer than systemd waits for a sign of life.
        fcntl.flock(gate, fcntl.LOCK_EX)
        begin = time.monotonic()
        hours_pass(house)
        time.sleep(7)  # longer than the period within which a daemon has to tell that it is alive
        end = time.monotonic()
        assert house.rows("SELECT COUNT(*) FROM rotations") == [(0,)], "its run waits"
    assert longest_silence(served, begin, end) < 2, [round(at - begin, 2) for at in served.alive]
    assert served.wait_for_log("a run is done")["done"] == len(seeds)


def test_the_watchdog_hears_nothing_from_a_store_that_is_stuck(house, serve):
    make(house, tokens=1)
    stuck = house.folder / "stuck"
    house.extra = {"LD_PRELOAD": str(compiled("stuck_disk", house.folder)), "STUCK_DISK": str(stuck)}
    served = serve(watchdog=0.5).wait_for("READY=1").wait_for("WATCHDOG=1")
    settle(house)
    stuck.touch()
    hours_pass(house)
    # Its run begins within a second; from then on it is in a sync that does not come to its end.
    end = time.monotonic() + 20
    while time.monotonic() - served.alive[-1] < 3:
        assert time.monotonic() < end, "it goes on telling that it is alive"
        time.sleep(0.05)  # between two looks, which a deadline bounds
    stuck.unlink()
    count = len(served.alive)
    served.wait_for_log("a run is done")
    while len(served.alive) == count:
        assert time.monotonic() < end + 20
        time.sleep(0.05)  # between two looks, which a deadline bounds


def test_it_ends_in_time_while_another_process_has_the_store_and_tells_what_is_lost(bare):
    bare.init()
    gateway = bare.json("token", "create", "--name", "gateway", "--owner", "t", "--scope", "rota:introspect")["value"]
    value = bare.json("token", "create", "--name", "app", "--owner", "t")["value"]
    with serving.Served(bare) as daemon, bare.store.with_name("rota.db.gate").open() as gate:
        # As a command that writes a lot has it.
        fcntl.flock(gate, fcntl.LOCK_EX)
        for _ in range(3):
            answer = requests.post(daemon.address + "/v1/introspect", data={"token": value}, auth=("", gateway))
            assert answer.json()["active"] is True
        time.sleep(2)  # the flush of uses, which comes each second, waits for the store by now
        assert daemon.stop() < 10
        told = daemon.log.read_text()
    lost = [line for line in told.splitlines() if "uses are lost" in line]
    assert len(lost) == 1 and "uses=6 " in lost[0] and "busy" in lost[0], told
    # The next one is not disturbed, and nothing of that time counts as watched.
    assert bare.rows("SELECT count(*) FROM heartbeats WHERE asked_at IS NOT NULL") == [(0,)]


@pytest.mark.slow
def test_a_revocation_outlasts_whoever_writes_and_the_client_that_asked_for_it(bare):
    bare.init()
    operator = bare.json("token", "create", "--name", "alice", "--owner", "t", "--scope", "rota:operate")["value"]
    value = bare.json("token", "create", "--name", "app", "--owner", "t")["value"]
    with serving.Served(bare) as daemon, bare.store.with_name("rota.db.gate").open() as gate:
        # As an import that takes in many tokens has it.
        fcntl.flock(gate, fcntl.LOCK_EX)
        with pytest.raises(requests.exceptions.ReadTimeout):
            requests.post(daemon.address + "/v1/revoke", data={"token": value}, auth=("", operator), timeout=33)
        assert "a request failed" not in daemon.log.read_text(), "other writes have given up by now"
        fcntl.flock(gate, fcntl.LOCK_UN)
        end = time.monotonic() + 20
        while bare.rows("SELECT state FROM tokens WHERE name = 'app'") != [("revoked",)]:
            assert time.monotonic() < end, daemon.log.read_text()
            time.sleep(0.05)  # between two looks, which a deadline bounds
        daemon.stop()

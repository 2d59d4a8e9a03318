"""No file descriptors are left: a daemon sheds who comes new, keeps whom it has, and answers again afterwards; a run
fails clean."""

import os
import resource
import subprocess
import time

import pytest
import requests

from introspecting import Gateway
from scene import Scene
from serving import Served


def leave_none(process):
    """From now on it opens no more; what gives them back."""
    limits = resource.prlimit(process, resource.RLIMIT_NOFILE)
    # The number of the first one that is free: it may have gaps below the highest.
    numbers = {int(name) for name in os.listdir(f"/proc/{process}/fd")}
    free = next(number for number in range(len(numbers) + 1) if number not in numbers)
    resource.prlimit(process, resource.RLIMIT_NOFILE, (free, limits[1]))
    return lambda: resource.prlimit(process, resource.RLIMIT_NOFILE, limits)


def test_a_daemon_without_descriptors_keeps_whom_it_has_and_answers_all_again_afterwards(bare):
    scene = Scene(bare, 2, ["local:{name}", "local:copy-{name}"])
    gateway = Gateway(bare)
    with Served(bare) as served:
        gateway.ask(served)
        give_back = leave_none(served.process.pid)
        for _ in range(50):
            gateway.ask(served)
        shed = 0
        for _ in range(5):
            try:
                requests.get(served.address + "/healthz", timeout=0.3)
            except requests.RequestException:
                shed += 1
        assert shed == 5, "it opened one more"
        gateway.ask(served)
        assert served.process.poll() is None, served.log.read_text()
        give_back()
        until = time.monotonic() + 10
        while True:
            try:
                assert requests.get(served.address + "/healthz", timeout=1).status_code == 200
                break
            except requests.RequestException:
                assert time.monotonic() < until, "nobody new is answered"
                time.sleep(0.1)  # between two tries; `until` bounds them
        gateway.ask(served)
        # Everything that was kept from it works again, too: another process's change is seen.
        bare.rota("token", "revoke", "asked-about", "--yes", "--reason", "over")
        assert gateway.post(served).json() == {"active": False}
        served.stop()
    scene.finish()


LIMITS = [4, 7, 8, 10, 13, 24, 26, 28, 29, 30, 32, 36, 256]


@pytest.mark.parametrize("places", [["local:{name}", "local:copy-{name}"], ["bao:apps/{name}#token", "local:{name}"]])
def test_a_run_without_descriptors_fails_clean(house, places):
    """From none at all to enough for twelve tokens at once: it is not begun, or it is finished later."""
    scene = Scene(house, 12 * len(LIMITS), places)
    codes = {}
    for limit in LIMITS:
        seeds = [scene.take() for _ in range(12)]
        done = limited(scene, seeds, limit)
        codes[limit] = done.returncode
        assert done.returncode in (0, 1, 5), (limit, done)
        assert done.returncode != 1 or "files cannot be opened" in done.stderr, done.stderr
        for seed in seeds:
            scene.check(seed, f"with {limit} descriptors", asking=False)
        if done.returncode:
            scene.settle(seeds[0], f"with {limit} descriptors")
    print(f"exit codes by how many descriptors there were: {codes}")
    assert codes[4] == 1 and codes[256] == 0, codes
    scene.finish()


def limited(scene, seeds, limit):
    names = [seed.name for seed in seeds]
    return subprocess.run(
        ["prlimit", f"--nofile={limit}", *scene.house.command("token", "rotate", "--overlap", "0s", *names)],
        env=scene.house.environment, cwd=scene.house.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60)

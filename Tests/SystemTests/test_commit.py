"""A disk that fails COMMIT: the program stops at once with 74, and whatever a vault holds is accepted (I11)."""

import collections
import resource
import signal
import subprocess

import pytest

from house import Seed
from test_kill import Vaults

TOKENS = 20


def run_with_files_of(house, limit, *arguments):
    """Runs a command that can make no file longer than this, as on a disk that fails from there on."""
    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        house.command(*arguments), env=house.environment, cwd=house.folder, capture_output=True, text=True,
        preexec_fn=limited, timeout=120)


@pytest.mark.slow
def test_a_commit_that_fails_ends_the_run_before_anything_else_is_done(house):
    house.init()
    house.policy(overlap="0s")
    seeds = [Seed(f"token-{n:02}", [f"bao:apps/{n:02}#token", f"local:app-{n:02}"]) for n in range(TOKENS)]
    house.import_seeds(seeds)
    names = [seed.name for seed in seeds]
    vaults = Vaults(house, seeds)
    codes = collections.Counter()
    # The log grows from nothing: each limit lets a rotation come a little further.
    for limit in range(40_000, 440_000, 50_000):
        done = run_with_files_of(house, limit, "token", "rotate", "--overlap", "0s", *names)
        codes[done.returncode] += 1
        if done.returncode == 74:
            assert done.stderr.startswith("error: the store may or may not have kept the last change"), done.stderr
            # Nothing was claimed to be done.
            assert done.stdout == ""
        vaults.look()
    print(dict(codes))
    assert codes[74] >= 3, codes

    house.run_until_settled(within=180)
    vaults.look()
    for seed in seeds:
        first, second = (house.get(place) for place in seed.destinations)
        assert first == second != seed.value and house.accepts(first)

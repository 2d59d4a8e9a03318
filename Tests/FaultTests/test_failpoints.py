"""A rotation over two destinations that dies at each of its steps, and its recovery at each of its own."""

import collections
import re
from pathlib import Path

import pytest

from house import House, split
from scene import Scene, two_at_once, was_killed

SOURCE = Path(__file__).resolve().parents[2] / "Sources/Engine/Rotation/RotationStep.swift"
PLACES = ["bao:apps/{name}#token", "local:{name}"]
MOST = 60


def declared():
    """Every step that the program knows, from its source."""
    found = re.findall(r"^    case (\w+)(?: = \"([\w-]+)\")?$", SOURCE.read_text(), re.M)
    return [text or name for name, text in found]


def steps(log):
    found = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return found


class Tour:
    """A scene in which rotations die, and what each process reached before."""

    def __init__(self, house, count):
        self.scene = Scene(house, count, PLACES)
        self.log = house.folder / "steps"
        self.killed_at = collections.Counter()
        self.pairs = 0

    def failing(self, number):
        point = {"ROTA_FAILPOINT": f"any:{number}"} if number else {}
        return point | {"ROTA_FAILPOINT_LOG": str(self.log)}

    def whole(self):
        """The steps of a rotation that nothing happens to."""
        seed = self.scene.take()
        assert not was_killed(self.scene.rotate(seed, self.failing(None)))
        self.scene.check(seed, "undisturbed")
        return steps(self.log)

    def killed(self, run, number, told):
        """Whether a process died at that step; false when it ended before it came to it."""
        done = run(self.failing(number))
        reached = steps(self.log)
        if not was_killed(done):
            return None
        assert len(reached) == number, (told, reached)
        self.killed_at[reached[-1]] += 1
        return reached[-1]

    def die(self, first, disturb=lambda seed: None, mend=lambda seed: None):
        """Dies at step `first` of a rotation; then, each time anew, at each step of the recovery from that."""
        for second in range(1, MOST):
            seed = self.scene.take()
            told = f"{seed.name} died at step {first}"
            at = self.killed(lambda extra: self.scene.rotate(seed, extra), first, told)
            assert at, told
            told += f" ({at})"
            self.scene.check(seed, told, asking=second == 1)
            disturb(seed)
            then = self.killed(self.scene.recover, second, told)
            if then:
                self.pairs += 1
                told += f", and in recovery at step {second} ({then})"
            mend(seed)
            self.scene.check(seed, told)
            self.scene.settle(seed, told)
            if not then:
                return
        raise AssertionError(f"{told}: recovery does not end")


def put_back(house):
    """Somebody puts the old value back: the new one is in the history, and somebody may have read it meanwhile."""
    return lambda seed: house.put(seed.destinations[0], seed.value)


def put_back_alone(house):
    """And destroys what was there before: it cannot be told any more what that was."""
    def disturb(seed):
        house.put(seed.destinations[0], seed.value)
        path = split(seed.destinations[0])[1]
        versions = house.secret(path)["metadata"]["version"]
        house.bao.client.secrets.kv.v2.destroy_secret_versions(
            path, versions=list(range(1, versions)), mount_point=house.mount)

    return disturb


def blocked(house):
    """A vault that cannot be read, and so keeps a rotation waiting; and how it is mended."""
    def place(seed):
        return house.local / split(seed.destinations[1])[1]

    def block(seed):
        place(seed).rename(place(seed).with_suffix(".kept"))
        place(seed).mkdir()

    def mend(seed):
        place(seed).rmdir()
        place(seed).with_suffix(".kept").rename(place(seed))

    return block, mend


@pytest.mark.slow
def test_dying_at_every_step_and_again_in_the_recovery_locks_nobody_out(house, binary, bao, tmp_path):
    folder = tmp_path / "second"
    folder.mkdir()
    mount = house.mount + "-second"
    bao.client.sys.enable_secrets_engine("kv", path=mount, options={"version": "2"})
    tours = [Tour(house, 400), Tour(House(binary, folder, bao, mount), 400)]
    order = tours[0].whole()
    assert order == tours[1].whole(), "the steps come in one order"

    def work(which):
        tour = tours[which]
        for first in range(1 + which, len(order) + 1, 2):
            tour.die(first)
        written = order.index("written") + 1
        if which == 0:
            tour.die(written, put_back(tour.scene.house))
            tour.die(written, put_back_alone(tour.scene.house))
        else:
            tour.die(written, *blocked(tour.scene.house))
        tour.scene.finish()

    two_at_once(work, range(2))
    killed = tours[0].killed_at + tours[1].killed_at
    print("a rotation:", " ".join(order))
    for step in declared():
        print(f"{step:15}{killed[step]:5} times died")
    pairs, checks = (sum(found) for found in zip(*((tour.pairs, tour.scene.checks) for tour in tours)))
    print(f"{pairs} recoveries died, {checks} full checks")
    assert set(killed) == set(declared()), "a step at which no process has died"
    bao.client.sys.disable_secrets_engine(mount)

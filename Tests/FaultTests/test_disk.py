"""A disk under the real program: it dies at every call that changes a file or sends, and every such call fails."""

import collections
import contextlib
import errno
import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from disk import STORE, Disk
from house import House
from preloaded import tool
from scene import Scene, two_at_once, was_killed

MOST = 500


def second(house, binary, folder) -> House:
    """A house whose vaults are folders alone, beside another."""
    folder.mkdir()
    return House(binary, folder)


def scenes(house, binary, tmp_path, count):
    """One rotation over OpenBao and a folder, and one over two files of a folder: each with its disk."""
    made = []
    for number, (of, places) in enumerate((
        (house, ["bao:apps/{name}#token", "local:{name}"]),
        (second(house, binary, tmp_path / "second"), ["local:{name}", "local:copy-{name}"]),
    )):
        folder = tmp_path / f"disk-{number}"
        folder.mkdir()
        made.append((Scene(of, count, places), Disk(of, folder)))
    return made


@pytest.mark.slow
def test_dying_at_every_call_to_the_disk_or_a_server(house, binary, tmp_path):
    kinds = collections.Counter()

    def work(of):
        scene, disk = of
        for number in range(1, MOST):
            seed = scene.take()
            died = was_killed(scene.rotate(seed, disk.environment(f"kill:{number}")))
            told = f"{seed.name} died at call {number}"
            scene.check(seed, told, asking=False)
            scene.settle(seed, told)
            if not died:
                kinds.update(call.kind for call in disk.calls())
                scene.finish()
                return number - 1
            assert len(disk.calls()) == number - 1
        raise AssertionError("a rotation does not end")

    calls = two_at_once(work, scenes(house, binary, tmp_path, MOST))
    print(f"died at each of {calls[0]} calls of a rotation over OpenBao and a folder, of {calls[1]} over two files:"
          f" {dict(kinds)}")
    assert min(calls) > 30 and {"write", "sync", "rename", "create", "send"} <= set(kinds)


@pytest.mark.slow
def test_dying_at_every_call_of_the_recovery(house, binary, tmp_path):
    """The process before it died as soon as the first place had the new value."""
    def work(of):
        scene, disk = of
        scene.rotate(scene.take(), disk.environment())
        first = next(at for at, call in enumerate(disk.calls(), 1) if call.is_effect)
        for number in range(1, MOST):
            seed = scene.take()
            told = f"{seed.name} died after call {first}, and its recovery at call {number}"
            assert was_killed(scene.rotate(seed, disk.environment(f"kill:{first + 1}"))), told
            died = was_killed(scene.recover(disk.environment(f"kill:{number}")))
            scene.check(seed, told, asking=False)
            scene.settle(seed, told)
            if not died:
                scene.finish()
                return number - 1
        raise AssertionError("a recovery does not end")

    calls = two_at_once(work, scenes(house, binary, tmp_path, MOST))
    print(f"died at each of {calls[0]} calls of a recovery over OpenBao and a folder, of {calls[1]} over two files")
    assert min(calls) > 30


# A disk that is full stays so; other errors come once.
FAULTS = [("eio", "sync"), ("enospc", "sync"), ("eio", "write"), ("enospc+", "write")]


@pytest.mark.slow
def test_every_call_on_the_store_that_fails(house, binary, tmp_path):
    """I11: after a COMMIT that failed nothing is sent any more; the process says so, and the next one recovers."""
    codes = collections.Counter()

    def one(scene, disk, error, calls, number):
        """False when the rotation was over before the call came to fail."""
        seed = scene.take()
        told = f"{seed.name}, {error} at {calls} {number} of the store"
        done = scene.rotate(seed, disk.environment(f"{error}:{number}", calls, STORE))
        assert done.returncode >= 0, (told, done.returncode, done.stderr)
        made = disk.calls()
        failed = [at for at, call in enumerate(made) if call.error in (errno.EIO, errno.ENOSPC)]
        if failed:
            codes[error, calls, done.returncode] += 1
            # A write that failed may be of what was undone and done again; what became of a sync nobody knows.
            acknowledged = [at for at, call in enumerate(made) if at > failed[0] and call.is_acknowledgement]
            until = len(made) if calls == "sync" or not acknowledged else acknowledged[0]
            later = [call for call in made[failed[0]:until] if call.is_effect and not call.error]
            if made[failed[0]].path.endswith("-wal"):
                assert not later, f"{told}: {later[0]} came after a COMMIT that failed"
            if done.returncode == 0:
                # What failed was the tidying up at the end, and all that was told was in the log.
                assert scene.rows(
                    "SELECT phase FROM rotations JOIN tokens ON tokens.id = token_id WHERE name = ?", seed.name
                ) == [("done",)], told
            else:
                assert done.stderr.startswith("error: "), (told, done.stderr)
        scene.check(seed, told, asking=False)
        scene.settle(seed, told)
        return bool(failed)

    def work(of):
        scene, disk = of
        ends = []
        for error, calls in FAULTS:
            number = 1
            while one(scene, disk, error, calls, number):
                number += 1
                assert number < MOST
            ends.append(number - 1)
        scene.finish()
        return ends

    ends = two_at_once(work, scenes(house, binary, tmp_path, MOST))
    for (error, calls), counts in zip(FAULTS, zip(*ends)):
        told = {code: count for (e, c, code), count in codes.items() if (e, c) == (error, calls)}
        print(f"{error} at {calls}: {sum(counts)} calls, exit codes {told}")
    assert all(min(found) > 3 for found in ends) and codes["eio", "sync", 74] > 3


@contextlib.contextmanager
def small_disk(size):
    folder = Path(tempfile.mkdtemp())
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()


def test_a_disk_that_is_full(binary):
    """A file system of its own, filled up to so much: each time a rotation comes as far as there is room."""
    with small_disk("6m") as folder:
        house = House(binary, folder)
        scene = Scene(house, 20, ["local:{name}", "local:copy-{name}"])
        ballast, codes = folder / "ballast", collections.Counter()
        for room in range(0, 2_000_000, 110_000):
            seed = scene.take()
            free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
            ballast.write_bytes(bytes(max(0, free - room)))
            done = scene.rotate(seed)
            codes[done.returncode] += 1
            assert done.returncode == 0 or done.stderr.startswith("error: ") or done.stdout, done
            ballast.unlink()
            scene.check(seed, f"{room} bytes of room", asking=False)
            scene.settle(seed, f"{room} bytes of room")
        scene.finish()
    print(f"exit codes with ever more room: {dict(codes)}")
    assert codes[0] and len(codes) > 1, codes


TRACED = "write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,sync_file_range,msync,ftruncate," \
    "rename,renameat,renameat2,link,linkat,unlink,unlinkat"


def test_no_call_gets_past_the_counter(house, binary, tmp_path):
    """What the kernel is asked, as strace sees it, is what the log of calls has."""
    (scene, disk), other = scenes(house, binary, tmp_path, 2)
    for scene, disk in ((scene, disk), other):
        seed, trace = scene.take(), tmp_path / "trace"
        environment = disk.environment()
        preload = [f"-E{name}={value}" for name, value in environment.items()]
        done = subprocess.run(
            [tool("strace"), "-f", "-y", "-qq", "-e", f"trace={TRACED}", "-e", "signal=none", "-o", trace, *preload,
             *scene.house.command("token", "rotate", "--overlap", "0s", seed.name)],
            env=scene.house.environment, cwd=scene.house.folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        seen = collections.Counter()
        # Not the log of calls itself, which lies beside them.
        folder = re.escape(str(scene.house.folder)) + "/(?:store|local)\\b"
        for line in trace.read_text().splitlines():
            name = re.match(rf"\d+ +(\w+)\(.*?{folder}", line)
            if name and "resumed>" not in line:
                seen[{"fsync": "sync", "fdatasync": "sync", "pwrite64": "write", "ftruncate": "truncate",
                      "renameat": "rename", "unlinkat": "unlink"}.get(name[1], name[1])] += 1
        counted = collections.Counter(call.kind for call in disk.calls() if call.kind not in ("create", "send"))
        print(dict(counted))
        assert seen == counted, (seen, counted)

"""`rota store backup`: a copy that is whole while everything goes on, and what becomes of it when it is put back."""

import signal
import sqlite3
import subprocess
import threading

from house import Seed
from serving import Served
from test_brakes import held, put_back_in_place
from test_commit import run_with_files_of

POLICY = (
    "version: 1\npolicies:\n  - name: look\n    mode: observe\n    match: all\n    rules:\n"
    "      - max-age: 90d\n        action: notify\n")


def grown(house, rows):
    """Makes the store larger, so that a copy takes a while."""
    house.import_seeds([Seed(f"filler-{number:05}", [f"local:filler-{number}"]) for number in range(rows)])


def left_over(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_copy_made_beside_a_daemon_and_rotations_is_whole_and_lets_nobody_be_locked_out(bare):
    bare.init()
    bare.policy(text=POLICY)
    seeds = [Seed(f"token-{number}", [f"local:token-{number}"]) for number in range(3)]
    bare.import_seeds(seeds)
    target = bare.folder / "kept"
    target.mkdir()
    done, failures = threading.Event(), []

    def rotate():
        while not done.is_set():
            ended = bare.rota("token", "rotate", "--overlap", "0s", seeds[0].name, expect=None)
            if ended.returncode not in (0, 5):
                failures.append(ended.stderr)

    with Served(bare) as served:
        worker = threading.Thread(target=rotate)
        worker.start()
        copies = [bare.json("store", "backup", target / f"{number}.db") for number in range(3)]
        done.set()
        worker.join()
        assert not failures, failures
        served.stop()
    assert left_over(target) == ["0.db", "1.db", "2.db"]
    for number, copy in enumerate(copies):
        path = target / f"{number}.db"
        assert path.stat().st_mode & 0o777 == 0o600 and path.stat().st_size == copy["bytes"]
        with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert opened.execute("SELECT max(number) FROM audit").fetchone() == (copy["audit_entry"],)
    assert left_over(target) == ["0.db", "1.db", "2.db"], "it could not be read without a log beside it"
    assert copies[0]["audit_entry"] < copies[2]["audit_entry"], "nothing was rotated meanwhile"

    bare.rota("token", "rotate", "--overlap", "0s", seeds[1].name)
    value = bare.get("local:token-1")
    put_back_in_place(bare, target / "2.db")
    assert held(bare) == "store-restored"
    bare.rota("audit", "verify")
    bare.rota("token", "rotate", seeds[2].name, expect=4)
    assert not bare.accepts(value), "the copy cannot know it"
    bare.rota("store", "reconcile", "--yes")
    assert held(bare) is None
    for seed in seeds:
        assert bare.accepts(bare.get(seed.destinations[0])), seed.name
    bare.rota("token", "rotate", "--overlap", "0s", seeds[2].name)
    assert bare.accepts(bare.get("local:token-2"))


def test_it_says_what_else_is_to_be_kept_and_writes_nothing_into_the_store(bare):
    bare.init()
    bare.configure(webhook="http://127.0.0.1:1")
    before = bare.fingerprint()
    copy = bare.json("store", "backup", bare.folder / "copy.db")
    kept = {entry["what"]: entry for entry in copy["keep"]}
    assert kept["secret of webhook 'security'"] == {
        "what": "secret of webhook 'security'", "path": str(bare.folder / "whsec"), "secret": True}
    assert kept["configuration"]["path"] == str(bare.folder / "rota.yaml") and "policies" in kept
    assert bare.fingerprint() == before
    said = bare.rota("store", "backup", bare.folder / "other.db").stdout
    assert str(bare.folder / "whsec") in said and "rota store reconcile" in said
    assert bare.signing_secret not in said


def test_a_file_that_is_there_is_never_written_over(bare):
    bare.init()
    target = bare.keep("copy.db", "somebody's")
    done = bare.rota("store", "backup", target, expect=2)
    assert "is there already" in done.stderr and target.read_text() == "somebody's"
    done = bare.rota("store", "backup", bare.store, expect=2)
    assert "is there already" in done.stderr
    bare.rota("status")
    names = left_over(bare.folder)
    bare.rota("store", "backup", bare.folder / "none/copy.db", expect=2)
    assert left_over(bare.folder) == names


def test_a_disk_that_fails_in_the_middle_leaves_nothing(bare):
    bare.init()
    target = bare.folder / "kept"
    target.mkdir()
    size = bare.json("store", "backup", bare.folder / "whole.db")["bytes"]
    # Below that SQLite could not even open the store: its index of the log is 32 KiB long.
    for limit in (80_000, size // 2, size - 4_096):
        done = run_with_files_of(bare, limit, "store", "backup", target / "copy.db")
        assert done.returncode == 1 and done.stderr.startswith("error: the copy"), (limit, done.stderr)
        assert left_over(target) == [], limit
    run_with_files_of(bare, size * 2, "store", "backup", target / "copy.db")
    assert left_over(target) == ["copy.db"]


def test_a_kill_in_the_middle_leaves_nothing_at_the_name(bare):
    bare.init()
    grown(bare, 4_000)
    target = bare.folder / "kept"
    target.mkdir()

    whole = bare.json("store", "backup", bare.folder / "whole.db")["bytes"]

    def killed(size):
        """Kills it as soon as so much is written; whether that was before it had ended."""
        process = subprocess.Popen(
            bare.command("store", "backup", target / "copy.db"), env=bare.environment, cwd=bare.folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Without a pause: a copy of this size takes some hundredths of a second.
        while process.poll() is None and not any(path.stat().st_size >= size for path in target.glob("*.new")):
            pass
        process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL

    for size in (1, whole // 2, whole):
        assert killed(size), size
        assert not (target / "copy.db").exists(), size
        for path in target.iterdir():
            assert path.name.startswith("copy.db.") and ".new" in path.name, path.name
    bare.rota("store", "backup", target / "copy.db")
    with sqlite3.connect(f"file:{target}/copy.db?mode=ro&immutable=1", uri=True) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    bare.rota("audit", "verify")
    assert bare.json("status")["held"] is None

"""The disk of the store is full while the daemon runs: it goes on answering, refuses what it cannot keep, and goes on
when there is room."""

import os

from house import House, Seed
from introspecting import Gateway
from scene import IDLE
from serving import Served
from test_disk import small_disk


def fill(folder):
    """Takes all room that there is; what to delete to have it back."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    assert os.statvfs(folder).f_bavail == 0
    return ballast


def test_the_daemon_answers_while_the_disk_is_full_and_goes_on_when_there_is_room(binary):
    with small_disk("8m") as folder:
        house = House(binary, folder)
        admin = house.init()
        house.policy(text=IDLE)
        seeds = [Seed(f"token-{n}", [f"local:token-{n}"]) for n in range(3)]
        house.import_seeds(seeds)
        gateway = Gateway(house)
        with Served(house) as served:
            gateway.ask(served)
            ballast = fill(folder)
            # Each answer is a use to write down, and the flush of each second finds no room.
            gateway.ask(served)
            # Its log is on the full disk, too: that it is heard of at all has to wait until there is room.
            for _ in range(200):
                gateway.ask(served)
            refused = gateway.post(served, "revoke", token=seeds[0].value)
            assert refused.status_code == 403, refused.text  # it may not, full or not
            refused = gateway.session.post(
                f"{served.address}/v1/revoke", data={"token": seeds[0].value}, auth=("", admin), timeout=5)
            assert refused.status_code == 503 and refused.headers["Retry-After"], (refused.status_code, refused.text)
            assert gateway.post(served, token=seeds[0].value).json()["active"] is True, "what was refused was done"
            gateway.ask(served)
            done = house.rota("token", "rotate", "--overlap", "0s", seeds[1].name, expect=None)
            assert done.returncode in (1, 5) and "the disk of the store is full" in done.stdout + done.stderr, done
            assert house.get(seeds[1].destinations[0]) == seeds[1].value
            assert served.process.poll() is None, "it ended"

            ballast.unlink()
            done = gateway.session.post(
                f"{served.address}/v1/revoke", data={"token": seeds[0].value}, auth=("", admin), timeout=5)
            assert done.status_code == 200, done.text
            assert gateway.post(served, token=seeds[0].value).json() == {"active": False}
            house.rota("token", "rotate", "--overlap", "0s", seeds[1].name)
            assert house.accepts(house.get(seeds[1].destinations[0])) and not house.accepts(seeds[1].value)
            served.stop()
        # The uses of the time without room were kept in memory.
        ((count,),) = house.rows(
            "SELECT SUM(uses) FROM usage JOIN tokens ON tokens.id = token_id WHERE name = 'asked-about'")
        assert count == 203, count
        assert house.rows("PRAGMA quick_check") == [("ok",)]


def test_a_copy_of_the_store_that_finds_no_room_leaves_nothing_on_the_full_disk(binary, tmp_path):
    house = House(binary, tmp_path)
    house.init()
    size = house.json("store", "backup", tmp_path / "whole.db")["bytes"]
    with small_disk(f"{size // 2048}k") as folder:
        done = house.rota("store", "backup", folder / "copy.db", expect=1)
        assert "no room for the copy" in done.stderr and "hint: make room" in done.stderr, done.stderr
        assert list(folder.iterdir()) == []
    house.rota("audit", "verify")

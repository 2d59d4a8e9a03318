"""The store is restored, moved away or loses its gate while the daemon has it open: it must not go on with what nobody
else sees. It answers no more, and ends with a failure, so that its manager starts it anew."""

import subprocess
import time

import pytest
import requests

from serving import Served


def restore_a_backup(house):
    copy = house.folder / "store/copy.db"
    subprocess.run(["sqlite3", str(house.store), f".backup '{copy}'"], check=True)
    copy.chmod(0o600)
    for ending in ("-wal", "-shm"):
        house.store.with_name(house.store.name + ending).unlink()
    copy.rename(house.store)


def move_the_folder(house):
    house.store.parent.rename(house.folder / "elsewhere")
    house.store = house.folder / "elsewhere" / house.store.name
    settings = house.folder / "rota.yaml"
    settings.write_text(settings.read_text().replace("sqlite:store/", "sqlite:elsewhere/"))


def replace_the_gate(house):
    gate = house.store.with_name(house.store.name + ".gate")
    gate.unlink()
    gate.touch(mode=0o600)


def remove_the_log(house):
    subprocess.run(
        ["sqlite3", "-cmd", ".timeout 5000", str(house.store), "PRAGMA wal_checkpoint(TRUNCATE)"], check=True,
        stdout=subprocess.DEVNULL)
    house.store.with_name(house.store.name + "-wal").unlink()
    house.store.with_name(house.store.name + "-shm").unlink()


@pytest.mark.parametrize("lose", [restore_a_backup, move_the_folder, replace_the_gate, remove_the_log])
def test_the_daemon_answers_no_more_and_fails_when_its_store_is_not_in_its_place(bare, lose):
    bare.init()
    gateway = bare.json("token", "create", "--name", "gateway", "--owner", "t", "--scope", "rota:introspect")["value"]
    value = bare.json("token", "create", "--name", "app", "--owner", "t")["value"]
    with Served(bare) as served:
        def is_accepted():
            try:
                answer = requests.post(
                    served.address + "/v1/introspect", data={"token": value}, auth=("", gateway), timeout=5)
            except requests.ConnectionError:
                return False
            assert answer.status_code in (200, 503), answer.text
            return answer.status_code == 200 and answer.json()["active"]

        assert is_accepted()
        time.sleep(1.2)  # the use is written down, so that no write is under way when the store goes
        lose(bare)
        time.sleep(0.5)  # some of the looks that come ten times a second
        bare.rota("token", "revoke", "app", "--reason", "leaked", "--emergency", "--yes")
        assert not is_accepted(), served.log.read_text()
        assert served.process.wait(5) == 1, served.log.read_text()
        told = served.log.read_text()
    assert "the store is lost" in told and "replaced or moved away" in told, told
    # Its manager starts it anew, and then it knows.
    with Served(bare) as served:
        answer = requests.post(served.address + "/v1/introspect", data={"token": value}, auth=("", gateway))
        assert answer.json() == {"active": False}
        served.stop()

"""The checks themselves: each of them fails when what it looks for is there."""

import sqlite3

import pytest

from house import new_value
from scene import Scene


@pytest.fixture
def scene(house):
    return Scene(house, 2, ["bao:apps/{name}#token", "local:{name}"])


def alter(scene, statement, *parameters):
    with sqlite3.connect(scene.house.store) as store:
        store.execute(statement, parameters)
    store.close()


@pytest.mark.parametrize("place", [0, 1])
def test_a_value_in_a_vault_that_is_not_accepted_is_seen(scene, place):
    seed = scene.take()
    scene.check(seed, "as it was")
    scene.house.put(seed.destinations[place], new_value())
    with pytest.raises(AssertionError, match="holds a value that is not accepted"):
        scene.check(seed, "wrong")


def test_a_token_that_is_disturbed_without_being_taken_is_seen(scene):
    scene.take()
    assert scene.rotate(scene.seeds[1]).returncode == 0
    with pytest.raises(AssertionError, match="was touched"):
        scene.finish()


def test_a_sibling_that_is_lost_is_seen(scene):
    seed = scene.take()
    scene.house.bao.client.secrets.kv.v2.create_or_update_secret(
        "apps/app-0000", secret={"token": seed.value, "note": "another"}, mount_point=scene.house.mount)
    with pytest.raises(AssertionError, match="a sibling was changed"):
        scene.check(seed, "wrong")


def test_a_gap_in_the_audit_log_is_seen(scene):
    seed = scene.take()
    for (name,) in scene.rows("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"):
        alter(scene, f"DROP TRIGGER {name}")
    alter(scene, "DELETE FROM audit WHERE number = 2")
    with pytest.raises(AssertionError, match="a gap in the audit log"):
        scene.check(seed, "wrong")


def test_a_value_in_a_file_of_the_store_is_seen(scene):
    scene.take()
    (scene.house.folder / "store/leftover").write_text("x" + scene.seeds[1].value)
    with pytest.raises(AssertionError, match="has a value in it"):
        scene.finish()

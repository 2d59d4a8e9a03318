"""What is older than the configuration keeps it goes: by hand, with a run, and while the server serves."""

import json
import sqlite3

import pytest

from serving import Served, wait_until

LOOK = ("version: 1\npolicies:\n  - name: look\n    mode: observe\n    match: all\n    rules:\n"
        "      - max-age: 90d\n        action: notify\n")


@pytest.fixture
def old(house):
    """A store with events of long ago, of last year, and of now."""
    house.init()
    house.policy(text=LOOK)
    house.rota("token", "create", "--name", "first")
    with sqlite3.connect(house.store) as store:
        for name, days in (("ancient", 3000), ("old", 401), ("young", 395)):
            store.execute(
                "INSERT INTO events (id, type, at, data) VALUES (?, 'run.completed', unixepoch() - ? * 86400, '{}')",
                (f"evt_{name}", days))
    store.close()
    return house


def events(house):
    return {name for (name,) in house.rows("SELECT id FROM events WHERE length(id) < 20")}


def keep(house, text):
    with (house.folder / "rota.yaml").open("a") as file:
        file.write(f"retention: {text}\n")


def prunings(house):
    return [json.loads(body)["after"]["rows"]
            for (body,) in house.rows("SELECT body FROM audit WHERE action = 'store.prune' ORDER BY number")]


@pytest.mark.parametrize("text", ["395d", "{ deliveries: 90d }", "1h", "{ findings: 0d }"])
def test_less_than_thirteen_months_is_a_fault_of_the_configuration(old, text):
    keep(old, text)
    refused = old.rota("run", expect=2)
    assert "thirteen months" in refused.stderr and "write 396d or more" in refused.stderr
    assert len(events(old)) == 3


def test_nothing_goes_of_which_nobody_has_said_how_long_it_is_kept(old):
    old.rota("run")
    assert "kept for ever" in old.rota("store", "prune").stdout
    keep(old, "{ findings: 396d }")
    old.rota("run")
    assert len(events(old)) == 3 and prunings(old) == []


def test_what_would_go_is_shown_and_goes_with_one_entry(old):
    keep(old, "400d")
    dry = {row["kind"]: row for row in old.json("store", "prune", "--dry-run")["records"]}
    assert dry["deliveries"]["rows"] == 2 and dry["findings"]["rows"] == 0
    assert len(events(old)) == 3 and prunings(old) == []
    old.rota("freeze", "--reason", "a question of the court")
    old.rota("store", "prune", expect=4)
    assert len(events(old)) == 3
    old.rota("unfreeze")
    old.rota("store", "prune")
    assert events(old) == {"evt_young"} and prunings(old) == [{"deliveries": 2}]
    old.rota("store", "prune")
    assert len(prunings(old)) == 1
    old.rota("audit", "verify", "--state")


def test_a_run_and_a_server_do_it_by_themselves(old):
    keep(old, "{ deliveries: 1000d }")
    old.rota("run")
    assert events(old) == {"evt_old", "evt_young"}
    configuration = old.folder / "rota.yaml"
    configuration.write_text(configuration.read_text().replace("1000d", "396d"))
    with Served(old):
        wait_until(lambda: events(old) == {"evt_young"})
    assert prunings(old) == [{"deliveries": 1}, {"deliveries": 1}]
    old.rota("audit", "verify", "--state")

"""The brakes on the real program: a store that was restored or copied, a freeze, a clock that jumped between two runs.
Verification goes on under each of them, and nothing destructive happens until a person has said so."""

import json
import os
import shutil
import subprocess
import time

import pytest
import requests

from house import House, Seed, new_value
from moved_clock import MovedClock
from serving import Served

DAY = 86_400
POLICY = (
    "version: 1\npolicies:\n  - name: all\n    mode: enforce\n    match: { except: { name: 'gateway' } }\n    rules:\n"
    "      - max-age: 90d\n        action: rotate\n        overlap: 1s\n    schedule: { every: 1m }\n"
    "  - name: end\n    mode: enforce\n    match: { name: 'gone-*' }\n    rules:\n"
    "      - max-age: 60d\n        action: revoke\n    schedule: { every: 1m }\n")


def back_up(house, name="backup.db"):
    path = house.folder / name
    subprocess.run(["sqlite3", str(house.store), f".backup '{path}'"], check=True)
    path.chmod(0o600)
    return path


def forget_log(house):
    for ending in ("-wal", "-shm"):
        house.store.with_name(house.store.name + ending).unlink(missing_ok=True)


def put_back_in_place(house, backup):
    """As `cp backup.db rota.db` does: the file stays the one that it is."""
    forget_log(house)
    with backup.open("rb") as source, house.store.open("r+b") as target:
        target.truncate(0)
        shutil.copyfileobj(source, target)


def put_back_as_a_file(house, backup):
    forget_log(house)
    shutil.copy2(backup, house.folder / "store/new.db")
    (house.folder / "store/new.db").rename(house.store)


def copy_of(house, folder):
    """Another folder, as `cp -a` makes it: configuration, policies, store and local vault."""
    folder.mkdir()
    copy = House.__new__(House)
    copy.__dict__.update(house.__dict__, folder=folder, store=folder / "store/rota.db", local=folder / "local")
    for name in ("store", "Policies"):
        shutil.copytree(house.folder / name, folder / name)
    # Both push into the same places.
    text = (house.folder / "rota.yaml").read_text().replace("path: local", f"path: {house.local}")
    (folder / "rota.yaml").write_text(text)
    return copy


def held(house):
    found = house.json("status")["held"]
    return found and found["code"]


def states(house):
    return dict(house.rows("SELECT name, state FROM tokens"))


def wait_for(served, text, within=20):
    until = time.monotonic() + within
    while text not in served.log.read_text():
        assert time.monotonic() < until, served.log.read_text()
        time.sleep(0.05)  # between two looks; `until` bounds them


@pytest.fixture
def due(bare):
    """A token to be rotated, one to be revoked, and one that reads them all; the values of the first and the last."""
    bare.init()
    bare.policy(text=POLICY)
    old, gone = Seed("old", ["local:old"]), Seed("gone-1", ["local:gone"])
    bare.import_seeds([old, gone])
    gateway = bare.json("token", "create", "--name", "gateway", "--owner", "t", "--scope", "rota:introspect")["value"]
    return bare, old, gateway


@pytest.mark.parametrize("put_back", [put_back_in_place, put_back_as_a_file])
def test_a_restored_store_verifies_and_does_nothing_destructive_until_it_is_reconciled(due, put_back):
    house, old, gateway = due
    backup = back_up(house)
    house.rota("run")
    new = house.get("local:old")
    assert new != old.value and states(house)["gone-1"] == "revoked"
    put_back(house, backup)

    assert held(house) == "store-restored"
    run = house.rota("run", "--json", expect=4)
    assert {action["outcome"] for action in json.loads(run.stdout)["actions"]} == {"skipped"}
    assert "store reconcile" in json.loads(run.stderr)["error"]["hint"]
    house.rota("token", "rotate", "old", expect=4)
    house.rota("token", "revoke", "old", "--reason", "x", "--yes", expect=4)
    assert house.json("plan")["held"]["code"] == "store-restored"
    assert house.get("local:old") == new
    with Served(house) as served:
        wait_for(served, "the store is in safe mode")
        time.sleep(6)  # upkeep, the slowest loop, turns every 5 s: what must not happen had its chance
        answer = requests.post(served.address + "/v1/introspect", data={"token": old.value}, auth=("", gateway))
        assert answer.json()["active"] is True
        ready = requests.get(served.address + "/readyz")
        assert ready.status_code == 200 and ready.json() == {"status": "ok", "held": "store-restored"}
        assert served.log.read_text().count("safe mode: nothing") == 1
        assert set(states(house).values()) == {"active"} and house.get("local:old") == new
        # The consumer that has read the new value is locked out by the restore, until it is reconciled.
        assert not house.accepts(new)
        looked = house.json("store", "reconcile", "--dry-run")
        assert [(loss["name"], loss["cure"]) for loss in looked["lost"]] == [("old", "adopt")]
        assert held(house) == "store-restored" and not house.accepts(new)
        house.rota("store", "reconcile", expect=2)
        done = house.json("store", "reconcile", "--yes")
        assert done["reconciled"] and done["generation"] == 2
        assert house.accepts(new) and house.accepts(old.value) and house.get("local:old") == new
        wait_for(served, "the store is reconciled")
        served.stop()
    assert held(house) is None
    house.rota("run")
    assert states(house)["gone-1"] == "revoked" and house.get("local:old") == new
    assert house.rows("SELECT count(*) FROM audit WHERE action = 'store.reconcile'") == [(1,)]


def test_a_copied_store_is_noticed_and_becomes_another_instance_while_the_first_goes_on(due, tmp_path):
    house, old, _ = due
    copy = copy_of(house, tmp_path / "copy")
    assert held(copy) == "store-copied" and held(house) is None
    copy.rota("run", expect=4)
    assert house.get("local:old") == old.value and set(states(copy).values()) == {"active"}
    assert copy.accepts(old.value)
    house.rota("run")
    new = house.get("local:old")
    first = house.json("status")["instance"]
    done = copy.json("store", "reconcile", "--yes")
    assert done["instance"] != first and done["generation"] == 2 and held(copy) is None
    assert copy.accepts(new) and house.json("status")["instance"] == first and held(house) is None
    # It is safe where it is, and a copy of the copy is noticed again.
    copy.rota("status")
    assert held(copy_of(copy, tmp_path / "again")) == "store-copied"


def test_a_copy_without_what_lies_beside_it_is_noticed_and_a_moved_folder_is_not(due, tmp_path):
    house, _, _ = due
    copy = copy_of(house, tmp_path / "copy")
    copy.store.with_name("rota.db.mark").unlink()
    assert held(copy) == "store-copied"
    house.folder.joinpath("store").rename(house.folder / "elsewhere")
    house.store = house.folder / "elsewhere/rota.db"
    settings = house.folder / "rota.yaml"
    settings.write_text(settings.read_text().replace("sqlite:store/", "sqlite:elsewhere/"))
    assert held(house) is None
    house.rota("run")


def test_a_revocation_that_a_restored_store_has_forgotten_is_replayed_from_the_exported_log(due):
    house, old, _ = due
    leaked = house.json("token", "create", "--name", "leaked", "--owner", "t")["value"]
    backup = back_up(house)
    house.rota("token", "revoke", "leaked", "--reason", "found in a log", "--yes")
    house.run_until_settled()
    new = house.get("local:old")
    log = house.folder / "audit.json"
    log.write_text(house.rota("audit", "tail", "--limit", "1000", "--json").stdout)
    lines = house.folder / "audit.lines"
    lines.write_text("\n".join(json.dumps(entry) for entry in json.loads(log.read_text())["entries"]))
    assert not house.accepts(leaked) and not house.accepts(old.value)
    put_back_in_place(house, backup)
    assert house.accepts(leaked) and house.accepts(old.value)

    for file in (log, lines):
        looked = house.json("store", "reconcile", "--dry-run", "--audit", file)
        assert [entry["name"] for entry in looked["revoked_again"]] == ["gone-1", "leaked"]
        assert looked["retired_again"] == [{"name": "old", "version": 1}]
    house.rota("store", "reconcile", "--audit", log, "--yes")
    assert not house.accepts(leaked) and not house.accepts(old.value) and house.accepts(new)
    cause = house.json("token", "show", "leaked")["token"]["end"]["cause"]
    assert "found in a log" in cause, cause


def test_values_that_may_not_be_taken_back_are_rotated_away_at_once(due):
    house, old, _ = due
    planted = new_value()
    house.put("local:old", planted)
    backup = back_up(house)
    house.json("token", "create", "--name", "later", "--owner", "t")
    put_back_in_place(house, backup)
    house.rota("store", "reconcile", "--no-adopt", "--yes")
    assert not house.accepts(planted)
    assert house.get("local:old") not in (planted, old.value) and house.accepts(house.get("local:old"))


def test_a_vault_that_cannot_be_read_stops_the_reconciliation_unless_it_is_to_be_left_out(due):
    house, _, _ = due
    backup = back_up(house)
    house.json("token", "create", "--name", "later", "--owner", "t")
    put_back_in_place(house, backup)
    text = (house.folder / "rota.yaml").read_text()
    (house.folder / "rota.yaml").write_text(text.replace("  local: {", "  other: {"))
    failed = house.rota("store", "reconcile", "--yes", expect=1)
    assert "cannot be read" in failed.stderr and held(house) == "store-restored"
    house.rota("store", "reconcile", "--yes", "--skip-unreadable")
    assert held(house) is None


def test_a_freeze_holds_runs_and_the_daemon_and_an_emergency_goes_past_it(due):
    house, old, gateway = due
    house.rota("freeze", "--reason", "release 4.2", "--for", "1h")
    run = house.rota("run", expect=4)
    assert "release 4.2" in run.stderr and "rota unfreeze" in run.stderr
    with Served(house) as served:
        wait_for(served, "frozen: nothing is rotated")
        time.sleep(6)  # upkeep, the slowest loop, turns every 5 s: what must not happen had its chance
        answer = requests.post(served.address + "/v1/introspect", data={"token": old.value}, auth=("", gateway))
        assert answer.json()["active"] is True and house.get("local:old") == old.value
        assert states(house)["gone-1"] == "active"
        refused = house.rota("token", "revoke", "old", "--reason", "leaked", "--yes", expect=4)
        assert "--emergency" in refused.stderr
        done = house.rota("token", "revoke", "old", "--emergency", "--reason", "leaked", "--yes")
        assert "in an emergency" in done.stdout and "local:old" in done.stdout and "release 4.2" in done.stderr
        answer = requests.post(served.address + "/v1/introspect", data={"token": old.value}, auth=("", gateway))
        assert answer.json() == {"active": False}
        house.rota("unfreeze")
        wait_for(served, "not frozen any more")
        served.stop()
    [(body,)] = house.rows("SELECT body FROM audit WHERE action = 'token.revoke' AND object ="
                           " (SELECT id FROM tokens WHERE name = 'old')")
    after = json.loads(body)["after"]
    assert after["emergency"] is True and after["despite"] == "frozen"
    house.rota("run")
    assert states(house)["gone-1"] == "revoked"


def test_a_freeze_ends_by_itself(due):
    house, old, _ = due
    clock = MovedClock(house.folder)
    house.extra = clock.environment
    house.rota("freeze", "--reason", "holidays", "--for", "2d")
    house.rota("run", expect=4)
    clock.pass_by(2 * DAY + 1)
    assert held(house) is None
    house.rota("run")
    assert house.get("local:old") != old.value


@pytest.mark.parametrize("days", [400, -2])
def test_a_clock_that_jumped_between_two_runs_is_confirmed_set_right_or_waited_for(due, days):
    house, old, _ = due
    clock = MovedClock(house.folder)
    house.extra = clock.environment
    house.json("token", "create", "--name", "short", "--owner", "t", "--expires", "30d")
    house.policy(text=POLICY.replace("60d", "700d").replace("90d", "600d"))
    house.rota("run")
    clock.pass_by(DAY)
    house.rota("run")
    clock.set_by(days * DAY)
    refused = house.rota("run", expect=4)
    assert "the clock is suspect" in refused.stderr and "--trust-clock" in refused.stderr
    assert set(states(house).values()) == {"active"}
    house.rota("token", "revoke", "gone-1", "--emergency", "--reason", "x", "--yes")
    clock.set_by(-days * DAY)
    if days > 0:
        # What was revoked by the clock that ran ahead has its time; by that the present one is behind.
        house.rota("run", expect=4)
        house.rota("run", "--trust-clock")
    else:
        house.rota("run")
    clock.set_by(300 * DAY)
    house.rota("run", expect=4)
    clock.pass_by(16 * 60)
    house.rota("run")
    assert states(house)["short"] == "expired"


def test_what_is_beside_the_store_may_be_lost_between_two_writes_without_a_doubt(due):
    """A process that is killed between a commit and what it writes down beside it leaves the older mark."""
    house, _, _ = due
    mark = house.store.with_name("rota.db.mark")
    before = mark.read_bytes()
    served = subprocess.Popen(house.command("freeze", "--reason", "x"), env=house.environment, cwd=house.folder)
    served.wait(10)
    document, older = json.loads(mark.read_text()), json.loads(before)
    document["audit"] = older["audit"]
    text = json.dumps(document)
    with mark.open("r+") as file:
        file.write(text + " " * (1023 - len(text)) + "\n")
    assert held(house) == "frozen"
    os.utime(mark)
    house.rota("unfreeze")
    house.rota("run")


def test_in_safe_mode_nothing_is_accepted_that_was_not_and_a_quarantine_goes_past(due):
    house, old, _ = due
    idle = house.json("token", "create", "--name", "idle", "--owner", "t")["value"]
    house.rota("token", "quarantine", "idle", "--reason", "unused")
    backup = back_up(house)
    house.json("token", "create", "--name", "later", "--owner", "t")
    put_back_in_place(house, backup)
    inventory = house.inventory([Seed("more", ["local:more"])], "more.csv")
    before = house.rows("SELECT number FROM audit ORDER BY number")
    for words in (
            ("token", "create", "--name", "new", "--owner", "t"),
            ("token", "create", "--name", "new", "--owner", "t", "--destination", "local:new"),
            ("token", "edit", "old", "--owner", "somebody"),
            ("token", "edit", "old", "--destination", "local:other"),
            ("token", "edit", "old", "--remove-destination", "local:old"),
            ("token", "restore", "idle", "--reason", "needed"),
            ("import", inventory)):
        refused = house.rota(*words, expect=4)
        assert "safe mode" in refused.stderr and "store reconcile" in refused.stderr, words
        assert refused.stdout == "", words
    assert house.rows("SELECT number FROM audit ORDER BY number") == before
    assert not house.accepts(idle) and house.accepts(old.value)
    done = house.rota("token", "quarantine", "old", "--reason", "odd uses")
    assert "goes past a brake" in done.stderr and not house.accepts(old.value)
    [(body,)] = house.rows("SELECT body FROM audit ORDER BY number DESC LIMIT 1")
    assert json.loads(body)["after"]["despite"] == "store-restored"


def test_tokens_that_were_made_after_the_backup_are_told_by_the_exported_log(due):
    house, _, _ = due
    backup = back_up(house)
    house.json("token", "create", "--name", "later", "--owner", "t")
    house.json("token", "create", "--name", "gone", "--owner", "t")
    house.rota("token", "revoke", "gone", "--yes", "--reason", "not needed")
    log = house.folder / "audit.json"
    log.write_text(house.rota("audit", "tail", "--limit", "1000", "--json").stdout)
    put_back_in_place(house, backup)
    looked = house.json("store", "reconcile", "--dry-run", "--audit", log)
    assert [token["name"] for token in looked["forgotten"]] == ["later"]
    told = house.rota("store", "reconcile", "--dry-run", "--audit", log).stdout
    assert "In the audit log, and not in the store" in told and "make it again" in told


def test_a_retired_value_that_a_restored_vault_holds_again_is_accepted_until_it_is_replaced(due):
    house, old, _ = due
    house.rota("run")
    new, backup = house.get("local:old"), back_up(house)
    house.run_until_settled()
    log = house.folder / "audit.json"
    log.write_text(house.rota("audit", "tail", "--limit", "1000", "--json").stdout)
    assert not house.accepts(old.value) and house.accepts(new)
    put_back_in_place(house, backup)
    house.put("local:old", old.value)
    looked = house.json("store", "reconcile", "--dry-run", "--audit", log)
    assert looked["retired_again"] == [] and [entry["held_by"] for entry in looked["retired_later"]] == [["local:old"]]
    house.rota("store", "reconcile", "--audit", log, "--yes")
    newest = house.get("local:old")
    assert newest not in (old.value, new) and house.accepts(newest) and house.accepts(old.value)


def test_a_quarantine_that_a_restored_store_has_forgotten_is_repeated(due):
    house, old, _ = due
    backup = back_up(house)
    house.rota("token", "quarantine", "old", "--reason", "odd uses")
    log = house.folder / "audit.json"
    log.write_text(house.rota("audit", "tail", "--limit", "1000", "--json").stdout)
    put_back_in_place(house, backup)
    assert house.accepts(old.value)
    house.rota("store", "reconcile", "--audit", log, "--yes")
    assert not house.accepts(old.value) and states(house)["old"] == "quarantined"


def test_a_freeze_is_shown_beside_safe_mode_and_holds_a_reconciliation(due):
    house, _, _ = due
    house.rota("freeze", "--reason", "release 4.2")
    backup = back_up(house)
    house.json("token", "create", "--name", "later", "--owner", "t")
    put_back_in_place(house, backup)
    shown = house.json("status")
    assert shown["held"]["code"] == "store-restored" and shown["freeze"]["reason"] == "release 4.2"
    assert "release 4.2" in house.rota("status").stdout
    refused = house.rota("store", "reconcile", "--yes", expect=4)
    assert "release 4.2" in refused.stderr and "rota unfreeze" in refused.stderr
    assert held(house) == "store-restored"
    house.rota("store", "reconcile", "--dry-run")
    house.rota("unfreeze")
    house.rota("store", "reconcile", "--yes")
    assert held(house) is None


def test_every_command_that_destroys_or_shows_sees_a_suspect_clock(due):
    house, old, _ = due
    clock = MovedClock(house.folder)
    house.extra = clock.environment
    house.rota("freeze", "--reason", "x")
    house.rota("run", expect=4)
    house.rota("unfreeze")
    assert held(house) is None
    clock.set_by(400 * DAY)
    entries = house.rows("SELECT count(*) FROM audit")
    assert held(house) == "clock-suspect" and "the clock is suspect" in house.rota("status").stderr
    assert house.json("plan")["held"]["code"] == "clock-suspect"
    for words in (("token", "rotate", "old"), ("token", "revoke", "old", "--reason", "x", "--yes"),
                  ("store", "reconcile", "--yes")):
        assert "the clock is suspect" in house.rota(*words, expect=4).stderr
    assert house.rows("SELECT count(*) FROM audit") == entries and house.get("local:old") == old.value
    house.rota("token", "quarantine", "old", "--reason", "odd uses")
    house.rota("token", "revoke", "gone-1", "--emergency", "--reason", "x", "--yes")
    house.rota("store", "reconcile", "--yes", "--trust-clock")
    assert held(house) is None


def test_an_exported_log_that_is_short_or_older_than_the_store_is_said_so(due):
    """What was ended in an entry that nobody gives stays accepted: that is not to be found out afterwards."""
    house, _, _ = due
    leaked = house.json("token", "create", "--name", "leaked", "--owner", "t")["value"]
    older = house.keep("older.json", house.rota("audit", "tail", "--limit", "1000", "--json").stdout)
    house.rota("token", "edit", "leaked", "--description", "of the old days")
    backup = back_up(house)
    [(size,)] = house.rows("SELECT max(number) FROM audit")
    house.rota("token", "revoke", "leaked", "--reason", "found in a log", "--yes")
    for number in range(3):
        house.rota("token", "edit", "old", "--description", f"the {number}th")
    whole = house.keep("whole.json", house.rota("audit", "tail", "--limit", "1000", "--json").stdout)
    short = house.keep("short.json", house.rota("audit", "tail", "--limit", "2", "--json").stdout)
    newest = json.loads((house.folder / whole).read_text())["entries"][-1]["number"]
    put_back_in_place(house, backup)

    def told(*files):
        words = ["store", "reconcile", "--dry-run", *[word for file in files for word in ("--audit", file)]]
        document = house.json(*words)["audit"]
        # People are told the same.
        said = house.rota(*words).stderr
        assert all(f"warning: {remark}" in said for remark in document["remarks"])
        assert (document["store_newest"], len(said.splitlines())) == (size, len(document["remarks"])), said
        return document

    assert told() == {"entries": 0, "newest": None, "store_newest": size, "missing": [], "remarks": []}
    lost = f"the store is {newest - size} entries behind it"
    found = told(whole)
    assert found["missing"] == [] and len(found["remarks"]) == 1 and lost in found["remarks"][0]
    found = told(short)
    assert found["missing"] == [{"from": size + 1, "to": newest - 2}]
    assert lost in found["remarks"][0] and f"neither has entries {size + 1} to {newest - 2}" in found["remarks"][1]
    assert told(short, whole)["missing"] == []
    found = told(older)
    assert found["newest"] < size and "it is older than the store" in found["remarks"][0]
    assert house.accepts(leaked)

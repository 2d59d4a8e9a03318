"""What is wrong with an installation, told first, and nothing changed by looking."""

import hashlib
import shutil
import sqlite3

import pytest

from serving import Served, wait_until


@pytest.fixture
def clinic(bare):
    """All is well, but that nobody watches uses."""
    bare.init()
    bare.policy()
    configuration = bare.folder / "rota.yaml"
    configuration.write_text(configuration.read_text() + "audit: { key: file:audit.key }\n")
    bare.rota("audit", "key", "--new")
    bare.rota("audit", "checkpoint")
    bare.rota("run")
    return bare


def told(house, expect=0):
    """Each status with what it is said of."""
    checks = house.json("doctor", expect=expect)["checks"]
    ranks = [("fault", "warning", "ok").index(check["status"]) for check in checks]
    assert ranks == sorted(ranks), "what is wrong comes first"
    return [(check["status"], check["name"], f"{check['message']} {check['hint'] or ''}") for check in checks]


def test_nothing_is_wrong_with_what_is_well_and_nothing_is_changed(clinic):
    def state():
        return {path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mode)
                for path in clinic.folder.rglob("*") if path.is_file() and not path.name.endswith("-shm")}

    before = state()
    checks = told(clinic)
    assert [(status, name) for status, name, _ in checks if status != "ok"] == [("warning", "uses")]
    assert {name for _, name, _ in checks} == {
        "configuration", "policies", "files", "disk", "store", "brakes", "audit log", "runs", "rotations", "webhooks",
        "uses"}
    assert state() == before
    with Served(clinic) as served:
        wait_until(lambda: not [check for check in told(clinic) if check[0] != "ok"])
        served.stop()


FAULTS = {
    "a key that others read": (lambda house: (house.folder / "audit.key").chmod(0o644), "files", "chmod 600"),
    "a store that others read": (lambda house: house.store.chmod(0o640), "files", "mode 0640"),
    "a key that is gone": (lambda house: (house.folder / "audit.key").unlink(), "files", "key of the audit log"),
    "policies with a fault": (
        lambda house: (house.folder / "Policies/bad.yaml").write_text("version: 1\npolicies: [ { nam: x } ]\n"),
        "policies", "bad.yaml:2"),
    "a setting that there is not": (
        lambda house: (house.folder / "rota.yaml").open("a").write("polcies: x\n"), "configuration", "polcies"),
    "no store": (lambda house: house.store.unlink(), "store", "rota init"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_told_with_what_to_do(clinic, what):
    break_it, name, said = FAULTS[what]
    break_it(clinic)
    faults = [check for check in told(clinic, expect=1) if check[0] == "fault"]
    assert any(check[1] == name and said in check[2] for check in faults), faults


def test_a_store_that_was_restored_is_a_fault(clinic):
    clinic.rota("store", "backup", "copy.db")
    clinic.rota("token", "create", "--name", "later")
    for end in ("-wal", "-shm"):
        (clinic.store.parent / (clinic.store.name + end)).unlink(missing_ok=True)
    shutil.copyfile(clinic.folder / "copy.db", clinic.store)
    [fault] = [check for check in told(clinic, expect=1) if check[0] == "fault"]
    assert fault[1] == "store" and "rota status" in fault[2], fault
    clinic.rota("status")
    [fault] = [check for check in told(clinic, expect=1) if check[0] == "fault"]
    assert fault[1] == "brakes" and "rota store reconcile" in fault[2], fault


def test_what_is_meant_or_comes_by_itself_is_a_warning(clinic):
    clinic.rota("freeze", "--reason", "release")
    (clinic.folder / "Policies").chmod(0o775)
    warnings = [check for check in told(clinic) if check[0] == "warning"]
    assert {name for _, name, _ in warnings} == {"brakes", "files", "uses"}, warnings
    assert "release" in str(warnings) and "chmod go-w" in str(warnings)


def test_a_run_that_is_overdue_and_who_watches_no_more_are_told(clinic):
    with Served(clinic) as served:
        served.stop()
    store = sqlite3.connect(clinic.store)
    store.execute("UPDATE runs SET started_at = started_at - 200000, finished_at = finished_at - 200000")
    store.execute("UPDATE heartbeats SET beat_at = beat_at - 600, started_at = started_at - 600")
    store.commit()
    store.close()
    warnings = {name: text for status, name, text in told(clinic) if status == "warning"}
    assert "ago" in warnings["runs"] and "rota serve" in warnings["runs"], warnings
    assert "nobody has watched for" in warnings["uses"]

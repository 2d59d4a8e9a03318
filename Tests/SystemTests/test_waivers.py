"""Two people and a waiver: one asks, the other approves, and the real program goes by it until its end."""

import json

import pytest

from house import Seed
from moved_clock import MovedClock
from serving import Served, at_server, wait_until

DAY = 24 * 3600
POLICY = (
    "version: 1\npolicies:\n  - name: old-ones\n    mode: enforce\n    match: { name: 'app*' }\n"
    "    rules:\n      - max-age: 90d\n        action: revoke\n    schedule: { every: 1m }\n")


@pytest.fixture
def office(bare, receiver):
    """A house in which alice and bob each have a token, and two applications are too old."""
    bare.clock = MovedClock(bare.folder)
    bare.extra = bare.clock.environment
    bare.configure(webhook=receiver.address)
    bare.init()
    bare.policy(text=POLICY)
    bare.import_seeds([Seed(name, [f"local:{name}"]) for name in ("app-one", "app-two")])
    for name in ("alice", "bob"):
        made = bare.json("token", "create", "--name", f"{name}-operates", "--owner", name, "--scope", "rota:operate")
        bare.keep(f"{name}.token", made["value"])
    return bare


def of(office, name):
    return ["--token-file", office.folder / f"{name}.token"]


def ask(office, *what, days=30, expect=0):
    return office.json(
        "waiver", "request", "--policy", "old-ones", "--for", f"{days}d", "--reason", "the vendor, OPS-7", *what,
        *of(office, "alice"), expect=expect)["waiver"]


def approve(office, waiver, name="bob", expect=0):
    return at_server(office, "waiver", "approve", waiver["id"], "--json", token=of(office, name)[1], expect=expect)


# In which order what happens within one second happens.
COURSE = ["requested", "approved", "expiring", "expired", "withdrawn"]


def told(receiver):
    """The events about waivers, each with its data, in the order of what they tell: they are sent side by side, and come
    in as they please."""
    seen = {}
    for headers, body in receiver.taken:
        event = json.loads(body)
        if event["type"].startswith("waiver."):
            kind = event["type"].removeprefix("waiver.")
            seen.setdefault(headers["webhook-id"], (event["timestamp"], COURSE.index(kind), kind, event["data"]))
    return [(kind, data) for *_, kind, data in sorted(seen.values(), key=lambda event: event[:2])]


def states(office):
    tokens = office.json("token", "list", "--name", "app*")["tokens"]
    return {token["name"]: token["state"] for token in tokens}


def test_what_one_asks_for_and_another_approves_is_waived_until_its_end(office, receiver):
    waiver = ask(office, "--token", "app-one", "--rule", "max-age")
    assert (waiver["state"], waiver["requested_by"], waiver["approved_by"]) == ("requested", "alice", None)
    assert [action["name"] for action in office.json("plan")["actions"]] == ["app-one", "app-two"]

    # Nobody approves what he asked for; and a value of nobody's is no approval.
    refused = json.loads(approve(office, waiver, "alice", expect=4).stderr)["error"]
    assert "alice may be who asked for the waiver" in refused["message"] and refused["code"] == 4
    at_server(office, "waiver", "approve", waiver["id"], given="rota_" + "0" * 36, expect=1)
    assert office.json("waiver", "show", waiver["id"])["waiver"]["state"] == "requested"

    approved = json.loads(approve(office, waiver).stdout)["waiver"]
    assert (approved["state"], approved["approved_by"], approved["name"]) == ("active", "bob", "app-one")
    plan = office.json("plan")
    assert [action["name"] for action in plan["actions"]] == ["app-two"]
    assert [(held["waiver"], held["tokens"]) for held in plan["waived"]] == [(waiver["id"], 1)]

    assert office.json("run")["waived"] == plan["waived"]
    assert states(office) == {"app-one": "active", "app-two": "revoked"}

    report = office.json("report")
    row = next(row for row in report["verdicts"] if row["name"] == "app-one")
    assert (row["status"], row["would_be"], row["waiver"]) == ("waived", "violating", waiver["id"])
    assert report["totals"]["waived"] == 1 and report["totals"]["violating"] == 0
    listed, = report["summary"]["waivers"]["in_force"]
    assert (listed["requested_by"], listed["approved_by"], listed["due_or_violating"]) == ("alice", "bob", 1)
    assert office.json("status")["waivers"]["in_force"] == 1

    for days in (16, 12, 1):
        office.clock.pass_by(days * DAY)
        office.rota("run")
        assert states(office)["app-one"] == "active"
    office.clock.pass_by(DAY)
    office.rota("run")
    assert states(office)["app-one"] == "revoked"
    assert [kind for kind, _ in told(receiver)] == ["requested", "approved", "expiring", "expiring", "expired"]
    assert all(data["waiver"]["id"] == waiver["id"] and data["name"] == "app-one" for _, data in told(receiver))
    assert office.json("waiver", "list")["waivers"] == []
    assert office.json("waiver", "list", "--state", "expired")["waivers"][0]["id"] == waiver["id"]


def test_a_daemon_goes_by_a_waiver_for_what_matches_and_by_its_withdrawal(office, receiver):
    waiver = ask(office, "--name", "app*", "--owner", "team-*")
    approve(office, waiver)
    with Served(office):
        wait_until(lambda: pass_by(office) and office.json("status")["last_run"])
        assert set(states(office).values()) == {"active"}
        office.rota("waiver", "withdraw", waiver["id"], "--reason", "mended", *of(office, "alice"))
        wait_until(lambda: pass_by(office) and set(states(office).values()) == {"revoked"})
        # A delivery that is under way while a quarter of a minute passes at once has timed out, and comes later.
        wait_until(lambda: sorted(kind for kind, _ in told(receiver)) == ["approved", "requested", "withdrawn"])


def pass_by(office):
    """A schedule of a minute is waited for in a second or two."""
    office.clock.pass_by(15)
    return True

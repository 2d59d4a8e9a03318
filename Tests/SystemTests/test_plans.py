"""Plans that are saved, approved by another person, and applied once: the real program, two persons, each with a token."""

import contextlib
import json
import re
import sqlite3

from house import Seed, new_value
from moved_clock import MovedClock
from serving import Served, at_server, wait_until

HOUR = 3600
RULES = "    rules:\n      - max-age: 90d\n        action: rotate\n        overlap: 3s\n"


def policy(extra="    approval: required\n", schedule="    schedule: { every: 1m }\n"):
    return f"version: 1\npolicies:\n  - name: quarterly\n    mode: enforce\n    match: all\n{RULES}{extra}{schedule}"


def person(house, name, scope="rota:admin"):
    """A token of one's own; the file with its value."""
    made = house.json("token", "create", "--name", f"{name}-admin", "--owner", name, "--scope", scope,
                      "--expires", "30d")
    return house.keep(f"{name}-token", made["value"])


def prepare(house, names=("a", "b"), **how):
    house.init()
    house.policy(text=policy(**how))
    house.import_seeds([Seed(name, [f"local:{name}"]) for name in names])
    return {name: person(house, name) for name in ("alice", "bob")}


def save(house, token=None, *more):
    asked = ["--token-file", token] if token else []
    return house.json("plan", "--save", *asked, *more)["saved"]


def approve(house, plan, token, *more, expect=0):
    return at_server(house, "approve", plan["id"], *more, token=token, expect=expect)


def values(house, *names):
    """The number of each one's newest value."""
    found = dict(house.rows(
        "SELECT t.name, max(v.number) FROM versions v JOIN tokens t ON t.id = v.token_id GROUP BY t.name"))
    return [found[name] for name in names]


def test_a_plan_is_approved_by_another_person_and_applied_exactly_once(bare, receiver):
    bare.configure(webhook=receiver.address)
    people = prepare(bare, names=("a", "b", "c"))
    before = values(bare, "a", "b", "c")

    plan = bare.json("plan")
    assert [action["waiting_for"] for action in plan["actions"]] == ["approval"] * 3
    saved = save(bare, people["alice"])
    assert saved["status"] == "awaiting-approval" and saved["actions"] == 3 and saved["requester"] == "alice"
    assert saved["digest"] == plan["plan"]["digest"]
    listed = bare.json("plan", "list")["plans"]
    assert [plan["id"] for plan in listed] == [saved["id"]]
    shown = bare.json("plan", "show", saved["id"])
    assert sorted(action["name"] for action in shown["actions"]) == ["a", "b", "c"]
    assert saved["id"] in bare.rota("plan", "list").stdout
    assert saved["digest"] in bare.rota("plan", "show", saved["id"]).stdout
    assert saved["id"] in bare.rota("status").stdout

    assert "is not approved" in bare.rota("run", "--plan", saved["id"], expect=4).stderr
    refused = approve(bare, saved, people["alice"], expect=4)
    assert "alice may be who asked for the plan" in refused.stderr
    approved = json.loads(approve(bare, saved, people["bob"], "--comment", "change 4711", "--json").stdout)["plan"]
    assert approved["status"] == "approved" and approved["approval"]["approver"] == "bob"
    assert "is approved already" in approve(bare, saved, people["bob"], expect=4).stderr

    # What somebody changes in between is left alone, and what has become due since is not of it.
    bare.rota("token", "edit", "b", "--description", "edited since")
    bare.import_seeds([Seed("later", ["local:later"])])
    run = bare.json("run", "--plan", saved["id"])
    assert run["run"]["saved_plan"] == saved["id"] and run["run"]["plan"] == saved["digest"]
    told = {action["name"]: (action["outcome"], action["cause"]) for action in run["actions"]}
    assert told == {"a": ("started", None), "c": ("started", None),
                    "b": ("skipped", "it has changed since it was planned")}
    assert values(bare, "a", "c") == [before[0] + 1, before[2] + 1]
    assert values(bare, "b", "later") == [before[1], 1]

    again = bare.rota("run", "--plan", saved["id"], expect=4)
    assert "has been applied already" in again.stderr and "hint: " in again.stderr
    assert values(bare, "a", "c") == [before[0] + 1, before[2] + 1]

    rows = bare.rows("SELECT action, actor FROM audit WHERE object = ? ORDER BY number", saved["id"])
    assert [row[0] for row in rows] == ["plan.save", "plan.approve", "plan.apply"]
    assert [row[1] for row in rows[:2]] == ["token:alice-admin", "token:bob-admin"]
    bare.rota("run", "--deliver-within", "5s", expect=None)
    types = [json.loads(body)["type"] for _, body in receiver.taken]
    for kind in ("plan.approval_needed", "plan.approved", "plan.applied"):
        assert kind in types


def test_who_cannot_be_told_from_the_requester_approves_nothing(bare):
    people = prepare(bare)
    unauthenticated = save(bare)
    # Who is called as the account is, whatever token he presents.
    account = unauthenticated["requester"].removeprefix("cli:").split(" ")[0]
    assert unauthenticated["requester"].startswith("cli:")
    namesake = person(bare, account)
    assert "may be who asked" in approve(bare, unauthenticated, namesake, expect=4).stderr
    saved = save(bare, people["alice"])
    reader = person(bare, "carol", scope="rota:audit")
    assert "this needs rota:operate" in approve(bare, saved, reader, expect=1).stderr
    wrong = bare.keep("wrong", new_value())
    assert "not accepted" in approve(bare, saved, wrong, expect=1).stderr
    # By standard input, too.
    at_server(bare, "approve", saved["id"], given=people["bob"].read_text())
    text = (bare.folder / "store/rota.db").read_bytes()
    assert people["bob"].read_text().encode() not in text


def test_what_has_expired_was_withdrawn_or_is_of_other_policies_is_refused(bare):
    clock = MovedClock(bare.folder)
    bare.extra = clock.environment
    people = prepare(bare)
    short = save(bare, people["alice"], "--expires", "8h")
    approve(bare, short, people["bob"], "--expires", "1h")
    withdrawn = save(bare, people["alice"])
    bare.rota("reject", withdrawn["id"], "--comment", "not now")
    assert "was withdrawn" in approve(bare, withdrawn, people["bob"], expect=4).stderr
    assert "was withdrawn" in bare.rota("run", "--plan", withdrawn["id"], expect=4).stderr
    other = save(bare, people["alice"], "--expires", "30d")
    approve(bare, other, people["bob"], "--expires", "30d")

    clock.pass_by(2 * HOUR)
    assert "the approval of the plan" in bare.rota("run", "--plan", short["id"], expect=4).stderr
    clock.pass_by(6 * HOUR)
    assert "expired" in bare.rota("run", "--plan", short["id"], expect=4).stderr

    bare.policy(text=policy().replace("90d", "91d"))
    assert "other policies" in bare.rota("run", "--plan", other["id"], expect=4).stderr
    bare.policy(text=policy())
    with contextlib.closing(sqlite3.connect(bare.store)) as store, store:
        store.execute("UPDATE plan_actions SET revision = revision + 1 WHERE name = 'a'")
    assert "its digest is another" in bare.rota("run", "--plan", other["id"], expect=4).stderr
    assert values(bare, "a", "b") == [1, 1]
    assert "there is no plan" in bare.rota("run", "--plan", "plan_no", expect=1).stderr


def test_a_daemon_asks_once_and_does_what_is_approved(bare, receiver):
    bare.configure(webhook=receiver.address)
    people = prepare(bare)

    def asked():
        return [event["data"] for event in (json.loads(body) for _, body in receiver.taken)
                if event["type"] == "plan.approval_needed"]

    with Served(bare) as served:
        # Its schedule fires within a minute.
        wait_until(asked, within=100)
        plan = asked()[0]
        assert plan["policy"] == "quarterly" and plan["actions"] == 2 and plan["requester"] == "rota serve"
        assert values(bare, "a", "b") == [1, 1]
        # A run in between, as each later fire, asks for nothing anew.
        again = bare.json("run")
        assert [plan["id"] for plan in again["awaiting_approval"]] == [plan["plan"]]
        approve(bare, {"id": plan["plan"]}, people["bob"])
        wait_until(lambda: values(bare, "a", "b") == [2, 2])
        served.stop()
    shown = bare.json("plan", "show", plan["plan"])["plan"]
    assert shown["status"] == "applied" and shown["ended"]["by"] == "rota serve, an approved plan"
    assert len(asked()) == 1
    assert re.search(r"a plan waits for an approval.*" + plan["plan"], served.log.read_text())

"""Commands at a running server: each person in his own name, with his own token, and no store at hand."""

import json
import subprocess

import pytest

from house import Seed
from serving import Served, wait_until


class Person:
    """Somebody at another machine: he has an address and a file with his token."""

    def __init__(self, house, served, folder, name, *scopes, owner=None):
        made = house.json("token", "create", "--name", name, "--owner", owner or name,
                          *[word for scope in scopes for word in ("--scope", scope)])
        self.folder, self.binary = folder / name, house.binary
        self.folder.mkdir()
        (self.folder / "token").write_text(made["value"] + "\n")
        self.value = made["value"]
        self.server = ["--server", served.address, "--token-file", "token"]

    def __call__(self, *words, expect=0):
        done = subprocess.run([self.binary, *words, *self.server], cwd=self.folder, capture_output=True, text=True,
                              timeout=60, env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)})
        assert done.returncode == expect, (words, done.returncode, done.stdout, done.stderr)
        assert self.value not in done.stdout + done.stderr
        return done

    def json(self, *words, expect=0):
        return json.loads(self(*words, "--json", expect=expect).stdout)


@pytest.fixture
def people(house, tmp_path):
    house.init()
    house.policy(overlap="24h")
    house.import_seeds([Seed("ingest", ["local:ingest"]), Seed("nowhere", [])])
    with Served(house) as served:
        yield (served, Person(house, served, tmp_path, "alice", "rota:admin"),
               Person(house, served, tmp_path, "bob", "rota:operate"),
               Person(house, served, tmp_path, "carol", "rota:audit"))
        assert served.stop() < 10


def test_what_is_seen_there_is_what_is_seen_at_home(house, people):
    served, alice, _, carol = people
    # But for the time at which one looks, nothing differs.
    assert carol.json("token", "list")["tokens"] == house.json("token", "list")["tokens"]
    assert "ingest" in carol("token", "list").stdout and "NAME" in carol("token", "list").stdout
    at_home, there = house.json("token", "show", "ingest"), carol.json("token", "show", "ingest")
    assert there["versions"] == at_home["versions"] and there["destinations"] == at_home["destinations"]
    assert carol.json("vault", "list") == house.json("vault", "list")
    assert carol.json("audit", "tail", "--limit", "3")["entries"][0]["entry"]["action"]
    report = carol("report", "--format", "csv").stdout
    assert report.splitlines()[0] == house.rota("report", "--format", "csv").stdout.splitlines()[0]


def test_each_person_acts_in_his_own_name(house, people):
    served, alice, bob, carol = people
    made = alice("token", "create", "--name", "new", "--owner", "team", "--scope", "export:read", "--expires", "90d")
    value = made.stdout.splitlines()[-1]
    assert house.accepts(value)
    assert carol("token", "create", "--name", "x", expect=1).stderr.startswith("error: this needs rota:issue")
    assert house.json("token", "show", "new")["token"]["created_by"] == "token:alice"
    alice("token", "edit", "new", "--description", "nightly", "--label", "env=prod")
    assert house.json("token", "show", "new")["token"]["labels"] == {"env": "prod"}
    bob("token", "quarantine", "new", "--reason", "who is it")
    assert not house.accepts(value)
    bob("token", "restore", "new", "--reason", "mine")
    assert house.accepts(value)
    old = house.get("local:ingest")
    bob("token", "rotate", "ingest", "--reason", "it leaked", "--overlap", "0s")
    assert house.get("local:ingest") != old and not house.accepts(old)
    assert "give --yes" in bob("token", "revoke", "new", "--reason", "it leaked", expect=2).stderr
    bob("token", "revoke", "new", "--reason", "it leaked", "--yes")
    assert not house.accepts(value)
    actors = {(entry["entry"]["action"], entry["entry"]["actor"]) for entry in house.json("audit", "tail")["entries"]}
    assert ("token.revoke", "token:bob") in actors and ("token.edit", "token:alice") in actors


def test_one_asks_and_another_approves(house, people):
    _, alice, bob, carol = people
    plan = bob.json("plan", "--save")["plan"]
    assert plan["requester"] == "bob"
    assert "cannot approve it" in bob("approve", plan["id"], expect=1).stderr
    alice("approve", plan["id"], "--comment", "change 4711")
    assert bob.json("plan", "list")["plans"][0]["approval"]["approver"] == "alice"
    bob("run", "--plan", plan["id"])
    assert bob("run", "--plan", plan["id"], expect=1).stderr.startswith("error:")
    waiver = bob.json("waiver", "request", "--token", "nowhere", "--policy", "quarterly", "--reason", "it has no place",
                      "--for", "30d")["waiver"]
    assert bob("waiver", "approve", waiver["id"], expect=1)
    alice("waiver", "approve", waiver["id"])
    assert carol.json("waiver", "list", "--state", "active")["waivers"][0]["id"] == waiver["id"]


def test_a_freeze_refuses_with_the_code_for_it(people):
    _, alice, bob, _ = people
    bob("freeze", "--reason", "release", "--for", "1h")
    assert "frozen" in bob("token", "revoke", "nowhere", "--reason", "x", "--yes", expect=4).stderr
    assert "frozen" in bob("token", "rotate", "ingest", "--reason", "x", expect=4).stderr
    bob("run", expect=4)
    bob("unfreeze")


def test_what_came_to_nothing_is_no_success(house, people):
    _, alice, bob, carol = people
    # One that has no place is blocked until somebody mends it, as at home.
    assert bob("run", expect=5)
    assert "no destination" in bob("token", "rotate", "nowhere", "--reason", "x", expect=4).stderr
    bob("token", "revoke", "nowhere", "--reason", "x", "--yes")
    bob("token", "rotate", "nowhere", "--reason", "x", expect=4)
    assert bob("webhook", "replay", expect=2).stderr.startswith("error: give the id of an event")
    told = carol.json("audit", "tail", "--token", "nowhere", "--limit", "2")["entries"]
    assert [entry["entry"]["action"] for entry in told][-1] == "token.revoke"
    assert told == house.json("audit", "tail", "--token", "nowhere", "--limit", "2")["entries"]


@pytest.mark.parametrize("why, said, advice", [
    ("unknown", "it is no value of a token there", "holds a whole value"),
    ("expired", "the token expired at", "rota token create"),
    ("revoked", "the token was revoked at", "ask who operates Rota"),
    ("quarantined", "the token was quarantined at", "rota token restore"),
    ("rotated", "the value was replaced, and ended at", "read the new value"),
])
def test_who_is_not_let_in_is_told_why_and_what_to_do_about_which_file(house, people, tmp_path, why, said, advice):
    _, alice, _, _ = people
    dave = Person(house, people[0], tmp_path, "dave", "rota:audit")
    if why == "unknown":
        (dave.folder / "token").write_text("rota_nothing\n")
    elif why == "expired":
        alice("token", "edit", "dave", "--expires", "2s")
        wait_until(lambda: not house.accepts(dave.value))
    elif why == "rotated":
        house.json("token", "create", "--name", "erin", "--owner", "erin", "--scope", "rota:audit",
                   "--destination", "local:erin")
        (dave.folder / "token").write_text(house.get("local:erin"))
        alice("token", "rotate", "erin", "--reason", "test", "--overlap", "0s")
    else:
        how = {"revoked": ["revoke", "dave", "--yes"], "quarantined": ["quarantine", "dave"]}[why]
        alice("token", *how, "--reason", "test")
    told = dave("token", "list", expect=1).stderr
    assert f"error: the token from 'token' is not accepted: {said}" in told
    assert "hint:" in told and advice in told and "'token'" in told.partition("hint:")[2], told


@pytest.mark.parametrize("words, said", [
    (["token", "list", "--server", "http://192.0.2.1:1"], "could be read on the way"),
    (["token", "list", "--server", "ftp://x"], "is no address"),
    (["token", "list", "--server", "https://user@x"], "is no address"),
    (["token", "list", "--server", "http://127.0.0.1:1"], "rota serve"),
    (["store", "reconcile", "--server", "https://x"], "is not done at a server"),
    (["token", "list", "--server", "https://x", "--missing"], "--missing does not go with --server"),
    (["token", "list", "--token-file", "token"], "goes with --server"),
])
def test_what_cannot_be_is_said(binary, tmp_path, words, said):
    (tmp_path / "token").write_text("rota_nothing\n")
    more = [] if "--token-file" in words else ["--token-file", "token"]
    done = subprocess.run([binary, *words, *more], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode in (1, 2) and said in done.stderr and "hint:" in done.stderr, done.stderr
    assert "rota_nothing" not in done.stderr

"""Commands at a running server: each person in his own name, with his own token, and no store at hand."""

import json
import os
import pathlib
import re
import subprocess

import pytest

from house import Seed, was_used
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

    def __call__(self, *words, expect=0, **environment):
        done = subprocess.run([self.binary, *words, *self.server], cwd=self.folder, capture_output=True, text=True,
                              timeout=60, env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)} | environment)
        assert done.returncode == expect, (words, done.returncode, done.stdout, done.stderr)
        assert self.value not in done.stdout + done.stderr
        return done

    def json(self, *words, expect=0):
        return json.loads(self(*words, "--json", expect=expect).stdout)


@pytest.fixture
def people(house, tmp_path):
    with (house.folder / "rota.yaml").open("a") as file:
        file.write("audit: { key: file:audit.key }\n")
    house.init()
    house.policy(overlap="24h")
    house.import_seeds([Seed("ingest", ["local:ingest"]), Seed("nowhere", [])])
    with Served(house) as served:
        yield (served, Person(house, served, tmp_path, "alice", "rota:admin"),
               Person(house, served, tmp_path, "bob", "rota:operate"),
               Person(house, served, tmp_path, "carol", "rota:audit"))
        assert served.stop() < 10


def test_what_cannot_be_gathered_is_told_with_its_place_and_can_be_saved_instead(people):
    _, _, _, carol = people
    refused = carol("report", "--format", "csv", expect=1, TMPDIR="/nowhere")
    assert "what the server sends cannot be gathered in /nowhere: no such file or directory" in refused.stderr
    assert "--output FILE" in refused.stderr and not refused.stdout
    carol("report", "--format", "csv", "--output", "report.csv", TMPDIR="/nowhere")


def test_what_is_seen_there_is_what_is_seen_at_home(house, people):
    served, alice, _, carol = people
    # But for uses, which the server writes down a moment after it was asked, nothing differs.
    def others(tokens):
        used = ("last_used_at", "tracked_since")
        return [{key: value for key, value in token.items() if key not in used} for token in tokens]
    assert others(carol.json("token", "list")["tokens"]) == others(house.json("token", "list")["tokens"])
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
    assert "cannot approve it" in bob("approve", plan["id"], expect=4).stderr
    alice("approve", plan["id"], "--comment", "change 4711")
    assert bob.json("plan", "list")["plans"][0]["approval"]["approver"] == "alice"
    bob("run", "--plan", plan["id"])
    assert bob("run", "--plan", plan["id"], expect=4).stderr.startswith("error:")
    waiver = bob.json("waiver", "request", "--token", "nowhere", "--policy", "quarterly", "--reason", "it has no place",
                      "--for", "30d")["waiver"]
    assert bob("waiver", "approve", waiver["id"], expect=4)
    alice("waiver", "approve", waiver["id"])
    assert carol.json("waiver", "list", "--state", "active")["waivers"][0]["id"] == waiver["id"]


def test_an_approval_is_in_the_log_with_who_gave_it_and_from_where(house, people):
    served, alice, bob, _ = people
    asked = bob.json("waiver", "request", "--policy", "quarterly", "--token", "ingest", "--for", "30d", "--reason",
                     "x")["waiver"]["id"]
    alice("waiver", "approve", asked)
    [line] = [line for line in served.log.read_text().splitlines() if "something was approved" in line]
    assert f"approved={asked}" in line and "caller=alice" in line and "from=127.0.0.1" in line, line


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
    assert "no destination" in bob("token", "rotate", "nowhere", "--reason", "x", expect=5).stderr
    bob("token", "revoke", "nowhere", "--reason", "x", "--yes")
    bob("token", "rotate", "nowhere", "--reason", "x", expect=5)
    house.rota("token", "rotate", "nowhere", "--reason", "x", expect=5)
    assert bob("webhook", "replay", expect=2).stderr.startswith("error: give the id of an event")
    told = carol.json("audit", "tail", "--token", "nowhere", "--limit", "2")["entries"]
    assert [entry["entry"]["action"] for entry in told][-1] == "token.revoke"
    assert told == house.json("audit", "tail", "--token", "nowhere", "--limit", "2")["entries"]


def test_a_long_run_is_waited_for(house, tmp_path):
    with (house.folder / "rota.yaml").open("a") as file:
        file.write("limits: { actions: 100, percent: 100, rotations-per-second: 1 }\n")
    house.init()
    house.policy(overlap="24h")
    house.import_seeds([Seed(f"token-{number}", [f"local:{number}"]) for number in range(35)])
    with Served(house) as served:
        alice = Person(house, served, tmp_path, "alice", "rota:admin")
        # Some 34 seconds without a byte; a vault that were so silent would have been left after 30.
        assert "35 started" in alice("run").stdout


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
    (["plan", "--expires", "8h", "--server", "https://x"], "--expires goes with --save"),
    (["plan", "--save", "--at", "30d", "--server", "https://x"], "as of another time cannot be saved"),
])
def test_what_cannot_be_is_said(binary, tmp_path, words, said):
    (tmp_path / "token").write_text("rota_nothing\n")
    more = [] if "--token-file" in words else ["--token-file", "token"]
    done = subprocess.run([binary, *words, *more], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode in (1, 2) and said in done.stderr and "hint:" in done.stderr, done.stderr
    assert "rota_nothing" not in done.stderr


def timeless(text):
    """But for when one looks, and for the secret that a vault is tried with, it is the same."""
    text = re.sub(r"rota-check/[0-9a-f]{16}", "rota-check/TRIAL", text)
    text = re.sub(r'"milliseconds": \d+(\.\d+)?', '"milliseconds": SPAN', text)
    text = re.sub(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?", "TIME", text)
    text = re.sub(r"\b\d+ (second|minute|hour|day)s?( \d+ \w+)?( ago)?", "SPAN", text)
    text = re.sub(r"\b\d+[smhd]\b", "SPAN", text)
    text = re.sub(r"\b\d+(\.\d+)? ?ms\b|\bin SPAN\b|\b(just )?now\b", "SPAN", text)
    return re.sub(r" +", " ", re.sub(r"-{2,}|─+", "-", text))


def indented(document):
    """But for times, all of it: one line each, so that it is seen where they differ."""
    return timeless(json.dumps(document, indent=1, sort_keys=True))


CHANGED = """version: 1
policies:
  - name: quarterly
    mode: enforce
    match: all
    rules:
      - { max-age: 30d, action: rotate, overlap: 1h }
"""


@pytest.mark.parametrize("words", [
    ["status"], ["token", "list"], ["token", "list", "--state", "active", "--sort", "expires"],
    ["token", "list", "--search", "IN"], ["token", "list", "--status", "clean"], ["token", "show", "ingest"],
    ["policy", "explain", "ingest"], ["policy", "explain", "ingest", "--at", "60d"], ["policy", "calendar", "--days", "3"], ["policy", "simulate", "--days", "5"],
    ["policy", "simulate", "rotation.yaml", "--days", "5", "--enforced"], ["policy", "diff", "rotation.yaml"],
    ["vault", "drift"], ["vault", "drift", "ingest", "--vault", "local"], ["vault", "check", "local"],
    ["vault", "adopt", "--all", "--dry-run"], ["plan", "list"], ["plan"], ["plan", "--at", "60d"],
    ["report", "--format", "csv"],
])
def test_people_read_there_what_they_read_at_home(house, people, words):
    _, _, bob, _ = people
    for folder in (house.folder, bob.folder):
        (folder / "rotation.yaml").write_text(CHANGED)
    bob("plan", "--save")
    # That somebody has asked is a use of his token, which is written down a moment later.
    wait_until(lambda: was_used(house.json("token", "show", "bob")))
    there, at_home = bob(*words), house.rota(*words)
    assert timeless(there.stdout) == timeless(at_home.stdout) and there.stdout.strip()
    assert timeless(there.stderr) == timeless(at_home.stderr)
    if words[0] != "report":
        told, shown = bob.json(*words), house.json(*words)
        assert told.keys() == shown.keys()
        for name in shown:
            assert indented(told[name]) == indented(shown[name]), name


def test_others_are_judged_beside_those_in_force_whatever_stands_in_the_files(house, people):
    _, _, bob, _ = people
    later = CHANGED.replace("quarterly", "later").replace("rotate, overlap: 1h", "revoke")
    (house.folder / "Policies/later.yaml").write_text(later)
    (bob.folder / "rotation.yaml").write_text(CHANGED)
    there = bob.json("policy", "diff", "rotation.yaml")
    assert [policy["policy"] for policy in there["policies"]] == ["quarterly"]


def test_a_plan_that_is_saved_there_and_shown_is_as_at_home(house, people):
    _, _, bob, _ = people
    saved = bob("plan", "--save").stdout
    assert re.search(r"saved as plan_\w+ until", saved) and "ACTION" in saved and "somebody" not in saved
    plan = bob.json("plan", "list")["plans"][0]
    assert plan["requester"] == "bob"
    assert timeless(bob("plan", "show", plan["id"]).stdout) == timeless(house.rota("plan", "show", plan["id"]).stdout)
    ran = bob("run", "--plan", plan["id"]).stdout
    assert re.search(r"started +rotate +ingest", ran) and "0 done, 1 started" in ran
    actors = {entry["entry"]["actor"] for entry in house.json("audit", "tail", "--limit", "50")["entries"]
              if entry["entry"]["action"] in ("plan.save", "plan.apply")}
    assert actors == {"token:bob"}


def test_a_plan_of_many_pages_is_one_document(house, people):
    _, _, bob, _ = people
    house.import_seeds([Seed(f"many-{number}", [f"local:many-{number}"]) for number in range(60)])
    plan = bob.json("plan", "--save")["plan"]
    assert plan["actions"] == 61
    there, at_home = bob.json("plan", "show", plan["id"]), house.json("plan", "show", plan["id"])
    assert len(there["actions"]) == 61 and there["actions"] == at_home["actions"] and there.keys() == at_home.keys()


def test_tokens_are_looked_for_there_as_at_home(house, people):
    _, alice, _, carol = people
    alice("token", "create", "--name", "soon", "--owner", "team", "--expires", "5d")
    for words in (["--expires-within", "30d"], ["--search", "OON"], ["--status", "clean"], ["--policy", "quarterly"],
                  ["--idle-for", "1d"], ["--state", "active", "--sort", "created"]):
        there = [token["name"] for token in carol.json("token", "list", *words)["tokens"]]
        assert there == [token["name"] for token in house.json("token", "list", *words)["tokens"]], words
    assert [token["name"] for token in carol.json("token", "list", "--search", "OON")["tokens"]] == ["soon"]
    assert "does not go with" in house.rota("token", "list", "--sort", "used", "--search", "x", expect=2).stderr
    assert "does not go with" in carol("token", "list", "--sort", "used", "--search", "x", expect=2).stderr


def test_who_only_issues_reads_of_his_own_tokens_alone(house, people, tmp_path):
    served, alice, _, _ = people
    dave = Person(house, served, tmp_path, "dave", "rota:issue", owner="team")
    alice("token", "create", "--name", "ours", "--owner", "team")
    listed = dave("token", "list").stdout
    assert "ours" in listed and "ingest" not in listed and "alice" not in listed
    assert "ours" in dave("token", "show", "ours").stdout
    assert "there is no such token" in dave("token", "show", "ingest", expect=1).stderr
    assert "there is no such token" in dave("policy", "explain", "ingest", expect=1).stderr
    for words in (["status"], ["vault", "drift"], ["policy", "simulate"]):
        assert "this needs" in dave(*words, expect=1).stderr


def test_an_inventory_is_taken_in_there_by_an_administrator_alone(house, people):
    _, alice, bob, _ = people
    rows = "".join(f"t{number},rota,team-{number % 7},2026-01-01\n" for number in range(55_000))
    for person in (alice, bob):
        (person.folder / "tokens.csv").write_text("name,issuer,owner,created_at\n" + rows)
        (person.folder / "bad.csv").write_text("name,issuer\nx,nobody\n")
    assert "this needs rota:admin" in bob("import", "tokens.csv", expect=1).stderr
    before = len(house.json("token", "list")["tokens"])
    dry = alice.json("import", "tokens.csv", "--dry-run")["import"]
    assert (dry["file"], dry["added"], dry["dry_run"]) == ("tokens.csv", 55_000, True)
    assert len(house.json("token", "list")["tokens"]) == before
    assert alice("import", "tokens.csv").stdout == "55000 rows: 55000 added, 0 updated, 0 unchanged\n"
    assert alice("import", "tokens.csv").stdout == "55000 rows: 0 added, 0 updated, 55000 unchanged\n"
    actors = dict(house.rows("SELECT actor, count(*) FROM audit WHERE action = 'token.import' GROUP BY actor"))
    assert actors["token:alice"] == 55_000
    refused = alice("import", "bad.csv", expect=2).stderr
    assert "bad.csv:2" in refused and "nothing was imported" in refused
    # What would take the server for hours is refused at once.
    refused = bob("policy", "simulate", "--days", "366", expect=2)
    assert "are too much for a server" in refused.stderr and "hint: ask for 36" in refused.stderr


def test_a_report_of_an_issuer_that_is_taken_in_there_knows_of_uses_until_it_was_made(house, people):
    _, alice, _, _ = people
    head = ("user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
            "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
            "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
            "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
            "cert_1_last_rotated,cert_2_active,cert_2_last_rotated")
    row = ("deploy,arn:aws:iam::210987654321:user/deploy,2013-02-03T04:05:06Z,false,N/A,N/A,N/A,false,"
           "true,2026-03-01T10:00:00+00:00,2026-09-20T09:30:00+00:00,eu-west-1,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A")
    path = house.folder / "credentials.csv"
    path.write_text(f"{head}\n{row}\n")
    made = 1_792_000_000
    os.utime(path, (made, made))
    known = "SELECT usage_asserted_until FROM tokens WHERE name LIKE '%deploy%'"
    alice("import", path)
    assert house.rows(known) == [(made,)], "as at home: by the time of the file, and not of its coming"
    alice("import", path, "--written-at", "2026-10-20T00:00:00Z")
    assert house.rows(known) == [(1_792_454_400,)]
    assert "still to come" in alice("import", path, "--written-at", "2099-01-01T00:00:00Z", expect=2).stderr


def test_a_report_tells_there_whether_violations_remain(house, people):
    _, _, bob, _ = people
    bob("run", expect=5)
    at_home = house.rota("report", "--format", "csv", "--exit-code", expect=None).returncode
    assert bob("report", "--format", "csv", "--exit-code", expect=at_home) and at_home == 3
    bob("report", "--output", "page.html", "--period", "7d", "--exit-code", expect=3)
    assert (bob.folder / "page.html").read_text().startswith("<!")


def test_nobody_approves_at_home(house, people):
    _, _, bob, _ = people
    plan = bob.json("plan", "--save")["plan"]
    waiver = bob.json("waiver", "request", "--token", "nowhere", "--policy", "quarterly", "--reason", "x",
                      "--for", "30d")["waiver"]
    token = bob.folder / "token"
    for words in (["approve", plan["id"]], ["waiver", "approve", waiver["id"]]):
        for more in ([], ["--token-file", token]):
            refused = house.rota(*words, *more, expect=2)
            assert "given at a running 'rota serve'" in refused.stderr and "--server URL" in refused.stderr
        assert "unix:/run/rota/rota.sock" in house.rota(*words[:-1], "--help").stdout
    assert house.json("plan", "list")["plans"][0]["approval"] is None
    assert house.json("waiver", "show", waiver["id"])["waiver"]["state"] == "requested"


def test_a_server_on_a_unix_socket_is_asked_there(house, tmp_path):
    house.init()
    house.policy()
    socket = house.folder / "rota.sock"
    with Served(house, listen=f"unix:{socket}") as served:
        person = Person(house, served, tmp_path, "erin", "rota:audit")
        person.server = ["--server", f"unix:{socket}", "--token-file", "token"]
        assert "erin" in person("token", "list").stdout
        assert served.stop() < 10


def table():
    """What Docs/API.md says of each command."""
    text = (pathlib.Path(__file__).parents[2] / "Docs/API.md").read_text()
    return dict(re.findall(r"^\| `([a-z ]+)` \| (yes|no|the same|only there) \|", text, re.M))


def test_the_documentation_says_of_each_command_whether_it_is_done_there(binary, tmp_path):
    told = table()
    listed = subprocess.run([binary, "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +[a-z]", listed.split("Options of every command")[0], re.M)
    assert sorted(told) == sorted(commands) and len(commands) > 40
    (tmp_path / "token").write_text("rota_nothing\n")
    for name, where in told.items():
        words = name.split()
        usage = subprocess.run([binary, *words, "--help"], capture_output=True, text=True, check=True).stdout
        needed = ["x.yaml"] if re.search(r"^Usage: .* [A-Z-]+(\.\.\.)?$", usage, re.M) else []
        done = subprocess.run(
            [binary, *words, *needed, "--server", "http://127.0.0.1:1", "--token-file", "token"], cwd=tmp_path,
            capture_output=True, text=True, timeout=30)
        assert done.returncode in (1, 2), (name, done.stderr)
        assert ("is not done at a server" in done.stderr) == (where == "no"), (name, done.stderr)


def test_an_auditor_takes_the_log_of_a_server_home_and_verifies_it_there(house, people, go):
    served, alice, bob, carol = people
    bob("token", "quarantine", "ingest", "--reason", "who is it")
    for format in "jsonl", "cef":
        there, home = (place("audit", "export", "--format", format).stdout for place in (carol, house.rota))
        # What somebody does meanwhile, the server itself too, comes after what was there.
        assert there and home.startswith(there)
    # The last entry may be one that the server has written since.
    [number] = [told["number"] for told in map(json.loads, carol("audit", "export").stdout.splitlines())
                if told["entry"]["action"] == "token.quarantine"]
    entry = carol("audit", "show", str(number), "--json").stdout
    assert entry == house.rota("audit", "show", str(number), "--json").stdout

    key = carol("audit", "key").stdout
    assert key == house.rota("audit", "key").stdout
    for name, words in {"log": ["export"], "proof": ["prove", str(number)]}.items():
        (carol.folder / f"{name}.sig").write_text("somebody's own")
        assert "is written" in carol("audit", *words, "--output", name).stderr
        assert (carol.folder / f"{name}.sig").read_text() == "somebody's own", "only a report has one"
    (carol.folder / "checkpoint").write_text(carol("audit", "checkpoint").stdout)
    (carol.folder / "entry").write_text(entry)

    def verify(*words, expect=0):
        return subprocess.run([house.binary, "audit", "verify", "--key", key.strip(), *words], cwd=carol.folder,
                              capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}).returncode == expect
    assert verify("--proof", "proof", "--entry", "entry")
    # Go's own implementation says the same.
    assert go(key.strip(), "checkpoint", carol.folder / "checkpoint")
    changed = entry.replace("who is it", "who was it")
    assert changed != entry
    (carol.folder / "entry").write_text(changed)
    assert verify("--proof", "proof", "--entry", "entry", expect=1)

    for words in ["show", "0"], ["show", "99999999"], ["prove", "99999999"], ["show", "x"]:
        assert "error: " in carol("audit", *words, expect=2 if words[1] in "0x" else 1).stderr
    for words in ["export"], ["show", "1"], ["prove", "1"], ["checkpoint"], ["key"]:
        assert "rota:audit" in bob("audit", *words, expect=1).stderr

"""Everything that can be asked for over HTTP: against its own description, and what comes of it."""

import base64
import concurrent.futures
import json
import re
import urllib.parse

import pytest
import requests

from conformity import conformity
from house import Seed, moment
from servers import Receiver
from serving import Served, wait_until


class Caller:
    """Somebody with a token of Rota."""

    def __init__(self, served, value):
        self.served, self.value = served, value

    def ask(self, method, path, expect=200, headers=None, **options):
        """The whole answer; one that refuses is a problem as RFC 9457 has it."""
        answer = requests.request(
            method, self.served.address + path, headers={"Authorization": f"Bearer {self.value}", **(headers or {})},
            timeout=60, **options)
        assert expect in (None, answer.status_code), (method, path, answer.status_code, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json", (method, path)
            assert answer.json()["status"] == answer.status_code and answer.json()["title"], answer.text
        return answer

    def __call__(self, method, path, expect=200, headers=None, **options):
        answer = self.ask(method, path, expect, headers, **options)
        return answer.json() if answer.content else None


def caller(house, served, name, *scopes, owner="", expires=None):
    options = [word for scope in scopes for word in ("--scope", scope)] + (["--expires", expires] if expires else [])
    made = house.json("token", "create", "--name", name, "--owner", owner, *options)
    return Caller(served, made["value"])


def authorizes(served, value):
    """What forward-auth says of a value."""
    return requests.get(
        served.address + "/v1/authorize", headers={"Authorization": f"Bearer {value}"}, timeout=10).status_code


def wait_until_used(house, ask):
    """Asks once, until what the server notes of that is written down: from then on other tokens are known as unused."""
    ask("GET", "/v1/tokens?limit=1")
    noted = "SELECT 1 FROM audit WHERE action = 'usage.track'"
    wait_until(lambda: house.rows(noted) and house.rows("SELECT 1 FROM tokens WHERE last_used_at IS NOT NULL"), 90)


def listed(ask, query="", key="tokens", path="/v1/tokens", limit=50):
    """All of a list, page after page."""
    found, cursor = [], None
    while True:
        fields = f"limit={limit}" + (f"&{query}" if query else "") + (f"&cursor={cursor}" if cursor else "")
        page = ask("GET", f"{path}?{fields}")
        assert len(page[key]) <= limit
        found += page[key]
        cursor = page["next"]
        if cursor is None:
            return found


# What schemathesis asks of what there is, since it would never guess a name.
NAMES = """
[parameters]
"path.plan" = "{plan}"
"path.run" = "{run}"
"path.waiver" = "{waiver}"
"path.policy" = "quarterly"
"path.vault" = "local"
"path.webhook" = "hook"
"path.token" = "{token}"
"path.number" = "1"
# What has the shape and makes no sense is told so by 422.
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "304", "404", "409", "412", "422"]
# Another revision is told before what else is wrong.
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "412", "415", "422", "5xx"]
# Whoever asks has not every scope that can be thought of.
[[operations]]
include-path = "/v1/authorize"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "403"]
[[operations]]
include-name = "POST /v1/tokens/{{token}}/revoke"
parameters = {{ "path.token" = "{victim}" }}
"""


#: There is something to do of this one for any token that may live for ever, time and again.
ENDLESS = """  - name: endless
    mode: enforce
    match: all
    rules: [ { expiry: { required: true }, action: notify } ]
"""


def test_the_interface_is_as_it_says(house, tmp_path):
    with (house.folder / "rota.yaml").open("a") as file:
        file.write("audit: { key: file:audit.key }\n")
    house.init()
    house.policy(overlap="1h", more=ENDLESS)
    seeds = [Seed("ingest", ["local:ingest"]), Seed("victim", ["local:victim"]), Seed("nowhere", [])]
    house.import_seeds(seeds)
    settings = house.folder / "rota.yaml"
    settings.write_text(settings.read_text() + "webhooks:\n  hook: { url: 'https://192.0.2.1/rota', secret: "
                        + "'file:whsec', events: ['token.*'] }\n")
    (house.folder / "whsec").write_text("whsec_" + base64.b64encode(bytes(range(32))).decode())
    (house.folder / "whsec").chmod(0o600)
    house.rota("run", expect=5)
    with Served(house) as served:
        root = caller(house, served, "root", "rota:admin", owner="root")
        other = caller(house, served, "other", "rota:operate", owner="other")
        waiver = other("POST", "/v1/waivers", 201, json={
            "token": "ingest", "policy": "quarterly", "reason": "until the vendor is done",
            "ends_at": moment(64)})["waiver"]
        (tmp_path / "schemathesis.toml").write_text(NAMES.format(
            plan=other("POST", "/v1/plans", 201, json={})["plan"]["id"], run=root("GET", "/v1/runs")["runs"][0]["id"],
            waiver=waiver["id"], token=root("GET", "/v1/tokens/ingest")["token"]["id"],
            victim=root("GET", "/v1/tokens/victim")["token"]["id"]))
        # A proxy asks by whatever method its client came with, also by those that a description cannot name.
        any_method = ["--include-path", "/v1/authorize", "--exclude-checks", "unsupported_method"]
        for examples, arguments in ((10, ["--exclude-path", "/v1/authorize"]), (25, any_method)):
            found = conformity(
                served.address, f"Bearer {root.value}", tmp_path, examples=examples, arguments=arguments)
            assert found.failures == [], "\n".join(found.failures)
            assert found.unreached == []
        # What the description promises of that one has been seen, all of it.
        assert found.statuses == {"GET /v1/authorize": {200, 400, 401, 403}}
        assert served.process.poll() is None
        assert served.stop() < 15


# MARK: - Making tokens

def test_a_value_is_shown_once_or_pushed_and_not_shown(house):
    admin, end = house.init(), moment(214)
    with Served(house) as served:
        root = Caller(served, admin)
        made = root.ask("POST", "/v1/tokens", 201, json={
            "name": "export", "owner": "team-data", "description": "Nightly", "integration": "warehouse",
            "scopes": ["export:read"], "labels": {"env": "prod"}, "expires_at": end})
        token, value = made.json()["token"], made.json()["value"]
        assert made.headers["Location"] == f"/v1/tokens/{token['id']}" and made.headers["Cache-Control"] == "no-store"
        assert authorizes(served, value) == 200
        shown = root.ask("GET", made.headers["Location"])
        assert value not in shown.text and value[-4:] == shown.json()["versions"][0]["hint"]
        told = {key: shown.json()["token"][key] for key in (
            "name", "owner", "description", "integration", "scopes", "labels", "expires_at", "created_by", "state")}
        assert told == {
            "name": "export", "owner": "team-data", "description": "Nightly", "integration": "warehouse",
            "scopes": ["export:read"], "labels": {"env": "prod"}, "expires_at": end,
            "created_by": "token:admin", "state": "active"}

        places = ["bao:apps/ingest#token", "local:ingest"]
        pushed = root.ask("POST", "/v1/tokens", 201, json={"name": "ingest", "destinations": places})
        held = {house.get(place) for place in places}
        assert len(held) == 1 and pushed.json()["pushed"] is True and pushed.json()["value"] is None
        value, = held
        assert value not in pushed.text and authorizes(served, value) == 200
        shown = root.ask("GET", pushed.headers["Location"])
        assert value not in shown.text
        assert {place["destination"] for place in shown.json()["destinations"]} == set(places)
        # A name is there once, and a place is one token's.
        root("POST", "/v1/tokens", 409, json={"name": "ingest"})
        root("POST", "/v1/tokens", 409, json={"name": "other", "destinations": ["local:ingest"]})
        root("GET", "/v1/tokens/other", 404)
        served.stop()


def test_a_request_with_a_key_is_carried_out_once(bare):
    admin = bare.init()
    bare.policy(more=ENDLESS)
    body, key = {"name": "export", "scopes": ["export:read"]}, {"Idempotency-Key": "6f1d-nightly"}
    with Served(bare) as served:
        root = Caller(served, admin)
        first = root.ask("POST", "/v1/tokens", 201, headers=key, json=body)
        assert "Idempotent-Replayed" not in first.headers and first.json()["value"]

        def is_first_again(asked):
            again = asked.ask("POST", "/v1/tokens", 201, headers=key, json=body)
            assert again.headers["Idempotent-Replayed"] == "true"
            assert again.headers["Location"] == first.headers["Location"]
            assert again.json() == first.json() | {"value": None}

        is_first_again(root)
        # Also where another had its name meanwhile, and where the token is not as it was made.
        root("POST", f"/v1/tokens/{first.json()['token']['id']}/revoke", json={})
        is_first_again(root)
        root("POST", "/v1/tokens", 422, headers=key, json=body | {"scopes": []})
        root("POST", "/v1/plans", 422, headers=key, json={})
        # The key of somebody else is another.
        other = caller(bare, served, "other", "rota:admin", owner="other")
        other("POST", "/v1/tokens", 201, headers=key, json={"name": "another"})
        served.stop()
    with Served(bare) as served:
        root = Caller(served, admin)
        is_first_again(root)
        root("POST", "/v1/tokens", 422, headers=key, json=body | {"name": "export-2"})
        # Whoever asks many times at once has it done once, too.
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: root.ask(
                "POST", "/v1/tokens", 201, headers={"Idempotency-Key": "at-once"}, json={"name": "once"}), range(8)))
        assert sum(answer.json()["value"] is not None for answer in answers) == 1
        assert len({answer.json()["token"]["id"] for answer in answers}) == 1
        # One that was refused is not remembered: it may come again once it makes sense.
        root("POST", "/v1/tokens", 409, headers={"Idempotency-Key": "again"}, json={"name": "once"})
        root("POST", "/v1/tokens/once/revoke", json={})
        plan = root.ask("POST", "/v1/plans", 201, headers={"Idempotency-Key": "plan"}, json={})
        assert root.ask("POST", "/v1/plans", 201, headers={"Idempotency-Key": "plan"}, json={}).json() == plan.json()
        # What people read of a command is not kept: nobody is to think that asking again were harmless.
        lines = {"Idempotency-Key": "lines", "Accept": "application/vnd.rota.lines"}
        assert "application/json" in root("POST", "/v1/plans", 400, headers=lines, json={})["detail"]
        assert len(root("GET", "/v1/plans")["plans"]) == 1
        for wrong in ("a b", "", "x" * 256, "käse".encode()):
            root("POST", "/v1/tokens", 400, headers={"Idempotency-Key": wrong}, json={"name": "wrong"})
        served.stop()
    assert {row["name"] for row in bare.json("token", "list")["tokens"]} == {
        "admin", "other", "export", "another", "once"}


def test_a_key_counts_for_what_is_pushed_too(house):
    admin = house.init()
    with Served(house) as served:
        root = Caller(served, admin)
        asked = {"headers": {"Idempotency-Key": "k"}, "json": {"name": "a", "destinations": ["bao:a#token"]}}
        first = root.ask("POST", "/v1/tokens", 201, **asked)
        again = root.ask("POST", "/v1/tokens", 201, **asked)
        assert again.json() == first.json() and len(root("GET", "/v1/tokens/a")["versions"]) == 1
        root("POST", "/v1/tokens", 422, headers={"Idempotency-Key": "k"}, json={"name": "b"})
        served.stop()


def test_an_answer_that_is_replayed_says_so_where_the_value_was_pushed(bare):
    admin = bare.init()
    with Served(bare) as served:
        root = Caller(served, admin)
        asked = {"headers": {"Idempotency-Key": "k"}, "json": {"name": "a", "destinations": ["local:a"]}}
        root.ask("POST", "/v1/tokens", 201, **asked)
        assert root.ask("POST", "/v1/tokens", 201, **asked).headers.get("Idempotent-Replayed") == "true"


# MARK: - Changing what is known of them

def test_two_who_edit_do_not_undo_one_another(bare):
    admin = bare.init()
    with Served(bare) as served:
        root = Caller(served, admin)
        root("POST", "/v1/tokens", 201, json={"name": "a", "labels": {"env": "prod", "tier": "1"}})
        seen = root.ask("GET", "/v1/tokens/a")
        tag = seen.headers["ETag"]
        assert not root.ask("GET", "/v1/tokens/a", 304, headers={"If-None-Match": tag}).content
        changed = root("PATCH", "/v1/tokens/a", headers={"If-Match": tag}, json={"description": "mine"})
        assert changed["changed"] is True and changed["token"]["description"] == "mine"
        root("PATCH", "/v1/tokens/a", 412, headers={"If-Match": tag}, json={"description": "theirs"})
        assert root("GET", "/v1/tokens/a")["token"]["description"] == "mine"
        now = root.ask("GET", "/v1/tokens/a", headers={"If-None-Match": tag}).headers["ETag"]
        assert now != tag
        # Several may be named, and any with an asterisk; what is no tag matches nothing.
        for tags, status in ((f'"0-x", {now}', 200), ("*", 200), ("x", 412), ('""', 412), ('"0-x"', 412)):
            root("PATCH", "/v1/tokens/a", status, headers={"If-Match": tags}, json={"description": "mine"})
        assert root("PATCH", "/v1/tokens/a", json={"description": "mine"})["changed"] is False
        assert root.ask("GET", "/v1/tokens/a").headers["ETag"] == now
        served.stop()


@pytest.mark.parametrize("known", ['"0-x", {tag}', "W/{tag}", "*", '{tag} , "0-x"'])
def test_what_is_known_already_may_be_told_as_a_list(bare, known):
    admin = bare.init()
    with Served(bare) as served:
        root = Caller(served, admin)
        tag = root.ask("GET", "/v1/tokens/admin").headers["ETag"]
        root.ask("GET", "/v1/tokens/admin", 304, headers={"If-None-Match": known.format(tag=tag)})


def test_what_is_given_is_changed_and_the_rest_stays(house):
    admin = house.init()
    whole = {"name": "a", "description": "A", "owner": "o", "integration": "i", "scopes": ["x:read", "y:read"],
             "labels": {"env": "prod", "tier": "1"}, "expires_at": moment(214)}
    with Served(house) as served:
        root = Caller(served, admin)
        token = root("POST", "/v1/tokens", 201, json=whole)["token"]
        path = f"/v1/tokens/{token['id']}"

        def edit(**changes):
            told = root("PATCH", path, json=changes)["token"]
            assert told == root("GET", path)["token"] | {"last_used_at": told["last_used_at"]}
            return {key: told[key] for key in whole}

        assert edit() == whole
        whole |= {"labels": {"env": "test", "team": "data", "tier": "1"}}
        assert edit(labels={"env": "test", "team": "data"}) == whole
        whole |= {"labels": {"team": "data"}}
        assert edit(labels={"env": None, "tier": None, "unknown": None}) == whole
        whole |= {"labels": {}, "description": "", "owner": "", "integration": "", "expires_at": None, "scopes": []}
        assert edit(labels=None, description=None, owner=None, integration=None, expires_at=None, scopes=None) == whole
        # A name has no absence: null leaves it.
        assert edit(name=None) == whole
        whole |= {"name": "b", "scopes": ["z:read"]}
        assert edit(name="b", scopes=["z:read", "z:read"]) == whole

        def places():
            return {place["destination"] for place in root("GET", path)["destinations"]}

        edit(destinations=["bao:b#token", "local:b"])
        assert places() == {"bao:b#token", "local:b"}
        root("POST", path + "/rotate", json={"overlap": "0s"})
        assert house.get("bao:b#token") == house.get("local:b") and authorizes(served, house.get("local:b")) == 200
        edit(destinations=["bao:b#token", "bao:c#token"])
        assert places() == {"bao:b#token", "bao:c#token"}
        root("POST", path + "/rotate", json={"overlap": "0s"})
        assert house.get("bao:b#token") == house.get("bao:c#token") != house.get("local:b")
        # The same once more, written otherwise, is no change; none is none.
        assert root("PATCH", path, json={"destinations": ["bao:c#token", "bao:b#token"]})["changed"] is False
        edit(destinations=None)
        assert places() == set()
        # All that is wrong is told at once, and nothing is changed.
        before = root("GET", path)["token"]["revision"]
        told = root("PATCH", path, 422, json={"name": "", "destinations": ["nowhere:x"], "expires_at": "yesterday"})
        assert all(word in told["detail"] for word in ("name", "nowhere", "yesterday")), told
        told = root("PATCH", path, 400, json={"labels": {"a": 1}, "scopes": "x", "nmae": "c"})
        assert all(word in told["detail"] for word in ("scopes", "nmae")), told
        assert root("GET", path)["token"]["revision"] == before
        root("POST", path + "/revoke", json={})
        root("PATCH", path, 409, json={"name": "c"})
        served.stop()


# MARK: - Lists

OWNERS = ["team-data", "team-web", "Team-Data", ""]
SCOPES = [["a:read"], ["a:read", "b:write"], ["b:write"], ["a:reader"], []]


@pytest.fixture
def many(bare):
    """Three hundred tokens of all kinds, half of which violate one policy, and some another."""
    admin = bare.init()
    bare.policy(text=(
        "version: 1\npolicies:\n  - name: aged\n    mode: observe\n    match: { labels: { age: old } }\n    rules:\n"
        "      - max-age: 90d\n        action: notify\n  - name: owned\n    mode: observe\n"
        "    match: { labels: { kind: web } }\n    rules:\n      - max-age: 30d\n        action: notify\n"))
    rows = []
    for n in range(300):
        name = [f"svc-{n:03}", f"Svc_{n:03}", f"100%-{n:03}", f"a\\b-{n:03}", f"x_y%z-{n:03}"][n % 5]
        rows.append(Seed(name, [], value_issued_at=moment(30 * (n % 10) + n % 28 - 330)).row | {
            "owner": OWNERS[n % 4], "scopes": " ".join(SCOPES[n % 5]), "integration": "",
            "created_at": moment(30 * (n % 12) + n // 12 - 700),
            "labels": f"age={'old' if n % 2 else 'new'};kind={'web' if n % 7 == 0 else 'data'}",
            # From then on it is known that nobody has used it, or since when.
            "last_used_at": ["never", "", moment(30 * (n % 11) - 325)][n % 3],
            "tracked_since": moment(-330) if n % 3 == 0 else "",
            "expires_at": moment(365 * (n % 3) + 30 * (n % 12) + 45) if n % 4 else "",
            "state": "revoked" if n % 11 == 0 else "active"})
    bare.json("import", bare.inventory(rows))
    bare.rota("token", "quarantine", "svc-010", "--reason", "test")
    bare.rota("run")
    return bare, admin


def test_pages_and_filters_are_what_a_look_at_every_token_finds(many):
    bare, admin = many
    with Served(bare) as served:
        root = Caller(served, admin)
        wait_until_used(bare, root)
        every = bare.json("token", "list")["tokens"]
        known = {row["id"]: row for row in every}
        findings = {row["name"]: {finding["policy"] for finding in root("GET", f"/v1/tokens/{row['id']}")["findings"]
                                  if finding["closed_at"] is None}
                    for row in every}
        assert len(every) == 301 and {frozenset(found) for found in findings.values()} > {frozenset()}

        # Each once, in order, whatever the length of a page.
        for state in ("all", "active", "revoked", "quarantined"):
            wanted = [row["id"] for row in every if state in ("all", row["state"])]
            for limit in (1, 7, 100, 500) if state == "revoked" else (7, 50, 500):
                assert [row["id"] for row in listed(root, f"state={state}", limit=limit)] == wanted, (state, limit)
        active = [row for row in every if row["state"] == "active"]
        assert [row["id"] for row in listed(root)] == [row["id"] for row in active]

        def check(holds, state="active", **fields):
            fields = {name.replace("_", "-"): value for name, value in fields.items()} | {"state": state}
            wanted = sorted(row["id"] for row in every if state in ("all", row["state"]) and holds(row))
            for limit in (9, 500):
                found = [row["id"] for row in listed(root, urllib.parse.urlencode(fields), limit=limit)]
                assert sorted(found) == wanted, (fields, limit)
            return [known[identifier] for identifier in found]

        for state in ("active", "all", "revoked"):
            for owner in OWNERS[:3] + ["nobody"]:
                check(lambda row: row["owner"] == owner, state, owner=owner)
            for scope in ("a:read", "b:write", "a:reader", "a:*", "rota:admin"):
                check(lambda row: scope in row["scopes"], state, scope=scope)
                check(lambda row: scope in row["scopes"] and row["owner"] == "team-web", state,
                      scope=scope, owner="team-web")
            for search in ("svc", "SVC-0", "svc_", "_", "%", "0%-", "\\", "a\\B", "x_y%z", "%%", "-299", "none", "c-1"):
                found = check(lambda row: search.lower() in row["name"].lower(), state, search=search)
                assert state != "all" or bool(found) == (search not in ("%%", "none")), search
            for status in ("violating", "clean"):
                check(lambda row: (status == "violating") == bool(findings[row["name"]]), state, status=status)
            root("GET", "/v1/tokens?policy=unknown", 400)
            for policy in ("aged", "owned"):
                check(lambda row: policy in findings[row["name"]], state, policy=policy)
            check(lambda row: "aged" in findings[row["name"]] and "svc" in row["name"].lower()
                  and row["owner"] == "team-web", state, policy="aged", search="svc", owner="team-web")
        assert check(lambda row: row["name"] == "admin", search=next(
            row["id"] for row in every if row["name"] == "admin"))
        # Texts of times have the order of the times.
        for days in (200, 400, 700, 1100):
            assert check(lambda row: row["expires_at"] is not None and row["expires_at"] <= moment(days),
                         expires_within=f"{days}d")

        def idle_since(row):
            if row["last_used_at"] == "never":
                return max(row["tracked_since"], row["created_at"])
            return row["last_used_at"]

        for days in (10, 100, 200, 5000):
            found = check(lambda row: (idle_since(row) or "9") <= moment(-days), idle_for=f"{days}d")
            assert bool(found) == (days < 5000)
            check(lambda row: (idle_since(row) or "9") <= moment(-days) and row["owner"] == "team-web"
                  and "svc" in row["name"].lower(), idle_for=f"{days}d", owner="team-web", search="svc")
        for sort, key in (
                ("expires", lambda row: row["expires_at"]), ("created", lambda row: row["created_at"]),
                ("used", idle_since)):
            found = [key(row) for row in listed(root, f"sort={sort}", limit=13) if row["name"] != "admin"]
            wanted = sorted((key(row) for row in active if key(row) and row["name"] != "admin"),
                            reverse=sort == "created")
            # Those of which it is not known, or that have none, come last.
            assert found[:len(wanted)] == wanted and not any(found[len(wanted):]), sort
            assert len(found) == len([row for row in active if row["name"] != "admin"])
        assert [row["name"] for row in listed(root, "sort=name")] == sorted(row["name"] for row in active)
        served.stop()


@pytest.mark.parametrize("more", [
    "sort=created&state=all", "sort=created&state=revoked", "sort=created&owner=team-data", "sort=created&scope=a:read",
    "sort=used&search=svc", "sort=expires&status=violating"])
def test_an_order_that_it_would_not_come_in_is_refused(many, more):
    bare, admin = many
    with Served(bare) as served:
        assert "sort: '" in Caller(served, admin)("GET", f"/v1/tokens?{more}", 422)["detail"]


# MARK: - What is done to tokens

def entries(ask, action):
    """Who did this, to what, and why, the newest first."""
    return [(entry["entry"]["actor"], entry["entry"]["object"], entry["entry"]["cause"])
            for entry in listed(ask, key="entries", path="/v1/audit") if entry["entry"]["action"] == action]


def test_a_token_is_rotated_quarantined_restored_and_revoked_by_name(house):
    admin = house.init()
    seed = Seed("ingest", ["bao:ingest#token", "local:ingest"])
    house.import_seeds([seed, Seed("nowhere", [])])
    with Served(house) as served:
        root, alice = Caller(served, admin), caller(house, served, "alice", "rota:operate", owner="Alice")
        identifier = alice("GET", "/v1/tokens/ingest")["token"]["id"]
        rotated = alice("POST", "/v1/tokens/ingest/rotate", json={"overlap": "1h", "reason": "leaves the firm"})
        assert rotated["outcome"] == "started" and rotated["rotation"]["overlap_seconds"] == 3600
        second = house.get("bao:ingest#token")
        assert second == house.get("local:ingest") != seed.value
        assert authorizes(served, seed.value) == authorizes(served, second) == 200
        # No overlap is no overlap, also for the one that was left.
        rotated = alice("POST", f"/v1/tokens/{identifier}/rotate", json={"overlap": "0s"})
        assert rotated["outcome"] == "done" and rotated["token"]["version"] == 3
        third = house.get("local:ingest")
        assert [authorizes(served, value) for value in (seed.value, second, third)] == [401, 401, 200]

        alice("POST", "/v1/tokens/ingest/quarantine", 422, json={"reason": ""})
        assert alice("POST", "/v1/tokens/ingest/quarantine", json={"reason": "odd uses"})["changed"] is True
        assert authorizes(served, third) == 401
        assert alice("POST", "/v1/tokens/ingest/quarantine", json={"reason": "odd uses"})["changed"] is False
        restored = alice("POST", "/v1/tokens/ingest/restore", json={"reason": "it was us"})
        assert restored["changed"] is True and restored["token"]["state"] == "active"
        assert authorizes(served, third) == 200
        assert alice("POST", "/v1/tokens/ingest/revoke", json={"reason": "found"})["outcome"] == "done"
        assert authorizes(served, third) == 401
        assert alice("POST", "/v1/tokens/ingest/revoke", json={})["outcome"] == "already-ended"
        for action in ("quarantine", "restore"):
            alice("POST", f"/v1/tokens/ingest/{action}", 409, json={"reason": "test"})
        assert alice("POST", "/v1/tokens/nowhere/rotate", 409, json={})["reason"] == "no-destination"
        for overlap in ("-1h", "366d", "soon"):
            alice("POST", "/v1/tokens/nowhere/rotate", 422, json={"overlap": overlap})

        actor = "token:alice"
        assert entries(root, "token.quarantine") == [(actor, identifier, "odd uses")]
        assert entries(root, "token.restore") == [(actor, identifier, "it was us")]
        assert entries(root, "token.revoke") == [(actor, identifier, "found")]
        # Every entry of what he did names him, and nobody else did anything to it.
        entered = [entry["entry"] for entry in listed(root, f"object={identifier}", "entries", "/v1/audit", limit=3)]
        assert {entry["actor"] for entry in entered if "import" not in entry["action"]} == {actor}
        numbers = [entry["number"] for entry in listed(root, key="entries", path="/v1/audit", limit=2)]
        assert numbers == list(range(len(numbers), 0, -1))
        served.stop()


def test_in_a_freeze_the_interface_refuses_with_the_reason(bare):
    admin = bare.init()
    bare.policy()
    bare.import_seeds([Seed("ingest", ["local:ingest"])])
    held = bare.get("local:ingest")
    with Served(bare) as served:
        root = Caller(served, admin)
        root("PUT", "/v1/freeze", 422, json={"reason": "audit", "ends_at": "2020-01-01T00:00:00Z"})
        assert root("GET", "/v1/freeze")["freeze"] is None
        frozen = root("PUT", "/v1/freeze", json={"reason": "year end"})
        assert frozen["held"]["code"] == "frozen" and frozen["freeze"]["by"] == "token:admin"
        assert root("GET", "/v1/freeze")["freeze"] == frozen["freeze"]
        assert root("POST", "/v1/tokens/ingest/rotate", 409, json={})["reason"] == "frozen"
        assert root("GET", "/v1/tokens/ingest")["rotation"] is None
        assert root("POST", "/v1/runs", json={})["held"]["code"] == "frozen"
        assert bare.get("local:ingest") == held and authorizes(served, held) == 200
        assert root("DELETE", "/v1/freeze")["unfrozen"] is True
        assert root("DELETE", "/v1/freeze")["unfrozen"] is False
        assert root("POST", "/v1/tokens/ingest/rotate", json={"overlap": "0s"})["outcome"] == "done"
        assert bare.get("local:ingest") != held
        assert [actor for actor, _, _ in entries(root, "store.freeze") + entries(root, "store.unfreeze")] == [
            "token:admin"] * 2
        served.stop()


@pytest.mark.parametrize("why", ["frozen", "quarantined", "revoked"])
def test_a_rotation_that_may_not_be_is_refused_with_the_reason(bare, why):
    admin = bare.init()
    bare.import_seeds([Seed("ingest", ["local:ingest"])])
    with Served(bare) as served:
        root = Caller(served, admin)
        if why == "frozen":
            root("PUT", "/v1/freeze", json={"reason": "year end"})
        else:
            how = {"quarantined": "quarantine", "revoked": "revoke"}[why]
            root("POST", f"/v1/tokens/ingest/{how}", json={"reason": "odd"})
        assert root("POST", "/v1/tokens/ingest/rotate", 409, json={})["reason"] == why


def test_who_looks_after_a_freeze_sees_that_it_holds(bare):
    admin = bare.init()
    with Served(bare) as served:
        root = Caller(served, admin)
        root("PUT", "/v1/freeze", json={"reason": "year end"})
        assert root("GET", "/v1/freeze")["held"] is not None


# MARK: - Plans, runs, waivers

APPROVED = (
    "version: 1\npolicies:\n  - name: quarterly\n    mode: enforce\n    match: { name: 't*' }\n"
    "    approval: required\n    rules:\n      - max-age: 90d\n        action: rotate\n        overlap: 0s\n")


@pytest.fixture
def office(bare):
    """Three tokens that are too old, under a policy whose plans somebody has to approve."""
    admin = bare.init()
    bare.policy(text=APPROVED)
    bare.import_seeds([Seed(f"t{n}", [f"local:t{n}"]) for n in range(3)])
    with Served(bare) as served:
        people = {name: caller(bare, served, name, "rota:operate", owner=name) for name in ("alice", "bob")}
        yield bare, served, Caller(served, admin), people["alice"], people["bob"]
        served.stop()


def test_a_plan_is_approved_by_another_and_applied_exactly_once(office):
    bare, served, root, alice, bob = office
    before = {n: bare.get(f"local:t{n}") for n in range(3)}
    plan = alice("POST", "/v1/plans", 201, json={})["plan"]
    path = f"/v1/plans/{plan['id']}"
    assert (plan["status"], plan["actions"], plan["requester"]) == ("awaiting-approval", 3, "alice")
    shown = alice("GET", path)
    assert [(action["name"], action["action"]) for action in shown["actions"]] == [
        (f"t{n}", "rotate") for n in range(3)]
    pages = [alice("GET", path, params={"limit": 2})]
    pages.append(alice("GET", path, params={"limit": 2, "cursor": pages[0]["next"]}))
    assert [len(page["actions"]) for page in pages] == [2, 1] and pages[1]["next"] is None
    assert pages[0]["actions"] + pages[1]["actions"] == shown["actions"]
    alice("POST", path + "/apply", 409, json={})
    assert "cannot approve it" in alice("POST", path + "/approve", 409, json={})["detail"]
    # Nor with another token of the same person.
    caller(bare, served, "alice-2", "rota:admin", owner="alice")("POST", path + "/approve", 409, json={})
    approved = bob("POST", path + "/approve", json={"comment": "in the window"})["plan"]
    assert approved["status"] == "approved" and approved["approval"]["approver"] == "bob"
    assert approved["approval"]["digest"] == plan["digest"]
    # What came later is not of it.
    bare.import_seeds([Seed("t9", ["local:t9"])])
    late = bare.get("local:t9")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(requests.post, served.address + path + "/apply", json={}, timeout=60,
                             headers={"Authorization": f"Bearer {alice.value}"}) for _ in range(4)]
    answers = sorted(answer.result().status_code for answer in asked)
    assert answers == [200, 409, 409, 409]
    assert all(bare.get(f"local:t{n}") != before[n] for n in range(3)) and bare.get("local:t9") == late
    assert all(root("GET", f"/v1/tokens/t{n}")["token"]["version"] == 2 for n in range(3))
    assert "applied already" in bob("POST", path + "/apply", 409, json={})["detail"]
    assert root("GET", path)["plan"]["status"] == "applied"

    run, = root("GET", "/v1/runs")["runs"]
    assert run["actor"] == "token:alice" and run["plan"] == plan["digest"]
    told = root("GET", f"/v1/runs/{run['id']}?limit=500")
    assert told["totals"]["done"] == 3 and sum(told["totals"].values()) == 3
    actions = listed(root, key="actions", path=f"/v1/runs/{run['id']}", limit=2)
    assert actions == told["actions"] and [action["outcome"] for action in actions] == ["done"] * 3
    assert [actor for actor, _, _ in entries(root, "plan.approve")] == ["token:bob"]

    # One that was withdrawn is never applied, whoever approves it.
    other = bob("POST", "/v1/plans", 201, json={"expires_in": "1h"})["plan"]
    assert bob("POST", f"/v1/plans/{other['id']}/withdraw", json={"comment": "no"})["plan"]["status"] == "withdrawn"
    alice("POST", f"/v1/plans/{other['id']}/approve", 409, json={})
    alice("POST", f"/v1/plans/{other['id']}/apply", 409, json={})
    assert bare.get("local:t9") == late
    for span in ("0s", "-1h", "9999d", "soon"):
        alice("POST", "/v1/plans", 422, json={"expires_in": span})


def test_runs_come_page_by_page_and_do_what_is_called_for(bare):
    admin = bare.init()
    bare.policy(overlap="0s")
    bare.import_seeds([Seed(f"t{n}", [f"local:t{n}"]) for n in range(4)] + [Seed("nowhere", [])])
    with Served(bare) as served:
        root = Caller(served, admin)
        began = [root("POST", "/v1/runs", json={}) for _ in range(3)]
        assert began[0]["totals"]["done"] == 4 and began[0]["totals"]["blocked"] == 1, began[0]
        runs = listed(root, key="runs", path="/v1/runs", limit=1)
        assert [run["id"] for run in runs][:3] == [run["run"]["id"] for run in reversed(began)]
        assert {run["actor"] for run in runs} == {"token:admin"}
        actions = root("GET", f"/v1/runs/{began[0]['run']['id']}")["actions"]
        assert {action["name"]: action["outcome"] for action in actions} == {
            "t0": "done", "t1": "done", "t2": "done", "t3": "done", "nowhere": "blocked"}
        served.stop()


def test_a_waiver_is_asked_for_approved_by_another_and_withdrawn(office):
    bare, served, root, alice, bob = office
    asked = {"token": "t0", "policy": "quarterly", "reason": "until the vendor is done",
             "ends_at": moment(64)}
    keyed = {"headers": {"Idempotency-Key": "w"}, "json": asked}
    first = alice.ask("POST", "/v1/waivers", 201, **keyed)
    again = alice.ask("POST", "/v1/waivers", 201, **keyed)
    waiver = first.json()["waiver"]
    assert again.json() == first.json() and again.headers["Idempotent-Replayed"] == "true"
    path = f"/v1/waivers/{waiver['id']}"
    assert (waiver["state"], waiver["requested_by"], waiver["name"]) == ("requested", "alice", "t0")

    def status():
        return {verdict["name"]: verdict["status"] for verdict in root("GET", "/v1/reports/compliance")["verdicts"]}

    assert status() == {f"t{n}": "violating" for n in range(3)}
    alice("POST", path + "/approve", 409, json={"comment": "mine"})
    assert bob("POST", path + "/approve", json={"comment": "fine"})["waiver"]["approved_by"] == "bob"
    assert status() == {"t0": "waived", "t1": "violating", "t2": "violating"}
    assert root("POST", "/v1/plans", 201, json={})["plan"]["actions"] == 2
    assert [found["id"] for found in root("GET", "/v1/waivers?state=active")["waivers"]] == [waiver["id"]]
    assert bob("POST", path + "/withdraw", json={"reason": "the vendor is done"})["waiver"]["ended"] is not None
    bob("POST", path + "/withdraw", 409, json={})
    assert status()["t0"] == "violating" and root("GET", "/v1/waivers?state=active")["waivers"] == []
    assert [waiver["id"] for waiver in root("GET", "/v1/waivers")["waivers"]] == [waiver["id"]]
    for changed, code in (({"ends_at": None}, 422), ({"reason": ""}, 422), ({"ends_at": "2020-01-01T00:00:00Z"}, 422),
                          ({"token": "unknown"}, 404), ({"policy": "unknown"}, 422), ({"token": 1}, 400)):
        alice("POST", "/v1/waivers", code, json=asked | changed)


def test_nobody_asks_for_the_same_waiver_twice_nor_for_more_than_a_hundred(office):
    bare, served, root, alice, bob = office

    def ask(who, code, number=0, rule=None):
        return who("POST", "/v1/waivers", code, json={
            "token": f"t{number % 3}", "policy": "quarterly", "rule": rule, "reason": "until the vendor is done",
            "ends_at": moment(64)})

    first = ask(alice, 201)["waiver"]["id"]
    assert first in ask(alice, 409)["detail"]
    ask(bob, 201)
    alice("POST", f"/v1/waivers/{first}/withdraw", json={})
    ask(alice, 201)
    for number in range(97):
        bare.json("token", "create", "--name", f"w{number}", "--owner", "w")
        root("POST", "/v1/waivers", 201, json={
            "token": f"w{number}", "policy": "quarterly", "reason": "many", "ends_at": moment(64)})
    for number in range(3):
        ask(root, 201, number)
    root("POST", "/v1/waivers", 409, json={
        "token": "alice", "policy": "quarterly", "reason": "one more", "ends_at": moment(64)})
    ask(bob, 201, 1)


def test_an_entry_tells_the_address_and_the_request_that_it_was_asked_for_by(bare):
    admin = bare.init()
    with Served(bare, settings=', trusted-proxies: ["127.0.0.1"]') as served:
        root = Caller(served, admin)
        made = root.ask("POST", "/v1/tokens", 201, json={"name": "a"}, headers={"X-Forwarded-For": "203.0.113.9"})
        # The proxy is believed, and did not say.
        changed = root.ask("PATCH", "/v1/tokens/a", json={"owner": "o"})
        ended = root.ask("POST", "/v1/tokens/a/revoke", json={"reason": "test"},
                         headers={"X-Forwarded-For": "198.51.100.7, 203.0.113.9"})
        bare.json("token", "create", "--name", "home")
        entries = root("GET", "/v1/audit?limit=50")["entries"]

    def request(action, number=0):
        return [entry["entry"] for entry in entries if entry["entry"]["action"] == action][number].get("request")

    assert request("token.issue") is None, "at home there is none"
    assert request("token.issue", 1) == {"address": "203.0.113.9", "id": made.headers["X-Request-Id"]}
    assert request("token.edit") == {"id": changed.headers["X-Request-Id"]}
    assert request("token.revoke") == {"address": "203.0.113.9", "id": ended.headers["X-Request-Id"]}


def test_who_issues_neither_renames_a_holder_of_roles_nor_ends_what_others_made(bare):
    admin = bare.init()
    with Served(bare) as served:
        root = Caller(served, admin)
        issuer = caller(bare, served, "issuer", "rota:issue", owner="team", expires="300d")
        other = caller(bare, served, "other", "rota:issue", owner="team", expires="300d")

        def edit(who, code, token, **changes):
            return who("PATCH", f"/v1/tokens/{token}", code, json=changes)

        made = other("POST", "/v1/tokens", 201, json={"name": "mine", "expires_at": moment(33)})
        assert made["token"]["created_by"] == "token:other"
        # Under its name he would be taken for who made it.
        edit(root, 200, "other", description="of the second team")
        assert "administrator" in edit(issuer, 403, "other", name="former")["detail"]
        assert "administrator" in edit(issuer, 403, "issuer", name="elsewhere")["detail"]
        edit(issuer, 200, "mine", name="ours")
        edit(issuer, 403, "ours", expires_at=moment(3))
        edit(other, 200, "ours", expires_at=moment(3))
        edit(root, 200, "other", name="former")


def test_a_waiver_from_a_policy_that_there_is_not_is_refused_by_its_name(office):
    bare, served, root, alice, bob = office
    told = alice("POST", "/v1/waivers", 422, json={
        "token": "t0", "policy": "yearly", "reason": "test", "ends_at": moment(64)})
    assert "policy" in told["detail"]


# MARK: - Surroundings and evidence

def test_vaults_are_tried_and_webhooks_tested_and_replayed(house):
    with Receiver(failures=1_000) as receiver:
        house.configure(webhook=receiver.address)
        settings = house.folder / "rota.yaml"
        settings.write_text(settings.read_text().replace("[1s, 1s, 1s, 1s]", "[1s]"))
        admin = house.init()
        with Served(house) as served:
            root = Caller(served, admin)
            for vault in ("bao", "local"):
                tried = root("POST", f"/v1/vaults/{vault}/check", json={})["vault"]
                assert tried["ok"] is True and {step["ok"] for step in tried["steps"]} == {True}, tried
            root("POST", "/v1/vaults/unknown/check", 404, json={})
            root("POST", "/v1/tokens", 201, json={"name": "a", "destinations": ["bao:a#token"]})
            counts = {vault["name"]: vault["destinations"] for vault in root("GET", "/v1/vaults")["vaults"]}
            assert counts == {"bao": 1, "local": 0}
            assert house.bao.token not in root.ask("GET", "/v1/vaults").text

            failed = root("POST", "/v1/webhooks/security/test", json={})
            assert failed["delivered"] is False and failed["status"] == 503
            dead = lambda: listed_deliveries(root, "dead")
            wait_until(lambda: len(dead()) >= 2 and not listed_deliveries(root, "waiting"))
            lost = {delivery["event"] for delivery in dead()}
            receiver.failures = 0
            assert root("POST", "/v1/webhooks/security/test", json={})["delivered"] is True
            root("POST", "/v1/deliveries/replay", 422, json={"event": "x", "webhook": "security"})
            one = sorted(lost)[0]
            assert root("POST", "/v1/deliveries/replay", json={"event": one})["replayed"] == 1
            assert root("POST", "/v1/deliveries/replay", json={"webhook": "security"})["replayed"] == len(lost) - 1
            taken = lambda: {headers["webhook-id"] for headers, _ in receiver.taken}
            wait_until(lambda: taken() >= lost and not dead())
            assert any(json.loads(body)["type"] == "webhook.test" for _, body in receiver.taken)
            root("POST", "/v1/webhooks/unknown/test", 404, json={})
            assert house.signing_secret not in root.ask("GET", "/v1/webhooks").text
            assert {actor for actor, _, _ in entries(root, "delivery.replay")} == {"token:admin"}
            served.stop()


def listed_deliveries(ask, state):
    return ask("GET", f"/v1/deliveries?limit=500&state={state}")["deliveries"]


def test_the_report_is_that_of_the_command_line(bare):
    admin = bare.init()
    bare.policy()
    bare.import_seeds([Seed(f"t{n}", [f"local:{n}"]) for n in range(20)] + [Seed("=cmd|' /C calc'!A0", [])])
    with Served(bare) as served:
        root = Caller(served, admin)
        served_kinds = {"json": "application/json", "csv": "text/csv; charset=utf-8",
                        "html": "text/html; charset=utf-8"}

        def plain(text):
            """Without when it was made, and by whom."""
            return re.sub(r"token:admin|cli:\w+", "WHO", re.sub(
                r"(?<=made_at\":\")[^\"]+|(?<=period_from\":\")[^\"]+|\d\d:\d\d(:\d\d)?", "WHEN", text)).splitlines()

        at = moment(26)
        for kind, content in served_kinds.items():
            answer = root.ask("GET", f"/v1/reports/compliance?format={kind}&at={at}")
            assert answer.headers["Content-Type"] == content and answer.headers["Cache-Control"] == "no-store"
            said = bare.rota("report", "--format", kind, "--at", at).stdout
            answer.encoding = "utf-8"
            assert plain(answer.text) == plain(said) and len(said) > 2_000, kind
        assert "attachment" in answer.headers["Content-Disposition"]
        assert ",'=cmd" in root.ask("GET", "/v1/reports/compliance?format=csv").text.replace('"', "")
        now = root("GET", "/v1/reports/compliance")
        assert now["verdicts"] == bare.json("report", "--format", "json")["verdicts"]
        assert now["totals"] == bare.json("report", "--format", "json")["totals"]
        root("GET", "/v1/reports/compliance?format=pdf", 400)
        root("GET", "/v1/reports/compliance?at=now", 422)
        served.stop()


def test_whatever_is_refused_is_refused_as_a_problem(bare):
    """`ask` looks at its form; here is that each is refused as what it is, and a stranger as nothing else."""
    admin = bare.init()
    bare.policy()
    bare.rota("run")
    with Served(bare) as served:
        root, nobody = Caller(served, admin), Caller(served, "nothing")
        described = requests.get(served.address + "/openapi.json", timeout=10).json()["paths"]
        for path, methods in described.items():
            if path in ("/v1/introspect", "/v1/revoke"):
                continue  # OAuth has a form of its own
            target = re.sub(r"\{\w+\}", "nothing-there", path)
            for method, operation in methods.items():
                if not operation["security"]:
                    continue  # said to everybody: whether the process lives
                told = nobody.ask(method.upper(), target, 401, json={})
                assert "WWW-Authenticate" in told.headers, target
                if path.startswith("/v1/") and "{" in path:
                    reasoned = {"reason": "test"} if path.endswith(("quarantine", "restore")) else {}
                    root(method.upper(), target, 404, json=reasoned if method != "get" else None)
                if "requestBody" in operation:
                    sent = "{\"name\":\"a\"}"
                    root(method.upper(), target, 415, data=sent)
                    root(method.upper(), target, 415, data=sent, headers={"Content-Type": "text/json"})
                    # Where there are members that it has not, an unknown token is told first.
                    extra = [] if method == "patch" else ["{\"a\":1}"]
                    # What takes a file takes no JSON at all, broken or not.
                    wrong = 400 if "application/json" in methods[method]["requestBody"]["content"] else 415
                    for broken in ["", "{", "[]", "null", "{} {}", "\ufeff{}".encode(), *extra]:
                        root(method.upper(), target, wrong, data=broken, headers={"Content-Type": "application/json"})
        for query in ("limit=0", "limit=501", "limit=x", "limit=-1", "limit=99999999999999999999", "state=none",
                      "sort=none", "status=none", "unknown=1", "limit=%zz", "%zz=1"):
            root("GET", f"/v1/tokens?{query}", 400)
        other = root("GET", "/v1/audit?limit=1")["next"]
        for cursor in ("x", "7b7d", "00", other, other[:-2], "f" * 9_000):
            root("GET", f"/v1/tokens?cursor={cursor}", 422)
        forge_cursors(served, root)
        for span in ("x", "1", "-"):
            root("GET", f"/v1/tokens?idle-for={span}", 422)
            root("GET", f"/v1/tokens?expires-within={span}", 422)
        for path in ("/v1/nothing", "/v1/tokens/a/b/c", "/v1/tokens/", "/v2/tokens"):
            root("GET", path, 404)
        told = root.ask("DELETE", "/v1/tokens", 405)
        assert {word.strip() for word in told.headers["Allow"].split(",")} >= {"GET", "POST"}
        assert served.process.poll() is None
        served.stop()


@pytest.mark.parametrize("query", ["owner=a&owner=b", "limit=1&limit=2", "owner=%ff", "state=%ff", "idle-for=%ff"])
def test_a_query_that_can_be_read_in_two_ways_is_refused(bare, query):
    admin = bare.init()
    with Served(bare) as served:
        Caller(served, admin)("GET", f"/v1/tokens?{query}", 400)


@pytest.mark.parametrize("query", ["scope=", "scope=+", "scope=;"])
def test_a_question_about_no_scope_at_all_is_a_slip(bare, query):
    """As a proxy asks it whose variable is empty: it must not let through whoever has any token."""
    bare.init()
    value = bare.json("token", "create", "--name", "app", "--owner", "t")["value"]
    with Served(bare) as served:
        for path in ("/v1/authorize-for/;/x", f"/v1/authorize?{query}"):
            assert requests.get(served.address + path, timeout=10,
                                headers={"Authorization": f"Bearer {value}"}).status_code == 400


def forge_cursors(served, root):
    """A page goes on with the question that it was of; and no cursor, whoever made it, ends the server."""
    questions = [f"sort={sort}" for sort in ("name", "created", "expires", "used")]
    questions += ["search=a", "scope=a:read", "status=clean", "expires-within=30d", "idle-for=1d", "state=all"]
    given = {}
    for name in ("aa", "ab", "ac"):
        root("POST", "/v1/tokens", 201, json={"name": name, "scopes": ["a:read"]})
    for question in questions:
        given[question] = root("GET", f"/v1/tokens?limit=1&{question}")["next"]
        if given[question]:
            root("GET", f"/v1/tokens?{question}&cursor={given[question]}")
    assert any(given.values())
    for cursor in filter(None, given.values()):
        for question in questions:
            if cursor != given[question]:
                root("GET", f"/v1/tokens?{question}&cursor={cursor}", 422)
    for question in filter(given.get, questions):
        kind = json.loads(bytes.fromhex(given[question]))["of"]
        for texts in ([], [""], ["a"], ["a", "b"], ["a", "b", "c"], ["a"] * 9):
            for number in (None, 0, -1, 2**63 - 1, -(2**63)):
                forged = json.dumps({"of": kind, "texts": texts, "number": number}).encode().hex()
                root("GET", f"/v1/tokens?{question}&cursor={forged}", None)
                assert served.process.poll() is None, (question, texts, number)


def test_a_patch_may_be_called_what_it_is(bare):
    admin = bare.init()
    with Served(bare) as served:
        root = Caller(served, admin)
        root("POST", "/v1/tokens", 201, json={"name": "t"})
        merge = {"Content-Type": "application/merge-patch+json"}
        assert root("PATCH", "/v1/tokens/t", data='{"description": "d"}', headers=merge)["token"]["description"] == "d"
        root("POST", "/v1/tokens", 415, data='{"name": "u"}', headers=merge)
        # What is read in the other direction looks like another name.
        root("POST", "/v1/tokens", 422, json={"name": "a\u202eb"})
        assert "has 'limit' twice" in root("GET", "/v1/tokens?limit=1&limit=2", 400)["detail"]
        # A browser that remembers who asks lets no other page ask in his name.
        # An older one says only of whom the page is; what has no body needs no leave from here to be sent.
        basic = {"Authorization": "Basic " + base64.b64encode(f"x:{admin}".encode()).decode()}
        for header in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                       basic | {"Origin": "https://b.example"}, basic | {"Origin": "null"}):
            root("POST", "/v1/self/rotate", 403, headers=header)
            root("PATCH", "/v1/tokens/t", 403, json={}, headers=header)
            root("POST", "/v1/tokens/t/revoke", 403, headers=header)
        assert root("GET", "/v1/tokens/t")["token"]["state"] == "active"
        root("PATCH", "/v1/tokens/t", json={}, headers=basic | {"Origin": served.address})
        root("PATCH", "/v1/tokens/t", json={}, headers={"Origin": "https://portal.example"})
        root("PUT", "/v1/freeze", json={"reason": "release"})
        root("DELETE", "/v1/freeze?reason=released")
        assert root("GET", "/v1/audit?limit=1")["entries"][0]["entry"]["cause"] == "released"
        served.stop()

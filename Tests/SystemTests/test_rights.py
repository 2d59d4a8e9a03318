"""Who may do what to which token: the interface as it is used by those who are not administrators of everything."""

import json
import signal

import pytest

from house import moment
from serving import Served, wait_until
from test_api import Caller, caller, listed


@pytest.fixture
def team(bare):
    """A token of everybody's: of the issuer's own owner, of another, of nobody; and one with more than he has."""
    admin = bare.init()
    bare.policy()
    with Served(bare) as served:
        root = Caller(served, admin)
        for name, owner, scopes in (("ours", "web", ["a:read"]), ("theirs", "data", ["a:read"]), ("nobodys", "", []),
                                    ("chief", "web", ["rota:admin"])):
            root("POST", "/v1/tokens", 201, json={"name": name, "owner": owner, "scopes": scopes})
        yield bare, served, root, caller(bare, served, "ivy", "rota:issue", "a:read", "b:read", owner="web")
        served.stop()


def test_an_issuer_knows_of_the_tokens_of_his_own_owner_alone(team):
    bare, served, root, ivy = team
    assert {row["name"] for row in listed(ivy, "state=all")} == {"ours", "chief", "ivy"}
    for query in ("owner=data", "search=theirs", "owner=", "owner=%00", "scope=rota:operate", "policy=quarterly",
                  f"search={root('GET', '/v1/tokens/theirs')['token']['id']}", "owner=WEB"):
        assert listed(ivy, f"state=all&{query}") == [], query
    for sort in ("created", "expires", "used", "name"):
        assert {row["owner"] for row in listed(ivy, f"sort={sort}")} <= {"web"}
    for name in ("theirs", "nobodys", "admin"):
        identifier = root("GET", f"/v1/tokens/{name}")["token"]["id"]
        before = root("GET", f"/v1/tokens/{name}")["token"]
        for called in (name, identifier):
            for method, path, body in (
                    ("GET", f"/v1/tokens/{called}", None), ("GET", f"/v1/tokens/{called}/explain", None),
                    ("PATCH", f"/v1/tokens/{called}", {"description": "mine"}),
                    ("PATCH", f"/v1/tokens/{called}", {"owner": "web"}), ("PATCH", f"/v1/tokens/{called}", {}),
                    ("POST", "/v1/waivers", {"token": called, "policy": "quarterly", "reason": "mine",
                                             "ends_at": moment(64)})):
                told = ivy(method, path, 404, json=body)
                # Not to be told from one that there is not.
                other = {"token": "unknown"} | {key: body[key] for key in body if key != "token"} if "waivers" in path \
                    else body
                assert told == ivy(method, path.replace(called, "unknown"), 404, json=other)
            # Nor by a tag that does not match.
            ivy("PATCH", f"/v1/tokens/{called}", 404, headers={"If-Match": '"0-x"'}, json={})
        assert root("GET", f"/v1/tokens/{name}")["token"] | {"last_used_at": before["last_used_at"]} == before


def test_an_issuer_gives_no_more_than_he_has(team):
    bare, served, root, ivy = team
    made = ivy("POST", "/v1/tokens", 201, json={"name": "mine", "scopes": ["a:read", "b:read"]})
    assert made["token"]["owner"] == "web" and made["token"]["created_by"] == "token:ivy"
    assert ivy("PATCH", "/v1/tokens/mine", json={"scopes": ["b:read"], "description": "x"})["changed"] is True
    for scopes in (["a:write"], ["a:read", "rota:admin"], ["rota:operate"], ["rota:audit"], ["*"], ["a:*"]):
        ivy("POST", "/v1/tokens", 403, json={"name": "more", "scopes": scopes})
        ivy("PATCH", "/v1/tokens/mine", 403, json={"scopes": scopes})
    # Written otherwise it is another scope, or none, and never an administrator's.
    for scope in ("ROTA:ADMIN", "rota:admin ", " rota:admin", "rota:admin\u200b", "rota:admin\tx", "a:read rota:admin"):
        for method, path in (("POST", "/v1/tokens"), ("PATCH", "/v1/tokens/mine")):
            answer = ivy.ask(method, path, expect=None, json={"name": "mine-2", "scopes": [scope]})
            assert answer.status_code in (403, 422), (scope, answer.text)
    for owner in ("data", "", "WEB", "web ", "root"):
        answer = ivy.ask("POST", "/v1/tokens", expect=None, json={"name": "more", "owner": owner})
        assert answer.status_code in (403, 422), (owner, answer.text)
        answer = ivy.ask("PATCH", "/v1/tokens/mine", expect=None, json={"owner": owner})
        assert answer.status_code in (403, 422), (owner, answer.text)
    ivy("PATCH", "/v1/tokens/mine", 403, json={"owner": None})
    assert {row["name"] for row in listed(ivy)} == {"ours", "chief", "ivy", "mine"}
    # What he may not do at all.
    for action in ("quarantine", "restore"):
        ivy("POST", f"/v1/tokens/mine/{action}", 403, json={"reason": "test"})
    for method, path in (("GET", "/v1/audit"), ("GET", "/v1/plans"), ("POST", "/v1/plans"), ("GET", "/v1/policies"),
                         ("GET", "/v1/reports/compliance"), ("PUT", "/v1/freeze")):
        ivy(method, path, 403, json={} if method != "GET" else None)
    assert {scope["name"] for scope in ivy("GET", "/v1/scopes")["scopes"] if scope["grantable"]} <= {"a:read", "b:read"}


def test_an_issuer_without_an_owner_sees_and_gives_nothing(team):
    bare, served, root, ivy = team
    lone = caller(bare, served, "lone", "rota:issue", "a:read")
    assert listed(lone, "state=all") == []
    for name in ("nobodys", "lone", "ours"):
        lone("GET", f"/v1/tokens/{name}", 404)
    lone("POST", "/v1/tokens", 403, json={"name": "x", "scopes": ["a:read"]})
    lone("POST", "/v1/tokens", 403, json={"name": "x", "owner": "web"})


def test_an_issuer_gives_for_no_longer_than_he_has(team):
    bare, served, root, ivy = team
    short = caller(bare, served, "short", "rota:issue", "a:read", owner="web", expires="10d")
    end = root("GET", "/v1/tokens/short")["token"]["expires_at"]
    later = f"{int(end[:4]) + 1}{end[4:]}"
    for given in ({}, {"expires_at": None}, {"expires_at": later}):
        short("POST", "/v1/tokens", 403, json={"name": "longer", "scopes": ["a:read"]} | given)
    short("POST", "/v1/tokens", 201, json={"name": "as-long", "scopes": ["a:read"], "expires_at": end})
    for given in (None, later):
        short("PATCH", "/v1/tokens/as-long", 403, json={"expires_at": given})
    # Nor for himself.
    for given in (None, later):
        short("PATCH", "/v1/tokens/short", 403, json={"expires_at": given})
    assert root("GET", "/v1/tokens/short")["token"]["expires_at"] == end
    assert root("GET", "/v1/tokens/as-long")["token"]["expires_at"] == end


@pytest.mark.parametrize("roles", [["rota:issue"], ["rota:operate"], ["rota:audit"], ["rota:introspect"],
                                   ["rota:issue", "rota:operate", "rota:audit", "rota:introspect"]])
def test_nobody_with_less_makes_an_administrator(team, roles):
    bare, served, root, _ = team
    low = caller(bare, served, "low", *roles, "a:read", owner="web")
    for body in ({"name": "x", "scopes": ["rota:admin"]}, {"name": "x", "owner": "web", "scopes": ["rota:admin"]}):
        low("POST", "/v1/tokens", 403, json=body)
    for name in ("low", "ours"):
        low("PATCH", f"/v1/tokens/{name}", 403, json={"scopes": ["a:read", "rota:admin"]})
        assert "rota:admin" not in root("GET", f"/v1/tokens/{name}")["token"]["scopes"]
    admins = {row["name"] for row in listed(root, "scope=rota:admin&state=all")}
    assert admins == {"admin", "chief"}


def test_an_issuer_who_audits_takes_over_no_token_of_others(team):
    bare, served, root, _ = team
    both = caller(bare, served, "both", "rota:issue", "rota:audit", owner="web")
    both("PATCH", "/v1/tokens/theirs", 403, json={"description": "mine"})
    both("PATCH", "/v1/tokens/theirs", 403, json={"owner": "web"})
    both("PATCH", "/v1/tokens/admin", 403, json={"owner": "web", "destinations": ["local:mine"]})
    assert root("GET", "/v1/tokens/theirs")["token"]["owner"] == "data"


def test_an_issuer_changes_no_token_that_may_do_more_than_he(team):
    bare, served, root, ivy = team
    for change in ({"destinations": ["local:mine"]}, {"expires_at": moment(3)}, {"description": "x"}):
        ivy("PATCH", "/v1/tokens/chief", 403, json=change)
    assert root("GET", "/v1/tokens/chief")["destinations"] == []


def test_a_right_that_is_taken_away_is_gone_at_once(team):
    bare, served, root, ivy = team
    ivy("GET", "/v1/tokens/ours")
    root("PATCH", "/v1/tokens/ivy", json={"scopes": ["a:read"]})
    ivy("GET", "/v1/tokens/ours", 403)
    root("PATCH", "/v1/tokens/ivy", json={"scopes": ["rota:issue"], "owner": "data"})
    ivy("GET", "/v1/tokens/ours", 404)
    assert "theirs" in {row["name"] for row in listed(ivy)}
    root("POST", "/v1/tokens/ivy/quarantine", json={"reason": "test"})
    ivy("GET", "/v1/tokens", 401)
    root("POST", "/v1/tokens/ivy/restore", json={"reason": "test"})
    ivy("GET", "/v1/tokens")
    root("POST", "/v1/tokens/ivy/revoke", json={})
    ivy("GET", "/v1/tokens", 401)


def test_the_answer_to_a_key_is_given_to_whoever_asked_alone(team):
    bare, served, root, ivy = team
    key = {"Idempotency-Key": "same"}
    mine = ivy("POST", "/v1/tokens", 201, headers=key, json={"name": "mine", "scopes": ["a:read"]})
    other = caller(bare, served, "other", "rota:issue", "a:read", owner="data")
    other("POST", "/v1/tokens", 409, headers=key, json={"name": "mine", "scopes": ["a:read"]})
    again = ivy.ask("POST", "/v1/tokens", 201, headers=key, json={"name": "mine", "scopes": ["a:read"]})
    assert again.json()["token"]["id"] == mine["token"]["id"] and again.json()["value"] is None


def test_whoever_takes_the_name_of_a_maker_has_not_made_what_he_made(team):
    bare, served, root, ivy = team
    alice = caller(bare, served, "alice", "rota:issue", "a:read", owner="web")
    alice("POST", "/v1/tokens", 201, json={"name": "alices", "scopes": ["a:read"]})
    root("POST", "/v1/tokens/alice/revoke", json={"reason": "left"})
    # A moment later, since a maker may make something in the second in which he was made.
    wait_until(lambda: root("GET", "/v1/tokens/alices")["token"]["created_at"] < moment())
    second = ivy("POST", "/v1/tokens", 201, json={"name": "alice", "scopes": ["rota:issue", "a:read"]})["value"]
    second = Caller(served, second)
    second("POST", "/v1/tokens/alices/revoke", 403, json={})
    second("POST", "/v1/tokens/alices/rotate", 403, json={})
    second("PATCH", "/v1/tokens/alices", 403, json={"scopes": []})
    assert root("GET", "/v1/tokens/alices")["token"]["state"] == "active"
    # And his own are his.
    second("POST", "/v1/tokens", 201, json={"name": "own", "scopes": ["a:read"]})
    second("POST", "/v1/tokens/own/revoke", json={})


def test_an_issuer_takes_nothing_from_tokens_that_others_made(team):
    bare, served, root, ivy = team
    root("PATCH", "/v1/tokens/ours", json={"destinations": ["local:one", "local:two"]})
    for body in ({"scopes": []}, {"destinations": []}, {"destinations": ["local:one"]}):
        ivy("PATCH", "/v1/tokens/ours", 403, json=body)
    assert ivy("PATCH", "/v1/tokens/ours", json={"description": "ours"})["changed"] is True
    token = root("GET", "/v1/tokens/ours")["token"]
    assert (token["scopes"], token["destination_count"]) == (["a:read"], 2)


def test_an_issuer_follows_the_waivers_that_he_asked_for(team):
    bare, served, root, ivy = team
    asked = {"token": "ours", "policy": "quarterly", "reason": "late", "ends_at": moment(30)}
    other = root("POST", "/v1/waivers", 201, json=asked | {"token": "theirs"})["waiver"]["id"]
    answer = ivy.ask("POST", "/v1/waivers", 201, json=asked)
    own = answer.json()["waiver"]["id"]
    assert ivy("GET", answer.headers["Location"])["waiver"]["id"] == own
    assert [waiver["id"] for waiver in ivy("GET", "/v1/waivers")["waivers"]] == [own]
    ivy("GET", f"/v1/waivers/{other}", 404)
    ivy("POST", f"/v1/waivers/{other}/withdraw", 404, json={})
    ivy("POST", f"/v1/waivers/{own}/approve", 403, json={})
    # He is told to withdraw it before he asks again, and may.
    ivy("POST", "/v1/waivers", 409, json=asked)
    assert ivy("POST", f"/v1/waivers/{own}/withdraw", json={})["waiver"]["state"] == "withdrawn"
    ivy("POST", "/v1/waivers", 201, json=asked)


def test_an_issuer_sets_no_label_that_policies_go_by(team):
    bare, served, root, ivy = team
    (bare.folder / "Policies" / "labels.yaml").write_text(
        "version: 1\npolicies:\n  - name: production\n    mode: observe\n    match: { labels: { env: prod } }\n    rules:\n"
        "      - max-age: 30d\n        action: notify\n")
    served.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "production" in {one["name"] for one in root("GET", "/v1/policies")["policies"]}, within=20)
    ivy("POST", "/v1/tokens", 201, json={"name": "mine", "scopes": ["a:read"], "labels": {"note": "x"}})
    root("PATCH", "/v1/tokens/ours", json={"labels": {"env": "prod"}})
    # Neither into a policy nor out of it.
    for labels in ({"env": "prod"}, {"env": "test"}, {"note": "y", "env": "prod"}):
        told = ivy("POST", "/v1/tokens", 403, json={"name": "more", "scopes": ["a:read"], "labels": labels})
        assert "policies go by the label 'env'" in told["detail"]
        ivy("PATCH", "/v1/tokens/mine", 403, json={"labels": labels})
    for labels in ({"env": None}, {"env": "test"}, None):
        ivy("PATCH", "/v1/tokens/ours", 403, json={"labels": labels})
    assert root("GET", "/v1/tokens/ours")["token"]["labels"] == {"env": "prod"}
    assert root("GET", "/v1/tokens/mine")["token"]["labels"] == {"note": "x"}
    assert ivy("PATCH", "/v1/tokens/mine", json={"labels": {"note": "y"}})["token"]["labels"] == {"note": "y"}
    assert "more" not in {row["name"] for row in listed(root, "state=all")}


def test_an_issuer_has_values_brought_to_his_own_places_alone(house):
    admin = house.init()
    house.policy()
    with (house.folder / "rota.yaml").open("a") as file:
        file.write('issue-into: ["local:{owner}-*"]\n')
    with Served(house) as served:
        root = Caller(served, admin)
        ivy = caller(house, served, "ivy", "rota:issue", "a:read", owner="web")
        made = ivy("POST", "/v1/tokens", 201,
                   json={"name": "mine", "scopes": ["a:read"], "destinations": ["local:web-export"]})
        assert made["pushed"] is True
        for place in ("local:data-export", "local:web", "local:x-web-export", "local:WEB-export"):
            for places in ([place], ["local:web-other", place]):
                told = ivy("POST", "/v1/tokens", 403,
                           json={"name": "more", "scopes": ["a:read"], "destinations": places})
                assert "see 'issue-into'" in told["detail"]
                ivy("PATCH", "/v1/tokens/mine", 403, json={"destinations": ["local:web-export", *places]})
            assert place.partition(":")[2] not in {path.name for path in house.folder.rglob("*")}
        shown = root("GET", "/v1/tokens/mine")["destinations"]
        assert [place["path"] for place in shown] == ["web-export"], shown
        # Who is called like a pattern has no place at all.
        star = caller(house, served, "star", "rota:issue", "a:read", owner="*")
        star("POST", "/v1/tokens", 403, json={"name": "more", "scopes": ["a:read"], "destinations": ["local:x-y"]})
        assert "more" not in {row["name"] for row in listed(root, "state=all")}
        served.stop()


def test_who_asks_for_what_is_not_his_is_in_the_audit_log(team):
    bare, served, root, ivy = team
    identifier = root("GET", "/v1/tokens/theirs")["token"]["id"]
    asked = ivy.ask("GET", "/v1/tokens/theirs", 404).headers["X-Request-Id"]

    def refusals():
        entries = root("GET", "/v1/audit?limit=500")["entries"]
        return [entry["entry"] for entry in entries if entry["entry"]["action"] == "access.refused"]

    wait_until(refusals, within=20)
    [entry] = refusals()
    assert entry["actor"] == "token:ivy" and entry["object"] == identifier
    assert entry["request"] == {"address": "127.0.0.1", "id": asked}
    assert entry["after"] == {"caller_id": root("GET", "/v1/tokens/ivy")["token"]["id"], "not_told": 0}
    # A hundred probes are no hundred entries.
    for _ in range(100):
        ivy("GET", f"/v1/tokens/{identifier}", 404)
    for name in ("nobodys", "admin", "unknown"):
        ivy("GET", f"/v1/tokens/{name}/explain", 404)
    wait_until(lambda: len(refusals()) >= 3, within=20)
    served.stop()
    counted = [json.loads(body)["after"]["not_told"] for (body,) in bare.rows(
        "SELECT body FROM audit WHERE action = 'access.refused' ORDER BY number")]
    # Where an hour ends meanwhile there is one more.
    assert len(counted) in (3, 4) and sum(counted) + len(counted) == 103, counted
    assert "access.refused" in bare.rota("audit", "tail", "--token", "theirs").stdout
    bare.rota("audit", "verify")
    assert "each as the log says" in bare.rota("audit", "verify", "--state").stdout
    bare.rota("report", "--format", "json", "--as-of", entry["at"])

"""Quarantine through the real daemon: what is refused, who is heard of, what comes back, and what webhooks are told."""
import base64
import json
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from servers import free_port
from serving import Served

POLICY = """version: 1
policies:
  - name: idle
    mode: enforce
    match: { name: "app*" }
    rules:
      - unused-for: 30d
        action: quarantine
        then: { revoke-after: 14d }
"""


@pytest.fixture
def house(bare, receiver):
    bare.configure(webhook=receiver.address)
    # A port of its own: the log names the receiver's, too.
    bare.port = free_port()
    bare.init()
    bare.policy(text=POLICY)
    return bare


class Gateway:
    def __init__(self, house, served):
        self.served = served
        self.value = house.json("token", "create", "--name", "gateway", "--scope", "rota:introspect")["value"]

    def introspect(self, value, **more):
        form = "&".join(f"{key}={text}" for key, text in {"token": value, **more}.items())
        request = urllib.request.Request(f"http://127.0.0.1:{self.served.house.port}/v1/introspect", form.encode())
        request.add_header("Authorization", "Basic " + base64.b64encode(f"gateway:{self.value}".encode()).decode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["active"]

    def authorize(self, value):
        request = urllib.request.Request(f"http://127.0.0.1:{self.served.house.port}/v1/authorize")
        request.add_header("Authorization", f"Bearer {value}")
        request.add_header("User-Agent", "export/1.0")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code


def served_by(house):
    return Served(house, listen=f"127.0.0.1:{house.port}")


def sql(house, text):
    subprocess.run(["sqlite3", "-cmd", ".timeout 10000", house.store, text], check=True, stdout=subprocess.DEVNULL)


def told(receiver, kind):
    return [event for event in (json.loads(body) for _, body in receiver.taken) if event["type"] == kind]


def wait_for(receiver, kind, count):
    for _ in range(200):
        if len(told(receiver, kind)) >= count:
            break
        time.sleep(0.1)  # between two looks, 200 at the most
    assert len(told(receiver, kind)) == count, [json.loads(body)["type"] for _, body in receiver.taken]
    return [event["data"] for event in told(receiver, kind)]


def test_a_person_takes_a_token_out_of_use_sees_who_misses_it_and_puts_it_back(house, receiver):
    made = house.json("token", "create", "--name", "app", "--owner", "team-a", "--scope", "read")["value"]
    with served_by(house) as served:
        gateway = Gateway(house, served)
        assert gateway.introspect(made) and gateway.authorize(made) == 200
        done = house.json("token", "quarantine", "app", "--reason", "nobody knows it")
        assert done["changed"] and done["token"]["state"] == "quarantined" and not done["token"]["active"]
        assert not house.json("token", "quarantine", "app", "--reason", "again")["changed"]
        # At once, with both questions.
        assert not gateway.introspect(made, source="10.0.0.7", agent="monthly")
        assert not gateway.introspect(made, source="10.0.0.7")
        assert gateway.authorize(made) == 401
        refused = wait_for(receiver, "token.refused_use", 2)
        assert {event["source"] for event in refused} == {"10.0.0.7", "127.0.0.1"}, refused
        assert wait_for(receiver, "token.quarantined", 1)[0]["cause"] == "nobody knows it"
        shown = house.json("token", "show", "app")
        assert shown["quarantine"]["cause"] == "nobody knows it" and shown["quarantine"]["revoke_at"] is None
        assert shown["quarantine"]["refused_uses"]["count"] == 3, shown["quarantine"]
        assert "monthly" in shown["quarantine"]["refused_uses"]["agents"]
        assert "who still calls" in house.rota("token", "show", "app").stdout
        assert house.json("token", "list", "--state", "quarantined")["tokens"][0]["name"] == "app"
        assert "already" in house.rota("token", "create", "--name", "app", expect=1).stderr, "its name is taken"
        house.rota("token", "quarantine", "app", "--reason", " ", expect=2)
        # It comes back with the value that it had, at once.
        assert house.json("token", "restore", "app", "--reason", "the export needs it")["changed"]
        assert gateway.introspect(made) and gateway.authorize(made) == 200
        wait_for(receiver, "token.restored", 1)
        assert house.json("token", "show", "app")["quarantine"] is None
        served.stop()
    actions = [kept["entry"]["action"] for kept in house.json("audit", "tail", "--token", "app")["entries"]]
    assert actions.count("token.quarantine") == 1 and actions.count("token.restore") == 1, actions


def test_a_policy_quarantines_waits_and_revokes(house, receiver):
    made = house.json("token", "create", "--name", "app")["value"]
    kept = house.json("token", "create", "--name", "app-kept")["value"]
    long_ago = "strftime('%s','now') - 40 * 86400"
    sql(house, f"UPDATE tokens SET last_used_at = {long_ago}, idle_since = {long_ago}, created_at = {long_ago}, "
               f"usage_asserted_until = strftime('%s','now') WHERE name LIKE 'app%'")
    explained = house.json("policy", "explain", "app")["policies"][0]["rules"][0]
    assert explained["action"] == "quarantine" and explained["revoke_at"] is not None, explained
    assert "revoked, unless it is restored" in house.rota("policy", "explain", "app").stdout
    assert {row["action"] for row in house.json("plan")["actions"]} == {"quarantine"}
    house.rota("run")
    assert not house.accepts(made) and not house.accepts(kept)
    with served_by(house) as served:
        assert not Gateway(house, served).introspect(made, source="10.0.0.9", agent="forgotten")
        time.sleep(1.5)  # uses are written once a second
        served.stop()
    house.rota("token", "restore", "app-kept", "--reason", "it is needed")
    # The idle time of what was restored counts anew: nothing is done to it.
    assert house.json("plan")["actions"] == []
    assert "evaluated again when it is restored" in house.rota("policy", "explain", "app").stdout
    explained = house.json("policy", "explain", "app")["quarantine"]
    assert explained["policy"] == "idle" and explained["refused_uses"]["sources"] == ["10.0.0.9"]
    assert house.json("token", "show", "app")["quarantine"]["revoke_at"] == explained["revoke_at"] is not None
    sql(house, "UPDATE quarantines SET since = since - 14 * 86400 + 600")
    assert house.json("plan")["actions"] == []
    sql(house, "UPDATE quarantines SET since = since - 600")
    planned = house.json("plan")["actions"]
    assert [(row["name"], row["action"], row["reason"]) for row in planned] == [("app", "revoke", "quarantine-over")]
    assert planned[0]["refused_uses"]["agents"] == ["forgotten"]
    assert "10.0.0.9" in house.rota("plan").stdout
    house.rota("run", "--deliver-within", "5s")
    assert house.json("token", "show", "app")["token"]["state"] == "revoked"
    assert house.accepts(kept) and not house.accepts(made)
    assert len(told(receiver, "token.revoked")) == 1
    house.rota("token", "restore", "app", "--reason", "too late", expect=1)


def test_an_overlap_stands_still_and_goes_on_where_it_was(house):
    house.rota("token", "create", "--name", "app", "--destination", "local:app")
    old = house.get("local:app")
    house.rota("token", "rotate", "app", "--overlap", "1s")
    new = house.get("local:app")
    house.rota("token", "quarantine", "app", "--reason", "a drill")
    assert not house.accepts(old) and not house.accepts(new)
    assert "quarantined" in house.rota("token", "rotate", "app", expect=None).stdout + house.outputs[-1]
    time.sleep(1.5)  # past the overlap of a second, by the machine's clock, which the program reads
    house.rota("run")
    house.rota("token", "restore", "app", "--reason", "the drill is over")
    assert house.accepts(old) and house.accepts(new), "nothing ended meanwhile"
    house.rota("run")
    assert not house.accepts(old) and house.accepts(new)


def test_reuse_is_told_once_for_each_source_whatever_restarts(house, receiver):
    house.rota("token", "create", "--name", "app", "--destination", "local:app")
    old = house.get("local:app")
    house.rota("token", "rotate", "app", "--overlap", "0s")
    house.rota("run")
    assert not house.accepts(old)
    new = house.get("local:app")
    with served_by(house) as served:
        gateway = Gateway(house, served)
        for source in ("203.0.113.7", "203.0.113.7", "203.0.113.8"):
            assert not gateway.introspect(old, source=source)
        assert {event["source"] for event in wait_for(receiver, "token.reuse_detected", 2)} == {
            "203.0.113.7", "203.0.113.8"}
        served.stop()
    # Another day, another process.
    sql(house, "UPDATE usage SET day = day - 86400; UPDATE told_uses SET day = day - 86400")
    with served_by(house) as served:
        gateway.served = served
        for source in ("203.0.113.7", "203.0.113.8"):
            assert not gateway.introspect(old, source=source)
        # Without an address it is whoever asked.
        assert not gateway.introspect(old)
        found = wait_for(receiver, "token.reuse_detected", 3)
        assert found[-1]["source"] == "caller:gateway" and found[-1]["version"] == 1
        assert found[-1]["revoked_at"] and found[-1]["first_seen_at"], found[-1]
        assert gateway.introspect(new), "nothing is revoked for it"
        time.sleep(1.5)  # a turn of the writing of uses and of deliveries: a fourth event had its chance
        served.stop()
    assert len(told(receiver, "token.reuse_detected")) == 3
    shown = house.json("token", "show", "app")
    assert {use["source"] for use in shown["reuse"]} == {"203.0.113.7", "203.0.113.8", "caller:gateway"}
    assert "Used after they were revoked" in house.rota("token", "show", "app").stdout

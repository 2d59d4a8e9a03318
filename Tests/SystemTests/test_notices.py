"""Notices of coming actions as a receiver gets them, from the real program under a clock that moves."""

import collections
import json
import os
import signal
import time
import zipfile

from standardwebhooks.webhooks import Webhook

from house import Seed
from moved_clock import MovedClock
from serving import Served

DAY = 24 * 3600
POLICY = (
    "version: 1\npolicies:\n  - name: old-ones\n    mode: enforce\n    match: all\n"
    "    rules:\n      - max-age: 90d\n        action: revoke\n"
    "    notify-before: [14d, 3d, 1d]\n    minimum-notice: 3d\n    schedule: { every: 1m }\n")


def prepare(bare, receiver):
    clock = MovedClock(bare.folder)
    bare.extra = clock.environment
    bare.configure(webhook=receiver.address)
    bare.init()
    bare.policy(text=POLICY)
    # Half a day beside, so that nothing is at a limit.
    bare.import_seeds([
        Seed(name, [f"local:{name}"], value_issued_at=time.strftime(
            "%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - age * DAY)))
        for name, age in [("overdue", 200), ("coming", 80.5), ("young", 10)]])
    return clock


def notices(house, receiver):
    """(token, stage) to how often it arrived under how many ids; and the data of each."""
    verifier, ids, told = Webhook(house.signing_secret), collections.defaultdict(set), {}
    for headers, body in receiver.taken:
        # The verifier goes by the real clock, and refuses what a clock that was moved ahead has signed.
        if int(headers["webhook-timestamp"]) <= time.time():
            verifier.verify(body, headers)
        event = json.loads(body)
        if event["type"] == "token.action_due":
            key = (event["data"]["name"], event["data"]["stage"]["index"])
            ids[key].add(headers["webhook-id"])
            told[key] = event["data"]
    return {key: len(found) for key, found in ids.items()}, told


def test_an_overdue_token_is_told_of_and_revoked_when_its_notice_is_old_enough(bare, receiver):
    clock = prepare(bare, receiver)

    plan = bare.json("plan")
    assert [(action["name"], action["waiting_for"]) for action in plan["actions"]] == [("overdue", "notice")]
    assert plan["actions"][0]["may_begin"] and len(plan["noticed"]) == 2
    assert notices(bare, receiver)[0] == {}

    first = bare.json("run")
    assert first["notices"] == 2
    assert first["totals"]["waiting"] == 1 and first["totals"]["done"] == 0
    for _ in range(2):
        assert bare.json("run")["notices"] == 0
    counts, told = notices(bare, receiver)
    assert counts == {("overdue", 2): 1, ("coming", 1): 1}
    overdue = told["overdue", 2]
    assert overdue["action"] == "revoke" and overdue["policy"] == "old-ones" and overdue["rule"] == "max-age"
    assert overdue["days_left"] == 3 and overdue["seconds_left"] == 3 * DAY
    assert overdue["stage"] == {"index": 2, "of": 3, "before": "3d", "before_seconds": 3 * DAY}
    assert overdue["reason"] == "max-age-exceeded" and overdue["mode"] == "enforce"
    assert {"owner", "integration", "token_id", "deadline", "rule_deadline"} <= set(overdue)
    assert told["coming", 1]["stage"]["before"] == "14d" and told["coming", 1]["days_left"] == 9

    shown = bare.json("token", "show", "overdue")["notices"]
    assert [(notice["action"], notice["not_before"]) for notice in shown] == [("revoke", overdue["deadline"])]
    explained = bare.json("policy", "explain", "overdue")["policies"][0]["rules"][0]
    assert explained["notices_sent"] is True and explained["may_begin"] == overdue["deadline"]
    assert "may be taken" in bare.rota("policy", "explain", "overdue").stdout

    clock.pass_by(2 * DAY + 3600)
    assert bare.json("run")["totals"]["waiting"] == 1
    assert notices(bare, receiver)[0][("overdue", 3)] == 1
    clock.pass_by(DAY)
    assert bare.json("run")["totals"]["done"] == 1
    assert bare.json("token", "show", "overdue")["token"]["state"] == "revoked"
    assert bare.json("token", "show", "overdue")["notices"] == []

    # The other one is told of in time, so that nothing is late.
    for _ in range(7):
        clock.pass_by(DAY)
        bare.rota("run")
    assert bare.json("token", "show", "coming")["token"]["state"] == "revoked"
    assert notices(bare, receiver)[0] == {
        ("overdue", 2): 1, ("overdue", 3): 1, ("coming", 1): 1, ("coming", 2): 1, ("coming", 3): 1}


def test_a_daemon_that_is_killed_and_started_again_tells_nobody_twice(bare, receiver):
    prepare(bare, receiver)
    for _ in range(3):
        served = Served(bare)
        try:
            for _ in range(200):
                if len(notices(bare, receiver)[0]) == 2:
                    break
                time.sleep(0.1)  # between two looks, which a deadline bounds
        finally:
            os.kill(served.process.pid, signal.SIGKILL)
            served.process.wait()
    bare.rota("run")
    assert bare.rows("SELECT count(*) FROM notices") == [(2,)]
    assert notices(bare, receiver)[0] == {("overdue", 2): 1, ("coming", 1): 1}
    assert bare.rows("SELECT count(*) FROM events WHERE type = 'token.action_due'") == [(2,)]
    assert bare.rows("SELECT count(*) FROM audit WHERE action = 'notice.send'") == [(2,)]


def test_a_person_revokes_at_once_whatever_notice_the_policy_gives(bare, receiver):
    prepare(bare, receiver)
    bare.rota("run")
    bare.rota("token", "revoke", "overdue", "--emergency", "--yes", "--reason", "leaked")
    assert bare.json("token", "show", "overdue")["token"]["state"] == "revoked"


def test_a_report_and_the_archive_tell_of_notices_with_their_delivery(bare, receiver):
    prepare(bare, receiver)
    bare.json("run")
    sent = notices(bare, receiver)[0]
    told = bare.json("report", "--format", "json")["summary"]["notices"]
    assert told["count"] == len(sent) == 2
    assert told["outcomes"] == {"delivered": 2, "waiting": 0, "dead": 0, "nobody": 0}
    for notice in told["listed"]:
        assert (notice["name"], 1) in sent or (notice["name"], 2) in sent or (notice["name"], 3) in sent
        [delivery] = notice["deliveries"]
        assert (delivery["webhook"], delivery["state"]) == ("security", "delivered") and delivery["at"] >= notice["at"]
    page = bare.rota("report", "--format", "html").stdout
    assert "security: delivered" in page
    archive = bare.folder / "evidence.zip"
    bare.rota("report", "bundle", "--output", archive)
    lines = zipfile.ZipFile(archive).read("evidence/notices.jsonl").decode().splitlines()
    assert [json.loads(line)["outcome"] for line in lines] == ["delivered", "delivered"]

"""The daemon under a clock that is set, wrong for a moment, or days ahead: the real program, with a clock that moves."""

import random
import signal
import time
from datetime import datetime, timedelta, timezone

import requests

from house import Seed
from moved_clock import MovedClock
from serving import Served

DAY = 86_400

ENDING = (
    "version: 1\npolicies:\n  - name: ending\n    mode: enforce\n    match: { name: 'app*' }\n    rules:\n"
    "      - RULE\n        action: revoke\n    schedule: { every: 1m }\n")


def wait_for(served, text, within=20, count=1):
    until = time.monotonic() + within
    while served.log.read_text().count(text) < count:
        assert time.monotonic() < until, served.log.read_text()
        time.sleep(0.05)  # between two looks; `until` bounds them


def test_a_reload_does_not_end_the_suspicion_of_a_clock(bare):
    clock = MovedClock(bare.folder)
    bare.extra = clock.environment
    bare.init()
    for name, *more in (("app",), ("short", "--expires", "30d")):
        bare.json("token", "create", "--name", name, "--owner", "team-data", *more)
    bare.policy(text=ENDING.replace("RULE", "max-age: 90d"))
    with Served(bare) as served:
        until = time.monotonic() + 20
        while not bare.rows("SELECT policy FROM schedules"):
            assert time.monotonic() < until
            time.sleep(0.05)  # between two looks; `until` bounds them
        clock.set_by(400 * DAY)
        wait_for(served, "the clock is suspect")
        for count in (1, 2):
            served.process.send_signal(signal.SIGHUP)
            wait_for(served, "the configuration is in force", count=count)
            time.sleep(2)  # both loops of the new shift have had their first turn
        assert {state for (state,) in bare.rows("SELECT state FROM tokens")} == {"active"}, served.log.read_text()
        served.stop()


def test_a_clock_that_was_wrong_for_a_moment_watches_no_day_that_is_to_come(bare):
    clock = MovedClock(bare.folder)
    bare.extra = clock.environment
    bare.init()
    gateway = bare.json("token", "create", "--name", "gateway", "--owner", "t", "--scope", "rota:introspect")["value"]
    value = bare.json("token", "create", "--name", "app", "--owner", "t")["value"]
    bare.policy(text=ENDING.replace("RULE", "unused-for: 5d").replace("every: 1m", "every: 366d"))
    with Served(bare) as served:
        def use():
            answer = requests.post(served.address + "/v1/introspect", data={"token": value}, auth=("", gateway))
            assert answer.json()["active"] is True

        use()
        time.sleep(2.5)  # two flushes, one each second, by the clock as it is now
        clock.set_by(30 * DAY)
        use()
        time.sleep(2.5)  # two flushes, one each second, by the clock as it is now
        use()
        clock.set_by(-30 * DAY)
        time.sleep(1.5)  # a flush
        use()
        clock.pass_by(61)  # a heartbeat is due again
        time.sleep(1.5)  # a flush
        beats = bare.rows("SELECT max(beat_at) FROM heartbeats WHERE asked_at IS NOT NULL")
        served.stop()
    now = time.time() + 61
    assert now - 5 < beats[0][0] <= now, "it goes on as before"
    for (latest,) in bare.rows("SELECT max(beat_at) FROM heartbeats UNION SELECT max(asked_at) FROM heartbeats"
                               " UNION SELECT max(last_used_at) FROM tokens UNION SELECT max(day) FROM usage"):
        assert latest <= now, "nothing lies in the future"
    # Six days later: nobody watched any of them.
    clock.pass_by(6 * DAY)
    bare.rota("run")
    assert bare.json("token", "show", "app")["token"]["state"] == "active"


def test_a_week_of_daily_runs_with_restarts_and_kills_handles_each_due_token_once_and_nothing_else(bare):
    dice = random.Random(20261126)
    clock = MovedClock(bare.folder)
    bare.extra = clock.environment
    bare.init()
    now = datetime.now(timezone.utc)

    def seed(name, days, *places):
        issued = (now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Seed(name, list(places), value_issued_at=issued)

    # Due at the start, or in one of the first six days; the last fire comes after that.
    old = [seed(f"old-{n:02}", 95 if n < 4 else 84.5 + n * 0.25, f"local:old-{n:02}", f"local:copy/{n:02}")
           for n in range(20)]
    ended = [seed(f"ended-{n:02}", 194.3 + n * 0.7) for n in range(8)]
    young = [seed(f"young-{n:02}", 20 + n, f"local:young-{n:02}") for n in range(6)]
    bare.import_seeds(old + ended + young)
    bare.policy(text=(
        "version: 1\npolicies:\n"
        "  - name: rotation\n    mode: enforce\n    match: { except: { name: 'ended-*' } }\n    rules:\n"
        "      - max-age: 90d\n        action: rotate\n        overlap: 2h\n    schedule: { every: 1d }\n"
        "  - name: end\n    mode: enforce\n    match: { name: 'ended-*' }\n    rules:\n"
        "      - max-age: 200d\n        action: revoke\n    schedule: { every: 1d }\n"))
    untouched = {
        token.name: bare.rows("SELECT * FROM tokens WHERE name = ?", token.name) for token in young}
    begun, served, restarts, kills = time.monotonic(), Served(bare), 0, 0
    try:
        for step in range(46):
            clock.pass_by(4 * 3600)
            time.sleep(dice.uniform(0.1, 0.7))  # real time to work in, less or more than a turn takes
            chance = dice.random()
            if step > 42 or chance > 0.3:
                continue
            if chance < 0.18:
                served.process.kill()
                served.process.wait()
                kills += 1
            else:
                served.stop()
                restarts += 1
            served = Served(bare)
        # What was cut short last is finished, and the last overlaps have ended.
        until = time.monotonic() + 30
        while bare.rows("SELECT 1 FROM rotations WHERE phase IN ('open', 'overlap')"):
            assert time.monotonic() < until, served.log.read_text()
            clock.pass_by(3600)
            time.sleep(0.5)  # real time to work in; `until` bounds it
        served.stop()
    finally:
        served.__exit__()
    assert kills > 3 and restarts > 1
    promoted = dict(bare.rows(
        "SELECT t.name, count(*) FROM rotations r JOIN tokens t ON t.id = r.token_id"
        " WHERE r.promoted_at IS NOT NULL GROUP BY t.name"))
    assert promoted == {token.name: 1 for token in old}
    revoked = dict(bare.rows(
        "SELECT t.name, count(*) FROM audit a JOIN tokens t ON t.id = a.object"
        " WHERE a.action = 'token.revoke' GROUP BY t.name"))
    assert revoked == {token.name: 1 for token in ended}
    for token in old:
        first, second = (bare.get(place) for place in token.destinations)
        assert first == second != token.value and bare.accepts(first) and not bare.accepts(token.value)
    for token in young:
        assert bare.get(token.destinations[0]) == token.value
        assert bare.rows("SELECT * FROM tokens WHERE name = ?", token.name) == untouched[token.name]
    print(f"{kills} kills, {restarts} restarts, {time.monotonic() - begun:.0f} s")

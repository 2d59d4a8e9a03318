"""The daemon under a clock that is set, wrong for a moment, or days ahead: the real program, with a clock that moves."""

import signal
import time

import requests

from moved_clock import MovedClock, needs_compiler
from serving import Served

pytestmark = needs_compiler
DAY = 86_400

ENDING = (
    "version: 1\npolicies:\n  - name: ending\n    mode: enforce\n    match: { name: 'app*' }\n    rules:\n"
    "      - RULE\n        action: revoke\n    schedule: { every: 1m }\n")


def wait_for(served, text, within=20, count=1):
    until = time.monotonic() + within
    while served.log.read_text().count(text) < count:
        assert time.monotonic() < until, served.log.read_text()
        time.sleep(0.05)


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
            time.sleep(0.05)
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
        time.sleep(2.5)
        clock.set_by(30 * DAY)
        use()
        time.sleep(2.5)
        use()
        clock.set_by(-30 * DAY)
        time.sleep(1.5)
        use()
        clock.pass_by(61)  # a heartbeat is due again
        time.sleep(1.5)
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

"""The daemon under a clock that is set, wrong for a moment, or days ahead: the real program, with a clock that moves."""

import signal
import time

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

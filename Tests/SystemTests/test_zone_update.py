"""The rules of a time zone are updated under the running daemon: the slot moves, and has one run."""

import shutil
import signal
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from moved_clock import MovedClock
from test_clock import wait_for
from serving import Served

ZONES = Path("/usr/share/zoneinfo")
HOUR = 3600


def has_namespaces():
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


class Zones:
    """A zone database of our own in the place of the machine's, for one process and its children."""

    def __init__(self, folder):
        self.folder = folder / "zoneinfo"
        (self.folder / "Europe").mkdir(parents=True)

    def update(self, hours):
        """As a package manager does: another file takes the name."""
        new = self.folder / "Europe/new"
        shutil.copy(ZONES / f"Etc/GMT-{hours}", new)  # whose sign is the other way round
        new.rename(self.folder / "Europe/London")

    @property
    def prefix(self):
        return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"',
                str(self.folder), str(ZONES)]


@pytest.mark.skipif(not has_namespaces(), reason="no mount namespace can be made here")
def test_a_slot_that_an_update_of_the_zones_moves_has_one_run(bare):
    clock, zones = MovedClock(bare.folder), Zones(bare.folder)
    zones.update(2)
    bare.init()
    bare.json("token", "create", "--name", "app", "--owner", "t")
    slot = datetime.now(timezone.utc).replace(second=0, microsecond=0) + timedelta(hours=5)
    local = slot + timedelta(hours=2)
    bare.policy(text=(
        "version: 1\npolicies:\n  - name: daily\n    mode: enforce\n    match: all\n    rules:\n"
        "      - max-age: 90d\n        action: notify\n"
        f'    schedule: {{ cron: "{local.minute} {local.hour} * * *", zone: Europe/London }}\n'))
    bare.extra = clock.environment
    command = bare.command
    bare.command = lambda *arguments: zones.prefix + command(*arguments)
    with Served(bare) as served:
        assert fires(bare)[0] == slot
        # The database is another one, and nobody has told the daemon: it goes by what it has read.
        zones.update(3)
        time.sleep(1.5)  # a turn of the schedules comes each second, and must not have taken it up
        assert fires(bare)[0] == slot
        served.process.send_signal(signal.SIGHUP)
        wait_for(served, "the configuration is in force")
        moved = slot - timedelta(hours=1)
        assert fires(bare, lambda: fires_at(bare) == moved)[0] == moved
        assert runs(bare) == 0, "an update made it run"

        clock.pass_by(int((moved - datetime.now(timezone.utc)).total_seconds()) + 60)
        next_day = moved + timedelta(days=1)
        assert fires(bare, lambda: fires_at(bare) == next_day) == (next_day, moved)
        clock.pass_by(2 * HOUR)  # past the slot as it was under the old rules
        time.sleep(1.5)  # a turn of the schedules, which must not run it again
        assert (fires(bare), runs(bare)) == ((next_day, moved), 1)
        clock.pass_by(24 * HOUR)
        fires(bare, lambda: fires_at(bare) == next_day + timedelta(days=1))
        until = time.monotonic() + 20
        while runs(bare) < 2:
            assert time.monotonic() < until, served.log.read_text()
            time.sleep(0.05)  # between two looks; `until` bounds them
        assert runs(bare) == 2
        served.stop()


def instant(seconds):
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)


def fires_at(house):
    rows = house.rows("SELECT next_due FROM schedules")
    return instant(rows[0][0]) if rows else None


def fires(house, is_so=lambda: True, within=20):
    """When it fires next and has fired last, as soon as it is so."""
    until = time.monotonic() + within
    while not (house.rows("SELECT next_due FROM schedules") and is_so()):
        assert time.monotonic() < until, (fires_at(house), house.folder.joinpath("serve.log").read_text())
        time.sleep(0.05)  # between two looks; `until` bounds them
    (next_due, last), = house.rows("SELECT next_due, last_fired FROM schedules")
    return (instant(next_due), instant(last))


def runs(house):
    (count,), = house.rows("SELECT COUNT(*) FROM runs")
    return count

"""When policies run, against three other implementations of cron and one of time zones.

They differ from us, and from each other, where the specifications leave room; each comparison says what it leaves
out, and the cases that are left out are in the unit tests by name.
"""

import json
import random
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from cronsim import CronSim, CronSimError

from preloaded import tool

ZONEINFO = Path("/usr/share/zoneinfo")
PLACES = ["Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago", "UTC"]
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
DAYS = "SUN MON TUE WED THU FRI SAT".split()


class Checker:
    """Asks `rota policy check` for the fires of many schedules at once."""

    def __init__(self, binary, folder):
        self.binary, self.file = binary, folder / "policies.yaml"

    def fires(self, schedules, at: datetime, count: int) -> list[list[datetime]]:
        """A list for each (pattern, zone); `at` is in UTC."""
        lines = ["version: 1", "policies:"]
        for number, (pattern, zone) in enumerate(schedules):
            lines += [
                f"  - name: p{number}", "    match: all", "    rules: [{ max-age: 90d }]",
                f'    schedule: {{ cron: "{pattern}", zone: {zone} }}',
            ]
        self.file.write_text("\n".join(lines) + "\n")
        done = subprocess.run(
            [str(self.binary), "policy", "check", str(self.file), "--json", "--fires", str(count),
             "--at", at.strftime("%Y-%m-%dT%H:%M:%SZ")],
            capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout[:2000] + done.stderr[:2000]
        return [
            [datetime.fromisoformat(fire) for fire in schedule["fires"]]
            for schedule in json.loads(done.stdout)["schedules"]
        ]


@pytest.fixture
def checker(binary, tmp_path):
    return Checker(binary, tmp_path)


def item(dice, least, most, names=()):
    """A range has two ends: both Python packages read `5-5/1` as `5-59/1`."""
    first = dice.randint(least, most - 1)
    last = dice.randint(first + 1, most)
    if names and dice.random() < 0.3:
        return dice.choice([names[first - least], f"{names[first - least]}-{names[last - least].lower()}"])
    step = dice.randint(1, max(1, (most - least) // 2))
    return dice.choice([str(first), f"{first}-{last}", f"{first}-{last}/{step}", f"*/{step}"])


def field(dice, least, most, star, names=()):
    if dice.random() < star:
        return "*"
    return ",".join(item(dice, least, most, names) for _ in range(dice.randint(1, 3)))


def patterns(dice, count):
    """Well written ones; every one has a day in each year."""
    made = []
    while len(made) < count:
        pattern = " ".join([
            field(dice, 0, 59, 0.2), field(dice, 0, 23, 0.3), field(dice, 1, 28, 0.6),
            field(dice, 1, 12, 0.7, MONTHS), field(dice, 0, 6, 0.6, DAYS),
        ])
        weekdays = pattern.split()[4]
        # All days written out are a restriction to us, and none to croniter.
        if weekdays == "*" or len(values(weekdays.upper(), 0, 6, DAYS)) < 7:
            made.append(pattern)
    return made


def is_fixed(pattern):
    minute, hour = pattern.split()[:2]
    return not minute.startswith("*") and not hour.startswith("*")


def stars_disagree(pattern):
    """Vixie's cron joins the days by AND as soon as one begins with a star, and so does cronsim."""
    day, weekday = pattern.split()[2], pattern.split()[4]
    return day != "*" and weekday != "*" and (day.startswith("*") or weekday.startswith("*"))


def starts(dice, count):
    """Moments of twenty years; half of them just before a change of the clock in Europe or America."""
    moments = []
    for _ in range(count):
        year = dice.randint(2024, 2044)
        day = dice.choice([
            datetime(year, 3, dice.randint(6, 14)), datetime(year, 3, dice.randint(24, 31)),
            datetime(year, 10, dice.randint(24, 31)), datetime(year, 11, dice.randint(1, 7)),
            datetime(year, dice.randint(1, 12), dice.randint(1, 28)),
        ])
        moments.append(day.replace(tzinfo=timezone.utc) + timedelta(minutes=dice.randint(0, 1439)))
    return moments


def test_cronsim_agrees_also_where_clocks_are_changed(checker):
    """Not where one is changed by half an hour: there it forgets the first half of an hour after it."""
    dice = random.Random(20261124)
    places = [place for place in PLACES if place != "Australia/Lord_Howe"]
    compared = 0
    for start in starts(dice, 12):
        schedules = [(p, dice.choice(places)) for p in patterns(dice, 60) if not stars_disagree(p)]
        for (pattern, zone), ours in zip(schedules, checker.fires(schedules, start, 25)):
            try:
                theirs = CronSim(pattern.upper(), start.astimezone(ZoneInfo(zone)))
            except CronSimError as error:
                pytest.fail(f"{pattern}: {error}")
            seen, expected = set(), []
            while len(expected) < len(ours):
                fire = next(theirs).astimezone(timezone.utc)
                # Several times of one gap are several fires there, at one instant.
                if fire not in seen:
                    expected.append(fire)
                seen.add(fire)
            assert ours == expected, f"{pattern} in {zone} after {start}"
            compared += len(ours)
    assert compared > 10_000


def test_croniter_agrees_on_the_fields(checker):
    """In UTC: it fires twice where a clock is set back."""
    dice = random.Random(7)
    compared = 0
    for start in starts(dice, 10):
        schedules = [(p, "UTC") for p in patterns(dice, 60)]
        for (pattern, _), ours in zip(schedules, checker.fires(schedules, start, 20)):
            theirs = croniter(pattern.upper(), start, day_or=True)
            assert ours == [theirs.get_next(datetime) for _ in ours], f"{pattern} after {start}"
            compared += len(ours)
    assert compared > 10_000


def test_systemd_agrees_away_from_changes_of_the_clock(checker):
    """It skips what is not shown, joins the days by AND, and counts a repeated hour differently."""
    dice = random.Random(3)
    compared = 0
    for start in starts(dice, 6):
        schedules = [
            (p, dice.choice(PLACES)) for p in patterns(dice, 25) if "*" in (p.split()[2], p.split()[4])]
        for (pattern, zone), ours in zip(schedules, checker.fires(schedules, start, 12)):
            theirs = systemd_fires(pattern, zone, start, 12)
            horizon = min(ours[-1], theirs[-1])
            away = [[fire for fire in fires if fire <= horizon and is_calm(fire, zone)] for fires in (ours, theirs)]
            assert away[0] == away[1], f"{pattern} in {zone} after {start}"
            compared += len(away[0])
    assert compared > 500


def is_calm(fire, zone):
    """No change of the clock within a day."""
    around = [(fire + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).utcoffset() for hours in (-26, 0, 26)]
    return len(set(around)) == 1


def systemd_fires(pattern, zone, start, count):
    minute, hour, day, month, weekday = pattern.upper().split()
    minute, hour = values(minute, 0, 59), values(hour, 0, 23)
    dates = f"*-{joined(values(month, 1, 12, MONTHS))}-{joined(values(day, 1, 31))}"
    days = ",".join(DAYS[value].title() for value in values(weekday, 0, 6, DAYS))
    calendar = f"{days} {dates} {joined(hour)}:{joined(minute)}:00 {zone}"
    done = subprocess.run(
        [tool("systemd-analyze"), "calendar", f"--iterations={count}", f"--base-time=@{int(start.timestamp())}", calendar],
        capture_output=True, text=True, timeout=60, env={"TZ": "UTC", "PATH": "/usr/bin:/bin", "LC_ALL": "C"})
    assert done.returncode == 0, calendar + done.stderr
    lines = [line.split(": ", 1)[1] for line in done.stdout.splitlines()
             if line.strip().startswith(("Next elapse", "Iter. #", "Iteration #"))]
    utc = [line.split(": ", 1)[1] for line in done.stdout.splitlines() if "(in UTC)" in line]
    return [
        datetime.strptime(" ".join(line.split()[1:3]), "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
        for line in (utc or lines)
    ]


def joined(numbers):
    return ",".join(str(number) for number in numbers)


def values(text, least, most, names=()):
    for number, name in enumerate(names):
        text = text.replace(name, str(number + least))
    found = set()
    for part in text.split(","):
        ends, _, step = part.partition("/")
        first, _, last = ends.partition("-") if ends != "*" else (least, "", most)
        found.update(range(int(first), int(last or first) + 1, int(step or 1)))
    return sorted(found)


def test_every_zone_agrees_with_python_from_1970_to_2100(checker):
    dice = random.Random(1970)
    zones = names_of_all_zones()
    assert len(zones) > 500
    compared = 0
    for _ in range(3):
        # At noon of a day of each year, which no clock leaves out.
        schedules = [(f"{dice.randint(0, 59)} 12 {dice.randint(1, 28)} {dice.randint(1, 12)} *", z) for z in zones]
        answers = checker.fires(schedules, datetime(1970, 1, 1, tzinfo=timezone.utc), 130)
        for (pattern, zone), fires in zip(schedules, answers):
            minute, _, day, month, _ = (int(part) if part != "*" else 0 for part in pattern.split())
            place, left_out = ZoneInfo(zone), 0
            for fire in fires:
                local = fire.astimezone(place)
                expected = (month, day, 12, minute, 0)
                # A whole day was left out here and there.
                left_out += (local.month, local.day, local.hour, local.minute, local.second) != expected
            assert left_out <= 1, f"{pattern} in {zone}"
            assert fires[-1].year > 2095
            compared += len(fires)
    assert compared > 200_000


def names_of_all_zones():
    names = set()
    for line in (ZONEINFO / "tzdata.zi").read_text().splitlines():
        words = line.split()
        if words and words[0] in "ZL":
            names.add(words[1] if words[0] == "Z" else words[2])
    return sorted(name for name in names if (ZONEINFO / name).is_file() and name != "Factory")


def test_times_of_day_agree_with_python_in_a_hundred_zones_on_every_day_of_fifty_years(checker):
    """Where clocks are changed, too: Python says which local times come twice and which are left out, and the rules of
    Docs/Schedules.md what then."""
    dice = random.Random(20261126)
    # Those that change their clocks most often, and others.
    restless = sorted(names_of_zones_with_a_map(), key=lambda name: (-changes(name), name))
    zones = restless[:70] + dice.sample(restless[70:], 30)
    # At night, when clocks are changed: half of them in the hour in which that is.
    schedules = [
        (f"{dice.randint(0, 59)} {dice.choice([hour_of_changes(zone), dice.randint(0, 4)])} * * *", zone)
        for zone in zones
    ]
    start, end = datetime(1987, 1, 3, tzinfo=timezone.utc), datetime(2037, 1, 3, tzinfo=timezone.utc)
    found = [[] for _ in schedules]
    while start < end:
        answers = checker.fires(schedules, start, 1000)
        # As far as all of them go.
        until = min(fires[-1] for fires in answers)
        for fires, more in zip(found, answers):
            fires += [fire for fire in more if fire <= min(until, end)]
        start = until
    moved = 0
    for (pattern, zone), ours in zip(schedules, found):
        theirs, unusual = daily_fires(pattern, zone, 1987, 2037)
        theirs = [fire for fire in theirs if datetime(1987, 1, 3, tzinfo=timezone.utc) < fire <= end]
        assert ours == theirs, f"{pattern} in {zone}: {sorted(set(ours) ^ set(theirs))[:4]}"
        moved += unusual
    assert len(zones) == 100 and sum(len(fires) for fires in found) > 1_800_000
    # Times that came twice or were left out, without which nothing was tried.
    assert moved > 2_000


def daily_fires(pattern, zone, first, last):
    """The instants of a time of day, and how many of those came twice or were left out."""
    minute, hour = (int(part) for part in pattern.split()[:2])
    place, fires, unusual = ZoneInfo(zone), set(), 0
    day, end = datetime(first, 1, 1, hour, minute), datetime(last, 2, 1)
    while day < end:
        # The first of two; and in a gap, as if the clock had not been set forward.
        fire = day.replace(tzinfo=place).astimezone(timezone.utc)
        if fire.astimezone(place).replace(tzinfo=None, fold=0) != day:
            fire = moment_of_change(place, day.replace(tzinfo=place, fold=1).astimezone(timezone.utc), fire)
            unusual += 1
        elif day.replace(tzinfo=place, fold=1).utcoffset() != day.replace(tzinfo=place).utcoffset():
            unusual += 1
        fires.add(fire)
        day += timedelta(days=1)
    return sorted(fires), unusual


def moment_of_change(place, before, after):
    """The first second of the new offset."""
    old, low, high = before.astimezone(place).utcoffset(), int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, place).utcoffset() == old:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, timezone.utc)


def offsets(zone):
    """Of every second week from 1987 to 2037."""
    place, moment = ZoneInfo(zone), datetime(1987, 1, 1, tzinfo=timezone.utc)
    while moment.year < 2037:
        yield moment, moment.astimezone(place).utcoffset()
        moment += timedelta(days=14)


def changes(zone):
    seen = [offset for _, offset in offsets(zone)]
    return sum(one != other for one, other in zip(seen, seen[1:]))


def hour_of_changes(zone):
    """Which hour the clock leaves out or shows twice, where it was changed last; any, where it never was."""
    seen = list(offsets(zone))
    for (before, old), (after, new) in reversed(list(zip(seen, seen[1:]))):
        if old != new:
            at = moment_of_change(ZoneInfo(zone), before, after)
            return (at + min(old, new)).hour if new < old else (at + old).hour
    return 2


def names_of_zones_with_a_map():
    lines = (ZONEINFO / "zone1970.tab").read_text().splitlines()
    return [line.split("\t")[2] for line in lines if not line.startswith("#")]

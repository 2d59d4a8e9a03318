"""A report of a past instant, and the tables held against the log, as commands do it."""

import json
import re
import subprocess
import time

import pytest

from house import Seed
from serving import wait_until


def report(house, form, *more):
    return house.rota("report", "--format", form, *more).stdout


def as_it_was(text, made_at, instant):
    """Without what a report that was rebuilt says of itself."""
    text = text.replace(f',"as_of":"{instant}"', "")
    text = text.replace(
        f'<p class="banner"><strong>Of the past.</strong> Rebuilt from the audit log for {instant}.</p>\n', "")
    text = text.replace(f"as it was at {instant}, rebuilt from the audit log", "actual")
    return text.replace(made_at, instant)


def made_at(house_report):
    return json.loads(house_report)["report"]["made_at"]


def wait_for_next_second():
    """Entries have whole seconds, of the machine's clock: what comes next is to be later than what was."""
    begun = int(time.time())
    wait_until(lambda: int(time.time()) > begun)


@pytest.fixture
def lived(house):
    """A store with a past: the reports of an instant, and what happened since, with other policies."""
    house.init()
    house.policy()
    house.rota("import", house.inventory([Seed(f"token-{number}", []) for number in range(20)]))
    house.rota("token", "create", "--name", "first")
    house.rota("token", "create", "--name", "umlaut", "--owner", "M\u00fcller")
    log = house.folder / "uses.csv"
    log.write_text("token,time,source\ntoken-3,2026-10-01T10:00:00Z,10.0.0.1\n")
    house.rota("import", "--usage", log)
    house.rota("run", expect=None)
    wait_for_next_second()
    # Until all of them are of the same second.
    for _ in range(20):
        then = {form: report(house, form) for form in ("json", "csv", "html")}
        again = report(house, "json")
        if made_at(then["json"]) == made_at(again):
            break
    house.instant = made_at(again)
    house.then = then
    wait_for_next_second()
    house.rota("token", "revoke", "first", "--reason", "not needed", "--yes")
    house.rota("token", "edit", "token-1", "--owner", "team-x")
    house.policy(text="version: 1\npolicies:\n  - name: other\n    match: all\n    rules: [ { max-age: 1d } ]\n")
    house.rota("run", expect=None)
    return house


def test_a_report_as_of_then_is_the_one_that_was_made_then(lived):
    assert lived.then["json"] != report(lived, "json")
    for form in ("json", "csv", "html"):
        text = report(lived, form, "--as-of", lived.instant)
        own = re.search(r'"made_at":"([^"]*)"', text) or re.search(r"Made at</dt><dd[^>]*>([^<]*)<", text)
        made = own.group(1) if own else "never"
        assert as_it_was(text, made, lived.instant) == lived.then[form], form
    document = json.loads(report(lived, "json", "--as-of", lived.instant))
    assert document["report"]["as_of"] == lived.instant


def test_an_instant_that_is_not_known_is_said_so(lived):
    both = lived.rota("report", "--at", "30d", "--as-of", lived.instant, expect=2)
    assert "exclude each other" in both.stderr and "hint:" in both.stderr
    future = lived.rota("report", "--as-of", "2126-01-01", expect=2)
    assert "still to come" in future.stderr and "--at" in future.stderr
    gone = lived.rota("report", "--at", "2020-01-01", expect=2)
    assert "is past" in gone.stderr and "--as-of" in gone.stderr, "today's tokens were others then"
    before = lived.rota("report", "--as-of", "2020-01-01", expect=1)
    assert "the store began at" in before.stderr and "hint:" in before.stderr


@pytest.mark.parametrize("sql, told", [
    ("UPDATE tokens SET owner = 'mallory' WHERE name = 'token-3'", "owner is 'mallory' in the table, and "),
    ("UPDATE tokens SET state = 'active', ended_at = NULL WHERE name = 'first'", "state is 'active' in the table, and 'revoked' by the log"),
    ("DELETE FROM versions WHERE state = 'revoked'", "the log says that it is there, and the table has none"),
    ("UPDATE versions SET digest = zeroblob(32) WHERE state = 'revoked'", "digest is sha256:0000"),
    # What looks the same is not: a token would leave its owner's slice.
    ("UPDATE tokens SET owner = 'Mu\u0308ller' WHERE name = 'umlaut'", "owner is 'Mu\u0308ller' in the table"),
    # Nor is the least key a place to hide.
    ("INSERT INTO waivers (number, id, state, selector, policy, rule, reason, requester, requester_account, approved_at,"
     " approver, requested_at, ends_at) VALUES (-9223372036854775808, 'waiver_forged', 'active', '{}', 'p', 'max-age',"
     " 'none', 'eve', 'eve', 1, 'bob', 1, 9999999999)", "the log knows nothing of it"),
    ("UPDATE store SET value = '99999' WHERE key = 'told_in_full_after'", "the log says that all of its entries are told in full"),
    ("UPDATE store SET value = '1' WHERE key = 'created_at'", "created_at is 1970-01-01T00:00:01Z"),
    ("UPDATE store SET value = '7' WHERE key = 'generation'", "generation is 7, and 1 by the log"),
])
def test_what_the_shell_of_sqlite_did_is_found(lived, sql, told):
    clean = lived.rota("audit", "verify", "--state").stdout
    assert "each as the log says" in clean and "not compared" in clean
    store = lived.store
    subprocess.run(["sqlite3", store, sql], check=True, capture_output=True)
    # The log itself is as it was.
    lived.rota("audit", "verify")
    found = lived.rota("audit", "verify", "--state", expect=1)
    assert told in found.stderr, found.stderr
    document = json.loads(lived.rota("audit", "verify", "--state", "--json", expect=1).stdout)
    assert document["faults"] == [] and document["state"]["fault_count"] >= 1
    assert {"kind", "object", "field", "message"} == set(document["state"]["faults"][0])


@pytest.mark.parametrize("form", ["html", "json", "markdown"])
@pytest.mark.parametrize("slice_of", [[], ["--owner", "team-*"], ["--redact"]], ids=["whole", "slice", "redacted"])
def test_since_then_is_what_a_report_that_was_kept_tells(lived, form, slice_of):
    kept = lived.keep("kept.json", report(lived, "json", "--as-of", lived.instant, *slice_of))
    if not slice_of:
        kept = lived.keep("kept.json", lived.then["json"])
    for _ in range(20):
        told = [lived.rota("report", "--format", form, *slice_of, *held)
                for held in (["--compare", kept], ["--since", lived.instant])]
        # Of an instant that is rebuilt there need not have been a report.
        if form != "json":
            assert "the state of" in told[1].stdout, form
        told[1].stdout = told[1].stdout.replace("the state of", "the report of")
        told[0].stdout = told[0].stdout.replace("the state of", "the report of")
        if len({made_at(report(lived, "json")) for _ in range(2)}) == 1 and told[0].stdout == told[1].stdout:
            break
    assert told[0].stdout == told[1].stdout
    assert lived.instant[:10] in told[0].stdout


def test_since_is_held_against_a_past_report_too(lived):
    wait_for_next_second()
    later = made_at(report(lived, "json"))
    wait_for_next_second()
    lived.rota("token", "revoke", "token-2", "--reason", "not needed", "--yes", expect=None)
    changed = json.loads(report(lived, "json", "--as-of", later, "--since", lived.instant))["summary"]["comparison"]
    assert changed["earlier"]["at"] == lived.instant and changed["same_policies"] is False
    assert changed["tokens_before"] == changed["tokens_now"] + 1
    for refused, why in (
            (["--since", later, "--as-of", lived.instant], "is not before --as-of"),
            (["--since", "2999-01-01"], "is not before now"),
            (["--since", "1999-01-01"], "the store began at"),
            (["--since", lived.instant, "--compare", "x.json"], "exclude each other"),
            (["--since", lived.instant, "--format", "csv"], "has only rows")):
        kind = [] if "--format" in refused else ["--json"]
        assert why in lived.rota("report", *kind, *refused, expect=None).stderr


def test_what_was_made_to_compare_with_is_gone_afterwards(lived):
    lived.extra["TMPDIR"] = str(lived.folder / "scratch")
    (lived.folder / "scratch").mkdir()
    lived.rota("report", "--json", "--since", lived.instant)
    assert list((lived.folder / "scratch").iterdir()) == []

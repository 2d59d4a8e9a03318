"""The pages of the administration by the rows of what they are measured by (S1 to S23): with script, and those marked
`BOTH` without it, too. Where a row needs other steps without, they are in `test_pages_plain_rows.py`."""

import csv
import hashlib
import json
import re
import subprocess
import zlib
from datetime import datetime, timedelta, timezone

import pytest
import requests

from administration import END, NEXT_YEAR, column, fact, notice, press, send, text_of, tick_all_that_writes
from house import ALPHABET, Seed, moment, was_used
from serving import wait_until
from test_serve import hours_pass

BOTH = pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])


def errors(page):
    return page.locator(".alert.failed").inner_text()


def policy(*rules, name="terms", mode="enforce"):
    lines = "".join(f"      - {rule}\n" for rule in rules)
    return f"version: 1\npolicies:\n  - name: {name}\n    mode: {mode}\n    match: all\n    rules:\n{lines}"


@BOTH
def test_s1_a_token_lets_an_application_in_and_belongs_to_an_integration(office, javascript):
    with office.signed_in(javascript=javascript) as page:
        value = office.create(page, "Integration_Snowflake_Export", integration="Snowflake", owner="team-data")
        assert office.authorize(value, scope="export:read") == 200
        assert office.authorize(value, scope="ingest:write") == 403
        press(page, "View token")
        assert (fact(page, "Integration"), fact(page, "Owner")) == ("Snowflake", "team-data")
        assert page.complaints == []


ROLES = {
    "rota:audit": (False, False), "rota:issue": (True, False), "rota:operate": (False, True),
    "rota:admin": (True, True)}


@BOTH
@pytest.mark.parametrize("role", ROLES)
def test_s2_who_may_generate_and_who_may_revoke(office, role, javascript):
    creates, revokes = ROLES[role]
    value = office.person("somebody", role, *(["export:read"] if role == "rota:issue" else []))
    victim = office.token("victim", "export:read", owner="somebody")
    path = f"/admin/api-tokens/{office.id('victim')}/revoke"
    with office.signed_in(value, meant=[403], javascript=javascript) as page:
        assert page.get_by_role("link", name="New Token").count() == creates
        assert page.locator(f'a[href="{path}"]').count() == revokes
        new = page.goto(office.url("api-tokens/new")).status
        shown = page.goto(office.url(path.removeprefix("/admin/"))).status
        page.goto(office.url("api-tokens"))
        made = send(page, "/admin/api-tokens", name="made", owner="somebody", scope="export:read", expiry="at",
                    expires=moment(3)[:16], request="0" * 32)
        assert (new, made) == ((200, 201) if creates else (403, 403))
        assert bool(office.house.rows("SELECT 1 FROM tokens WHERE name = 'made'")) == creates
        assert office.authorize(victim) == 200
        page.goto(office.url("api-tokens"))
        revoked = send(page, path, reason="a test", name="victim")
        assert (shown, revoked) == ((200, 200) if revokes else (403, 403))
        assert office.authorize(victim) == (401 if revokes else 200)
        assert page.complaints == []


@BOTH
def test_s3_the_menu_leads_to_administration_api_tokens(office, javascript):
    with office.signed_in(path="policies", javascript=javascript) as page:
        menu = page.get_by_role("navigation", name="Administration")
        group = menu.locator("li:has(> .group)").filter(has_text="Administration")
        with page.expect_navigation():
            group.get_by_role("link", name="API Tokens").click()
        assert page.url == office.url("api-tokens")
        assert page.title() == "API Tokens · Rota" and page.locator("h1").inner_text() == "API Tokens"
        assert page.get_by_label("Where this is").inner_text().split() == ["Administration"]
        assert menu.locator("[aria-current=page]").inner_text() == "API Tokens"
        for path in ("/", "/admin", "/admin/"):
            page.goto(office.address + path)
            assert page.url == office.url("api-tokens")
        assert page.complaints == []


@BOTH
def test_s4_new_token_opens_the_form(office, javascript):
    with office.signed_in(javascript=javascript) as page:
        press(page, "New Token")
        assert page.url == office.url("api-tokens/new") and page.locator("h1").inner_text() == "New Token"
        assert page.get_by_role("button", name="Generate Token").is_visible()
        press(page, "Cancel")
        assert page.url == office.url("api-tokens")


@BOTH
def test_s5_a_name_is_needed_and_is_one_of_a_kind_among_live_tokens(office, javascript):
    name = "Integration_Snowflake_Export"
    with office.signed_in(meant=[409, 422], javascript=javascript) as page:
        page.goto(office.url("api-tokens/new"))
        assert name in text_of(page), "an example says what a good one is"
        office.fill(page, "")
        page.get_by_role("button", name="Generate Token").click()
        assert page.evaluate("document.querySelector('[name=name]').validity.valueMissing")
        assert page.url.endswith("/new"), "the browser does not send it"
        # One that does is told by us.
        page.locator("form.long").evaluate("form => { form.noValidate = true; }")
        press(page, "Generate Token")
        assert page.locator("[name=name]").get_attribute("aria-invalid") == "true", text_of(page)
        assert office.create(page, name)
        assert office.create(page, name, description="the second") is None
        assert name in errors(page)
        wrong = page.locator("[name=name]")
        assert wrong.get_attribute("aria-invalid") == "true" and wrong.input_value() == name
        assert page.locator("[name=description]").input_value() == "the second", "what was filled in is kept"
        office.house.rota("token", "revoke", name, "--reason", "test", "--yes")
        assert office.create(page, name)
        assert page.complaints == []


@BOTH
def test_s6_a_description_is_a_choice(office, javascript):
    with office.signed_in(javascript=javascript) as page:
        assert office.create(page, "bare")
        assert office.create(page, "described", description="Nightly, from the warehouse: ≥ 3 GB & more")
        press(page, "View token")
        assert "Nightly, from the warehouse: ≥ 3 GB & more" in page.locator(".lede").inner_text()
        office.create(page, "undescribed")
        press(page, "View token")
        assert page.locator(".lede").inner_text().split() == ["active", "compliant"]


def test_s6_what_the_search_field_says_is_looked_through(office):
    with office.signed_in() as page:
        office.create(page, "From_Warehouse", description="nightly", integration="Snowflake")
        page.goto(office.url("api-tokens"))
        assert page.locator("[name=q]").get_attribute("placeholder") == "Part of the name, or an id"
        for part in ("warehouse", office.id("From_Warehouse")):
            page.fill("[name=q]", part)
            press(page, "Search")
            assert column(page) == ["From_Warehouse"]


@BOTH
def test_s7_scopes_are_picked_and_one_is_needed(office, javascript):
    with office.signed_in(meant=[422], javascript=javascript) as page:
        assert office.create(page, "nothing", scopes=[]) is None
        assert "at least one" in errors(page)
        scopes = page.locator("[name=scopes]")
        assert scopes.get_attribute("aria-invalid") == "true"
        page.locator(".alert.failed a").click()
        assert page.evaluate("document.activeElement.name") == "scopes"
        assert office.house.rows("SELECT 1 FROM tokens WHERE name = 'nothing'") == []
        assert "Write into ingestion" in text_of(page)
        value = office.create(page, "two", scopes=["export:read", "ingest:write"])
        assert office.told("two")["token"]["scopes"] == ["export:read", "ingest:write"]
        assert office.authorize(value, scope="export:read ingest:write") == 200
        assert office.authorize(value, scope="catalog:write") == 403
        assert page.complaints == []


def test_s8_reading_comes_first_and_writing_everything_is_warned_of(office):
    with office.signed_in(path="api-tokens/new") as page:
        assert page.locator("fieldset.boxes legend").all_inner_texts()[:2] == ["Read only", "Write"]
        assert page.locator("[name=scope]:checked").count() == 0, "nothing is given that nobody asked for"

        def ticked():
            return page.locator("[name=scope]:checked").evaluate_all("boxes => boxes.map(box => box.value)")

        page.get_by_role("button", name="Read-only: tick all").click()
        assert ticked() == ["export:read", "catalog:read"]
        warning = tick_all_that_writes(page)
        page.uncheck('[value="ingest:write"]')
        assert not warning.is_visible()
        page.get_by_role("button", name="Read-only: tick none").click()
        assert ticked() == ["catalog:write"]


def test_s9_an_end_is_a_date_and_a_time_told_in_utc_and_where_one_is(office):
    with office.signed_in(meant=[422], timezone_id="America/New_York", locale="en-US") as page:
        page.goto(office.url("api-tokens/new"))
        field = page.locator("[name=expires]")
        assert field.get_attribute("type") == "datetime-local" and field.is_enabled()
        # What is proposed is an end, three months from now where no policy says less.
        proposed = datetime.fromisoformat(field.input_value() + "+00:00") - datetime.now(timezone.utc)
        assert timedelta(days=89) < proposed < timedelta(days=91)
        office.fill(page, "ends", expires=END)
        there = datetime.fromisoformat(END).strftime("%A, March 4, %Y at 12:06:00 AM EST")
        assert f"For you that is {there}." in text_of(page)
        press(page, "Generate Token")
        assert office.told("ends")["token"]["expires_at"] == f"{END}:00Z"
        press(page, "View token")
        assert fact(page, "Ends").startswith(f"4 Mar {NEXT_YEAR}, 05:06 UTC")
        assert page.locator(f'time[datetime="{END}:00Z"]').first.get_attribute("title") == (
            f"{there} (your time)")
        # None, and one that has passed.
        page.goto(office.url("api-tokens/new"))
        page.fill("[name=name]", "none")
        page.fill("[name=expires]", "")
        page.check('[value="export:read"]')
        press(page, "Generate Token")
        assert "give a date and a time" in errors(page)
        assert office.create(page, "past", expires="2020-01-01T00:00") is None
        assert page.locator("[name=expires]").get_attribute("aria-invalid") == "true", errors(page)
        assert page.complaints == []


def test_s10_never_is_a_state_of_its_own_that_policies_find(office):
    office.house.policy(text=policy("expiry: { required: true }", mode="observe"))
    with office.signed_in(path="api-tokens/new") as page:
        page.check("[name=expiry][value=never]")
        assert not page.locator("[name=expires]").is_enabled()
        value = office.create(page, "endless")
        press(page, "View token")
        assert fact(page, "Ends") == "never; valid until it is revoked"
        page.goto(office.url("api-tokens"))
        ends = dict(zip(column(page), column(page, number=5)))
        assert ends["endless"] == "never" and ends["admin"] != "never"
        page.goto(office.url("policies/terms"))
        assert column(page, "Violating tokens") == ["endless"]
        assert office.authorize(value) == 200


def test_s11_generate_shows_the_value_and_copies_it(office):
    with office.signed_in(permissions=["clipboard-read", "clipboard-write"]) as page:
        value = office.create(page, "shown")
        assert re.fullmatch(r"rota_[0-9A-Za-z]{36}", value)
        assert "it is shown this once, and never again" in text_of(page)
        page.shot("created")
        page.get_by_role("button", name="Copy").click()
        page.get_by_role("button", name="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == value
        assert page.get_by_text("The value was copied.").count() == 1
        assert office.authorize(value) == 200
        assert page.barriers() == [] and page.complaints == []


def test_s12_the_value_is_shown_once_and_only_its_digest_is_kept(office):
    with office.signed_in() as page:
        value = office.create(page, "once")
        # Sent again, as a browser offers to: nothing is made, and nothing is shown.
        page.reload()
        assert "was sent before" in notice(page)
        assert value not in page.content()
        assert office.house.rows("SELECT count(*) FROM tokens WHERE name = 'once'") == [(1,)]
        other = office.create(page, "other")
        page.goto(office.url("api-tokens"))
        try:
            page.go_back()
        except Exception as error:
            # The browser has not kept it, and would have to send the form again.
            assert "ERR_CACHE_MISS" in str(error)
        assert other not in page.content()
    assert office.authorize(value) == office.authorize(other) == 200
    office.served.stop()
    assert office.house.rows("SELECT count(*) FROM versions WHERE digest IN (?, ?)", *(
        hashlib.sha256(text.encode()).digest() for text in (value, other))) == [(2,)]
    log = office.served.log.read_text()
    for text in (value, other, office.admin):
        # Neither whole nor without its beginning.
        for part in (text, text[5:], hashlib.sha256(text.encode()).hexdigest()):
            assert part not in log
            if part is not text and len(part) == 64:
                continue
            for file in (office.house.folder / "store").iterdir():
                assert part.encode() not in file.read_bytes(), file


@BOTH
def test_s13_the_value_goes_straight_into_the_vault_and_is_shown_to_nobody(office, javascript):
    with office.signed_in(javascript=javascript) as page:
        assert "Vaults: local bao" in " ".join(page.goto(office.url("api-tokens/new")) and text_of(page).split())
        shown = office.create(page, "pushed", destinations="bao:apps/export#token\nlocal:export")
        assert shown is None and "Its value is in the vault." in text_of(page)
        value = office.house.get("bao:apps/export#token")
        assert value == office.house.get("local:export") and office.authorize(value, scope="export:read") == 200
        assert value not in page.content()
        press(page, "View token")
        assert value not in page.content()
        assert column(page, "Destinations") == ["local", "bao"] or column(page, "Destinations") == ["bao", "local"]
        assert column(page, "Destinations", 3) == ["holds version 1"] * 2
        assert page.complaints == []


@BOTH
def test_s15_and_s16_a_token_is_revoked_from_the_list_and_ends_at_once(office, javascript):
    value, other = (office.token(name, "export:read") for name in ("export", "other"))
    assert office.house.accepts(value)
    with office.signed_in(javascript=javascript) as page:
        with page.expect_navigation():
            page.get_by_role("link", name="Revoke export").click()
        assert page.locator("h1").inner_text() == "Revoke export"
        assert "the next request with one of them is refused" in text_of(page)
        page.fill("[name=reason]", "no longer needed")
        assert page.locator("[name=name]").count() == 0, "nobody uses it, so its name need not be typed"
        press(page, "Revoke this token")
        assert office.authorize(value) == 401
        assert "'export' is revoked" in notice(page)
        assert "no longer needed" in fact(page, "Ended")
        page.goto(office.url("api-tokens"))
        assert column(page) == ["admin", "other"]
        assert page.complaints == []
        # So for whichever process is asked, and whichever has ended it.
        assert not office.house.accepts(value)
        assert office.authorize(other) == 200
        office.house.rota("token", "revoke", "other", "--reason", "test", "--yes")
        assert office.authorize(other) == 401


def test_s15_and_s16_a_token_in_use_is_revoked_from_its_page_by_whoever_types_its_name(office):
    value = office.token("Export_in_use", "export:read")
    with office.signed_in(meant=[422]) as page:
        assert office.authorize(value, source="203.0.113.9", agent="export/2.1") == 200
        wait_until(lambda: office.told("Export_in_use")["usage"]["count"])
        page.goto(office.url(f"api-tokens/{office.id('Export_in_use')}"))
        press(page, "Revoke")
        assert "It is in use:" in text_of(page) and "203.0.113.9" in text_of(page) and "export/2.1" in text_of(page)
        button = page.get_by_role("button", name="Revoke this token")
        page.fill("[name=reason]", "it leaked")
        assert not button.is_enabled()
        page.fill("[name=name]", "export_in_use")
        assert not button.is_enabled(), "as it is written"
        assert office.authorize(value) == 200
        page.fill("[name=name]", "Export_in_use")
        assert button.is_enabled()
        press(page, "Revoke this token")
        assert office.authorize(value) == 401
        assert page.locator("h1").inner_text() == "Export_in_use"
        assert page.get_by_role("link", name="Revoke").count() == 0, "there is nothing more to revoke"
        assert page.complaints == []


def test_s17_when_it_was_used_last_and_who_made_it_stand_in_the_list_and_on_its_page(office):
    maker = office.person("maria", "rota:admin")
    with office.signed_in(maker) as page:
        value = office.create(page, "export")
        page.goto(office.url("api-tokens?q=export"))
        assert "by token:maria" in page.locator("tbody tr td").nth(2).inner_text()
        # Whether it is already known that it was never used depends on when the server last noted uses.
        assert column(page, number=6)[0] in ("not known", "never")
        assert office.authorize(value) == 200
        wait_until(lambda: was_used(office.told("export")))
        page.reload()
        assert column(page, number=6) == ["just now"]
        page.locator("tbody a").first.click()
        page.wait_for_url("**/tok_*")
        assert re.search(r"UTC \(just now\)$", fact(page, "Last used"))
        assert "by token:maria" in fact(page, "Created")


@BOTH
def test_s18_how_things_stand_is_reviewed_in_reports_and_plans_again_and_again(office, javascript):
    office.house.policy(text=policy("owner: required", "max-age: 90d\n        action: rotate\n        overlap: 0s"))
    office.house.import_seeds([Seed("old", ["local:old"])])
    office.token("alone", "export:read", owner="", more=("--expires", "90d"))

    def review(page):
        """What somebody sees who reviews all tokens, and what he keeps of that."""
        page.goto(office.url("reports"))
        figures = dict(zip(
            page.locator(".figures dt").all_inner_texts(), page.locator(".figures dd.value").all_inner_texts()))
        kept = {}
        for kind in ("csv", "json"):
            with page.expect_download() as download:
                page.locator(f'.downloads a[href$="compliance.{kind}"]').click()
            kept[kind] = download.value.path().read_text()
        rows = [(row["name"], row["owner"], row["rule"], row["status"])
                for row in csv.DictReader(kept["csv"].splitlines())]
        return {name.lower(): int(count) for name, count in figures.items()}, rows, kept["json"]

    with office.signed_in(path="reports", javascript=javascript) as page:
        figures, rows, first = review(page)
        assert figures["active tokens"] == 3 and figures["violating"] == 2 and figures["without an owner"] == 1
        assert ("alone", "", "owner", "violating") in rows and ("old", "team-data", "max-age", "violating") in rows
        # What he finds he sees to: one is nobody's, and one is too old.
        page.goto(office.url(f"api-tokens/{office.id('alone')}/revoke"))
        page.fill("[name=reason]", "found by the review: it is nobody's")
        press(page, "Revoke this token")
        page.goto(office.url("plans"))
        press(page, "Make a plan", within="main")
        assert column(page, "Actions") == ["old"] and "The plan is saved" in notice(page)
        press(page, "Apply this plan")
        wait_until(lambda: office.told("old")["rotation"] is None)
        # The next review shows that, and what has become of the one before can be told.
        figures, rows, _ = review(page)
        assert (figures["active tokens"], figures["violating"], figures["without an owner"]) == (2, 0, 0)
        assert {status for _, _, _, status in rows} == {"compliant"}
        earlier = office.house.keep("first-review.json", first)
        report = office.house.rota("report", "--format", "json", "--compare", earlier).stdout
        changed = json.loads(report)["summary"]["comparison"]["listed"]
        assert [(row["name"], row["rule"]) for row in changed["mended"]] == [("old", "max-age")]
        assert [(row["name"], row["rule"]) for row in changed["gone"]] == [("alone", "owner")]
        assert page.complaints == []


def test_s19_a_shared_token_is_seen_by_where_it_is_used_from(office):
    office.house.policy(text=policy("sources: { max-addresses: 1, max-agents: 1 }", mode="observe"))
    value = office.token("shared", "export:read")
    with office.signed_in() as page:
        for source, agent in (("198.51.100.1", "export/1.0"), ("203.0.113.2", "curl/8.5.0")):
            assert office.authorize(value, source=source, agent=agent) == 200
        wait_until(lambda: office.told("shared")["usage"]["count"] == 2)
        page.goto(office.url(f"api-tokens/{office.id('shared')}"))
        uses = page.locator("section:has(#uses)").inner_text()
        for seen in ("198.51.100.1", "203.0.113.2", "export/1.0", "curl/8.5.0"):
            assert seen in uses
        assert column(page, "Verdicts", 2) == ["violating"], text_of(page)
        page.goto(office.url("policies/terms"))
        assert column(page, "Violating tokens") == ["shared"]


@BOTH
def test_s20_no_page_and_no_plain_file_has_a_value_afterwards(office, javascript):
    with office.signed_in(javascript=javascript) as page:
        value = office.create(page, "export", description="for the warehouse")
        token = office.id("export")
        sources = []
        for path in ("api-tokens", "api-tokens/new", f"api-tokens/{token}", f"api-tokens/{token}/edit",
                     f"api-tokens/{token}/rotate", f"api-tokens/{token}/revoke", "policies", "policies/look", "plans",
                     "runs", "waivers", "webhooks", "webhooks/deliveries", "audit", "api-tokens?q=" + value, "reports"):
            page.goto(office.url(path))
            sources.append(page.content().replace(f'value="{value}"', "") if "?q=" in path else page.content())
        for link in page.locator(".downloads a").all():
            with page.expect_download() as download:
                link.click()
            sources.append(download.value.path().read_text())
        for text in (value, value[5:], office.admin, hashlib.sha256(value.encode()).hexdigest()):
            assert not any(text in source for source in sources)
        assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def checksum(body):
    """What the last six characters of a value have to be: its CRC32, in 62 digits."""
    number, text = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        text = ALPHABET[digit] + text
    return text


@BOTH
def test_s20_a_value_in_version_control_is_found_by_its_form_and_ended_by_whoever_finds_it(
        office, tmp_path, javascript):
    with office.signed_in(javascript=javascript) as page:
        value = office.create(page, "export")
        assert "no version control" in text_of(page), "it is said where it is shown"
        mistyped = value[:-1] + ("a" if value[-1] != "a" else "b")
        repository = tmp_path / "repository"

        def git(*words):
            return subprocess.run(
                ["git", "-C", repository, "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True,
                capture_output=True, text=True).stdout

        repository.mkdir()
        git("init", "-q")
        (repository / "settings.py").write_text(f'KEY = "{value}"\nOTHER = "{mistyped}"\nNAME = "rota_rules"\n')
        git("add", ".")
        git("commit", "-qm", "by oversight")
        (repository / "settings.py").write_text("KEY = ask the vault\n")
        git("commit", "-qam", "taken out, and still there")
        # By its form in all that was ever written, and by its checksum without asking anybody.
        found = set(re.findall(r"\brota_[0-9A-Za-z]{36}\b", git("log", "-p", "--all")))
        assert found == {value, mistyped}
        [real] = [text for text in found if checksum(text[5:-6]) == text[-6:]]
        assert real == value
        # Whoever finds it needs to know nothing else (`Docs/HTTP.md`): not even in a freeze.
        office.house.rota("freeze", "--reason", "test")
        told = requests.post(
            office.address + "/v1/revoke", data={"token": real, "reason": "found in a repository"},
            auth=("", office.admin), timeout=30)
        assert told.status_code == 200 and office.authorize(value) == 401
        page.goto(office.url(f"api-tokens/{office.id('export')}"))
        assert "found in a repository" in fact(page, "Ended")
        assert page.complaints == []


def test_s21_scopes_that_no_use_has_needed_are_told(office):
    with office.signed_in() as page:
        value = office.create(page, "wide", scopes=["export:read", "ingest:write", "catalog:write"])
        assert office.authorize(value, scope="export:read") == 200
        wait_until(lambda: office.told("wide")["usage"]["count"])
        page.goto(office.url(f"api-tokens/{office.id('wide')}"))
        told = page.get_by_text("Scopes that no use has needed").inner_text()
        assert sorted(re.findall(r"\w+:\w+", told)) == ["catalog:write", "ingest:write"]


def test_s22_what_nobody_uses_is_found_by_a_policy(office):
    office.house.policy(text=policy("unused-for: 90d\n        action: revoke", mode="warn"))
    idle, used = (dict(Seed(name, [f"local:{name}"]).row) for name in ("idle", "used"))
    idle |= {"last_used_at": moment(-270), "tracked_since": moment(-330)}
    used |= {"last_used_at": moment(-1), "tracked_since": moment(-330)}
    office.house.rota("import", office.house.inventory([idle, used]))
    with office.signed_in(path="policies") as page:
        assert column(page, "Policies") == ["terms"] and column(page, "Policies", 2) == ["warn"]
        assert "1 violating" in page.locator("tbody tr").inner_text()
        with page.expect_navigation():
            page.locator("tbody a").click()
        assert column(page, "Violating tokens") == ["idle"] and column(page, "Rules") == ["unused-for"]
        page.goto(office.url("api-tokens?idle=90d"))
        assert column(page) == ["idle"]
        assert page.complaints == []


def runs(office, page):
    """How each stands, the newest first; it ends a moment after its last rotation."""
    page.goto(office.url("runs"))
    return column(page, "Runs", 2)


def test_s23_what_is_too_old_is_rotated_as_the_policy_says(office):
    office.house.policy(text=policy("max-age: 90d\n        action: rotate\n        overlap: 0s"))
    old = Seed("old", ["bao:apps/old#token"])
    office.house.import_seeds([old])
    with office.signed_in(path="policies") as page:
        assert column(page, "Policies", 2) == ["enforce"]
        assert "1 violating" in page.locator("tbody tr").inner_text()
        page.goto(office.url(f"api-tokens/{office.id('old')}"))
        assert "rotate" in fact(page, "Next action") and "terms" in fact(page, "Next action")
        page.goto(office.url("plans"))
        press(page, "Make a plan", within="main")
        assert column(page, "Actions") == ["old"] and column(page, "Actions", 2) == ["rotate"]
        plan = page.url
        press(page, "Apply this plan")
        assert "/admin/runs/run_" in page.url and "The plan was applied." in notice(page)
        run = page.url
        with page.expect_navigation():
            page.locator('dt:text-is("Plan") + dd a').click()
        assert page.url == plan
        page.goto(run)
        assert column(page, "Actions") == ["old"] and column(page, "Actions", 3)[0] in ("done", "started")
        value = office.house.get("bao:apps/old#token")
        assert value != old.value and office.authorize(value) == 200
        wait_until(lambda: office.authorize(old.value) == 401)
        wait_until(lambda: runs(office, page)[0] == "finished")
        assert page.complaints == []


@BOTH
def test_s23_what_is_too_old_is_rotated_by_itself_when_its_policy_runs(office, javascript):
    office.house.policy(text=policy("max-age: 90d\n        action: rotate\n        overlap: 0s"))
    old = Seed("old", ["bao:apps/old#token"])
    young = Seed("young", ["local:young"], value_issued_at=moment(-27))
    office.house.import_seeds([old, young])
    with office.signed_in(path=f"api-tokens/{office.id('old')}", javascript=javascript) as page:
        assert "rotate" in fact(page, "Next action") and "terms" in fact(page, "Next action")
        assert office.authorize(old.value) == 200
        # A new schedule waits for its next time; nobody presses anything.
        wait_until(lambda: office.house.rows("SELECT 1 FROM schedules"))
        hours_pass(office.house)
        wait_until(lambda: office.house.get("bao:apps/old#token") != old.value)
        value = office.house.get("bao:apps/old#token")
        wait_until(lambda: office.authorize(old.value) == 401)
        assert office.authorize(value) == office.authorize(young.value) == 200
        wait_until(lambda: office.told("old")["rotation"] is None)
        page.reload()
        assert column(page, "Versions")[:2] == ["Version 2", "Version 1"]
        wait_until(lambda: runs(office, page)[0] == "finished")
        page.goto(office.url("policies"))
        assert "violating" not in page.locator("tbody tr").inner_text()
        assert page.complaints == []


def test_s23_who_applies_a_plan_sees_at_once_what_has_become_of_it(office):
    office.house.policy(text=policy("max-age: 90d\n        action: rotate\n        overlap: 0s"))
    office.house.import_seeds([Seed("old", ["local:old"])])
    with office.signed_in(path="policies") as page:
        page.goto(office.url("plans"))
        press(page, "Make a plan", within="main")
        press(page, "Apply this plan")
        wait_until(lambda: office.told("old")["rotation"] is None)
        page.goto(office.url("policies"))
        assert "violating" not in page.locator("tbody tr").inner_text()

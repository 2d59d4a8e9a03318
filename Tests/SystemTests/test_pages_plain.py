"""The pages of the administration without any script: whatever is done there is done by forms and links."""

import csv
import io
import json
import re

import pytest

from administration import END, column, fact, notice, press, text_of
from house import Seed
from serving import wait_until


@pytest.fixture
def plain(office):
    """Signs somebody in whose browser runs no script."""
    return lambda value=None, **settings: office.signed_in(value, javascript=False, **settings)


def test_one_signs_in_and_out_and_comes_where_one_wanted_to(office, plain):
    with plain(path="audit?object=admin", meant=[401]) as page:
        assert page.url == office.url("audit?object=admin") and page.locator("h1").inner_text() == "Audit"
        press(page, "Sign out")
        assert page.url == office.url("sign-in")
        page.goto(office.url("policies"))
        assert page.url == office.url("sign-in?next=%2Fadmin%2Fpolicies")
        office.sign_in(page, "rota_" + "0" * 36)
        assert "That is no token that may sign in here" in text_of(page) and "0" * 36 not in page.content()
        assert page.barriers() == []
        office.sign_in(page, office.admin)
        assert page.url == office.url("policies")
        assert page.complaints == []


def test_a_token_is_made_changed_rotated_and_revoked(office, plain):
    with plain(meant=[422]) as page:
        press(page, "New Token")
        assert not page.get_by_role("button", name="Read-only").is_visible(), "what needs a script is not shown"
        value = office.create(page, "export", expires=END, labels="env=prod\nteam=data")
        assert not page.get_by_role("button", name="Copy").is_visible()
        assert office.authorize(value) == 200
        press(page, "View token")
        assert "env=prod" in fact(page, "Labels")

        press(page, "Edit")
        assert page.locator("[name=expires]").input_value() == END
        page.fill("[name=labels]", "env=test\nno label")
        press(page, "Save")
        assert "'no label' is not key=value" in page.locator(".alert.failed").inner_text()
        page.fill("[name=labels]", "env=test")
        page.fill("[name=destinations]", "bao:apps/export#token\nlocal:export")
        press(page, "Save")
        assert "'export' is changed" in notice(page) and fact(page, "Labels") == "env=test"

        press(page, "Rotate")
        page.fill("[name=reason]", "it is old")
        page.fill("[name=overlap]", "soon")
        press(page, "Rotate this token")
        assert page.locator("[name=overlap]").get_attribute("aria-invalid") == "true"
        page.fill("[name=overlap]", "1h")
        press(page, "Rotate this token")
        new = office.house.get("bao:apps/export#token")
        assert new == office.house.get("local:export") and new != value
        assert office.authorize(new) == office.authorize(value) == 200, "both, for the overlap"
        assert column(page, "Versions")[:2] == ["Version 2", "Version 1"], text_of(page)

        wait_until(lambda: office.told("export")["usage"]["count"] >= 2)
        page.reload()
        press(page, "Revoke")
        page.fill("[name=reason]", "not needed any more")
        page.fill("[name=name]", "exporter")
        press(page, "Revoke this token")
        assert "Type the name of the token" in text_of(page) and page.barriers() == []
        assert page.locator("[name=reason]").input_value() == "not needed any more"
        assert office.authorize(new) == 200
        page.fill("[name=name]", "export")
        press(page, "Revoke this token")
        assert "'export' is revoked" in notice(page)
        assert (office.authorize(new), office.authorize(value)) == (401, 401)
        assert "not needed any more" in text_of(page)
        assert page.complaints == []


def errors(page):
    """The fields that are said to be wrong."""
    return page.locator("[aria-invalid=true]").evaluate_all("fields => fields.map(field => field.name)")


@pytest.mark.parametrize("name, place, wrong", [
    ("taken", "local:free", "name"), ("free", "local:taken", "destinations")])
def test_what_is_taken_already_is_said_in_the_form(office, plain, name, place, wrong):
    office.token("taken", "export:read", more=("--destination", "local:taken"))
    with plain(meant=[409, 422]) as page:
        office.create(page, name, destinations=place, description="filled in with care")
        assert page.locator("[name=description]").count() == 1, text_of(page)
        assert page.locator("[name=description]").input_value() == "filled in with care"
        assert errors(page) == [wrong]


def test_a_wrong_vault_is_said_beside_the_destinations_alone(office, plain):
    with plain(meant=[422]) as page:
        office.create(page, "export", destinations="nowhere:export")
        assert errors(page) == ["destinations"]


@pytest.fixture
def away(office):
    """An office with a vault that does not answer."""
    office.house.configure(vaults="  away: { kind: vault-kv2, address: 'http://127.0.0.1:9', mount: kv, "
                                  "auth: { token: file:bao-token } }")
    return office


@pytest.mark.parametrize("place", ["made", "shown"])
def test_a_value_that_no_vault_has_taken_is_not_said_to_be_on_its_way(away, plain, place):
    with plain() as page:
        away.create(page, "export", destinations="away:apps/export#token")
        # Nobody will try that again by himself.
        assert away.house.rows("SELECT 1 FROM rotations WHERE phase <> 'closed'") == []
        if place == "shown":
            page.reload()
            page.locator("section:has(#timeline)").evaluate("part => part.remove()")
        assert "on its way" not in text_of(page) and "Failed to connect" in text_of(page)


def test_a_rotation_that_does_not_get_through_says_why(away, plain):
    with plain() as page:
        away.create(page, "export", destinations="away:apps/export#token")
        assert page.locator("#value").count() == 0 and page.barriers() == []
        press(page, "Rotate")
        page.fill("[name=reason]", "once more")
        press(page, "Rotate this token")
        assert "It is not through: away:apps/export#token" in notice(page) and "connect" in notice(page)
        assert page.barriers() == [] and page.complaints == []


def test_who_edits_what_somebody_else_has_changed_overwrites_nothing(office, plain):
    office.token("export", "export:read")
    with plain(path=f"api-tokens/{office.id('export')}", meant=[409]) as page:
        press(page, "Edit")
        office.house.rota("token", "edit", "export", "--description", "somebody else's")
        page.fill("[name=description]", "mine")
        press(page, "Save")
        assert "the token has changed since you opened this form" in text_of(page) and page.barriers() == []
        assert office.told("export")["token"]["description"] == "somebody else's"


def made(office):
    """How many tokens were ever made, and how many values."""
    return [office.house.rows(f"SELECT count(*) FROM {table}")[0][0] for table in ("tokens", "versions")]


@pytest.mark.parametrize("places", ["", "local:export"], ids=["shown", "pushed"])
def test_a_form_that_is_sent_twice_makes_one_token_and_shows_its_value_once(office, plain, places):
    with plain(path="api-tokens/new") as page:
        twin = page.context.new_page()
        for one in (page, twin):
            one.goto(office.url("api-tokens/new"))
            office.fill(one, "export", destinations=places)
        request = page.locator("[name=request]").get_attribute("value")
        assert request != twin.locator("[name=request]").get_attribute("value"), "each form is one of its own"
        # The second press of a button before the first is answered: the very same form.
        twin.locator("[name=request]").evaluate("(field, value) => field.value = value", request)
        tokens, values = made(office)
        press(page, "Generate Token")
        value = page.locator("#value").input_value() if not places else office.house.get(places)
        assert made(office) == [tokens + 1, values + 1]

        # By the twin, and as a browser offers to.
        for sent in (twin, page):
            press(twin, "Generate Token") if sent is twin else page.reload()
            assert made(office) == [tokens + 1, values + 1]
            assert value not in sent.content() and sent.locator("#value").count() == 0
            assert "was sent before" in notice(sent) if not places else "Its value is in the vault." in text_of(sent)
        assert office.authorize(value) == 200 and (not places or office.house.get(places) == value)
        # A form that is opened anew is another.
        page.goto(office.url("api-tokens/new"))
        assert page.locator("[name=request]").get_attribute("value") != request
        assert page.complaints == []


def test_a_form_that_comes_again_with_something_else_in_it_is_refused(office, plain):
    with plain(path="api-tokens/new", meant=[409, 422]) as page:
        twin = page.context.new_page()
        for one, name in ((page, "export"), (twin, "another")):
            one.goto(office.url("api-tokens/new"))
            office.fill(one, name)
        twin.locator("[name=request]").evaluate(
            "(field, value) => field.value = value", page.locator("[name=request]").get_attribute("value"))
        press(page, "Generate Token")
        tokens, values = made(office)
        press(twin, "Generate Token")
        assert made(office) == [tokens, values] and twin.locator("#value").count() == 0
        assert office.house.rows("SELECT 1 FROM tokens WHERE name = 'another'") == []
        assert twin.locator("[name=name]").input_value() == "another", text_of(twin)


def test_a_token_is_quarantined_and_restored(office, plain):
    value = office.token("export", "export:read")
    with plain(path=f"api-tokens/{office.id('export')}") as page:
        press(page, "Quarantine")
        page.fill("[name=reason]", "strange addresses")
        press(page, "Quarantine this token")
        assert office.authorize(value) == 401 and "strange addresses" in page.locator(".alert.warning").inner_text()
        press(page, "Restore")
        page.fill("[name=reason]", "it was us")
        press(page, "Restore this token")
        assert office.authorize(value) == 200
        assert "'export' is accepted again" in notice(page)
        assert page.complaints == []


def test_a_plan_is_approved_by_somebody_else_and_applied_as_it_is(office, plain):
    office.house.policy(text=(
        "version: 1\npolicies:\n  - name: quarterly\n    mode: enforce\n    match: all\n    approval: required\n"
        "    rules:\n      - max-age: 90d\n        action: rotate\n        overlap: 0s\n"))
    old = Seed("old", ["bao:apps/old#token"])
    office.house.import_seeds([old])
    alice, bob = (office.person(name, "rota:operate") for name in ("alice", "bob"))
    with plain(alice, path="plans", meant=[409]) as page:
        press(page, "Make a plan", within="main")
        plan = page.url
        assert "You cannot approve it." in text_of(page)
        assert page.get_by_role("button", name="Apply this plan").count() == 0
        assert page.get_by_role("button", name=re.compile("^Approve")).count() == 0
        assert page.barriers() == []
    with plain(bob, path="plans") as page:
        assert column(page, "Open plans", 2) == ["needs approval"] and column(page, "Open plans", 5) == ["alice"]
        page.goto(plan)
        page.fill("[name=comment]", "change 4711")
        press(page, "Approve")
        assert "change 4711" in fact(page, "Approved") and "bob" in fact(page, "Approved")
        assert page.complaints == []
    with plain(alice, path="plans", meant=[409]) as page:
        page.goto(plan)
        twin = page.context.new_page()
        twin.goto(plan)
        press(page, "Apply this plan")
        assert "/admin/runs/run_" in page.url and column(page, "Actions") == ["old"]
        new = office.house.get("bao:apps/old#token")
        assert new != old.value and office.authorize(new) == 200
        # The same button in another window, which does not know yet.
        press(twin, "Apply this plan")
        assert "applied already" in text_of(twin)
        assert office.house.get("bao:apps/old#token") == new
        assert page.complaints == []


def test_a_plan_is_withdrawn_with_a_reason(office, plain):
    office.house.policy()
    with plain(path="plans") as page:
        # Where there is nothing to do there is none.
        press(page, "Make a plan", within="main")
        assert "nothing to do" in page.inner_text("main")
        office.house.import_seeds([Seed("old", ["local:old"])])
        press(page, "Make a plan", within="main")
        page.fill("[name=reason]", "not today")
        press(page, "Withdraw")
        assert "not today" in fact(page, "Withdrawn")
        assert page.get_by_role("button", name="Apply this plan").count() == 0


def test_a_waiver_is_approved_and_withdrawn(office, plain):
    house = office.house
    house.import_seeds([Seed("old", ["local:old"])])
    house.policy(text=(
        "version: 1\npolicies:\n  - name: quarterly\n    mode: warn\n    match: all\n"
        "    rules:\n      - max-age: 90d\n        action: notify\n"))
    asker = house.keep("alice-token", office.person("alice", "rota:operate"))
    house.rota("waiver", "request", "--policy", "quarterly", "--token", "old", "--for", "30d",
               "--reason", "the vendor, OPS-7", "--token-file", asker)
    with plain(asker.read_text(), path="waivers") as page:
        assert "You cannot approve it." in text_of(page) and page.barriers() == []
    # Who uses the account that asked might be the same.
    with plain(office.person("bob", "rota:operate"), path="waivers") as page:
        page.fill("[name=comment]", "until the vendor is ready")
        press(page, "Approve")
        assert "The waiver is in force." in notice(page) and "until the vendor is ready" in text_of(page)
        page.fill("[name=reason]", "the vendor is ready")
        press(page, "Withdraw")
        assert "The waiver is withdrawn." in notice(page) and "the vendor is ready" in text_of(page)
        assert page.complaints == []


def test_dead_letters_are_replayed_one_by_one_and_all_at_once(office, plain, receiver):
    receiver.failures = 1_000
    office.house.configure(webhook=receiver.address)
    configuration = office.house.folder / "rota.yaml"
    configuration.write_text(configuration.read_text().replace("[1s, 1s, 1s, 1s]", "[1s]"))

    def dead():
        return office.house.rows("SELECT count(*) FROM deliveries WHERE state = 'dead'")[0][0]

    office.open()
    for name in ("one", "two", "three"):
        office.token(name, "export:read")
    wait_until(lambda: dead() == 3)
    with plain(path="webhooks") as page:
        assert "has dead letters" in text_of(page) and "503" in text_of(page)
        receiver.failures = 0
        press(page, "Dead letters")
        assert len(column(page, "Dead letters")) == 3 and page.barriers() == []
        press(page, "Replay", within="tbody")
        assert "1 dead letter" in notice(page)
        wait_until(lambda: dead() == 2 and len(receiver.taken) == 1)
        page.reload()
        press(page, "Replay dead")
        assert "2 dead letters wait again." in notice(page)
        wait_until(lambda: len(receiver.taken) == 3)
        # What was taken is written down a moment later.
        wait_until(lambda: office.house.rows("SELECT count(*) FROM deliveries WHERE state <> 'delivered'") == [(0,)])
        page.reload()
        assert "healthy" in text_of(page) and dead() == 0
        assert page.complaints == []


def test_every_format_of_the_report_is_downloaded_and_the_chart_is_put_into_words(office, plain):
    office.house.policy(text="version: 1\npolicies:\n  - name: owned\n    mode: warn\n    match: all\n"
                             "    rules: [{ owner: required }]\n")
    office.token("alone", "export:read", owner="")
    with plain(path="reports") as page:
        chart = page.locator("section:has(#posture) svg[role=img]")
        assert chart.locator("title").text_content() == "Tokens: 1 violating, 1 compliant"
        assert page.get_by_role("img", name="Tokens: 1 violating, 1 compliant").count() == 1
        # One who sees no colours reads the same in numbers.
        assert page.locator(".legend").inner_text().split() == ["1", "violating", "1", "compliant"]
        links = page.locator(".downloads a")
        texts = {}
        for number in range(links.count()):
            with page.expect_download() as download:
                links.nth(number).click()
            texts[links.nth(number).get_attribute("href").partition(".")[2]] = download.value.path().read_text()
        assert len(texts) == links.count() and {"csv", "html", "json"} <= set(texts) and all(texts.values())
        assert texts["html"].startswith("<!DOCTYPE html>") and "alone" in texts["html"]
        rows = list(csv.DictReader(io.StringIO(texts["csv"])))
        verdicts = json.loads(texts["json"])["verdicts"]
        expected = [("admin", "compliant"), ("alone", "violating")]
        assert sorted((row["name"], row["status"]) for row in rows) == expected
        assert sorted((verdict["name"], verdict["status"]) for verdict in verdicts) == expected
        assert page.complaints == []


def test_what_was_done_stands_in_the_audit_log_page_by_page(office, plain):
    office.house.import_seeds([Seed(f"t{number}", [f"local:{number}"]) for number in range(3)])
    for number in range(60):
        office.house.rota("token", "edit", "t0", "--description", f"the {number}th")
    with plain(path="audit") as page:
        numbers = column(page, "Audit entries, newest first")
        press(page, "Next page")
        numbers += column(page, "Audit entries, newest first")
        assert [int(number) for number in numbers] == list(range(len(numbers), 0, -1))
        page.fill("[name=object]", "t1")
        press(page, "Show")
        assert column(page, "Audit entries, newest first", 5) == ["t1"]
        page.fill("[name=object]", "no such thing")
        press(page, "Show")
        assert "Nothing was done to it." in text_of(page)
        assert page.complaints == []

"""What a person holds up or waives from the pages: freezes, emergencies, waivers. Without any script, too."""

import pytest

from administration import END, fact, notice, post, press, text_of
from house import Seed
from test_audit import by_hand
from test_pages_plain import errors

POLICY = (
    "version: 1\npolicies:\n  - name: quarterly\n    mode: warn\n    match: all\n"
    "    rules:\n      - max-age: 90d\n        action: notify\n")
SCRIPTS = pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])


@SCRIPTS
def test_who_freezes_says_why_and_every_page_tells_it_until_somebody_unfreezes(office, script):
    with office.signed_in(path="freeze", javascript=script, meant=[422]) as page:
        page.fill("[name=reason]", "   ")
        page.fill("[name=ends]", "2020-01-01T00:00")
        press(page, "Freeze")
        assert errors(page) == ["reason", "ends"] and page.barriers() == []
        assert office.house.rows("SELECT 1 FROM audit WHERE action = 'store.freeze'") == []
        page.fill("[name=reason]", "release 4.2")
        page.fill("[name=ends]", "2099-01-01T00:00")
        press(page, "Freeze")
        assert "Frozen" in notice(page) and fact(page, "Why") == "release 4.2"
        for path in ("freeze", "api-tokens", "plans", "reports", "audit"):
            page.goto(office.url(path))
            assert "release 4.2" in page.locator(".brake").inner_text(), path
        page.goto(office.url("freeze"))
        press(page, "Unfreeze")
        assert "Not frozen any more" in notice(page) and page.locator(".brake").count() == 0
        assert "release 4.2" in text_of(page), "the earlier one is told"
        assert page.complaints == []


@SCRIPTS
def test_a_freeze_that_somebody_else_began_meanwhile_is_not_replaced_unseen(office, script):
    with office.signed_in(path="freeze", javascript=script, meant=[409]) as page:
        office.house.rota("freeze", "--reason", "incident 7")
        page.fill("[name=reason]", "lunch")
        page.fill("[name=ends]", "2099-01-01T00:00")
        press(page, "Freeze")
        assert "incident 7" in text_of(page)
        assert office.house.rows("SELECT reason FROM freezes WHERE ended_at IS NULL") == [("incident 7",)]
        page.goto(office.url("freeze"))
        press(page, "Unfreeze")
        assert "Not frozen any more" in notice(page)


@SCRIPTS
def test_what_has_leaked_is_revoked_past_a_freeze_by_whoever_types_its_name(office, script):
    leaked = office.token("leaked", "export:read")
    office.house.rota("freeze", "--reason", "year end")
    with office.signed_in(
            path=f"api-tokens/{office.id('leaked')}/revoke", javascript=script, meant=[422]) as page:
        assert "year end" in text_of(page)
        assert page.get_by_role("button", name="Revoke this token").count() == 0
        with page.expect_navigation():
            page.get_by_role("link", name="revoke it in an emergency").click()
        assert "What happens" in text_of(page) and page.barriers() == []
        page.fill("[name=reason]", "it is in a public log")
        if script:
            assert page.get_by_role("button", name="Revoke this token now").is_disabled()
        else:
            page.fill("[name=name]", "leak")
            press(page, "Revoke this token now")
            assert errors(page) == ["name"] and office.authorize(leaked) == 200
        page.fill("[name=name]", "leaked")
        press(page, "Revoke this token now")
        assert "'leaked' is revoked" in notice(page) and office.authorize(leaked) == 401
        entry = office.house.rows("SELECT body FROM audit WHERE action = 'token.revoke'")[0][0]
        assert "emergency" in str(entry) and "frozen" in str(entry)
        assert page.complaints == []


def test_no_other_revocation_goes_past_a_freeze_and_no_emergency_without_the_name(office):
    value, path = office.token("held", "export:read"), f"/admin/api-tokens/{office.id('held')}"
    office.house.rota("freeze", "--reason", "year end")
    with office.signed_in(meant=[409, 422]) as page:
        assert post(page, path + "/revoke", reason="spite") == 409
        assert post(page, path + "/emergency", reason="spite") == 422
        assert post(page, path + "/emergency", name="held") == 422
        assert office.authorize(value) == 200


@SCRIPTS
def test_a_waiver_is_asked_for_from_the_page_of_a_token_and_approved_by_another(office, script):
    office.house.import_seeds([Seed("old", ["local:old"])])
    office.house.policy(text=POLICY)
    with office.signed_in(office.person("alice", "rota:operate"), javascript=script, meant=[422]) as page:
        page.goto(office.url(f"api-tokens/{office.id('old')}"))
        press(page, "Ask for Waiver")
        assert "max-age" in text_of(page) and page.barriers() == []
        page.fill("[name=reason]", "   ")
        page.fill("[name=ends]", "2099-01-01T00:00")
        press(page, "Ask for Waiver")
        assert errors(page) == ["reason", "ends"]
        assert office.house.rows("SELECT 1 FROM waivers") == []
        page.goto(office.url(f"waivers/new?token={office.id('old')}"))
        page.fill("[name=reason]", "the vendor, OPS-7")
        press(page, "Ask for Waiver")
        assert "asked for" in notice(page) and "You cannot approve it." in text_of(page)
        assert page.complaints == []
    with office.signed_in(office.person("bob", "rota:operate"), path="waivers", javascript=script) as page:
        assert "the vendor, OPS-7" in text_of(page)
        press(page, "Approve")
        assert "The waiver is in force." in notice(page)


@SCRIPTS
def test_who_issues_finds_and_withdraws_the_waivers_that_he_asked_for(office, script):
    office.house.policy(text=POLICY)
    office.token("mine", "export:read", owner="maria")
    with office.signed_in(office.person("maria", "rota:issue", "export:read"), javascript=script) as page:
        page.goto(office.url(f"waivers/new?token={office.id('mine')}"))
        page.fill("[name=reason]", "the vendor, OPS-7")
        press(page, "Ask for Waiver")
        assert page.url == office.url("waivers") and "OPS-7" in text_of(page) and page.barriers() == []
        page.shot(f"waivers-own-{'script' if script else 'plain'}")
        menu = page.get_by_role("navigation", name="Administration")
        assert menu.locator("[aria-current=page]").inner_text() == "Waivers"
        assert page.get_by_role("button", name="Approve").count() == 0
        page.fill("[name=reason]", "not needed")
        press(page, "Withdraw")
        assert "withdrawn" in notice(page) and office.house.rows("SELECT state FROM waivers") == [("withdrawn",)]
        assert page.complaints == []


def test_the_rule_that_is_violated_is_chosen_beforehand(office):
    rules = POLICY.replace("      - max-age", "      - owner: required\n      - max-age")
    office.house.policy(text=rules + "      - unused-for: 60d\n        action: notify\n")
    office.house.import_seeds([Seed("old", ["local:old"])])
    office.token("fine", "export:read", more=("--expires", "90d"))
    with office.signed_in(office.person("alice", "rota:operate"), path="waivers") as page:
        for name, chosen in {"old": "quarterly max-age", "fine": "quarterly owner"}.items():
            page.goto(office.url(f"api-tokens/{office.id(name)}"))
            press(page, "Ask for Waiver")
            assert page.locator("[name=rule]").input_value() == chosen, text_of(page)
        # Nobody is bound to it, and what he chose instead is kept.
        page.goto(office.url(f"waivers/new?token={office.id('old')}"))
        page.select_option("[name=rule]", "quarterly owner")
        page.fill("[name=reason]", "the vendor, OPS-7")
        press(page, "Ask for Waiver")
        assert office.house.rows("SELECT rule FROM waivers") == [("owner",)]


@SCRIPTS
def test_who_issues_rotates_and_revokes_what_he_made_from_its_page(office, script):
    issuer = office.person("maria", "rota:issue", "export:read")
    with (office.house.folder / "rota.yaml").open("a") as file:
        file.write('issue-into: ["local:{owner}-*"]\n')
    with office.signed_in(issuer, javascript=script, meant=[422]) as page:
        office.create(page, "made", owner="maria", destinations="local:maria-export")
        old = office.house.get("local:maria-export")
        press(page, "View token")
        press(page, "Rotate")
        page.fill("[name=reason]", "it is old")
        page.fill("[name=overlap]", "1h")
        press(page, "Rotate this token")
        value = office.house.get("local:maria-export")
        assert value != old and office.house.accepts(value), text_of(page)
        press(page, "Revoke")
        assert "What happens" in text_of(page) and page.barriers() == []
        page.fill("[name=reason]", "not needed")
        press(page, "Revoke this token")
        assert "'made' is revoked" in notice(page) and office.authorize(value) == 401
        assert office.house.rows(
            "SELECT actor FROM audit WHERE action = 'token.revoke'") == [("token:maria",)]
        assert page.complaints == []


def test_who_issues_gets_at_nothing_that_others_made_or_that_may_do_more_than_he(office):
    issuer = office.person("maria", "rota:issue", "export:read")
    values = {"given": office.token("given", "export:read", owner="maria")}
    with office.signed_in(issuer, meant=[403]) as page:
        for name in ("wider", "passed", "own"):
            values[name] = office.create(page, name, expires=END)
            assert values[name], text_of(page)
        office.house.rota("token", "edit", "wider", "--scope", "export:read", "--scope", "ingest:write")
        office.house.rota("token", "edit", "passed", "--owner", "others")
        for name in ("given", "wider", "passed"):
            shown = page.goto(office.url(f"api-tokens/{office.id(name)}"))
            assert shown.status == (404 if name == "passed" else 200)
            for action in ("rotate", "revoke"):
                path = f"/admin/api-tokens/{office.id(name)}/{action}"
                assert page.locator(f'a[href="{path}"]').count() == 0
                expected = 404 if name == "passed" else 403
                assert page.goto(office.address + path).status == expected
                page.goto(office.url("api-tokens"))
                assert post(page, path, reason="a test", overlap="1h", name=name) == expected
            assert office.authorize(values[name]) == 200
        own = f"api-tokens/{office.id('own')}"
        for action in ("quarantine", "restore", "emergency"):
            assert page.goto(office.url(f"{own}/{action}")).status == 403
            page.goto(office.url("api-tokens"))
            assert post(page, f"/admin/{own}/{action}", reason="a test", name="own") == 403
        office.house.rota("freeze", "--reason", "year end")
        page.goto(office.url(f"{own}/revoke"))
        assert "ask somebody who operates Rota" in text_of(page)
        assert page.get_by_role("link", name="revoke it in an emergency").count() == 0
        assert post(page, f"/admin/{own}/revoke", reason="a test") == 409
        assert office.authorize(values["own"]) == 200


RIGHTS = {"rota:audit": (False, False, True), "rota:issue": (True, False, False), "rota:operate": (True, True, True)}


@pytest.mark.parametrize("role", RIGHTS)
def test_who_may_ask_and_who_may_freeze(office, role):
    asks, freezes, looks = RIGHTS[role]
    scopes = [role, "export:read"] if role == "rota:issue" else [role]
    value = office.person("somebody", *scopes)
    office.token("mine", "export:read", owner="somebody")
    office.token("theirs", "export:read", owner="others")
    mine, theirs = office.id("mine"), office.id("theirs")
    with office.signed_in(value, path=f"api-tokens/{mine}", meant=[403, 404, 422]) as page:
        assert (page.get_by_role("link", name="Ask for Waiver").count() == 1) == asks
        assert page.goto(office.url(f"waivers/new?token={mine}")).status == (200 if asks else 403)
        seen = 403 if not asks else 404 if role == "rota:issue" else 200
        assert page.goto(office.url(f"waivers/new?token={theirs}")).status == seen
        shown = page.goto(office.url("freeze")).status
        assert shown == (200 if looks else 403)
        assert (page.locator("button:has-text('Freeze')").count() > 0) == freezes
        page.goto(office.url("api-tokens"))
        frozen = post(page, "/admin/freeze", reason="a test")
        assert frozen == (0 if freezes else 403)
        assert bool(office.house.rows("SELECT 1 FROM freezes")) == freezes
        assert post(page, "/admin/freeze/end") == (0 if freezes else 403)
        emergency = post(page, f"/admin/api-tokens/{mine}/emergency", reason="a test", name="mine")
        assert emergency == (0 if freezes else 403)


def test_who_is_signed_in_has_the_menu_where_there_is_no_page(office):
    with office.signed_in(meant=[404]) as page:
        assert page.goto(office.url("no-such-page")).status == 404
        assert page.get_by_role("navigation", name="Administration").get_by_role("link", name="Runs").count() == 1


def test_the_audit_log_names_tokens_and_leads_to_them(office):
    office.token("exporter", "export:read")
    with office.signed_in(path="audit") as page:
        with page.expect_navigation():
            page.locator("main").get_by_role("link", name="exporter").first.click()
        assert page.url == office.url(f"api-tokens/{office.id('exporter')}")


def test_a_rotation_under_way_is_what_comes_next_and_is_counted(office):
    office.house.import_seeds([Seed("old", ["local:old"])])
    office.house.rota("token", "rotate", "old")
    with office.signed_in(path=f"api-tokens/{office.id('old')}") as page:
        assert "under way" in fact(page, "Next action")
        page.goto(office.url("reports"))
        assert page.locator('dt:text-is("Being rotated") + dd').inner_text() == "1"
        assert "1 in an overlap" in text_of(page)


@SCRIPTS
def test_the_audit_log_is_verified_from_its_page_and_what_was_done_to_it_by_hand_is_told(office, script):
    house = office.house
    with (house.folder / "rota.yaml").open("a") as file:
        file.write("audit: { key: file:audit.key }\n")
    house.rota("audit", "key", "--new")
    office.token("exporter", "export:read")
    house.rota("audit", "checkpoint")
    with office.signed_in(path="audit", javascript=script) as page:
        press(page, "Verify")
        assert "0" == fact(page, "Faults")
        # To be copied as it was signed, with its line ends.
        kept = house.rows("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1")[0][0]
        assert page.locator("pre").text_content().strip() == kept.strip() and page.barriers() == []
        by_hand(house, "UPDATE audit SET body = replace(body, 'exporter', 'importer')")
        press(page, "Verify again")
        assert "one was changed, inserted, or moved" in text_of(page)
        assert page.barriers() == [] and page.complaints == []

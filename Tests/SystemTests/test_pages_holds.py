"""What a person holds up or waives from the pages: freezes, emergencies, waivers. Without any script, too."""

import pytest

from administration import fact, notice, post, press, text_of
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


def focused(page):
    return page.evaluate("""() => { const at = document.activeElement, box = at.getBoundingClientRect();
        return {name: at.name || at.textContent.trim(), shown: box.width > 0 && box.height > 0,
                outline: getComputedStyle(at).outlineStyle, hash: at.getAttribute("href")}; }""")


def test_a_token_is_made_and_revoked_by_the_keyboard_alone(office):
    office.token("leaver", "export:read")
    with office.signed_in(path="api-tokens/new") as page:
        page.goto(office.url("api-tokens/new"))
        page.keyboard.press("Tab")
        skip = focused(page)
        assert skip["hash"] == "#content" and skip["shown"] and skip["outline"] != "none"
        page.keyboard.press("Enter")
        seen = []
        for _ in range(60):
            page.keyboard.press("Tab")
            at = focused(page)
            assert at["outline"] != "none" or at["shown"], at
            seen.append(at["name"])
            if at["name"] == "name":
                page.keyboard.type("by-keyboard")
            elif at["name"] == "owner":
                page.keyboard.type("team-data")
            elif at["name"] == "scope" and seen.count("scope") == 1:
                page.keyboard.press("Space")
            elif at["name"] == "expiry":
                page.keyboard.press("ArrowDown")
            elif "Generate" in at["name"] or "Create" in at["name"]:
                with page.expect_navigation():
                    page.keyboard.press("Enter")
                break
        assert page.locator("h1").inner_text() == "Token generated", " ".join(seen) + page.locator("main").inner_text()
        # After the skip link come the fields, in the order in which they stand, and not the menu.
        assert seen.index("name") < seen.index("owner") and "Runs" not in seen, seen
        page.goto(office.url(f"api-tokens/{office.id('leaver')}/revoke"))
        for _ in range(60):
            page.keyboard.press("Tab")
            at = focused(page)
            if at["name"] == "reason":
                page.keyboard.type("left the company")
            elif at["name"] == "name":
                page.keyboard.type("leaver")
            elif at["name"].startswith("Revoke") and not at["hash"]:
                with page.expect_navigation():
                    page.keyboard.press("Enter")
                break
        assert office.told("leaver")["token"]["state"] == "revoked"

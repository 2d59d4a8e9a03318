"""The pages without any script, by those rows of what they are measured by (S1 to S23) that need other steps than with
one (`test_pages.py`), and that no flow of `test_pages_plain.py` goes through."""

import re

import pytest

from administration import END, NEXT_YEAR, column, fact, press, text_of, tick_all_that_writes
from house import Seed, moment, was_used
from serving import wait_until
from test_pages import errors, policy


@pytest.fixture
def plain(office):
    """Signs somebody in whose browser runs no script."""
    return lambda value=None, **settings: office.signed_in(value, javascript=False, **settings)


def test_s8_reading_comes_first_and_writing_everything_is_warned_of(office, plain):
    with plain(path="api-tokens/new") as page:
        assert page.locator("fieldset.boxes legend").all_inner_texts()[:2] == ["Read only", "Write"]
        assert page.locator("[name=scope]:checked").count() == 0, "nothing is given that nobody asked for"
        assert "As few scopes as the integration can work with." in text_of(page)
        warning = tick_all_that_writes(page)
        page.shot("new-token-writes-everything-plain")
        page.uncheck('[value="ingest:write"]')
        assert not warning.is_visible()
        # So where a token is changed that may do so already.
        office.create(page, "writer", scopes=["ingest:write", "catalog:write"])
        page.goto(office.url(f"api-tokens/{office.id('writer')}/edit"))
        assert warning.is_visible() and page.barriers() == []
        page.uncheck('[value="catalog:write"]')
        assert not warning.is_visible()
        assert page.complaints == []


def test_s9_an_end_is_a_date_and_a_time_in_utc(office, plain):
    with plain(meant=[422], timezone_id="America/New_York", locale="en-US") as page:
        page.goto(office.url("api-tokens/new"))
        field = page.locator("[name=expires]")
        assert field.get_attribute("type") == "datetime-local" and field.is_enabled()
        # Nothing translates it: that it is UTC has to stand where it is filled in.
        assert "UTC" in page.locator(f"label[for={field.get_attribute('id')}]").inner_text()
        assert "For you that is" not in text_of(page), "it is not known what time it is there"
        assert office.create(page, "ends", expires=END)
        assert office.told("ends")["token"]["expires_at"] == f"{END}:00Z", "to the minute, and as it says"
        press(page, "View token")
        assert fact(page, "Ends").startswith(f"4 Mar {NEXT_YEAR}, 05:06 UTC (in ")
        page.goto(office.url("api-tokens?q=ends"))
        shown = page.locator(f'tbody time[datetime="{END}:00Z"]').first
        assert f"4 Mar {NEXT_YEAR}" in (shown.get_attribute("title") or "") + shown.inner_text()
        # None, half of one, and one that has passed.
        for when, said in (("", "give a date and a time"), ("2020-01-01T00:00", "")):
            page.goto(office.url("api-tokens/new"))
            office.fill(page, "none", expires=END)
            page.fill("[name=expires]", when)
            press(page, "Generate Token")
            assert said in errors(page) and page.locator("[name=expires]").get_attribute("aria-invalid") == "true"
            assert page.locator("[name=name]").input_value() == "none" and page.barriers() == []
        assert office.house.rows("SELECT 1 FROM tokens WHERE name = 'none'") == []
        assert page.complaints == []


def test_s10_never_is_a_state_of_its_own_that_policies_find(office, plain):
    office.house.policy(text=policy("expiry: { required: true }", mode="observe"))
    with plain(meant=[422], path="api-tokens/new") as page:
        # Whoever chooses neither is not given a token without an end by oversight.
        assert page.locator("[name=expiry]:checked").get_attribute("value") == "at"
        page.fill("[name=name]", "by oversight")
        page.check('[value="export:read"]')
        page.fill("[name=expires]", "")
        press(page, "Generate Token")
        assert office.house.rows("SELECT 1 FROM tokens WHERE name = 'by oversight'") == []
        # Without a script the field stays, and what is in it does not count.
        page.goto(office.url("api-tokens/new"))
        office.fill(page, "endless")
        page.fill("[name=expires]", END)
        press(page, "Generate Token")
        value = page.locator("#value").input_value()
        assert office.told("endless")["token"]["expires_at"] is None
        press(page, "View token")
        assert fact(page, "Ends") == "never; valid until it is revoked"
        page.goto(office.url("api-tokens"))
        ends = dict(zip(column(page), column(page, number=5)))
        assert ends["endless"] == "never" and ends["admin"] != "never"
        page.goto(office.url("policies/terms"))
        assert column(page, "Violating tokens") == ["endless"]
        assert office.authorize(value) == 200
        assert page.complaints == []


def test_s14_all_active_tokens_are_listed_filtered_and_sorted(office, plain):
    house = office.house
    house.import_seeds([Seed(name, [f"local:{name}"]) for name in ("alpha", "beta", "gamma")])
    office.token("delta", "catalog:read", owner="team-x", more=("--expires", "3d"))
    house.rota("token", "revoke", "beta", "--reason", "test", "--yes")
    with plain() as page:
        assert column(page) == ["admin", "alpha", "delta", "gamma"]
        # S17: both of them, of each.
        assert all("by " in text for text in page.locator("tbody tr > td:nth-of-type(3)").all_inner_texts())
        assert all(column(page, number=6))
        for field, chosen, found in (("state", "revoked", ["beta"]), ("scope", "catalog:read", ["delta"]),
                                     ("expiring", "7d", ["delta"]), ("owner", "team-x", ["delta"])):
            page.goto(office.url("api-tokens"))
            page.select_option(f"[name={field}]", chosen)
            press(page, "Search")
            assert column(page) == found and f"{field}={chosen.replace(':', '%3A')}" in page.url, field
            press(page, "Clear")
            assert column(page) == ["admin", "alpha", "delta", "gamma"]
        page.fill("[name=q]", "AMM")
        press(page, "Search")
        assert column(page) == ["gamma"]
        page.goto(office.url("api-tokens"))
        for name, newest in {"Created": ["admin", "delta"], "Name": ["admin", "alpha"]}.items():
            with page.expect_navigation():
                page.locator("thead").get_by_role("link", name=name).click()
            assert sorted(column(page)[:2]) == newest, name
            assert page.locator("th[aria-sort]").inner_text().startswith(name)
        assert page.complaints == []


def test_s17_when_it_was_used_last_and_who_made_it_stand_in_the_list_and_on_its_page(office, plain):
    maker = office.person("maria", "rota:admin")
    with plain(maker) as page:
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
        assert page.complaints == []


def test_s19_a_shared_token_is_seen_by_where_it_is_used_from(office, plain):
    office.house.policy(text=policy("sources: { max-addresses: 1, max-agents: 1 }", mode="observe"))
    shared, own = (office.token(name, "export:read") for name in ("shared", "own"))
    with plain() as page:
        for source, agent in (("198.51.100.1", "export/1.0"), ("203.0.113.2", "curl/8.5.0")):
            assert office.authorize(shared, source=source, agent=agent) == 200
            assert office.authorize(own, source="198.51.100.1", agent="export/1.0") == 200
        wait_until(lambda: all(office.told(name)["usage"]["count"] == 2 for name in ("shared", "own")))
        for name, verdict in (("shared", "violating"), ("own", "compliant")):
            page.goto(office.url(f"api-tokens/{office.id(name)}"))
            uses = page.locator("section:has(#uses)").inner_text()
            for seen in ("203.0.113.2", "curl/8.5.0"):
                assert (seen in uses) == (name == "shared")
            assert "198.51.100.1" in uses and "export/1.0" in uses
            assert column(page, "Verdicts", 2) == [verdict], text_of(page)
        page.goto(office.url("policies/terms"))
        assert column(page, "Violating tokens") == ["shared"]
        assert page.complaints == []


def test_s21_scopes_that_no_use_has_needed_are_told_and_taken_away(office, plain):
    with plain() as page:
        value = office.create(page, "wide", scopes=["export:read", "ingest:write", "catalog:write"])
        assert office.authorize(value, scope="export:read") == 200
        wait_until(lambda: office.told("wide")["usage"]["count"])
        page.goto(office.url(f"api-tokens/{office.id('wide')}"))
        told = page.get_by_text("Scopes that no use has needed").inner_text()
        unused = sorted(re.findall(r"\w+:\w+", told))
        assert unused == ["catalog:write", "ingest:write"]
        press(page, "Edit")
        for scope in unused:
            page.uncheck(f'[name=scope][value="{scope}"]')
        press(page, "Save")
        assert page.get_by_text("Scopes that no use has needed").count() == 0
        assert [office.authorize(value, scope=scope) for scope in ("export:read", *unused)] == [200, 403, 403]
        assert page.complaints == []


def test_s22_what_nobody_uses_is_found_by_a_policy_and_revoked(office, plain):
    office.house.policy(text=policy("unused-for: 90d\n        action: revoke", mode="warn"))
    idle, used = (dict(Seed(name, [f"local:{name}"]).row) for name in ("idle", "used"))
    idle |= {"last_used_at": moment(-270), "tracked_since": moment(-330)}
    used |= {"last_used_at": moment(-1), "tracked_since": moment(-330)}
    office.house.rota("import", office.house.inventory([idle, used]))
    with plain(path="policies") as page:
        assert column(page, "Policies") == ["terms"] and column(page, "Policies", 2) == ["warn"]
        assert "1 violating" in page.locator("tbody tr").inner_text()
        with page.expect_navigation():
            page.locator("tbody a").click()
        assert column(page, "Violating tokens") == ["idle"] and column(page, "Rules") == ["unused-for"]
        # What is chosen from a list is applied by a button.
        page.goto(office.url("api-tokens"))
        page.select_option("[name=idle]", "90d")
        press(page, "Search")
        assert column(page) == ["idle"] and "idle=90d" in page.url
        with page.expect_navigation():
            page.locator("tbody tr").get_by_role("link", name="Revoke").click()
        page.fill("[name=reason]", "nobody uses it")
        press(page, "Revoke this token")
        assert office.told("idle")["token"]["state"] == "revoked" and office.told("used")["token"]["state"] == "active"
        assert page.complaints == []

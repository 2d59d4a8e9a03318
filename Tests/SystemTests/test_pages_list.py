"""The list of tokens: what it shows, finds and sorts (S14), and how it goes on where there are many."""

import pytest

from administration import choose, column, press, text_of
from house import Seed


def test_s14_all_active_tokens_are_listed_filtered_and_sorted(office):
    house = office.house
    house.import_seeds([
        Seed(name, [f"local:{name}"]) for name in ("alpha", "beta", "gamma")])
    office.token("delta", "catalog:read", owner="team-x", more=("--expires", "3d"))
    house.rota("token", "revoke", "beta", "--reason", "test", "--yes")
    with office.signed_in() as page:
        assert column(page) == ["admin", "alpha", "delta", "gamma"]
        assert page.locator(".lede").first.inner_text() == "4 active tokens"
        # A choice is applied by itself, and the address keeps it.
        choose(page, "state", "revoked")
        assert column(page) == ["beta"] and page.url == office.url("api-tokens?state=revoked")
        press(page, "Clear")
        choose(page, "scope", "catalog:read")
        assert column(page) == ["delta"]
        press(page, "Clear")
        choose(page, "expiring", "7d")
        assert column(page) == ["delta"]
        press(page, "Clear")
        page.fill("[name=q]", "AMM")
        press(page, "Search")
        assert column(page) == ["gamma"] and page.url == office.url("api-tokens?q=AMM")
        assert page.locator(".lede").first.inner_text() == "1 token found on this page"
        page.fill("[name=q]", "no such")
        press(page, "Search")
        assert "None is as asked for here." in text_of(page)
        press(page, "Show all active tokens")

        # As the API and the CLI call it.
        page.goto(office.url("api-tokens?search=AMM"))
        assert column(page) == ["gamma"]
        press(page, "Clear")

        for name, newest in {"Created": ["admin", "delta"], "Name": ["admin", "alpha"]}.items():
            with page.expect_navigation():
                page.locator("thead").get_by_role("link", name=name).click()
            assert sorted(column(page)[:2]) == newest, name
            assert page.locator("th[aria-sort]").inner_text().startswith(name)
        page.goto(office.url("api-tokens?sort=expires"))
        assert column(page)[:2] == ["delta", "admin"]
        page.goto(office.url("api-tokens?owner=team-x"))
        assert column(page) == ["delta"]
        assert page.complaints == []


@pytest.mark.parametrize("order", ["expires", "used"])
def test_sorting_takes_no_token_away(office, order):
    office.token("endless", "export:read")
    with office.signed_in() as page:
        assert column(page) == ["admin", "endless"]
        page.goto(office.url(f"api-tokens?sort={order}"))
        assert sorted(column(page)) == ["admin", "endless"]


def test_a_search_is_sorted_as_its_head_says(office):
    office.house.import_seeds([Seed("alpha-old", ["local:alpha"])])
    office.token("zeta-old", "export:read")
    with office.signed_in(path="api-tokens?q=old&sort=created") as page:
        assert page.locator("th[aria-sort]").inner_text().startswith("Name")
        assert column(page) == ["alpha-old", "zeta-old"]
        # What would change nothing is no link, and it is said why.
        assert page.locator("thead a").all_inner_texts() == ["Name"] and page.barriers() == []
        assert "not sorted by Created, Expires, Last used" in page.locator("p.remark").inner_text()
        page.shot("list-searched")


def test_all_states_are_sorted_as_the_head_says(office):
    office.house.import_seeds([Seed("alpha", ["local:alpha"])])
    office.token("zeta", "export:read")
    with office.signed_in(path="api-tokens?state=all&sort=created") as page:
        assert page.locator("th[aria-sort]").inner_text().startswith("Name")
        assert column(page) == sorted(column(page))


def test_what_can_be_done_is_in_sight(office):
    owner = "data-platform-oncall@example.com"
    office.token("Integration_Snowflake_Export", "export:read", "ingest:write", owner=owner, more=("--expires", "30d"))
    with office.signed_in(path="api-tokens?q=Snow") as page:
        button, area = (page.locator(place).first.bounding_box() for place in ("tbody a.danger", ".card:has(table)"))
        assert button["x"] + button["width"] <= area["x"] + area["width"]


def test_who_sees_some_tokens_is_told_of_no_others(office):
    for name in ("one", "two"):
        office.token(name, "export:read", owner="others")
    maker = office.token("maker", "rota:issue", "export:read", owner="team-data", more=("--expires", "90d"))
    with office.signed_in(maker, meant=[404]) as page:
        assert column(page) == ["maker"]
        assert page.goto(office.url(f"api-tokens/{office.id('one')}")).status == 404
        page.goto(office.url("api-tokens"))
        assert page.locator(".lede").first.inner_text() == "The tokens of your owner"


@pytest.mark.parametrize("query", ["status=violating", "policy=look&status=violating"])
def test_the_filter_finds_what_its_rows_say(office, query):
    office.house.import_seeds([Seed("alpha", ["local:alpha"])])
    with office.signed_in() as page:
        assert "1 violation" in page.locator("tbody tr", has_text="alpha").inner_text()
        # What it goes by is said, and is there once a run has looked.
        assert "Last run" in page.locator("form.filters").inner_text()
        office.house.rota("run")
        page.goto(office.url(f"api-tokens?{query}"))
        assert column(page) == ["alpha"]


def test_a_policy_finds_the_tokens_that_violate_it_and_says_so(office):
    office.house.import_seeds([Seed("alpha", ["local:alpha"])])
    with office.signed_in() as page:
        office.house.rota("run")
        page.goto(office.url("api-tokens?policy=look"))
        assert "Violates" in page.locator("form.filters").inner_text() and column(page) == ["alpha"]


def test_the_filter_offers_the_owners_that_there_are(office):
    office.token("delta", "catalog:read", owner="team-x")
    with office.signed_in() as page:
        assert "team-x" in page.locator("[name=owner] option").all_inner_texts()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_many_tokens_are_listed_page_by_page(office, javascript):
    names = [f"token-{number:03}" for number in range(120)]
    office.house.import_seeds([Seed(name, [f"local:{name}"]) for name in names])
    with office.signed_in(javascript=javascript) as page:
        assert page.locator(".lede").first.inner_text() == "121 active tokens"
        seen = column(page)
        assert len(seen) == 50 and page.get_by_role("link", name="First page").count() == 0
        while page.get_by_role("link", name="Next page").count():
            press(page, "Next page")
            seen += column(page)
        assert seen == ["admin", *names]
        press(page, "First page")
        assert column(page)[0] == "admin"
        # What is looked for is kept from page to page.
        page.fill("[name=q]", "ken-1")
        press(page, "Search")
        assert column(page) == names[100:]
        page.fill("[name=q]", "token-")
        page.select_option("[name=scope]", "ingest:write") if not javascript else choose(page, "scope", "ingest:write")
        if not javascript:
            press(page, "Search")
        first = column(page)
        press(page, "Next page")
        assert page.locator("[name=q]").input_value() == "token-"
        assert page.locator("[name=scope]").input_value() == "ingest:write"
        assert first + column(page) == names[:100]
        # By when they were made, of which many were at the same time.
        page.goto(office.url("api-tokens?sort=created"))
        seen = column(page)
        while page.get_by_role("link", name="Next page").count():
            press(page, "Next page")
            seen += column(page)
        assert sorted(seen) == ["admin", *names] and seen[0] == "admin"
        assert page.complaints == []


def test_a_place_in_the_list_that_nobody_gave_out_is_refused(office):
    with office.signed_in(meant=[400, 422]) as page:
        for cursor in ("x", "AAAA", "%00", "%22%3E%3Cscript%3E"):
            assert page.goto(office.url(f"api-tokens?cursor={cursor}")).status in (400, 422), cursor
            assert page.barriers() == [] and page.get_by_role("link", name="API Tokens").count()
        # What is no choice is as if it was not chosen.
        assert page.goto(office.url("api-tokens?state=none&sort=none&idle=none&expiring=none")).status == 200
        assert column(page) == ["admin"]


OWNERS = ["consolidation@subsidiaries.example.com", "bob@example.com", "finance-consolidation@sub.example.com", "team-data"]
# What stands out of its box, and words that are broken where nobody would break them.
FIT = """() => {
    const boxes = [...document.querySelectorAll(".scroll")].filter(box => box.scrollWidth > box.clientWidth + 1)
        .map(box => `${box.ariaLabel}: ${box.scrollWidth} in ${box.clientWidth}`);
    const narrow = [...document.querySelectorAll(".tokens tbody td:nth-child(2)")].map(cell => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        return new Set([...range.getClientRects()].filter(rect => rect.width).map(rect => Math.round(rect.top / 4))).size;
    });
    return [boxes, Math.max(...narrow), document.documentElement.scrollWidth - innerWidth];
}"""


@pytest.mark.parametrize("width, lines", [(1440, 5), (1280, 5), (1024, 2), (800, 2), (390, 3)])
def test_the_list_fits_also_where_owners_are_addresses(office, width, lines):
    house = office.house
    house.import_seeds([Seed(f"Integration_Snowflake_Export_{number}", [f"local:{number}"]) for number in range(6)])
    for number in range(6):
        house.rota("token", "edit", f"Integration_Snowflake_Export_{number}", "--owner", OWNERS[number % 4])
    with office.signed_in() as page:
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(office.url("api-tokens"))
        boxes, most, beyond = page.evaluate(FIT)
        page.shot(f"list-{width}")
        assert boxes == [] and most <= lines and beyond <= 0, (boxes, most, beyond)
        # In reach without scrolling to the side.
        # On a phone the menu is moved to the side, as menus are there.
        for what in ("Rotate", "Revoke", *(["Audit"] if width >= 800 else [])):
            box = page.locator("a", has_text=what).last.bounding_box()
            assert box and box["x"] >= 0 and box["x"] + box["width"] <= width + 1, (what, box)

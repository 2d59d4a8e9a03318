"""The tables of the HTML report are put into another order by whoever reads them, without any script."""

import re

import pytest

from house import House
from test_report_looks import HOSTILE, POLICIES, open_file, seed

# The table of the rule that most tokens break, and its names from top to bottom as they are seen.
TABLE = "#violations-0-0 table"
TOKEN, OWNER = "th[role=rowheader]", "th[role=rowheader] .quiet"


@pytest.fixture(scope="module")
def report(binary, tmp_path_factory):
    house = House(binary, tmp_path_factory.mktemp("order"))
    house.init()
    house.policy(text=POLICIES)
    house.rota("import", house.inventory([seed(index) for index in range(90)]))
    path = house.folder / "report.html"
    house.rota("report", "--output", path)
    return path


def seen(page, cell=TOKEN):
    """What is in the rows, by where they stand on the page."""
    placed = page.locator(TABLE).evaluate("""(table, cell) => [...table.querySelectorAll("tbody tr")]
        .map((row) => [row.getBoundingClientRect().top, row.querySelector(cell)?.innerText.split("\\n")[0] ?? ""])""",
        cell)
    return [text for _, text in sorted(placed)]


def choose(page, name):
    page.locator(TABLE).get_by_label(name, exact=True).check()


def test_without_script_rows_stand_in_the_order_that_is_chosen(report, browser):
    with browser.page(javascript=False) as page:
        open_file(page, report)
        listed = seen(page)
        assert len(listed) > 20 and listed != sorted(listed, key=str.lower)
        choose(page, "token")
        assert seen(page) == sorted(listed, key=str.lower)
        choose(page, "reversed")
        assert seen(page) == sorted(listed, key=str.lower, reverse=True)
        choose(page, "longest overdue")
        assert seen(page) == listed[::-1]
        page.locator(TABLE).get_by_label("reversed", exact=True).uncheck()
        assert seen(page) == listed
        choose(page, "owner")
        owners = [owner.lower() for owner in seen(page, OWNER) if owner]
        assert owners == sorted(owners) and len(set(owners)) > 2
        assert sorted(seen(page)) == sorted(listed)
        # What is chosen for one table leaves the others alone.
        assert page.locator("table:has(.order input:not(.by-0):checked)").count() == 1


def test_an_order_is_chosen_by_keyboard_alone(report, browser):
    with browser.page(javascript=False) as page:
        open_file(page, report)
        listed = seen(page)
        page.locator(f"{TABLE} .by-0").focus()
        page.keyboard.press("ArrowRight")
        assert page.locator(f"{TABLE} .by-1").is_checked()
        assert seen(page) == sorted(listed, key=str.lower)
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert seen(page) == sorted(listed, key=str.lower, reverse=True)


def roles(page):
    """How often the browser tells each role to a screen reader."""
    nodes = page.page.context.new_cdp_session(page.page).send("Accessibility.getFullAXTree")["nodes"]
    counts = {}
    for node in nodes:
        role = node.get("role", {}).get("value")
        if not node.get("ignored"):
            counts[role] = counts.get(role, 0) + 1
    return {role: counts.get(role, 0) for role in ("table", "row", "cell", "columnheader", "rowheader")}


def test_in_another_order_it_is_a_table_to_a_screen_reader_as_before(report, browser):
    with browser.page() as page:
        open_file(page, report)
        before = roles(page)
        assert before["row"] > 100 and before["cell"] > 200 and before["rowheader"] > 100
        choose(page, "token")
        choose(page, "reversed")
        assert page.locator(TABLE).evaluate("(table) => getComputedStyle(table).display") == "grid"
        assert roles(page) == before
        # Said, and not guessed by this browser alone: others take a grid for no table.
        assert page.locator("table.sortable :is(thead, tbody, tr, th, td):not([role])").count() == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_in_another_order_nothing_stands_in_anybodys_way(report, browser, dark):
    for width in (1280, 800):
        with browser.page(dark=dark) as page:
            page.set_viewport_size({"width": width, "height": 900})
            dialogs = open_file(page, report)
            tables = page.locator("table.sortable")
            assert tables.count() >= 4
            scrolled = """() => [...document.querySelectorAll(".scroll:has(.sortable)")]
                .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.ariaLabel)"""
            before = page.evaluate(scrolled)
            assert width < 1280 or before == []
            for place in range(tables.count()):
                tables.nth(place).locator(".by-1").check()
            wide, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert wide <= room
            assert page.evaluate(scrolled) == before
            # Cells of a column stand under its head.
            askew = page.evaluate("""() => [...document.querySelectorAll("table.sortable")].flatMap((table) => {
                const lefts = (row) => [...row.children].map((cell) => Math.round(cell.getBoundingClientRect().left));
                const heads = lefts(table.querySelector("thead tr"));
                return [...table.querySelectorAll("tbody tr")]
                    .filter((row) => lefts(row).some((left, place) => Math.abs(left - heads[place]) > 1));
            }).length""")
            assert askew == 0
            page.locator(TABLE).scroll_into_view_if_needed()
            page.locator(TABLE).locator("xpath=..").screenshot(
                path=page.screens / f"report-sorted-{'dark' if dark else 'light'}-{width}.png")
            page.add_style_tag(content=".scroll { background: none !important }")
            assert page.barriers() == []
            assert dialogs == [] and page.complaints == []
            shown = page.evaluate("document.body.innerText")
            assert all(evil in shown for evil in HOSTILE)


def test_paper_has_the_order_that_was_chosen_says_so_and_cuts_no_row(report, browser):
    with browser.page() as page:
        page.set_viewport_size({"width": 688, "height": 1000})
        open_file(page, report)
        listed = seen(page)
        choose(page, "token")
        page.emulate_media(media="print")
        assert seen(page) == sorted(listed, key=str.lower)
        assert page.locator(f"{TABLE} .order").inner_text().split() == ["Sorted", "by", "token"]
        assert page.locator("#register table .order").is_visible() is False
        assert page.evaluate("""(table) => [...document.querySelectorAll(`${table} tr`)]
            .every((row) => getComputedStyle(row).breakInside === "avoid")""", TABLE)
        right = page.locator(TABLE).evaluate("""(table) => Math.max(
            ...[...table.querySelectorAll("td, th")].map((cell) => cell.getBoundingClientRect().right))""")
        assert right <= 689
        page.pdf(path=page.screens / "report-sorted.pdf", prefer_css_page_size=True)
        # As it comes, heads are repeated on each page.
        assert page.evaluate("getComputedStyle(document.querySelector('#register thead')).display") == \
            "table-header-group"


def test_no_nought_stands_above_an_empty_day(binary, tmp_path):
    house = House(binary, tmp_path)
    house.init()
    house.policy(text=POLICIES)
    house.rota("import", house.inventory([seed(index) for index in range(10)]))
    house.rota("run", expect=None)
    text = house.rota("report", "--format", "html", "--period", "20d").stdout
    # Of days; what is distributed is half as wide, and none of a kind is worth a nought.
    charts = re.findall(r'<svg class="chart" viewBox="0 0 1040 .*?</svg>', text, re.S)
    values = [re.findall(r'class="value"[^>]*>([^<]*)<', chart) for chart in charts]
    assert charts and any(values) and not any("0" in shown for shown in values), values
    narrow = "".join(re.findall(r'<svg class="chart" viewBox="0 0 520 .*?</svg>', text, re.S))
    assert "0" in re.findall(r'class="value"[^>]*>([^<]*)<', narrow)

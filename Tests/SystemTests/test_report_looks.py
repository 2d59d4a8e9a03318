"""The report as people see it: on a screen, on paper, in the dark, without colours, and with names that strangers made up.

Pictures are kept in `.build/artifacts/screens`.
"""

import csv
import io
import json
import re

import pytest
from markdown_it import MarkdownIt

from browser import Browser
from house import House, Seed, moment

HOSTILE = ["=cmd()|' /C calc'!A0", "<img src=x onerror=alert(1)>", "@SUM(1)", "a|b`c*[d](javascript:alert(2))",
           "\"><svg onload=alert(3)>", "+1-1", "&lt;b&gt;"]
POLICIES = """
version: 1
policies:
  - name: quarterly
    description: Values turn over each quarter.
    basis: Risk analysis RA-12
    mode: enforce
    match: all
    controls: { nist-800-53-r5: [IA-5f, "AC-2(3)"], pci-dss-4.0.1: [8.6.3], "SOC 2": [CC6.1] }
    rules:
      - max-age: 90d
        action: rotate
      - unused-for: 60d
        action: notify
      - owner: required
  - name: ends
    mode: observe
    match: all
    controls: { "SOC 2": [CC6.1] }
    rules: [ { expiry: { required: true }, action: notify } ]
  - name: nothing
    mode: observe
    match: { name: "no-such-*" }
    controls: { iso-27001: ["A.5.17"] }
    rules: [ { max-age: 1d, action: notify } ]
"""


def seed(index):
    """A row of an inventory; every seventh field is a stranger's."""
    row = Seed(f"{'a-rather-long-name-of-' if index % 9 == 0 else ''}service-{index:03}", []).row
    evil = HOSTILE[index % len(HOSTILE)]
    if index < len(HOSTILE):
        row |= {"name": evil, "owner": evil + " owner", "description": evil + " purpose"}
    else:
        row |= {"owner": ["team-data", "team-platform", ""][index % 3], "description": f"feeds {index}"}
    row |= {"value_issued_at": moment((index * 37) % 300 - 330), "last_used_at": ""}
    if index % 4:
        row["expires_at"] = moment((index * 37) % 360 + 35)
    return {"description": "", "expires_at": "", **row}


@pytest.fixture(scope="module")
def reported(binary, tmp_path_factory):
    house = House(binary, tmp_path_factory.mktemp("looks"))
    house.init()
    house.policy(text=POLICIES)
    house.rota("import", house.inventory([seed(index) for index in range(140)]))
    log = house.folder / "uses-that-the-gateway-of-the-first-region-wrote-down.csv"
    log.write_text("token,time,source\nservice-100,2026-10-01T10:00:00Z,10.0.0.1\nservice-101,2026-10-03T09:00:00Z,\n")
    house.rota("import", "--usage", log, "--complete")
    house.rota("run", expect=None)
    house.rota("report", "--output", house.folder / "earlier.json")
    house.rota("token", "revoke", "service-040", "--reason", "no longer needed", "--yes", expect=None)
    return house


@pytest.fixture(scope="module")
def files(reported):
    def made(name, *arguments):
        path = reported.folder / name
        reported.rota("report", "--output", path, *arguments)
        return path
    return {
        "whole": made("whole.html"), "redacted": made("redacted.html", "--redact"),
        "slice": made("slice.html", "--owner", "team-*"),
        "compared": made("compared.html", "--compare", reported.folder / "earlier.json"),
    }


def open_file(page, path):
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(path.as_uri())
    return dialogs


@pytest.mark.parametrize("kind", ["whole", "redacted", "slice", "compared"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_stands_in_anybodys_way_on_a_screen(files, browser, kind, dark):
    for width in (1280, 800) if kind == "whole" else (1280,):
        with browser.page(dark=dark) as page:
            page.set_viewport_size({"width": width, "height": 900})
            dialogs = open_file(page, files[kind])
            wide, room = page.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert wide <= room
            page.shot(f"report-{kind}-{'dark' if dark else 'light'}-{width}", whole=False)
            page.screenshot(
                path=page.screens / f"report-{kind}-{'dark' if dark else 'light'}-{width}-long.png",
                clip={"x": 0, "y": 0, "width": width, "height": 5000}, full_page=True)
            # The shadow at the side of a table that goes on is a picture, and under no text.
            page.add_style_tag(content=".scroll { background: none !important }")
            assert page.barriers() == []
            assert dialogs == [] and page.complaints == []


@pytest.mark.parametrize("medium, width", [("screen", 1280), ("screen", 800), ("print", 688)])
def test_no_word_of_a_table_is_broken(files, browser, medium, width):
    with browser.page() as page:
        page.set_viewport_size({"width": width, "height": 900})
        open_file(page, files["compared"])
        page.emulate_media(media=medium)
        broken = page.evaluate("""() => {
            const found = new Set(), range = document.createRange();
            // Not what is part of something longer without a space, which has to break somewhere.
            const words = /(?<![^\\s-])[A-Za-z]{2,14}(?![^\\s,;:.-])/g;
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
              const text = walker.currentNode;
              if (!text.parentElement.closest("td, th")) continue;
              for (const { 0: word, index } of text.data.matchAll(words)) {
                range.setStart(text, index);
                range.setEnd(text, index + word.length);
                if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) {
                  found.add(`${word} in ${text.parentElement.closest("section").id}`);
                }
              }
            }
            return [...found];
        }""")
        assert broken == []


def test_on_a_phone_nothing_is_wider_than_the_screen(files, browser):
    with browser.page(phone=True) as page:
        open_file(page, files["whole"])
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        page.shot("report-phone", whole=False)


def test_on_paper_no_row_is_cut_and_nothing_is_wider_than_the_page(files, browser):
    with browser.page() as page:
        # A4 without its margins, at 96 points an inch.
        page.set_viewport_size({"width": 688, "height": 1000})
        open_file(page, files["whole"])
        # Afterwards: what was said before is forgotten on the way to the file.
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("matchMedia('print').matches")
        cut = page.evaluate("""() => {
            const room = document.documentElement.clientWidth;
            return [...document.querySelectorAll("table, svg, dl, p")]
              .filter((element) => element.getBoundingClientRect().right > room + 1)
              .map((element) => `${(element.querySelector("caption") ?? element).textContent.slice(0, 40)}: `
                + `${Math.round(element.getBoundingClientRect().right)} of ${room}`);
        }""")
        assert cut == []
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        apart = page.evaluate("""() => [...document.querySelectorAll("tr, figure, .card")]
            .filter((element) => getComputedStyle(element).breakInside !== "avoid").length""")
        assert apart == 0
        page.screenshot(
            path=page.screens / "report-print.png", clip={"x": 0, "y": 0, "width": 688, "height": 5000}, full_page=True)
        assert page.evaluate("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
        path = page.screens / "report.pdf"
        page.pdf(path=path, prefer_css_page_size=True)
        assert path.read_bytes().startswith(b"%PDF")


def test_without_script_and_network_every_link_leads_to_rows(files, browser):
    asked = []
    with browser.page(javascript=False) as page:
        page.on("request", lambda request: asked.append(request.url))
        open_file(page, files["whole"])
        assert page.locator("script, link, iframe, object, img").count() == 0
        links = page.locator("a[href]")
        targets = {links.nth(place).get_attribute("href") for place in range(links.count())}
        assert targets and all(target.startswith("#") for target in targets)
        for target in targets:
            assert page.locator(f'[id="{target[1:]}"]').count() == 1, target
        assert page.locator("dl.cards a.count").count() >= 3
    assert asked == [files["whole"].as_uri()]


def test_charts_are_described_and_tables_have_heads(files, browser):
    with browser.page() as page:
        open_file(page, files["whole"])
        charts = page.locator("svg.chart")
        assert charts.count() >= 5
        for place in range(charts.count()):
            title, told = (charts.nth(place).locator(f":scope > {part}").text_content() for part in ("title", "desc"))
            assert title.strip() and re.search(r"\d", told), title
        assert page.locator("html").get_attribute("lang") == "en" and page.title()
        assert page.locator("table").count() == page.locator("table > caption").count() > 8
        for framework in ("nist-800-53-r5", "pci-dss-4.0.1", "SOC 2", "iso-27001"):
            assert page.locator("#controls caption", has_text=framework).count() == 1
        for word in ("Not evidenced", "Not applicable"):
            assert page.locator("#controls td", has_text=word).count() > 0


def test_no_nought_stands_over_an_empty_day(files, browser):
    with browser.page() as page:
        open_file(page, files["whole"])
        days = page.locator("svg.chart").filter(has_text="day of the period")
        assert days.count() >= 1
        over = [text for place in range(days.count()) for text in days.nth(place).locator(".value").all_text_contents()]
        assert over and "0" not in over


def test_what_strangers_wrote_is_only_text_on_the_page(files, browser):
    with browser.page() as page:
        dialogs = open_file(page, files["whole"])
        page.wait_for_timeout(200)
        assert dialogs == []
        shown = page.evaluate("document.body.innerText")
        for evil in HOSTILE:
            assert evil in shown, evil
        assert page.evaluate("[...document.querySelectorAll('*')].some((e) => [...e.attributes].some("
                             "(a) => a.name.startsWith('on') || a.value.startsWith('javascript:')))") is False


@pytest.mark.parametrize("kind", ["csv", "inventory"])
def test_what_strangers_wrote_is_no_formula(reported, kind):
    text = reported.rota("report", "--format", kind).stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) > 100
    for row in rows:
        for column in ("name", "owner"):
            assert not row[column].startswith(("=", "+", "-", "@", "\t", "\r")), row[column]
    names = {row["name"] for row in rows}
    assert {"'" + evil if evil[0] in "=+-@" else evil for evil in HOSTILE} <= names


def test_what_strangers_wrote_is_only_text_in_markdown_and_json(reported):
    text = reported.rota("report", "--format", "markdown", "--compare", reported.folder / "earlier.json").stdout
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert not re.search(r"<(img|svg|a)\b", html)
    names = {row["name"] for row in json.loads(reported.rota("report", "--json").stdout)["verdicts"]}
    assert set(HOSTILE) <= names


@pytest.mark.parametrize("kind", ["html", "json", "csv", "markdown", "junit", "oscal", "inventory"])
def test_a_redacted_report_has_no_name_in_any_of_its_bytes(reported, kind):
    plain, redacted = (
        reported.rota("report", "--format", kind, *more).stdout for more in ([], ["--redact"]))
    assert "service-0" in plain
    for word in ("service-0", "team-data", "team-platform", "onerror", "cmd()", "feeds ", "cli:", "ingest"):
        assert word not in redacted, word


def test_a_slice_has_only_its_owners_rows_and_says_so(reported, files):
    rows = list(csv.DictReader(io.StringIO(reported.rota("report", "--format", "csv", "--owner", "team-d*").stdout)))
    assert rows and {row["owner"] for row in rows} == {"team-data"}
    whole = json.loads(reported.rota("report", "--json").stdout)
    part = json.loads(reported.rota("report", "--json", "--owner", "team-d*").stdout)
    assert part["report"]["owner"] == "team-d*" and part["totals"]["tokens"] < whole["totals"]["tokens"]
    assert part["totals"]["verdicts"] == len(part["verdicts"]) == len(rows)
    page = files["slice"].read_text()
    assert "A slice." in page and "team-*" in page and "onerror" not in page


def test_that_an_owner_has_no_tokens_is_told_since_such_a_report_has_no_violations(reported):
    for kind in ("csv", "json"):
        told = reported.rota("report", "--format", kind, "--owner", "team-none", "--exit-code").stderr
        assert "warning: no live token has an owner that was asked for: the report is of none" in told
    assert "no live token" not in reported.rota("report", "--format", "csv", "--owner", "team-d*").stderr


def test_two_reports_are_held_against_each_other(reported, files):
    changed = json.loads(
        reported.rota("report", "--json", "--compare", reported.folder / "earlier.json").stdout)["summary"]["comparison"]
    assert changed["gone_tokens"] == 1 and changed["new_tokens"] == 0 and changed["same_policies"] is True
    gone = {entry["name"] for entry in changed["listed"]["gone"]}
    assert gone <= {"service-040"} and changed["still_violating"] > 0
    assert "What has changed" in files["compared"].read_text()
    refused = reported.rota("report", "--json", "--owner", "x", "--compare", reported.folder / "earlier.json", expect=2)
    assert "the earlier report is of all owners" in refused.stderr
    assert "has only rows" in reported.rota(
        "report", "--format", "csv", "--compare", reported.folder / "earlier.json", expect=2).stderr
    bad = reported.keep("bad.json", "{}")
    assert "no whole report" in reported.rota("report", "--json", "--compare", bad, expect=2).stderr

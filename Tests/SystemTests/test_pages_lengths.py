"""The longest names, owners, descriptions and labels that there may be: no page breaks, and one more is refused."""

import pytest

from administration import press
from test_pages_plain import errors

LONGEST = {"name": 200, "description": 1000, "owner": 1000, "integration": 1000}
LABEL = "k" * 63 + "=" + "W" * 256
POLICY = (
    "version: 1\npolicies:\n  - name: terms\n    mode: enforce\n    match: all\n"
    "    rules:\n      - expiry: { required: true }\n        action: revoke\n")
# What stands out of the window to the right, without anything around it that scrolls.
WIDER = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll("body *")].filter(element => element.getBoundingClientRect().right > width + 1)
        .map(element => `${element.tagName} ${element.className} ${element.textContent.slice(0, 20)}`).slice(-5);
}"""


@pytest.mark.parametrize("width", [360, 1280])
def test_the_longest_texts_break_no_page(office, width):
    office.house.policy(text=POLICY)
    long = {field: "W" * length for field, length in LONGEST.items()}
    labels = "\n".join(f"{number:02}{LABEL[2:]}" for number in range(64))
    maker = office.token(long["name"][:-1] + "M", "rota:admin", owner=long["owner"])
    with office.signed_in(maker) as page:
        page.set_viewport_size({"width": width, "height": 800})
        broken = {}

        def look(what):
            page.shot(f"longest-{what}-{width}")
            if wider := page.evaluate(WIDER):
                broken[what] = wider

        office.create(page, labels=labels, destinations="local:" + "p" * 200, **long)
        assert page.locator("h1").inner_text() == "Token generated", page.locator("main").inner_text()
        look("created")
        token = f"api-tokens/{office.id(long['name'])}"
        page.goto(office.url("plans"))
        press(page, "Make a plan", within="main")
        look("plan")
        for what, path in {
                "list": "api-tokens", "list-owner": f"api-tokens?owner={long['owner']}", "token": token,
                "edit": f"{token}/edit", "rotate": f"{token}/rotate", "revoke": f"{token}/revoke",
                "emergency": f"{token}/emergency", "quarantine": f"{token}/quarantine",
                "waiver": f"waivers/new?token={token.partition('/')[2]}", "policy": "policies/terms",
                "reports": "reports", "audit": "audit", "plans": "plans"}.items():
            page.goto(office.url(path))
            look(what)
        page.goto(office.url(f"waivers/new?token={token.partition('/')[2]}"))
        page.fill("[name=reason]", "W" * 1000)
        press(page, "Ask for Waiver")
        look("waivers")
        page.goto(office.url(f"{token}/quarantine"))
        page.fill("[name=reason]", "W" * 1000)
        press(page, "Quarantine this token")
        look("quarantined")
        assert broken == {}
        assert page.complaints == []


@pytest.mark.parametrize("field", [*LONGEST, "labels"])
def test_one_character_more_is_refused_beside_its_field(office, field):
    text = LABEL + "W" if field == "labels" else "W" * (LONGEST[field] + 1)
    with office.signed_in(meant=[422]) as page:
        page.goto(office.url("api-tokens/new"))
        # A browser of ours would cut it short.
        page.evaluate("document.querySelectorAll('[maxlength]').forEach(field => field.removeAttribute('maxlength'))")
        office.fill(page, **{"name": "export"} | {field: text})
        press(page, "Generate Token")
        assert errors(page) == [field], page.locator("main").inner_text()
        assert office.house.rows("SELECT name FROM tokens") == [("admin",)]
        office.create(page, **{"name": "export"} | {field: text[:-1]})
        assert page.locator("h1").inner_text() == "Token generated"

"""The pages by whoever has a keyboard alone: the Tab key comes everywhere, in order, and is seen."""

import pytest

from administration import notice, text_of

# What has the focus: its name, or what stands on it; whether it is seen to have it, and is in sight.
FOCUS = """() => {
    const focused = document.activeElement;
    if (!focused || focused === document.body) return null;
    const name = focused.name && focused.type !== "submit" ? focused.name : focused.innerText.trim().split("\\n")[0];
    const ring = element => {
        const style = getComputedStyle(element);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    };
    const box = focused.getBoundingClientRect();
    const middle = [box.left + box.width / 2, box.top + Math.min(box.height / 2, 20)];
    const top = document.elementFromPoint(...middle);
    const label = focused.closest("label");
    return {
        name: focused.type === "checkbox" ? focused.value : name,
        ring: focused.matches(":focus-visible") && (ring(focused) || (label !== null && ring(label))),
        seen: top !== null && (focused.contains(top) || top.contains(focused)),
        in: focused.closest("main") ? "main" : "around",
    };
}"""


def tab(page, key="Tab"):
    """Presses the key once; what has the focus then."""
    page.keyboard.press(key)
    focus = page.evaluate(FOCUS)
    if focus:
        assert focus["ring"], f"{focus['name']} is not seen to have the focus"
        assert focus["seen"], f"{focus['name']} has the focus out of sight"
    return focus


def skip(page):
    """Goes past the menu, as whoever has no mouse does on each page."""
    assert tab(page)["name"] == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def walk(page, to):
    """Tabs on to what is called so; the names that it came by, and that one."""
    names = []
    while to not in names:
        focus = tab(page)
        assert focus and focus["in"] == "main" and len(names) < 60, f"no way to {to}: {names}"
        # A date has a stop for each of its parts.
        if not names or names[-1] != focus["name"]:
            names.append(focus["name"])
    return names


def enter(page):
    """Presses Enter, and waits for the page behind it."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def typed(page, field, text):
    names = walk(page, field)
    page.keyboard.type(text)
    return names


SCRIPTS = pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])


@SCRIPTS
def test_the_link_past_the_menu_is_first_comes_into_sight_and_leads_to_the_content(office, script):
    with office.signed_in(javascript=script) as page:
        for path in ("api-tokens", "api-tokens/new", "policies", "reports", "audit"):
            page.goto(office.url(path))
            assert page.locator(".skip").bounding_box()["y"] < 0
            skip(page)
            focus = tab(page)
            assert focus is None or focus["in"] == "main", path


@SCRIPTS
def test_a_token_is_made_with_the_keyboard_alone(office, script):
    with office.signed_in(javascript=script) as page:
        skip(page)
        walk(page, "New Token")
        enter(page)
        skip(page)
        names = typed(page, "name", "by_keyboard")
        names += typed(page, "description", "no mouse was there") + walk(page, "export:read")
        page.keyboard.press("Space")
        names += walk(page, "expiry")
        # An arrow chooses among what excludes one another.
        page.keyboard.press("ArrowDown")
        assert page.locator("[name=expiry][value=never]").is_checked()
        names += walk(page, "Generate Token")
        shown = page.locator(
            "main :is(input, textarea):not([type=hidden], [type=radio], :disabled)").evaluate_all(
            "fields => fields.map(field => field.type === 'checkbox' ? field.value : field.name)")
        order = [name for name in names if name in shown]
        assert order == [name for name in shown if name in order], "as they stand on the page"
        missing = set(shown) - set(order)
        # Who chooses that it never ends has passed its date, or has no use for it.
        assert missing <= {"expires"}, missing
        enter(page)
        value = page.locator("#value").input_value()
        assert office.authorize(value) == 200
        assert office.told("by_keyboard")["token"]["description"] == "no mouse was there"
        skip(page)
        walk(page, "View token")
        enter(page)
        assert page.locator("h1").inner_text() == "by_keyboard" and page.complaints == []


@SCRIPTS
def test_a_token_is_revoked_with_the_keyboard_alone(office, script):
    value = office.token("leaver", "export:read")
    assert office.house.accepts(value)
    with office.signed_in(path=f"api-tokens/{office.id('leaver')}", javascript=script) as page:
        skip(page)
        names = walk(page, "Revoke")
        assert names.index("Edit") < names.index("Revoke"), "what destroys comes last"
        enter(page)
        skip(page)
        assert typed(page, "reason", "no longer needed") + walk(page, "Revoke this token") == [
            "API Tokens", "leaver", "reason", "Revoke this token"]
        assert "What happens" in text_of(page)
        assert tab(page)["name"] == "Cancel" and tab(page, "Shift+Tab")["name"] == "Revoke this token"
        enter(page)
        assert "'leaver' is revoked" in notice(page), text_of(page)
        assert office.authorize(value) == 401
        assert page.complaints == []

"""The pages of the administration, and what people do there.

    with office.signed_in() as page:
        office.create(page, "Integration_Snowflake_Export", scopes=["export:read"])

`office` is a fixture of `conftest.py`: a house with a catalogue of scopes, served, and a browser.
"""

import contextlib
import re
from datetime import datetime, timezone

import requests

from serving import Served

CATALOGUE = (
    "scopes:\n"
    '  - { name: "export:read", description: Read exports, access: read }\n'
    '  - { name: "catalog:read", description: Read the catalogue, access: read }\n'
    '  - { name: "ingest:write", description: Write into ingestion, access: write }\n'
    '  - { name: "catalog:write", description: Change the catalogue, access: write }\n')

# An end as the field of a form has it: on a day when New York is at its winter time, at least two months from now.
NEXT_YEAR = datetime.now(timezone.utc).year + 1
END = f"{NEXT_YEAR}-03-04T05:06"


class Office:
    """A house that is served, with its first administrator."""

    def __init__(self, house, browser):
        self.house, self.browser, self.served = house, browser, None
        self.admin = house.init()

    def open(self):
        """From here on it is served; policies and tokens may be there already."""
        with (self.house.folder / "rota.yaml").open("a") as file:
            file.write(CATALOGUE)
        # Uses are recorded from where a proxy says.
        self.served = Served(self.house, settings=', trusted-proxies: ["127.0.0.1"]')
        return self

    def close(self):
        if self.served:
            self.served.__exit__()

    @property
    def address(self):
        if not self.served:
            self.open()
        return self.served.address

    def url(self, path):
        return f"{self.address}/admin/{path}"

    def person(self, name, *roles):
        """Somebody with roles; the value that he signs in with."""
        return self.token(name, *roles, owner=name)

    def token(self, name, *scopes, owner="team-data", more=()):
        """Makes one by the command; its value."""
        flags = [word for scope in scopes for word in ("--scope", scope)]
        return self.house.json("token", "create", "--name", name, "--owner", owner, *flags, *more)["value"]

    def told(self, name):
        """What the command shows of a token."""
        return self.house.json("token", "show", name)

    def id(self, name):
        return self.told(name)["token"]["id"]

    @contextlib.contextmanager
    def signed_in(self, value=None, path="api-tokens", **settings):
        """A page of somebody who has signed in by the form, on his way to `path`; the administrator by himself."""
        with self.browser.page(**settings) as page:
            page.set_default_timeout(15_000)
            page.goto(self.url(path))
            self.sign_in(page, value or self.admin)
            yield page

    def sign_in(self, page, value):
        page.fill("[name=token]", value)
        press(page, "Sign in")

    def fill(self, page, name, scopes=("export:read",), further="", expires=None, **fields):
        """The form of a new token: filled in, and not sent. It never ends, unless `expires` says when."""
        page.fill("[name=name]", name)
        for scope in scopes:
            page.check(f'[name=scope][value="{scope}"]')
        page.fill("[name=scopes]", further)
        page.check(f'[name=expiry][value={"at" if expires else "never"}]')
        if expires:
            page.fill("[name=expires]", expires)
        for field, text in fields.items():
            page.fill(f"[name={field}]", text)

    def create(self, page, name, **fields):
        """Makes one by the form; the value that the page shows, or None."""
        page.goto(self.url("api-tokens/new"))
        self.fill(page, name, **fields)
        press(page, "Generate Token")
        shown = page.locator("#value")
        return shown.input_value() if shown.count() else None

    def authorize(self, value, source=None, agent="test", scope=None):
        """What a proxy is told when somebody presents this value."""
        headers = {"Authorization": f"Bearer {value}", "User-Agent": agent}
        if source:
            headers["X-Forwarded-For"] = source
        return requests.get(
            f"{self.address}/v1/authorize", headers=headers, params={"scope": scope} if scope else None,
            timeout=30).status_code


def press(page, name, within=None):
    """Presses a button, or follows a link that looks like one, and waits for the page behind it."""
    with page.expect_navigation():
        place = page.locator(within) if within else page
        place.locator("button, a.button").filter(has_text=re.compile(rf"^\s*{re.escape(name)}")).first.click()


def choose(page, field, value):
    """Chooses from a list whose choice applies by itself, and waits for the page behind it."""
    with page.expect_navigation():
        page.select_option(f"[name={field}]", value)


def post(page, path, **fields):
    """Sends a form from within the page, with its mark unless another is given; the status."""
    mark = page.locator("[name=csrf]").first.get_attribute("value")
    return page.evaluate(
        """async ([path, fields]) => (await fetch(path, {
            method: "POST", body: new URLSearchParams(fields), redirect: "manual" })).status""",
        [path, {"csrf": mark} | fields])


def send(page, path, **fields):
    """The same by a form of the page's own, which needs no script; the status of the page that it leads to."""
    fields = {"csrf": page.locator("[name=csrf]").first.get_attribute("value")} | fields
    with page.expect_navigation() as led:
        page.evaluate(
            """([path, fields]) => {
                const form = Object.assign(document.createElement("form"), { method: "post", action: path });
                for (const [name, value] of Object.entries(fields))
                    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
                document.body.append(form);
                form.submit();
            }""", [path, fields])
    return led.value.status


def text_of(page):
    return page.locator("main").inner_text()


def notice(page):
    """What somebody is told of what he has just done."""
    return page.locator("main > .alert").first.inner_text()


def column(page, name="API tokens", number=1):
    """What stands in a column of a table."""
    cells = page.locator(f'table:has(caption:text-is("{name}")) tbody tr > :nth-child({number})')
    return [text.splitlines()[0].strip() for text in cells.all_inner_texts()]


def fact(page, name):
    """What a page says of a thing in its list of facts."""
    return page.locator(f'dt:text-is("{name}") + dd').first.inner_text()


def tick_all_that_writes(page):
    """The warning of a token that may write everything, which comes with the last box and not before."""
    warning = page.get_by_text("Everything may be written with this token.")
    assert not warning.is_visible()
    page.check('[value="ingest:write"]')
    assert not warning.is_visible()
    page.check('[value="catalog:write"]')
    assert warning.is_visible()
    return warning

"""A real browser on the pages that the program serves, and what it complains of.

    with browser.page(phone=True) as page:
        page.goto(served.address + "/ui")
        page.shot("overview-phone")
        assert page.barriers() == [] and page.complaints == []

`browser` is a fixture of `conftest.py`, for each module; the browser starts with its first page.
"""

import contextlib
import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Debian's own: the package that steers it would fetch another from elsewhere.
PROGRAM = "/usr/bin/chromium"
ACCESSIBILITY = (Path(__file__).parent / "accessibility.js").read_text()
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


class Browser:
    """A headless Chromium; `screens` is where its pictures go."""

    def __init__(self, screens=None):
        self.screens = Path(screens or os.environ.get("ROTA_SCREENS", ROOT / ".build/artifacts/screens"))
        self.driver = self.chromium = None

    def start(self):
        # Here, and not above: most modules never ask for a browser, and would wait for it all the same.
        from playwright.sync_api import sync_playwright

        if not Path(PROGRAM).exists():
            pytest.exit(f"there is no {PROGRAM}: run 'make deps'", returncode=2)
        self.driver = sync_playwright().start()
        # Its sandbox does not let root in.
        alone = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.chromium = self.driver.chromium.launch(executable_path=PROGRAM, headless=True, args=alone)

    def close(self):
        if self.chromium:
            self.chromium.close()
        if self.driver:
            self.driver.stop()
        self.driver = self.chromium = None

    @contextlib.contextmanager
    def page(self, javascript=True, dark=False, phone=False, meant=(), **settings):
        """A page in a profile of its own. `meant` are statuses from 400 that the test expects, and so are no complaint;
        `settings` are those of the driver's `new_context`, such as `extra_http_headers`."""
        if not self.chromium:
            self.start()
        context = self.chromium.new_context(
            java_script_enabled=javascript, color_scheme="dark" if dark else "light", reduced_motion="reduce",
            viewport=PHONE if phone else DESK, is_mobile=phone, has_touch=phone,
            device_scale_factor=2 if phone else 1, **settings)
        try:
            yield Page(context.new_page(), self.screens, meant)
        finally:
            context.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Page:
    """The driver's page, whose methods it has, and what went wrong on it."""

    def __init__(self, page, screens, meant=()):
        self.page, self.screens, self.meant, self.heard = page, screens, meant, []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        # What the content security policy has refused. The console tells it too, but not always without scripts.
        self.session = page.context.new_cdp_session(page)
        self.session.on("Audits.issueAdded", self._found)
        self.session.send("Audits.enable")

    def __getattr__(self, name):
        return getattr(self.page, name)

    @property
    def complaints(self):
        """Errors of the console and of scripts, refusals by the policy, failed requests, and statuses from 400."""
        # What was said before the browser answers these has arrived by then.
        self.page.title()
        self.session.send("Runtime.evaluate", {"expression": "0"})
        return list(self.heard)

    def _said(self, message):
        # A status is told by `_answered`, which knows of what.
        if message.type == "error" and not message.text.startswith("Failed to load resource: the server responded"):
            self.heard.append(f"console: {message.text}")

    def _failed(self, request):
        # The browser gives up itself what a page still wants when somebody leaves it.
        if request.failure != "net::ERR_ABORTED":
            self.heard.append(f"request: {request.method} {request.url}: {request.failure}")

    def _answered(self, response):
        if response.status >= 400 and response.status not in self.meant:
            self.heard.append(f"response: {response.status} for {response.request.method} {response.url}")

    def _found(self, event):
        details = event["issue"]["details"].get("contentSecurityPolicyIssueDetails")
        if details:
            refused = details.get("blockedURL") or details["contentSecurityPolicyViolationType"]
            self.heard.append(f"policy: {details['violatedDirective']} refuses {refused}")

    def shot(self, name, whole=True):
        """Keeps a picture of the page; answers where."""
        assert re.fullmatch(r"[\w.-]+", name), name
        path = self.screens / f"{name}.png"
        self.page.screenshot(path=path, full_page=whole, animations="disabled")
        return path

    def barriers(self, but=()):
        """What is in the way of somebody, by rules other than those in `but`: 'rule: what (where)'."""
        # From here on the browser takes us for somebody with a keyboard, to whom it shows the focus.
        self.page.keyboard.press("Shift")
        found = self.page.evaluate(ACCESSIBILITY)
        return [f"{rule}: {what} ({where})" for rule, what, where in found if rule not in but]

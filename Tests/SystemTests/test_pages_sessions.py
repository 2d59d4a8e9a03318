"""Who is signed in at the pages, and for how long; and that no page of somebody else's can use it."""

import re

import pytest
import requests

from administration import press
from house import was_used
from moved_clock import MovedClock
from serving import wait_until

MINUTE = 60
COOKIE = "__Host-rota-session"


class Visitor:
    """Somebody with a plain client, that keeps his cookie as a browser would."""

    def __init__(self, office):
        self.office, self.cookie = office, None

    def get(self, path, **headers):
        return self.send("GET", path, headers)

    def post(self, path, headers=None, **fields):
        return self.send("POST", path, headers or {}, fields)

    def send(self, method, path, headers, fields=None):
        if self.cookie:
            headers = {"Cookie": f"{COOKIE}={self.cookie}"} | headers
        return requests.request(
            method, self.office.url(path), headers=headers, data=fields, allow_redirects=False, timeout=30)

    def sign_in(self, value, **headers):
        answer = self.post("sign-in", headers, token=value, next="/admin/api-tokens")
        if answer.status_code == 303:
            self.cookie = answer.cookies[COOKIE]
        return answer

    @property
    def mark(self):
        return re.search(r'name="csrf" value="([0-9a-f]{64})"', self.get("api-tokens").text)[1]

    @property
    def is_in(self):
        answer = self.get("api-tokens")
        assert answer.status_code == 200 or answer.headers["Location"].startswith("/admin/sign-in"), answer.status_code
        return answer.status_code == 200


@pytest.fixture
def visitor(office):
    return Visitor(office)


def test_the_cookie_goes_nowhere_else_and_no_script_sees_it(office, visitor):
    header = visitor.sign_in(office.admin).headers["Set-Cookie"]
    parts = [part.strip() for part in header.split(";")]
    assert parts[0].startswith(f"{COOKIE}=") and len(parts[0]) == len(COOKIE) + 65
    assert set(parts[1:]) == {"Path=/", "Max-Age=28800", "Secure", "HttpOnly", "SameSite=Strict"}
    assert visitor.is_in
    with office.signed_in() as page:
        cookie, = page.context.cookies()
        assert cookie["name"] == COOKIE and cookie["httpOnly"] and cookie["secure"] and cookie["sameSite"] == "Strict"
        assert page.evaluate("document.cookie") == ""


def test_each_sign_in_begins_a_session_of_its_own(office, visitor):
    given = "0" * 64
    visitor.cookie = given
    assert not visitor.is_in, "nobody chooses the name of his session"
    visitor.sign_in(office.admin)
    first, mark = visitor.cookie, visitor.mark
    assert first != given
    other = Visitor(office)
    other.sign_in(office.admin)
    assert other.cookie != first and other.mark != mark and visitor.is_in, "two browsers of one person"
    visitor.sign_in(office.admin)
    again, visitor.cookie = visitor.cookie, first
    assert again != first and not visitor.is_in, "the one before it has ended"
    assert other.is_in


def test_signing_out_ends_it_on_the_server_too(office, visitor):
    visitor.sign_in(office.admin)
    assert visitor.get("sign-out").status_code == 404 and visitor.is_in, "a link ends nothing"
    answer = visitor.post("sign-out", csrf=visitor.mark)
    assert answer.status_code == 303 and answer.headers["Location"] == "/admin/sign-in"
    assert f"{COOKIE}=;" in answer.headers["Set-Cookie"] and "Max-Age=0" in answer.headers["Set-Cookie"]
    assert not visitor.is_in
    with office.signed_in() as page:
        page.goto(office.url("audit"))
        press(page, "Sign out")
        assert page.context.cookies() == []
        page.go_back()
        assert page.locator("[name=token]").count() == 1, "nothing of it is shown again"


@pytest.mark.parametrize("how", ["revoke", "quarantine"])
def test_who_loses_his_token_is_out_at_once(office, visitor, how):
    value = office.person("maria", "rota:admin")
    visitor.sign_in(value)
    mark = visitor.mark
    office.house.rota("token", how, "maria", "--reason", "she has left", "--yes")
    answer = visitor.post("api-tokens", csrf=mark, name="late", scope="export:read", expiry="never")
    assert answer.status_code == 401 and not visitor.is_in
    assert visitor.sign_in(value).status_code == 401
    assert office.house.rows("SELECT 1 FROM tokens WHERE name = 'late'") == []


def test_whose_roles_are_taken_can_do_no_more_than_he_may_now(office, visitor):
    visitor.sign_in(office.person("maria", "rota:admin", "rota:audit"))
    victim, mark = office.token("victim", "export:read"), visitor.mark
    path = f"api-tokens/{office.id('victim')}/revoke"
    assert visitor.get(path).status_code == 200
    office.house.rota("token", "edit", "maria", "--scope", "rota:audit")
    assert visitor.get("api-tokens").status_code == 200 and visitor.get(path).status_code == 403
    assert visitor.post(path, csrf=mark, reason="spite", name="victim").status_code == 403
    assert office.authorize(victim) == 200


FOREIGN = {
    "another origin": {"Origin": "https://elsewhere.example"}, "no origin": {"Origin": "null"},
    "another site": {"Sec-Fetch-Site": "cross-site"}, "a neighbour": {"Sec-Fetch-Site": "same-site"},
    "a longer name": {"Origin": "https://127.0.0.1.elsewhere.example"}}


def test_a_form_of_somebody_elses_page_does_nothing(office, visitor):
    visitor.sign_in(office.admin)
    victim, mark = office.token("victim", "export:read"), visitor.mark
    path = f"api-tokens/{office.id('victim')}/revoke"
    fields = {"reason": "a test", "name": "victim"}
    for name, headers in FOREIGN.items():
        assert visitor.post(path, dict(headers), csrf=mark, **fields).status_code == 403, name
    for marks in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": mark[:-1]}, {"csrf": mark.upper()}):
        assert visitor.post(path, **fields, **marks).status_code == 403, marks
    other = Visitor(office)
    other.sign_in(office.admin)
    assert visitor.post(path, csrf=other.mark, **fields).status_code == 403, "the mark of another session"
    # As a form of another page could send it too, and in the address.
    for kind in ("text/plain", "multipart/form-data", "application/json"):
        answer = visitor.send("POST", path, {"Content-Type": kind}, f"csrf={mark}&reason=a&name=victim")
        assert answer.status_code in (400, 403), kind
    assert visitor.send("POST", f"{path}?csrf={mark}", {}, fields).status_code == 403
    assert office.authorize(victim) == 200
    assert visitor.post(path, {"Origin": office.address, "Sec-Fetch-Site": "same-origin"}, csrf=mark,
                        **fields).status_code == 303
    assert office.authorize(victim) == 401, "with its own mark and from its own page it does what it says"


def test_nobody_is_signed_in_from_somebody_elses_page(office, visitor):
    for name, headers in FOREIGN.items():
        assert visitor.sign_in(office.admin, **headers).status_code == 403, name
    assert visitor.cookie is None


def test_every_form_needs_its_mark(office, visitor):
    """All that is posted anywhere, by somebody who may do it."""
    visitor.sign_in(office.admin)
    token = office.id("admin")
    paths = ["sign-out", "api-tokens", f"api-tokens/{token}/edit", "plans", "webhooks/replay", "webhooks/send",
             "webhooks/any/test",
             *(f"plans/plan_x/{action}" for action in ("approve", "withdraw", "apply")),
             *(f"waivers/w/{action}" for action in ("approve", "withdraw")), "waivers", "freeze", "freeze/end",
             *(f"api-tokens/{token}/{action}" for action in (
                 "rotate", "revoke", "quarantine", "restore", "emergency"))]
    # The server itself notes its schedule, and from when it watches uses, while people are already let in.
    entries = "SELECT count(*) FROM audit WHERE action NOT IN ('schedule.set', 'usage.track')"
    before = office.house.rows(entries)
    for path in paths:
        assert visitor.post(path, csrf="").status_code == 403, path
        visitor.cookie, cookie = None, visitor.cookie
        assert visitor.post(path, csrf="").status_code == 401, path
        visitor.cookie = cookie
    assert visitor.is_in and office.house.rows(entries) == before


def test_who_guesses_is_stopped(office, visitor):
    here, elsewhere = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "203.0.113.8"}
    for _ in range(10):
        assert visitor.sign_in("rota_" + "0" * 36, **here).status_code == 401
    for value in ("rota_" + "0" * 36, office.admin):
        answer = visitor.sign_in(value, **here)
        assert answer.status_code == 429 and 0 < int(answer.headers["Retry-After"]) <= 60
        assert "Too many tries from here." in answer.text and value not in answer.text
    assert visitor.sign_in(office.admin, **elsewhere).status_code == 303, "others are not kept out"


def test_who_sleeps_is_out_and_so_is_who_stays_for_long(office, visitor):
    clock = MovedClock(office.house.folder)
    office.house.extra = clock.environment
    visitor.sign_in(office.admin)
    for _ in range(16):
        clock.pass_by(29 * MINUTE)
        assert visitor.is_in
    clock.pass_by(17 * MINUTE)
    assert not visitor.is_in, "after eight hours, whatever he did"
    visitor.sign_in(office.admin)
    clock.pass_by(31 * MINUTE)
    assert not visitor.is_in, "after half an hour without a look"
    for _ in range(10):
        visitor.sign_in("rota_" + "0" * 36)
    assert visitor.sign_in(office.admin).status_code == 429
    clock.pass_by(MINUTE)
    assert visitor.sign_in(office.admin).status_code == 303, "whoever has guessed may try again"


def test_who_may_not_sign_in_is_told_no_more_than_who_is_not_known(office, visitor):
    """Nor is he let in by what he could do elsewhere."""
    answers = set()
    ended = office.person("ended", "rota:admin")
    office.house.rota("token", "revoke", "ended", "--reason", "test", "--yes")
    for value in ("", "x", "rota_" + "0" * 36, office.token("plain", "export:read"), ended,
                  office.person("gateway", "rota:introspect")):
        answer = visitor.sign_in(value)
        assert answer.status_code == 401 and "Set-Cookie" not in answer.headers
        answers.add(answer.text)
    assert len(answers) == 1


def test_no_answer_is_kept_or_framed_or_runs_what_is_not_ours(office, visitor):
    visitor.sign_in(office.admin)
    assert not office.served.log.read_text().count(visitor.cookie)
    for path in ("api-tokens", "sign-in", "reports", "no such page", "api-tokens/none"):
        headers = visitor.get(path).headers
        assert "no-store" in headers["Cache-Control"], path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path


@pytest.mark.parametrize("kind", ["html", "csv", "json"])
def test_a_report_is_a_file_to_keep_and_nothing_else(office, visitor, kind):
    visitor.sign_in(office.admin)
    headers = visitor.get(f"reports/compliance.{kind}").headers
    assert headers["Content-Disposition"].startswith("attachment") and headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("role", ["rota:audit", "rota:issue", "rota:operate", "rota:admin"])
def test_the_menu_leads_nobody_to_where_he_may_not_look(office, role):
    with office.signed_in(office.person("somebody", role), meant=[403]) as page:
        links = page.locator(".menu a").evaluate_all("links => links.map(link => link.href)")
        assert links
        statuses = {link: page.goto(link).status for link in links}
        assert set(statuses.values()) == {200}, statuses
        assert page.complaints == []


def test_the_tokens_that_people_sign_in_with_are_in_use(office, visitor):
    """A visit is a use: who reviews tokens sees that somebody is here with one."""
    visitor.sign_in(office.person("maria", "rota:audit"))
    wait_until(lambda: was_used(office.told("maria")))


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_whose_session_ends_within_a_form_sees_what_he_filled_in_and_comes_back_to_it(office, script):
    with office.signed_in(path="api-tokens/new", javascript=script, meant=[401]) as page:
        office.fill(page, "export", owner="team-data", description='with <b>"care"</b>')
        page.context.clear_cookies()
        press(page, "Generate Token")
        told = page.locator("main").inner_text()
        assert "nothing was done" in told and page.barriers() == []
        for text in ("export", "export:read", "team-data", 'with <b>"care"</b>'):
            assert text in told
        assert office.house.rows("SELECT 1 FROM tokens WHERE name = 'export'") == []
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Sign in").click()
        again = opened.value
        office.sign_in(again, office.admin)
        assert again.url == office.url("api-tokens/new")


def test_what_another_site_sends_to_who_is_signed_out_is_not_shown(office, visitor):
    answer = visitor.post("api-tokens", {"Origin": "https://elsewhere.example"}, name="their words")
    assert answer.status_code == 401 and "their words" not in answer.text
    answer = visitor.post("api-tokens", {"Referer": "https://elsewhere.example/admin/audit"}, name="mine")
    assert answer.status_code == 401 and "elsewhere.example" not in answer.text

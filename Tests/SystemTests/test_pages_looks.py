"""Each page as it looks: nothing stands in anybody's way, and what strangers wrote is only text."""

import contextlib
import html
import re

import pytest

from administration import Office, press
from house import House, Seed
from servers import Receiver
from serving import at_server, wait_until
from test_pages_sessions import Visitor

# Neither may be anything but text, wherever it stands.
HOSTILE = ["<img src=x onerror=alert(1)>", '"><script>alert(2)</script>']
POLICIES = """
version: 1
policies:
  - name: quarterly
    description: '<b>Values</b> are replaced each quarter "><script>alert(3)</script>'
    mode: enforce
    match: { owner: 'team-*' }
    approval: required
    notify-before: [7d, 1d]
    controls: { SOC2: [CC6.1], "ISO 27001": [A.5.17] }
    rules:
      - max-age: 90d
        action: rotate
        overlap: 1h
      - unused-for: 60d
        action: quarantine
  - name: ends
    mode: warn
    match: all
    rules:
      - expiry: { required: true, max-lifetime: 365d }
      - owner: required
"""


@pytest.fixture(scope="module")
def furnished(binary, bao, browser, tmp_path_factory):
    """An office in which there is something on every page; the pages, each with a name for its picture."""
    folder, mount = tmp_path_factory.mktemp("furnished"), "kv-furnished"
    bao.client.sys.enable_secrets_engine("kv", path=mount, options={"version": "2"})
    house = House(binary, folder, bao, mount)
    with Receiver() as receiver, contextlib.ExitStack() as end:
        end.callback(bao.client.sys.disable_secrets_engine, mount)
        house.configure(webhook=receiver.address)
        configuration = folder / "rota.yaml"
        configuration.write_text(configuration.read_text().replace("[1s, 1s, 1s, 1s]", "[1s]")
                                 + "audit: { key: file:audit.key }\n")
        receiver.failures = 2
        office = Office(house, browser)
        end.callback(office.close)
        office.pages = furnish(office, bao)
        yield office


def furnish(office, bao):
    house = office.house
    house.policy(text=POLICIES)
    house.rota("audit", "checkpoint")
    house.import_seeds([Seed(name, [f"bao:apps/{name}#token", f"local:{name}"]) for name in (
        "Integration_Snowflake_Export", "warehouse.nightly", "a" * 120)] + [Seed("gone", ["local:gone"])])
    values = {name: office.token(name, "export:read", "ingest:write", more=(
        "--integration", "Ingestion", "--description", "Writes what comes in", *more)) for name, more in {
            "ingest": (), "soon": ("--expires", "3d"), "held": (), "ended": ()}.items()}
    hostile = "".join(HOSTILE)
    office.open()
    house.rota("token", "revoke", "ended", "--reason", hostile, "--yes")
    house.rota("token", "quarantine", "held", "--reason", hostile)
    for source, agent in (
            ("198.51.100.1", "export/1.0"), ("203.0.113.2", HOSTILE[0]), ("2001:db8::17", HOSTILE[1])):
        assert office.authorize(values["ingest"], source=source, agent=agent, scope="export:read") == 200
        assert office.authorize(values["held"], source=source, agent=agent) == 401
    alice = house.keep("alice-token", office.person("alice", "rota:operate"))
    asked = [house.json("waiver", "request", "--policy", "quarterly", "--token", token, "--for", "30d", "--reason",
                        hostile, "--token-file", alice)["waiver"]["id"] for token in ("gone", "ingest")]
    bob = house.keep("bob-token", office.person("bob", "rota:operate"))
    at_server(house, "waiver", "approve", asked[0], "--comment", hostile, token=bob)
    plans = [house.json("plan", "--save", "--token-file", alice)["saved"]["id"] for _ in range(2)]
    at_server(house, "approve", plans[0], "--comment", hostile, token=bob)
    run = house.json("run", "--plan", plans[0], expect=None)["run"]["id"]
    # One rotation that does not come through.
    bao.client.secrets.kv.v2.create_or_update_secret(
        "apps/warehouse.nightly", secret={"token": "another's"}, mount_point=house.mount)
    house.rota("token", "rotate", "warehouse.nightly", expect=None)

    with office.signed_in() as page:
        for number, text in enumerate(HOSTILE):
            office.create(page, text + str(number), description=text, owner=text, integration=text,
                          labels=f"note={text}")
            assert page.locator("h1").inner_text() == "Token generated", page.locator("main").inner_text()
    wait_until(lambda: house.rows("SELECT count(*) FROM deliveries WHERE state = 'dead'")[0][0] > 2)
    wait_until(lambda: office.told("ingest")["usage"]["count"] == 3)
    one = {name: f"api-tokens/{office.id(name)}" for name in (
        "ingest", "held", "ended", "warehouse.nightly", "Integration_Snowflake_Export", "a" * 120, HOSTILE[0] + "0",
        HOSTILE[1] + "1")}
    return {
        "list": "api-tokens", "list-all": "api-tokens?state=all&sort=created", "list-none": "api-tokens?q=%3Cb%3E",
        "new": "api-tokens/new", "token": one["ingest"], "token-rotated": one["Integration_Snowflake_Export"],
        "token-stalled": one["warehouse.nightly"], "token-long": one["a" * 120], "token-ended": one["ended"],
        "token-quarantined": one["held"], "token-img": one[HOSTILE[0] + "0"], "token-script": one[HOSTILE[1] + "1"],
        "edit": one[HOSTILE[1] + "1"] + "/edit", "rotate": one["Integration_Snowflake_Export"] + "/rotate",
        "rotate-not": one["ingest"] + "/rotate", "revoke": one["ingest"] + "/revoke",
        "revoke-img": one[HOSTILE[0] + "0"] + "/revoke", "quarantine": one["ingest"] + "/quarantine",
        "restore": one["held"] + "/restore", "policies": "policies", "policy": "policies/quarterly", "plans": "plans",
        "plan": f"plans/{plans[1]}", "plan-applied": f"plans/{plans[0]}", "runs": "runs", "run": f"runs/{run}",
        "waivers": "waivers", "waiver-new": "waivers/new?token=" + office.id("ingest"), "waiver-which": "waivers/new",
        "freeze": "freeze", "emergency": one["ingest"] + "/emergency", "webhooks": "webhooks", "dead-letters": "webhooks/deliveries?state=dead",
        "waiting": "webhooks/deliveries?state=waiting", "reports": "reports", "audit": "audit", "verification": "audit/verification",
        "audit-one": "audit?object=%22%3E%3Cscript%3Ealert(4)%3C%2Fscript%3E",
        "missing": "api-tokens/%22%3E%3Cscript%3Ealert(5)%3C%2Fscript%3E", "nowhere": "%3Cimg%20src%3Dx%3E",
    }


LOOKS = {
    "light": {}, "dark": {"dark": True}, "phone": {"phone": True}, "phone-dark": {"phone": True, "dark": True},
    "plain": {"javascript": False}}


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_looks_as_it_should_and_runs_nothing_of_strangers(furnished, look):
    trouble = {}
    with furnished.signed_in(meant=[404], **LOOKS[look]) as page:
        page.on("dialog", lambda dialog: page.heard.append(f"dialog: {dialog.message}") or dialog.dismiss())
        for name, path in furnished.pages.items():
            page.heard.clear()
            page.goto(furnished.url(path))
            page.shot(f"{name}-{look}")
            # What is known of one page has a test of its own.
            found = page.barriers(but=["contrast"] if name == "token-quarantined" else []) + page.complaints
            found += page.evaluate("""[...document.querySelectorAll("[onerror], main script, img")]
                .map(element => "markup: " + element.outerHTML)""")
            if found:
                trouble[name] = found
        page.goto(furnished.url("api-tokens"))
        page.heard.clear()
        press(page, "Sign out")
        page.shot(f"sign-in-{look}")
        if found := page.barriers() + page.complaints:
            trouble["sign-in"] = found
    assert trouble == {}


def test_what_is_quiet_can_be_read_in_a_warning(furnished):
    with furnished.signed_in(path=furnished.pages["token-quarantined"]) as page:
        assert page.barriers() == []


def test_a_quarantined_token_is_not_said_to_be_under_no_policy(furnished):
    with furnished.signed_in(path=furnished.pages["token-quarantined"]) as page:
        assert "No policy selects this token." not in page.locator("main").inner_text()


@pytest.mark.parametrize("where", ["plan", "waivers"])
def test_a_person_is_called_by_his_name(furnished, where):
    with furnished.signed_in(path=furnished.pages[where]) as page:
        told = page.locator(".alert", has_text="You cannot approve it.").inner_text()
        assert "root may be who asked" in told


def test_what_strangers_wrote_is_shown_as_it_is(furnished):
    pages = furnished.pages
    with furnished.signed_in(meant=[404]) as page:
        def text(name):
            page.goto(furnished.url(pages[name]))
            return page.locator("main").inner_text()

        for number, (name, hostile) in enumerate(zip(("token-img", "token-script"), HOSTILE)):
            shown = text(name)
            assert page.locator("h1").inner_text() == hostile + str(number)
            assert page.title() == f"{hostile}{number} · Rota"
            assert shown.count(hostile) >= 5, shown
        text("edit")
        for field in ("description", "owner", "integration"):
            assert page.locator(f"[name={field}]").input_value() == HOSTILE[1]
        assert page.locator("[name=labels]").input_value() == f"note={HOSTILE[1]}"
        text("revoke-img")
        hostile = "".join(HOSTILE)
        for name in ("token-ended", "token-quarantined", "waivers", "plan-applied", "audit"):
            assert hostile in text(name), name
        for name in ("token", "revoke", "token-quarantined"):
            shown = text(name)
            assert HOSTILE[0] in shown and HOSTILE[1] in shown, name
        assert '<b>Values</b> are replaced each quarter "><script>alert(3)</script>' in text("policies")
        text("audit-one")
        assert page.locator("[name=object]").input_value() == '"><script>alert(4)</script>'
        # What was looked for stands in its field again, and in what a column leads to.
        page.goto(furnished.url("api-tokens?q=%22%3E%3Cscript%3Ealert(6)%3C/script%3E&owner=%3Cb%3E"))
        assert page.locator("[name=q]").input_value() == '"><script>alert(6)</script>'
        assert page.locator("[name=owner]").input_value() == "<b>"
        assert page.complaints == []


@pytest.mark.parametrize("role", [
    "rota:audit", "rota:admin", "rota:operate",
    "rota:issue"])
def test_no_link_leads_nowhere_or_where_one_may_not_look(furnished, role):
    visitor = Visitor(furnished)
    name = f"walker-{role.partition(':')[2]}"
    visitor.sign_in(furnished.token(name, role, owner="team-data", more=("--expires", "30d")))
    # Where somebody comes from, by where he comes to.
    found, left = {}, ["/admin/api-tokens"]
    while left:
        path = left.pop()
        answer = visitor.get(path.removeprefix("/admin/"))
        assert answer.status_code == 200, f"{answer.status_code} for {path}, to which {found[path]} leads"
        if not answer.headers["Content-Type"].startswith("text/html") or "Content-Disposition" in answer.headers:
            continue
        for link in re.findall(r'<(?:a|link|form method="get")[^>]* (?:href|action)="([^"#]*)', answer.text):
            link = html.unescape(link)
            assert link.startswith("/admin/") or not link, link
            # A list by each of its orders and places is one page.
            if link and link.partition("?")[0] not in {known.partition("?")[0] for known in found}:
                found[link] = path
                left.append(link)
    furnished.house.rota("token", "revoke", name, "--reason", "done", "--yes")
    assert len(found) > 10, found


@pytest.mark.parametrize("value", ["//elsewhere.example/", "https://elsewhere.example/", "/admin/../../elsewhere",
                                   "javascript:alert(1)", "/admin/\\elsewhere.example", '"><script>alert(1)</script>'])
def test_signing_in_leads_to_no_other_place(furnished, value):
    with furnished.browser.page(meant=[404]) as page:
        page.on("dialog", lambda dialog: page.heard.append("dialog") or dialog.dismiss())
        page.goto(furnished.url("sign-in"))
        page.evaluate("value => { location.search = '?next=' + encodeURIComponent(value) }", value)
        page.wait_for_url("**next=*")
        furnished.sign_in(page, furnished.admin)
        assert page.url.startswith(furnished.url("")), page.url
        assert page.complaints == []

"""Signing in at the pages through OpenID Connect, with a provider of somebody else's making and a real browser."""

import contextlib
import warnings

import pytest
import requests

from serving import Served

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import oidc_provider_mock

PEOPLE = [
    oidc_provider_mock.User(sub="1", claims={"email": "alice@example.com", "email_verified": True}),
    oidc_provider_mock.User(sub="2", claims={"email": "alice@example.com", "email_verified": False}),
    oidc_provider_mock.User(sub="3", claims={"email": "nobody@example.com", "email_verified": True}),
]


@pytest.fixture(scope="module")
def provider():
    with oidc_provider_mock.run_server_in_thread(require_nonce=True, user_claims=PEOPLE) as server:
        yield f"http://localhost:{server.server_port}"


@contextlib.contextmanager
def served(house, provider):
    """With a free port that is known before the start, since the provider has to send people back to it."""
    house.init()
    import socket
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = house.folder / "rota.yaml"
    settings.write_text(settings.read_text() + f"""sign-in:
  address: http://127.0.0.1:{port}
  providers:
    company: {{ issuer: "{provider}", client-id: rota, client-secret: file:oidc, label: Company }}
""")
    (house.folder / "oidc").write_text("a secret of the client")
    (house.folder / "oidc").chmod(0o600)
    house.json("token", "create", "--name", "reader", "--owner", "alice@example.com", "--scope", "rota:audit")
    house.json("token", "create", "--name", "operator", "--owner", "alice@example.com", "--scope", "rota:operate")
    with Served(house, f"127.0.0.1:{port}") as it:
        it.port = port
        yield it
        assert it.stop() < 10


def sign_in(page, served, sub):
    page.goto(served.address + "/admin/runs")
    page.click("text=Continue with Company")
    page.fill("input[name=sub]", sub)
    page.click("button[type=submit] >> nth=0")


def test_a_person_is_let_in_as_the_owner_of_his_token(house, provider, browser):
    with served(house, provider) as it, browser.page() as page:
        sign_in(page, it, "1")
        page.wait_for_url("**/admin/runs")
        # Of his two tokens the one that may do more; and what it may is what he may.
        assert "rota:operate" in page.content() and "alice@example.com" in page.inner_text("body")
        page.shot("sign-in-openid")
        # It ends with the token, at once.
        house.rota("token", "revoke", "operator", "--yes", "--reason", "left")
        page.goto(it.address + "/admin/runs")
        assert "/admin/sign-in" in page.url
        log = it.log.read_text()
        assert "somebody signed in" in log and "a secret of the client" not in log


@pytest.mark.parametrize("sub, said", [
    ("2", "has not verified the address"), ("3", "No token of Rota that has a role belongs to nobody@example.com")])
def test_nobody_is_let_in_by_what_is_not_certain(house, provider, browser, sub, said):
    with served(house, provider) as it, browser.page(meant=[403]) as page:
        sign_in(page, it, sub)
        page.wait_for_selector(f"text={said}")
        page.goto(it.address + "/admin/runs")
        assert "/admin/sign-in" in page.url


def test_a_link_that_somebody_else_has_begun_leads_nowhere(house, provider):
    with served(house, provider) as it:
        begun = requests.get(it.address + "/admin/sign-in/company?next=/admin/runs", allow_redirects=False, timeout=10)
        assert begun.status_code == 303 and begun.headers["Location"].startswith(provider)
        assert "SameSite=Lax" in begun.headers["Set-Cookie"] and "HttpOnly" in begun.headers["Set-Cookie"]
        state = requests.utils.urlparse(begun.headers["Location"]).query.partition("state=")[2].partition("&")[0]
        for cookies in ({}, {"__Host-rota-sign-in": "0" * 64}):
            answer = requests.get(it.address + f"/admin/sign-in/company/callback?code=x&state={state}", timeout=10,
                                  headers={"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())})
            assert answer.status_code == 400 and "rota-session" not in answer.headers.get("Set-Cookie", "")
        # A code that the provider did not give.
        answer = requests.get(it.address + f"/admin/sign-in/company/callback?code=x&state={state}", timeout=10,
                              headers={"Cookie": f"__Host-rota-sign-in={state}"})
        assert answer.status_code == 403 and "the provider answered 400" in answer.text
        # And once.
        answer = requests.get(it.address + f"/admin/sign-in/company/callback?code=x&state={state}", timeout=10,
                              headers={"Cookie": f"__Host-rota-sign-in={state}"})
        assert answer.status_code == 400
        assert requests.get(it.address + "/admin/sign-in/nobody", timeout=10).status_code == 404

"""A real nginx in front of an application, with the configuration of Docs/ForwardAuth.md."""

import http.client
import shutil

import pytest
import requests

from serving import Application, Nginx, Served
from test_http import issue


@pytest.fixture
def guarded(bare):
    """nginx before the application, asking Rota."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.fail("there is no nginx: run 'make deps'")
    bare.init()
    socket = bare.folder / "rota.sock"
    with Served(bare, listen=f"unix:{socket}") as served, Application() as application:
        with Nginx(program, bare.folder / "nginx", socket, application.port) as nginx:
            yield bare, served, application, nginx


def test_nginx_lets_through_until_the_token_is_revoked(guarded):
    house, served, application, nginx = guarded
    value = issue(house, "ingest", "orders:read")
    with requests.Session() as client:
        client.headers = {"Authorization": f"Bearer {value}"}
        for _ in range(3):
            let = client.get(nginx.address + "/orders/7")
            assert let.status_code == 200
        told = let.json()
        assert told["x-rota-token"] == "ingest" and told["x-rota-owner"] == "team-data"
        assert told["x-rota-scopes"] == "orders:read" and "authorization" not in told

        house.rota("token", "revoke", "ingest", "--reason", "test", "--yes")

        refused = client.get(nginx.address + "/orders/7")
        assert refused.status_code == 401
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert application.requests == [("GET", "/orders/7")] * 3


def test_nginx_refuses_who_has_no_token_or_no_scope(guarded):
    house, served, application, nginx = guarded
    reader = {"Authorization": f"Bearer {issue(house, 'reader', 'orders:read')}"}
    writer = {"Authorization": f"Bearer {issue(house, 'writer', 'orders:read', 'orders:write')}"}
    url = nginx.address + "/orders"
    assert requests.get(url).status_code == 401
    assert requests.get(url, headers={"Authorization": "Bearer nothing"}).status_code == 401
    assert requests.post(url, data="x" * 100_000, headers=reader).status_code == 403
    assert application.requests == []
    assert requests.post(url, data="x" * 100_000, headers=writer).status_code == 200
    assert requests.get(url, headers=reader).status_code == 200
    # What a client claims of itself is not what the application sees.
    forged = requests.get(url, headers=reader | {"X-Rota-Token": "admin", "X-Rota-Scopes": "rota:admin"}).json()
    assert forged["x-rota-token"] == "reader" and forged["x-rota-scopes"] == "orders:read"


def test_nginx_lets_nothing_through_unasked(guarded):
    house, served, application, nginx = guarded
    headers = {"Authorization": f"Bearer {issue(house, 'ingest', 'orders:read')}"}
    assert requests.get(nginx.address, headers=headers).status_code == 200
    assert served.stop() < 10
    assert requests.get(nginx.address, headers=headers).status_code == 500
    assert len(application.requests) == 1
    assert house.json("token", "show", "ingest")["usage"]["sources"] == ["127.0.0.1"]


def ask(served, method, target, value, **headers):
    """One request as a proxy makes it, written out; the status, and the headers of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    headers = {"host": "shop.example", "authorization": f"Bearer {value}"} | headers
    for name, text in headers.items():
        connection.putheader(name.replace("_", "-"), text)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders())


def test_envoy_and_traefik_are_answered_by_what_the_operator_wrote(bare):
    bare.init()
    value = issue(bare, "ingest", "orders:read", "orders:write")
    with Served(bare, settings=', trusted-proxies: ["127.0.0.1"]') as served:
        # Envoy: the client's method, path and query behind the prefix, and no body.
        envoy = {"content_length": "0", "x_envoy_internal": "true", "x_forwarded_for": "198.51.100.1",
                 "x_forwarded_proto": "https", "x_request_id": "0b1c"}
        for client in ("/orders/7", "/orders?scope=orders:write", "//x?scope=%zz", "/v1/authorize-for/orders:write/x"):
            for method in ("GET", "POST", "DELETE", "OPTIONS"):
                status, told = ask(served, method, "/v1/authorize-for/orders:read" + client, value, **envoy)
                assert status == 200 and told["X-Rota-Token"] == "ingest", (method, client)
                assert ask(served, method, "/v1/authorize" + client, value, **envoy)[0] == 200
        assert ask(served, "GET", "/v1/authorize-for/orders:admin/orders", value, **envoy)[0] == 403
        # Traefik: a fixed address, always GET, and what the client sent as headers.
        traefik = {"x_forwarded_method": "POST", "x_forwarded_proto": "https", "x_forwarded_host": "shop.example",
                   "x_forwarded_uri": "/orders?scope=orders:write", "x_forwarded_for": "198.51.100.2"}
        assert ask(served, "GET", "/v1/authorize?scope=orders:read", value, **traefik)[0] == 200
        served.stop()
    usage = bare.json("token", "show", "ingest")["usage"]
    assert usage["scopes_exercised"] == ["orders:read"] and usage["scopes_never_exercised"] == ["orders:write"]
    assert set(usage["sources"]) == {"198.51.100.1", "198.51.100.2"}


def test_a_token_without_owner_and_scopes_is_let_through(bare):
    bare.init()
    value = bare.json("token", "create", "--name", "plain")["value"]
    with Served(bare) as served:
        status, told = ask(served, "GET", "/v1/authorize", value)
        assert status == 200 and told["X-Rota-Token"] == "plain"
        # There, and empty: a proxy that copies them must not keep what the client sent.
        assert (told["X-Rota-Owner"], told["X-Rota-Scopes"]) == ("", "")

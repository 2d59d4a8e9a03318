"""A real nginx in front of an application, with the configuration of Docs/ForwardAuth.md."""

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

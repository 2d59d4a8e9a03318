"""The HTTP interface as others' OAuth libraries and plain clients see it."""

import contextlib
import signal
import sqlite3
import ssl
import subprocess
import threading
import time
import warnings

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7662 import IntrospectTokenValidator

from preloaded import tool
from serving import Served


def issue(house, name, *scopes):
    flags = [word for scope in scopes for word in ("--scope", scope)]
    return house.json("token", "create", "--name", name, "--owner", "team-data", *flags)["value"]


def test_authlib_introspects_and_revokes(bare):
    bare.init()
    gateway = issue(bare, "gateway", "rota:introspect", "rota:operate")
    value = issue(bare, "ingest", "a:read", "a:write")
    with Served(bare) as served, OAuth2Session("gateway", gateway) as session:
        introspect, revoke = served.address + "/v1/introspect", served.address + "/v1/revoke"

        answer = session.introspect_token(introspect, token=value, token_type_hint="access_token")
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
        told = answer.json()
        assert told["active"] is True and told["scope"] == "a:read a:write" and told["client_id"] == "ingest"
        assert told["username"] == "team-data" and told["token_type"] == "Bearer"

        assert session.revoke_token(revoke, token=value).status_code == 200
        assert session.introspect_token(introspect, token=value).json() == {"active": False}
        assert session.revoke_token(revoke, token="unknown").status_code == 200
        assert served.stop() < 10
    assert not bare.accepts(value)
    shown = bare.json("token", "show", "ingest")
    assert shown["token"]["state"] == "revoked"
    entries = bare.rota("audit", "tail").stdout
    assert "token:gateway" in entries and "token.revoke" in entries


def test_authlib_protects_a_resource_by_introspection(bare):
    bare.init()
    gateway = issue(bare, "gateway", "rota:introspect")
    value = issue(bare, "ingest", "a:read")
    with Served(bare) as served:
        class Validator(IntrospectTokenValidator):
            def introspect_token(self, token_string):
                answer = requests.post(
                    served.address + "/v1/introspect", data={"token": token_string}, auth=("gateway", gateway))
                answer.raise_for_status()
                return answer.json()

        def verdict(token, scopes):
            validator = Validator()
            try:
                validator.validate_token(validator.authenticate_token(token), scopes, None)
                return "accepted"
            except Exception as error:
                return error.error

        assert verdict(value, ["a:read"]) == "accepted"
        assert verdict(value, ["a:write"]) == "insufficient_scope"
        assert verdict("nothing", ["a:read"]) == "invalid_token"
        bare.rota("token", "revoke", "ingest", "--reason", "test", "--yes")
        assert verdict(value, ["a:read"]) == "invalid_token"


def test_uses_are_recorded_with_what_the_caller_tells(bare):
    bare.init()
    gateway = issue(bare, "gateway", "rota:introspect")
    value = issue(bare, "ingest", "a:read")
    with Served(bare, settings=', trusted-proxies: ["127.0.0.1"]') as served:
        requests.post(
            served.address + "/v1/introspect", auth=("", gateway),
            data={"token": value, "source": "192.0.2.7", "agent": "batch/1", "scope": "a:read"})
        requests.get(
            served.address + "/v1/authorize",
            headers={"Authorization": f"Bearer {value}", "X-Forwarded-For": "192.0.2.8", "User-Agent": "curl/8"})
        served.stop()
    used = bare.json("token", "show", "ingest")["usage"]
    assert used["count"] == 2
    assert set(used["sources"]) == {"192.0.2.7", "192.0.2.8"}
    assert bare.json("token", "show", "gateway")["usage"]["count"] == 1


def test_by_a_clock_that_is_behind_the_store_it_answers_and_ends_nothing_until_it_is_confirmed(bare):
    bare.init()
    gateway = issue(bare, "gateway", "rota:introspect")
    value = issue(bare, "ingest", "a:read")
    bare.rota("token", "create", "--name", "short", "--expires", "1s", "--json")
    with contextlib.closing(sqlite3.connect(bare.store)) as store, store:
        store.execute(
            "INSERT INTO audit (at, actor, action, object, body)"
            " SELECT at + 7200, actor, action, object, body FROM audit ORDER BY number DESC LIMIT 1")

    def state():
        return bare.json("token", "show", "short")["token"]["state"]

    with Served(bare) as served:
        told = requests.post(served.address + "/v1/introspect", data={"token": value}, auth=("gateway", gateway))
        assert told.json()["active"] is True
        time.sleep(7)  # longer than upkeep rests
        assert "the clock is suspect" in served.log.read_text() and state() == "active"
        bare.rota("run", expect=4)
        bare.rota("run", "--trust-clock")
        until = time.monotonic() + 30
        while "the clock is trusted again" not in served.log.read_text():
            assert time.monotonic() < until, served.log.read_text()
            time.sleep(0.1)
        assert state() == "expired"
        served.stop()


def test_no_value_is_in_the_log_or_the_store(bare):
    admin = bare.init()
    with Served(bare) as served:
        for path in (f"/v1/authorize?token={admin}", f"/v1/nothing/{admin}", f"/{admin}%00"):
            requests.get(served.address + path, headers={"Authorization": f"Bearer {admin}", "X-Key": admin})
        requests.post(served.address + "/v1/introspect", data={"token": admin}, auth=(admin, admin))
        requests.post(served.address + "/v1/revoke", data={"token": admin, "reason": "x"}, auth=(admin, admin))
        served.stop()
    said = served.log.read_bytes() + b"".join(path.read_bytes() for path in bare.store.parent.iterdir())
    assert admin.encode() not in said and admin.split("_")[1].encode() not in said


def test_a_unix_socket_serves_its_group(bare):
    admin = bare.init()
    path = bare.folder / "rota.sock"
    with Served(bare, listen=f"unix:{path}") as served:
        assert path.stat().st_mode & 0o777 == 0o660
        import socket
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(f"GET /v1/authorize HTTP/1.0\r\nAuthorization: Bearer {admin}\r\n\r\n".encode())
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        served.stop()
    assert not path.exists()


def certify(folder, name):
    """A self-signed certificate for the loopback, with a new key, where the last one was."""
    subprocess.run(
        [tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-keyout", folder / "key.pem", "-out", folder / "server.pem", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    (folder / "key.pem").chmod(0o600)
    return (folder / "server.pem").read_text()


def test_a_renewed_certificate_is_taken_over_while_nobody_is_cut_off(bare):
    admin = bare.init()
    first = certify(bare.folder, "first")
    with Served(bare, settings=', tls: { certificate: server.pem, key: file:key.pem }') as served:
        def shown():
            return ssl.get_server_certificate(("127.0.0.1", served.port)).strip()

        address = f"https://127.0.0.1:{served.port}/v1/introspect"
        stop, answers = threading.Event(), []

        def ask():
            # One connection for as long as it lasts: it must never end within a request.
            with requests.Session() as session:
                while not stop.is_set():
                    answer = session.post(address, data={"token": admin}, auth=("", admin), verify=False)
                    answers.append(answer.status_code)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            askers = [threading.Thread(target=ask) for _ in range(3)]
            until = time.monotonic() + 30

            def wait_for(condition):
                while not condition():
                    assert time.monotonic() < until, (answers, served.log.read_text())
                    time.sleep(0.02)

            def answer_more():
                count = len(answers)
                wait_for(lambda: len(answers) > count + 20)

            for asker in askers:
                asker.start()
            answer_more()
            assert shown() == first.strip()
            second = certify(bare.folder, "second")
            served.process.send_signal(signal.SIGHUP)
            wait_for(lambda: shown() == second.strip())
            answer_more()
            # A key that is not the certificate's keeps what is in force.
            (bare.folder / "server.pem").write_text(first)
            served.process.send_signal(signal.SIGHUP)
            wait_for(lambda: "the configuration in force stays" in served.log.read_text())
            answer_more()
            assert shown() == second.strip()
            stop.set()
            for asker in askers:
                asker.join()
        assert set(answers) == {200}, served.log.read_text()
        assert "another TLS certificate is in force" in served.log.read_text()
        served.stop()

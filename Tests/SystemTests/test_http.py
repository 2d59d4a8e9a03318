"""The HTTP interface as others' OAuth libraries and plain clients see it."""

import contextlib
import os
import re
import signal
import sqlite3
import ssl
import subprocess
import threading
import time
import warnings
from pathlib import Path

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7662 import IntrospectTokenValidator

from preloaded import tool
from serving import Served


def threads(process):
    """Nice value of each of its threads, by the thread's name (proc_pid_stat(5))."""
    nice = {}
    for stat in Path(f"/proc/{process}/task").glob("*/stat"):
        try:
            head, _, rest = stat.read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        nice.setdefault(head.partition("(")[2], set()).add(int(rest.split()[16]))
    return nice


def test_who_writes_to_the_store_gives_way_to_those_that_answer(bare):
    bare.init()
    operator, value = issue(bare, "gateway", "rota:operate", "rota:introspect"), issue(bare, "ingest")
    with Served(bare) as served:
        ours, gateway = os.getpriority(os.PRIO_PROCESS, 0), ("gateway", operator)
        assert requests.post(served.address + "/v1/revoke", data={"token": value}, auth=gateway).status_code == 200
        nice = threads(served.process.pid)
        assert nice["MHD-worker"] == {ours}
        assert max(max(values) for values in nice.values()) >= max(ours, 10)


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


def test_authlib_is_told_of_what_is_not_accepted_as_of_what_is_unknown(bare):
    bare.init()
    gateway = issue(bare, "gateway", "rota:introspect", "rota:operate")
    value, held = issue(bare, "ingest", "a:read"), issue(bare, "held")
    bare.rota("token", "quarantine", "held", "--reason", "test")
    with Served(bare) as served:
        introspect, revoke = served.address + "/v1/introspect", served.address + "/v1/revoke"
        # As a library may send it: as a Basic password or in the header, with a hint that is right, wrong or unknown.
        basic = OAuth2Session("gateway", gateway)
        bearer = OAuth2Session("gateway", token={"access_token": gateway, "token_type": "Bearer"})
        with basic, bearer:
            for hint in ("access_token", "refresh_token", "something_else"):
                def ask(token):
                    told = basic.introspect_token(introspect, token=token, token_type_hint=hint)
                    as_bearer = bearer.post(introspect, data={"token": token, "token_type_hint": hint})
                    assert told.status_code == as_bearer.status_code == 200 and told.json() == as_bearer.json()
                    return told.json()

                assert ask(value)["client_id"] == "ingest"
                for unknown in (held, "unknown", value[:-1]):
                    assert ask(unknown) == {"active": False}
            for hint in ("refresh_token", None):
                for token in ("unknown", held, held):
                    answer = basic.revoke_token(revoke, token=token, token_type_hint=hint)
                    assert answer.status_code == 200 and not answer.content
        # It ends the whole token, and whoever authenticates with the very value may.
        with OAuth2Session("ingest", value) as session:
            assert session.revoke_token(revoke, token=value).status_code == 200
            # From then on it is nobody who asks.
            again = session.revoke_token(revoke, token=value)
            assert again.status_code == 401 and again.json()["error"] == "invalid_client"
        served.stop()
    assert not bare.accepts(value) and not bare.accepts(held)


def challenges(answer):
    """The schemes of WWW-Authenticate, with what each says (RFC 9110 section 11.6.1)."""
    found = {}
    for scheme, rest in re.findall(r'(Bearer|Basic)((?:[\s,]+\w+="[^"]*")*)', answer.headers["WWW-Authenticate"]):
        found[scheme] = dict(re.findall(r"(\w+)=\"([^\"]*)\"", rest))
    return found


def test_who_is_refused_is_told_so_as_the_standards_have_it(bare):
    admin = bare.init()
    gateway, value = issue(bare, "gateway", "rota:introspect"), issue(bare, "ingest", "a:read")
    with Served(bare) as served:
        def post(path, headers=None, auth=None, data=None):
            return requests.post(served.address + path, headers=headers, auth=auth, timeout=10,
                                 data={"token": value} if data is None else data)

        bearer = lambda text: {"Authorization": f"Bearer {text}"}
        for path in ("/v1/introspect", "/v1/revoke"):
            # No credentials: no error code in the challenge (RFC 6750 section 3.1).
            nobody = post(path)
            assert nobody.status_code == 401 and "error" not in challenges(nobody)["Bearer"]
            assert nobody.json()["error"] == "invalid_client"
            wrong = post(path, bearer("unknown"))
            assert wrong.status_code == 401 and challenges(wrong)["Bearer"]["error"] == "invalid_token"
            assert wrong.json()["error"] == "invalid_token"
            wrong = post(path, auth=("gateway", "unknown"))
            assert wrong.status_code == 401 and "Basic" in challenges(wrong)
            assert wrong.json()["error"] == "invalid_client"
            unread = post(path, {"Authorization": "Bearer a b"})
            assert unread.status_code == 400 and unread.json()["error"] == "invalid_request"
            for authorization in ("Basic !!", "Basic", "Digest username=a", "Basic " + "YQ=="):
                other = post(path, {"Authorization": authorization})
                assert other.status_code == 401 and other.json()["error"] == "invalid_client", authorization
            for data in ({}, {"token": ""}, "token=a&token=b", "token=%zz"):
                # The latter of two: he may not ask for others' values at all.
                sent = post(path, auth=("", gateway if "introspect" in path else admin), data=data, headers={
                    "Content-Type": "application/x-www-form-urlencoded"})
                assert sent.status_code == 400 and sent.json()["error"] == "invalid_request", (path, data, sent.text)
            for answer in (nobody, wrong, unread, other, sent):
                assert answer.headers["Content-Type"] == "application/json"
                assert answer.headers["Cache-Control"] == "no-store"
                assert set(answer.json()) <= {"error", "error_description", "error_uri"}
                assert value not in answer.text and gateway not in answer.text
        # Who may not is told what he lacks; of the value he learns nothing.
        little = post("/v1/introspect", bearer(value), data={"token": gateway})
        told = challenges(little)["Bearer"]
        assert little.status_code == 403
        assert told["error"] == "insufficient_scope" and told["scope"] == "rota:introspect"
        assert post("/v1/introspect", bearer(value), data={"token": "unknown"}).json() == little.json()
        few = post("/v1/revoke", bearer(gateway))
        assert few.status_code == 403 and few.json()["error"] == "insufficient_scope"
        assert post("/v1/revoke", bearer(gateway), data={"token": "unknown"}).json() == few.json()
        # The scopes of a resource: its own names, in the challenge too.
        refused = requests.get(served.address + "/v1/authorize?scope=a:read+b:write", headers=bearer(value), timeout=10)
        assert refused.status_code == 403 and challenges(refused)["Bearer"]["error"] == "insufficient_scope"
        assert set(challenges(refused)["Bearer"]["scope"].split()) == {"a:read", "b:write"}
        # Values are never taken from the address (RFC 6750 section 2.3 is discouraged for a reason).
        assert requests.get(served.address + f"/v1/authorize?access_token={value}", timeout=10).status_code == 401
        for path in ("/v1/introspect", "/v1/revoke"):
            asked = requests.get(served.address + f"{path}?token={value}", auth=("", gateway), timeout=10)
            assert asked.status_code == 405 and asked.headers["Allow"] == "POST"
        served.stop()
    assert bare.accepts(value)


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

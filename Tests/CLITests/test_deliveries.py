"""What becomes of events: sent, given up, listed, replayed; against a receiver that answers what it is told to."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import threading

import pytest


class Receiver:
    """Answers with `status`, and keeps what came."""

    def __init__(self):
        self.status = 204
        self.requests = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def handler(receiver):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.requests.append((dict(self.headers.items()), body))
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


def furnish(workspace, receiver):
    """A house with one webhook that is tried once."""
    workspace.sh("rota init --quiet")
    key = os.urandom(24)
    secret = workspace.directory / "whsec"
    secret.write_text("whsec_" + base64.b64encode(key).decode())
    secret.chmod(0o600)
    with (workspace.directory / "rota.yaml").open("a") as file:
        file.write(
            f'webhooks:\n  security:\n    {{ url: "{receiver.url}", secret: "file:whsec", events: ["token.*"],\n'
            '      allow-addresses: ["127.0.0.1"], retry: [] }\n'
        )
    return key


def call(workspace, command, code=0):
    result = workspace.sh(command)
    assert result.returncode == code, result.stderr
    return json.loads(result.stdout)


def test_a_test_event_is_sent_now_and_signed(workspace, receiver):
    key = furnish(workspace, receiver)
    answer = call(workspace, "rota webhook test security --json")
    assert answer["delivered"] is True and answer["status"] == 204 and answer["cause"] is None
    [(headers, body)] = receiver.requests
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["webhook-id"] == answer["event"]
    document = json.loads(body)
    assert document["type"] == "webhook.test" and document["data"]["webhook"] == "security"
    signed = f'{headers["webhook-id"]}.{headers["webhook-timestamp"]}.'.encode() + body
    digest = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == "v1," + digest


def test_a_test_event_that_is_refused_says_why(workspace, receiver):
    furnish(workspace, receiver)
    receiver.status = 401
    result = workspace.sh("rota webhook test security")
    assert result.returncode == 1 and "status 401" in result.stderr and "hint:" in result.stderr
    assert call(workspace, "rota webhook test security --json", 1)["status"] == 401
    result = workspace.sh("rota webhook test securty")
    assert result.returncode == 2 and "did you mean 'security'?" in result.stderr


def test_dead_letters_are_listed_with_their_cause_and_replayed(workspace, receiver):
    furnish(workspace, receiver)
    workspace.sh("rota token create --name a --json && rota token create --name b --json")
    waiting = call(workspace, "rota webhook deliveries --json")["deliveries"]
    assert [entry["state"] for entry in waiting] == ["waiting", "waiting"]
    receiver.status = 500
    workspace.sh("rota run --deliver-within 1s")
    dead = call(workspace, "rota webhook deliveries --json")["deliveries"]
    assert [(entry["state"], entry["cause"], entry["status"], entry["attempts"]) for entry in dead] == [
        ("dead", "status 500", 500, 1)
    ] * 2
    assert [entry["type"] for entry in dead] == ["token.issued", "token.issued"]
    table = workspace.sh("rota webhook deliveries --state dead --webhook security").stdout
    assert dead[0]["event"] in table and "status 500" in table
    assert call(workspace, "rota webhook deliveries --json --webhook other")["deliveries"] == []
    assert len(call(workspace, "rota webhook deliveries --json --limit 1")["deliveries"]) == 1

    receiver.status = 204
    receiver.requests.clear()
    assert call(workspace, f'rota webhook replay {dead[0]["event"]} --json') == {"replayed": 1, "enabled_again": []}
    workspace.sh("rota run --deliver-within 1s")
    ids = [dict((name.lower(), value) for name, value in headers.items())["webhook-id"]
           for headers, _ in receiver.requests]
    assert ids == [dead[0]["event"]], "the one that was replayed, under its own id"
    assert "1 dead letter waits again" in workspace.sh("rota webhook replay --dead").stdout
    workspace.sh("rota run --deliver-within 1s")
    assert call(workspace, "rota webhook deliveries --json")["deliveries"] == []
    actions = [json.dumps(entry["entry"]) for entry in call(workspace, "rota audit tail --json")["entries"]]
    assert sum('"delivery.replay"' in action for action in actions) == 2


def test_what_is_not_dead_is_not_replayed(workspace, receiver):
    furnish(workspace, receiver)
    result = workspace.sh("rota webhook replay evt_00")
    assert result.returncode == 1 and "no dead letter of the event 'evt_00'" in result.stderr
    assert workspace.sh("rota webhook replay --dead").stdout == "there are no dead letters\n"
    for command in ["rota webhook replay", "rota webhook replay evt_00 --dead"]:
        assert workspace.sh(command).returncode == 2


def test_what_waits_for_a_webhook_that_is_gone_is_given_up_visibly_and_replayed_when_it_is_back(workspace, receiver):
    furnish(workspace, receiver)
    configuration = workspace.directory / "rota.yaml"
    with_webhook = configuration.read_text()
    workspace.sh("rota token create --name a --json")
    configuration.write_text(with_webhook[: with_webhook.index("webhooks:")])
    status = workspace.sh("rota status").stdout
    assert "'security': what waits is given up by the next run" in status
    result = workspace.sh("rota run")
    assert result.returncode == 0 and "webhook 'security' is not configured any more" in result.stderr
    [dead] = call(workspace, "rota webhook deliveries --json")["deliveries"]
    assert (dead["state"], dead["attempts"]) == ("dead", 0)
    assert dead["cause"] == "the configuration has no webhook 'security' any more"
    assert "'security': 1 given up" in workspace.sh("rota status").stdout
    counts = call(workspace, "rota status --json")["deliveries"]
    assert counts["unconfigured"] == [{"webhook": "security", "waiting": False, "dead": 1}]
    entries = [entry["entry"] for entry in call(workspace, "rota audit tail --json")["entries"]]
    assert [entry["after"]["count"] for entry in entries if entry["action"] == "delivery.give_up"] == [1]

    for command in [f'rota webhook replay {dead["event"]}', "rota webhook replay --dead"]:
        result = workspace.sh(command)
        assert result.returncode == 1 and "configure it under that name again" in result.stderr, result.stderr
    configuration.write_text(with_webhook)
    assert call(workspace, "rota webhook replay --dead --json")["replayed"] == 1
    workspace.sh("rota run --deliver-within 1s")
    assert len(receiver.requests) == 1 and "webhooks gone" not in workspace.sh("rota status").stdout


def test_410_disables_a_webhook_until_it_is_asked_for_again(workspace, receiver):
    furnish(workspace, receiver)
    receiver.status = 410
    workspace.sh("rota token create --name a --json && rota token create --name b --json")
    ran = workspace.sh("rota run --deliver-within 1s")
    assert "webhook 'security' wants no more events (status 410)" in ran.stderr
    assert "events: 0 delivered, 2 waiting, 0 given up" in ran.stdout
    asked = len(receiver.requests)
    receiver.status = 204
    assert call(workspace, "rota run --json --deliver-within 1s")["deliveries"]["disabled"] == ["security"]
    assert len(receiver.requests) == asked, "nothing is sent, though it would be taken"
    [listed] = call(workspace, "rota webhook list --json")["webhooks"]
    assert listed["disabled"]["status"] == 410 and listed["disabled"]["cause"] == "status 410"
    assert "disabled" in workspace.sh("rota webhook list").stdout
    assert "webhook off:" in workspace.sh("rota status").stdout
    assert call(workspace, "rota status --json")["deliveries"]["disabled"] == ["security"]
    waiting = call(workspace, "rota webhook deliveries --json")["deliveries"]
    assert [entry["state"] for entry in waiting] == ["waiting", "waiting"]

    assert "it is enabled again" in workspace.sh("rota webhook test security").stdout
    assert call(workspace, "rota webhook list --json")["webhooks"][0]["disabled"] is None
    assert call(workspace, "rota run --json --deliver-within 1s")["deliveries"]["delivered"] == 2


def test_a_disabled_webhook_is_enabled_by_a_replay_or_another_address(workspace, receiver):
    furnish(workspace, receiver)
    receiver.status = 410
    workspace.sh("rota token create --name a --json && rota run --quiet --deliver-within 1s")
    receiver.status = 500
    assert workspace.sh("rota webhook test security").returncode == 1
    assert call(workspace, "rota status --json")["deliveries"]["disabled"] == ["security"], "the test failed"
    replay = call(workspace, "rota webhook replay --dead --webhook security --json")
    assert replay == {"replayed": 0, "enabled_again": ["security"]}
    receiver.status = 410
    workspace.sh("rota run --quiet --deliver-within 1s")
    assert call(workspace, "rota status --json")["deliveries"]["disabled"] == ["security"]
    configuration = workspace.directory / "rota.yaml"
    configuration.write_text(configuration.read_text().replace("/hook", "/other"))
    receiver.status = 204
    assert call(workspace, "rota run --json --deliver-within 1s")["deliveries"]["delivered"] == 1


def test_events_are_counted_and_not_attempts(workspace, receiver):
    furnish(workspace, receiver)
    configuration = workspace.directory / "rota.yaml"
    configuration.write_text(configuration.read_text().replace("retry: []", "retry: [1s, 1s, 1s, 1h]"))
    workspace.sh("rota token create --name a --json && rota token create --name b --json")
    receiver.status = 500
    ran = workspace.sh("rota run --deliver-within 4s")
    assert "events: 0 delivered, 2 waiting (2 failed, to be tried again), 0 given up" in ran.stdout
    assert len(receiver.requests) > 2

"""How far long work has come is told on a terminal, and nowhere else."""

import base64
import http.server
import os
import pty
import re
import subprocess
import threading
import time

import pytest

ROWS = 4_000
#: A share, a rate, and the time that is left.
WHOLE = r": \d+ %s, \d+ %%, \d+ a (second|minute), \d+ (second|minute)s?( \d+ seconds?)? left"


@pytest.fixture
def inventory(workspace):
    assert workspace.sh("rota init --quiet").returncode == 0
    rows = "".join(f"t{number},rota\n" for number in range(ROWS))
    (workspace.directory / "tokens.csv").write_text("name,issuer\n" + rows)
    return workspace


def told(workspace, *options):
    """What an import writes to standard error, where that is a terminal."""
    return seen(workspace, ["import", "tokens.csv", "--dry-run", *options])


def seen(workspace, arguments, codes=(0,)):
    """What a command writes to standard error, where that is a terminal."""
    ours, theirs = pty.openpty()
    command = ["rota", *arguments]
    with subprocess.Popen(command, cwd=workspace.directory, env={**workspace.environment, "TERM": "dumb"},
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs) as child:
        os.close(theirs)
        text = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # Linux says so when the other end is closed.
                break
            if not part:
                break
            text += part
        assert child.wait(timeout=60) in codes, text
    os.close(ours)
    return text.decode()


def test_an_import_tells_its_step_rows_and_share(inventory):
    text = told(inventory)
    assert "checking: 1000 rows, " in text
    assert " %" in text
    # The line is wiped at the end.
    assert text.endswith("\x1b[K")


def test_quiet_and_json_tell_nothing(inventory):
    assert told(inventory, "--quiet") == ""
    assert told(inventory, "--json") == ""


def test_a_file_gets_no_progress(inventory):
    done = inventory.sh("rota import tokens.csv --dry-run >/dev/null")
    assert done.stderr == ""


class Slow(http.server.ThreadingHTTPServer):
    """An endpoint that takes its time: what it holds is always the same."""

    daemon_threads = True

    class RequestHandlerClass(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            # So slow that reading all of them lasts, and a rate can be told.
            time.sleep(0.25)
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"value")

        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.do_GET()

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.RequestHandlerClass)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


POLICY = """
version: 1
policies:
  - name: all
    mode: enforce
    match: { name: "t*" }
    rules:
      - { max-age: 90d, action: rotate, overlap: 24h }
"""
NOTIFYING = POLICY.replace("rotate, overlap: 24h", "notify")


def furnish(workspace, count, vault="local"):
    """Old tokens, each with a destination, and a policy that calls for their rotation."""
    assert workspace.sh("rota init --quiet").returncode == 0
    rows = "".join(f"t{number},rota,2025-01-01,{vault}:t{number}\n" for number in range(count))
    (workspace.directory / "tokens.csv").write_text("name,issuer,created_at,destinations\n" + rows)
    (workspace.directory / "Policies/baseline.yaml").write_text(POLICY)
    configuration = workspace.directory / "rota.yaml"
    lines = configuration.read_text().splitlines(keepends=True)
    configuration.write_text("".join(line for line in lines if not line.startswith("limits:")))


def test_a_plan_and_a_report_tell_rate_and_time_left(workspace):
    furnish(workspace, 120_000)
    text = seen(workspace, ["import", "tokens.csv"])
    assert re.search("checking" + WHOLE % "rows", text) and re.search("adding" + WHOLE % "rows", text), text[-500:]
    # Far over its limit, or not: it is shown all the same.
    text = seen(workspace, ["plan"], codes=(0, 4))
    assert re.search("planning" + WHOLE % "tokens", text), text[-500:]
    text = seen(workspace, ["report", "--output", "report.html"])
    assert re.search("judging" + WHOLE % "tokens", text), text[-500:]


def test_a_log_of_uses_tells_rate_and_time_left(workspace):
    assert workspace.sh("rota init --quiet; rota token create --quiet --name a").returncode == 0
    rows = "".join(f"a,2025-01-01T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z\n" for n in range(300_000))
    (workspace.directory / "log.csv").write_text("token,time\n" + rows)
    text = seen(workspace, ["import", "--usage", "log.csv"])
    assert re.search("checking" + WHOLE % "rows", text) and re.search("adding" + WHOLE % "rows", text), text[-500:]


def test_a_run_and_rotations_of_many_tell_rate_and_time_left(workspace):
    furnish(workspace, 1_500)
    assert workspace.sh("rota import tokens.csv").returncode == 0
    text = seen(workspace, ["token", "rotate", *(f"t{number}" for number in range(200))])
    assert re.search("rotating" + WHOLE % "tokens", text), text[-500:]
    policy = workspace.directory / "Policies/baseline.yaml"
    policy.write_text(POLICY.replace("24h", "1s"))
    text = seen(workspace, ["run", "--deliver-within", "1s"])
    assert re.search("acting" + WHOLE % "actions", text), text[-500:]
    # What it began is in an overlap that has passed: it is retired before the plan is made.
    time.sleep(1.1)  # the overlap of one second, by the clock of the real program
    text = seen(workspace, ["run", "--deliver-within", "1s"])
    assert re.search(r"recovering: \d+ rotations, \d+ %", text), text[-500:]


def test_a_run_tells_each_of_its_steps(workspace):
    furnish(workspace, 30_000)
    policy = workspace.directory / "Policies/baseline.yaml"
    policy.write_text(NOTIFYING)
    with Slow() as slow:
        (workspace.directory / "rota.yaml").open("a").write(
            f"webhooks:\n  w: {{ url: 'http://127.0.0.1:{slow.server_port}/', secret: env:HOOK, "
            "allow-addresses: ['127.0.0.0/8'], events: ['policy.*'] }\n")
        workspace.environment["HOOK"] = "whsec_" + base64.b64encode(bytes(32)).decode()
        assert workspace.sh("rota import tokens.csv").returncode == 0
        text = seen(workspace, ["run", "--deliver-within", "3s"])
        # A plan may be made before a rate is known.
        for step in (r"planning: \d+ tokens, \d+ %", "recording" + WHOLE % "findings", "acting" + WHOLE % "actions",
                     "delivering" + WHOLE % "deliveries"):
            assert re.search(step, text), (step, text[-500:])
        policy.write_text(NOTIFYING.replace("90d", "9000d"))
        text = seen(workspace, ["run", "--deliver-within", "1s"])
        assert re.search("closing" + WHOLE % "findings", text), text[-500:]
        assert text.endswith("\x1b[K")


def test_a_reconciliation_tells_rate_and_time_left(workspace):
    with Slow() as slow:
        furnish(workspace, 400, vault="slow")
        configure(workspace, slow)
        assert workspace.sh("rota import tokens.csv").returncode == 0
        text = seen(workspace, ["store", "reconcile", "--dry-run"])
        assert re.search("reading" + WHOLE % "destinations", text), text[-500:]
        assert seen(workspace, ["store", "reconcile", "--dry-run", "--json"]) == ""


def configure(workspace, slow):
    """It as the vault 'slow'."""
    url = f'"http://127.0.0.1:{slow.server_port}/{{{{path}}}}"'
    configuration = workspace.directory / "rota.yaml"
    vault = (f"vaults:\n  slow:\n    kind: http\n    write: {{ method: PUT, url: {url}, body: '{{{{value}}}}', "
             f"headers: {{ Content-Type: text/plain }} }}\n    read: {{ url: {url} }}\n")
    configuration.write_text(configuration.read_text().replace("vaults:\n", vault, 1))


def test_drift_and_adoption_tell_rate_and_time_left(workspace):
    with Slow() as slow:
        furnish(workspace, 400, vault="slow")
        configure(workspace, slow)
        assert workspace.sh("rota import tokens.csv").returncode == 0
        text = seen(workspace, ["vault", "drift"])
        assert re.search("reading" + WHOLE % "destinations", text), text[-500:]
        text = seen(workspace, ["vault", "adopt", "--all", "--dry-run"])
        assert re.search("reading" + WHOLE % "destinations", text), text[-500:]

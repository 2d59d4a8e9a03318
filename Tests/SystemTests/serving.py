"""A running `rota serve`, and what stands around it: nginx, and an application that knows nothing of tokens."""

import contextlib
import http.server
import json
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from servers import die_with_parent, free_port


class Served:
    """`rota serve` on a free port of the loopback, or on a Unix socket."""

    def __init__(self, house, listen="127.0.0.1:0", settings=""):
        self.house, self.log = house, house.folder / "serve.log"
        house.served = self
        text = (house.folder / "rota.yaml").read_text()
        if "\nserver:" not in text:
            text += f'server: {{ listen: "{listen}"{settings} }}\n'
            (house.folder / "rota.yaml").write_text(text)
        if not any((house.folder / "Policies").iterdir()):
            house.policy(text="version: 1\npolicies:\n  - name: look\n    mode: observe\n    match: all\n    rules:\n"
                              "      - max-age: 90d\n        action: notify\n")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                house.command("serve"), env=house.environment, cwd=house.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, preexec_fn=die_with_parent)
        # It tells the port that was free, once it listens.
        pattern = re.escape(listen).replace(":0", r":(\d+)") if listen.endswith(":0") else re.escape(listen)
        self.port = None
        for _ in range(600):
            found = re.search(pattern, self.log.read_text())
            if found:
                self.port = int(found[1]) if found.groups() else None
                return
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def stop(self):
        """Ends it as a service manager does; how long that took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0, self.log.read_text()
        self.house.served = None
        self.house.outputs.append(self.log.read_text())
        return time.monotonic() - begun

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.house.served = None


def at_server(house, *words, token=None, expect=0, given=None):
    """A command at the server that runs, or at one that runs for it alone and does nothing by itself."""
    with contextlib.ExitStack() as stack:
        served = house.served
        if served is None:
            house.rota("freeze", "--reason", "a server for one command")
            stack.callback(house.rota, "unfreeze")
            served = stack.enter_context(Served(house))
            stack.callback(served.stop)
        more = ["--token-file", str(token)] if token else []
        done = subprocess.run(
            [str(house.binary), *map(str, words), "--server", served.address, *more], input=given, capture_output=True,
            text=True, timeout=60, env=house.environment, cwd=house.folder)
        house.outputs += [done.stdout, done.stderr]
        if expect is not None:
            assert done.returncode == expect, (words, done.returncode, done.stdout, done.stderr)
        return done


class Application:
    """Says back which headers it got, and counts."""

    def __init__(self):
        outer = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self):
                outer.requests.append((self.command, self.path))
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Nginx:
    """The real one, with the configuration that the documentation shows."""

    def __init__(self, program, folder: Path, rota_socket, application_port):
        self.port, self.folder = free_port(), folder
        folder.mkdir()
        page = (Path(__file__).resolve().parents[2] / "Docs/ForwardAuth.md").read_text()
        shown = re.search(r"```nginx\n(.*?)```", page, re.S)[1]
        for ours, theirs in (("/run/rota/rota.sock", str(rota_socket)), ("127.0.0.1:8080", f"127.0.0.1:{self.port}"),
                             ("127.0.0.1:9000", f"127.0.0.1:{application_port}")):
            assert ours in shown
            shown = shown.replace(ours, theirs)
        places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in
                         ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
            + ("user root;\n" if Path("/proc/self").stat().st_uid == 0 else "")
            + f"events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\n{places}{shown}\n}}\n")
        command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        checked = subprocess.run(command + ["-t"], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        for _ in range(200):
            assert self.process.poll() is None, (self.folder / "error.log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        raise AssertionError("nginx does not listen")

    def __exit__(self, *_):
        # SIGQUIT: the workers end with their master.
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def wait_until(holds, within=30):
    """Asks again and again, in seconds, until something holds that nobody announces."""
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end, f"it does not hold after {within} s"
        # Between two looks, so that whoever is waited for has the processor; what is tested does not depend on it.
        time.sleep(0.1)

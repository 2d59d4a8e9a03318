"""A thousand connections that do as little as they can, while introspection goes on."""

import shutil
import statistics
import subprocess
import time

import pytest
import requests
from requests.adapters import HTTPAdapter

from serving import Served
from servers import die_with_parent
from test_http import issue

pytestmark = pytest.mark.alone


class From(HTTPAdapter):
    """Sends from another loopback address."""

    def __init__(self, source):
        self.source = source
        super().__init__()

    def init_poolmanager(self, *arguments, **named):
        super().init_poolmanager(*arguments, source_address=(self.source, 0), **named)


def established(port):
    """How many connections the server has."""
    end = f":{port:04X}"
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table]
    return sum(1 for row in rows if row[1].endswith(end) and row[3] == "01")


# Of ranges it asks for up to a thousand that overlap: as many as a head has room for, and beyond.
MODES = {"headers": ["-H"], "bodies": ["-B"], "reading": ["-X", "-w", "1", "-y", "2", "-n", "2", "-z", "1"],
         "ranges": ["-R", "-a", "5", "-b", "1000"]}


@pytest.mark.parametrize("mode, wide", [
    ("headers", True), ("headers", False), ("bodies", True), ("reading", True), ("ranges", True)])
def test_introspection_goes_on(bare, mode, wide):
    program = shutil.which("slowhttptest")
    if program is None:
        pytest.fail("there is no slowhttptest: run 'make deps'")
    bare.init()
    gateway, value = issue(bare, "gateway", "rota:introspect"), issue(bare, "ingest")
    # Wide: one address may have them all, as a proxy might; else it has 256, and others are not concerned.
    limits = "connections-per-address: 4000, " if wide else ""
    with Served(bare, settings=f", limits: {{ {limits}request-time: 3s, idle-time: 60s }}") as served:
        with requests.Session() as client:
            client.mount("http://", From("127.0.0.3"))

            def introspect():
                begun = time.monotonic()
                answer = client.post(
                    served.address + "/v1/introspect", data={"token": value}, auth=("", gateway), timeout=5)
                assert answer.json()["active"] is True
                return time.monotonic() - begun

            introspect()
            command = [program, "-c", "1000", "-r", "500", "-i", "1", "-l", "8", "-p", "3", *MODES[mode]]
            attack = subprocess.Popen(
                command + ["-u", served.address + "/v1/introspect"], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
            took, most = [], 0
            while attack.poll() is None:
                took.append(introspect())
                most = max(most, established(served.port))
                time.sleep(0.02)
            attack.wait()
            assert len(took) > 50
            assert statistics.quantiles(took, n=100)[98] < 1, sorted(took)[-5:]
            # They came; or the cap of one address held. Who asks for ranges is answered at once, with what there is.
            assert mode == "ranges" or (most > 900 if wide else most < 300)
            # Whoever trickles is gone a few seconds later.
            end = time.monotonic() + 10
            while established(served.port) > 5 and time.monotonic() < end:
                time.sleep(0.1)
            assert established(served.port) <= 5
        assert served.stop() < 10

#!/usr/bin/env python3
"""How long introspection takes while rotations run beside it: one request in a hundred, busy against idle, of the same
server asked by the same program over four connections.

First as it is used: rotations at the pace that they have by default, and each connection rests two milliseconds between
its questions (some 1,700 a second, 150 million a day). Then the same where the server itself does the run. Then both as
fast as they can, told and not judged: three programs want two cores all the time, and whoever waits for one waits for the
system's time slices. A server that answers a constant, beside the same run, tells what of it is the system's.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time

from introspection import constant, serving
from load import load
from measure import Row, main, note
from openbao import free_port
from stores import NOTHING_DUE, digest, initialise, value

# How many tokens are rotated meanwhile; each has one place.
ROTATED = 20_000
# How often each is measured, for some seconds.
LOADS = 7
POLICY = """version: 1
policies:
  - name: all
    mode: enforce
    match: { labels: { kind: rotated } }
    rules: [ { max-age: 1d, action: rotate, overlap: 0s } ]
    limits: { actions: 1000000, percent: 100 }
"""


def prepare(options, folder, port, limits):
    with open(os.path.join(folder, "rota.yaml"), "w") as file:
        file.write(f"store: sqlite:rota.db\npolicies: policy.yaml\nvaults: {{ local: {{ kind: directory, path: places }} }}\n"
                   f"limits: {{ actions: 1000000, percent: 100{limits} }}\nserver: {{ listen: \"127.0.0.1:{port}\" }}\n")
    with open(os.path.join(folder, "policy.yaml"), "w") as file:
        file.write(NOTHING_DUE)
    os.makedirs(os.path.join(folder, "places"), 0o700)
    initialise(options.rota, folder)
    made = time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(time.time() - 5 * 86_400))
    with open(os.path.join(folder, "tokens.csv"), "w") as file, open(os.path.join(folder, "values.txt"), "w") as values:
        file.write("name,issuer,labels,created_at,value_issued_at,destinations,digest\n")
        for number in range(ROTATED + 1_000):
            own = value(number)
            if number < ROTATED:
                path = f"t{number}"
                with open(os.path.join(folder, "places", path), "w", opener=lambda p, f: os.open(p, f, 0o600)) as place:
                    place.write(own)
                file.write(f"rotated-{number},rota,kind=rotated,{made},{made},local:{path},sha256:{digest(own)}\n")
            else:
                file.write(f"asked-{number},rota,kind=asked,{made},{made},,sha256:{digest(own)}\n")
                values.write(own + "\n")
    command = [options.rota, "--config", os.path.join(folder, "rota.yaml")]
    subprocess.run([*command, "import", os.path.join(folder, "tokens.csv")], check=True, capture_output=True)
    return command, made_token(command, "asker", "rota:introspect")


def made_token(command, name, scope):
    return subprocess.run([*command, "token", "create", "--name", name, "--scope", scope], check=True,
                          capture_output=True, text=True).stdout.splitlines()[-1]


def middle(loads):
    """Of all, however they fall: one in a hundred of 1,700 a second is some 70 requests of a load, and whatever else the
    machine does for a moment is among them."""
    late = sorted(told.p99 for told in loads)
    note("p99 " + ", ".join(f"{told * 1e3:.2f}" for told in late) + " ms")
    return late[len(late) // 2]


def measure(options, pause, limits, by_server=False):
    """One request in a hundred, in seconds, of ours and of the C server: idle, and beside a run; and whether the run
    lasted as long."""
    folder = tempfile.mkdtemp(prefix="rota-busy-")
    try:
        port, other = free_port(), free_port()
        command, asker = prepare(options, folder, port, limits)
        with open(os.path.join(folder, "token"), "w") as file:
            file.write(made_token(command, "operator", "rota:operate"))
        there = [options.rota, "--server", f"http://127.0.0.1:{port}", "--token-file", file.name]
        with serving([*command, "serve"], port) as rota, serving([constant(), str(other), "2"], other) as plain:
            asking = ("introspect", os.path.join(folder, "values.txt"), asker, "1000", pause)

            def asked(process, at):
                return load(process, f"http://127.0.0.1:{at}", "ask.lua", *asking, connections=4, seconds=4)

            load(rota, f"http://127.0.0.1:{port}", "ask.lua", *asking, seconds=3)
            idle = [(asked(rota, port), asked(plain, other)) for _ in range(LOADS // 2 + 1)]
            with open(os.path.join(folder, "policy.yaml"), "w") as file:
                file.write(POLICY)
            os.kill(rota, signal.SIGHUP)
            time.sleep(1)
            with subprocess.Popen([*(there if by_server else command), "run", "--quiet"], stdout=subprocess.DEVNULL) as run:
                time.sleep(1)
                busy = []
                while run.poll() is None and len(busy) < LOADS:
                    busy.append((asked(rota, port), asked(plain, other)))
                during = run.poll() is None
                run.terminate()
                run.wait()
            # A run of the server goes on whoever goes away; a freeze ends it.
            subprocess.run([*command, "freeze", "--reason", "measured"], check=True, capture_output=True)
            # Until what was begun is finished. Idle is before and after: what else the machine does comes and goes.
            time.sleep(5)
            idle += [(asked(rota, port), asked(plain, other)) for _ in range(LOADS // 2)]
        return [(middle(before), middle(beside)) for before, beside in zip(zip(*idle), zip(*busy))], during
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def rows(options):
    for what, pause, limits, by_server in (
            ("introspection while rotations run", "2", "", False),
            ("the same, by a run of the server itself", "2", "", True),
            ("the same, both as fast as they can", "0", ", rotations-per-second: 10000", False)):
        (ours, plain), during = measure(options, pause, limits, by_server)
        is_judged = during and pause != "0"
        yield Row(f"{what}: p99", f"{ours[1] * 1e3:.2f} ms", f"{ours[0] * 1e3:.2f} ms idle", f"{ours[1] / ours[0]:.2f}x",
                  "at most 2x" if is_judged else "", ours[1] <= 2 * ours[0] if is_judged else None)
        yield Row("a C server that answers a constant, beside the same run", f"{plain[1] * 1e3:.2f} ms",
                  f"{plain[0] * 1e3:.2f} ms idle", f"{plain[1] / plain[0]:.2f}x", "", None)


if __name__ == "__main__":
    main(__doc__, rows)

"""A million questions about values as a vault holds them at that moment, while all of them are being rotated."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from house import Seed
from serving import Served

TOKENS = 40
LONG = bool(os.environ.get("ROTA_LONG"))
QUESTIONS = 10_000_000 if LONG else 1_000_000
# Those who ask use the old values, too, which would keep them valid: here they end all the same.
POLICY = (
    "version: 1\npolicies:\n  - name: restless\n    mode: enforce\n    match: { name: \"token-*\" }\n    rules:\n"
    "      - max-age: 4s\n        action: rotate\n        overlap: 2s\n        overlap-cap: 2s\n        at-cap: revoke\n"
)
# At once on one connection; each value is read from its file just before.
BATCH = 25
ASKERS = 2


def ask(port, gateway, folder, count):
    """One connection that asks until it has `count` answers; prints how many, and what was refused."""
    names = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if not name.startswith(".")]
    head = (f"POST /v1/introspect HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\ntoken=").encode()
    answered, refused, different = 0, [], set()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as server:
        while answered < count:
            batch = []
            for number in range(BATCH):
                file = os.open(names[(answered + number) % len(names)], os.O_RDONLY)
                batch.append(os.read(file, 100))
                os.close(file)
            different.update(batch)
            server.sendall(b"".join(head % (6 + len(value)) + value for value in batch))
            answers = b""
            # Every answer to us is one JSON object, and each is counted by its key.
            while answers.count(b'"active"') < BATCH or not answers.endswith(b"}"):
                data = server.recv(1 << 17)
                if not data:
                    raise SystemExit(f"the server hung up after {answers[-300:]}")
                answers += data
                if b"HTTP/1.1 4" in answers or b"HTTP/1.1 5" in answers:
                    raise SystemExit(f"no answer but {answers[-500:]}")
            if answers.count(b'"active":true') + answers.count(b'"active": true') < BATCH:
                refused.append([answered, answers.decode()[:3000]])
            answered += BATCH
    print(json.dumps({"answered": answered, "refused": refused[:3], "different": len(different)}))


@pytest.mark.slow
def test_no_value_that_a_vault_holds_is_refused_while_all_are_rotated(bare):
    bare.init()
    bare.policy(text=POLICY)
    seeds = [Seed(f"token-{n:02}", [f"local:app-{n:02}"]) for n in range(TOKENS)]
    bare.import_seeds(seeds)
    gateway = bare.json(
        "token", "create", "--name", "gateway", "--owner", "team-data", "--scope", "rota:introspect")["value"]
    begun, runs = time.monotonic(), 0
    with Served(bare) as served:
        askers = [
            subprocess.Popen(
                [sys.executable, __file__, str(served.port), str(bare.local), str(QUESTIONS // ASKERS)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                cwd=os.path.dirname(__file__), env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
            for _ in range(ASKERS)
        ]
        try:
            for asker in askers:
                asker.stdin.write(gateway + "\n")
                asker.stdin.flush()
            end = begun + QUESTIONS / 1500
            while any(asker.poll() is None for asker in askers):
                assert time.monotonic() < end, "too slow"
                bare.rota("run", "--quiet")
                runs += 1
                time.sleep(0.3)
            told = [asker.communicate(timeout=30) for asker in askers]
        finally:
            for asker in askers:
                asker.kill()
                asker.wait()
        assert all(asker.returncode == 0 for asker in askers), told
        served.stop()
    took = time.monotonic() - begun
    found = [json.loads(out) for out, _ in told]
    answered = sum(of["answered"] for of in found)
    rotations, = bare.rows("SELECT COUNT(*) FROM rotations WHERE to_version IS NOT NULL")[0]
    refused = [of for asker in found for of in asker["refused"]]
    print(f"{answered} questions about {max(of['different'] for of in found)} values in {took:.0f} s"
          f" ({answered / took:.0f} a second) during {rotations} rotations in {runs} runs: {len(refused)} refused")
    assert not refused, refused
    assert answered >= QUESTIONS and rotations > 5 * TOKENS


if __name__ == "__main__":
    ask(int(sys.argv[1]), sys.stdin.readline().strip(), sys.argv[2], int(sys.argv[3]))

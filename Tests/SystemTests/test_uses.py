"""Who uses a token, as the daemon sees it: what is shown of it, when an old value ends, and what becomes of a stolen one."""
import base64
import json
import subprocess
import time
import urllib.request

import pytest

from servers import free_port
from test_serve import Served


@pytest.fixture
def house(bare):
    return bare


@pytest.fixture
def daemon(house):
    """Starts the daemon and stops it in good order, as often as a test likes."""
    running = []

    def start():
        running.append(Served(house))
        return running[-1].wait_for("READY=1")

    yield start
    for served in running:
        served.process.kill()
        served.process.wait()


@pytest.fixture
def gateway(house):
    """A house whose daemon listens, and a function that asks it about a value."""
    house.init()
    house.policy()
    port = free_port()
    with (house.folder / "rota.yaml").open("a") as file:
        file.write(f'server: {{ listen: "127.0.0.1:{port}" }}\nlog: {{ format: json }}\n')
    caller = house.json("token", "create", "--name", "gateway", "--scope", "rota:introspect")["value"]

    def ask(value, **more):
        form = "&".join(f"{key}={text}" for key, text in {"token": value, **more}.items())
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/introspect", form.encode())
        request.add_header("Authorization", "Basic " + base64.b64encode(f"gateway:{caller}".encode()).decode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["active"]

    return ask


def test_uses_are_seen_gathered_and_shown(house, gateway, daemon):
    made = house.json("token", "create", "--name", "app", "--scope", "read", "--scope", "write")
    served = daemon()
    for number in range(5):
        assert gateway(made["value"], source=f"10.0.0.{number % 2}", agent="export", scope="read")
    served.end()
    shown = house.json("token", "show", "app")
    assert shown["usage"]["count"] == 5 and shown["usage"]["sources"] == ["10.0.0.0", "10.0.0.1"], shown["usage"]
    assert shown["usage"]["scopes_never_exercised"] == ["write"]
    assert shown["token"]["last_used_at"] is not None and shown["token"]["revision"] == made["token"]["revision"]
    assert [tracker["asked_at"] is not None for tracker in house.json("status")["trackers"]] == [True]
    # A look is not a use.
    assert house.accepts(made["value"])
    assert house.json("token", "show", "app")["usage"]["count"] == 5


def test_an_old_value_lives_until_its_consumer_has_moved_and_is_missed_when_it_comes_back(house, gateway, daemon):
    house.rota("token", "create", "--name", "app", "--destination", "local:app")
    old = house.get("local:app")
    served = daemon()
    assert gateway(old)
    house.rota("token", "rotate", "app", "--overlap", "2s")
    new = house.get("local:app")
    time.sleep(2)
    assert gateway(old, source="10.0.0.9")
    served.end()
    house.rota("run")
    assert house.accepts(old), "its overlap has passed, but somebody uses it"
    # The consumer moves, and the old value is silent for half of its overlap, while somebody watches.
    served = daemon()
    assert gateway(new)
    time.sleep(3)
    served.end()
    subprocess.run(["sqlite3", house.store, "UPDATE rotations SET next_attempt_at = 0"], check=True)
    house.rota("run")
    assert not house.accepts(old) and house.accepts(new)
    # Somebody kept it.
    served = daemon()
    assert not gateway(old, source="203.0.113.7") and not gateway(old, source="203.0.113.7")
    served.end()
    told = house.json("audit", "tail", "--token", "app")
    reuse = [kept["entry"] for kept in told["entries"] if kept["entry"]["action"] == "token.reuse_detected"]
    assert len(reuse) == 1, told
    assert "203.0.113.7" in json.dumps(reuse), reuse
    assert house.json("token", "show", "app")["usage"]["refused"] == 2

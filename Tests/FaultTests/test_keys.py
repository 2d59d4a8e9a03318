"""A daemon dies while it does what came with an `Idempotency-Key`: whoever asks again with the same key is told the
truth, and nothing is done a second time."""

import signal

import pytest
import requests

from house import Seed
from scene import IDLE
from serving import Served, wait_until

DUE = IDLE.replace('"nothing"', '"ingest"')
KEY = {"Idempotency-Key": "nightly-1"}
# Of a rotation, in order; the daemon dies just after each.
STEPS = ["claimed", "probed", "permitted", "minted", "armed", "sending", "written", "read-back", "verified",
         "promoted", "guarded", "retired"]


class Client:
    """Somebody who asks with a key, and may get no answer."""

    def __init__(self, value):
        self.headers = {"Authorization": f"Bearer {value}"}

    def post(self, served, path, body, key=KEY):
        return requests.post(served.address + path, json=body, headers=self.headers | key, timeout=30)

    def get(self, served, path):
        return requests.get(served.address + path, headers=self.headers, timeout=30).json()


def dies(house, step, client, path, body):
    """Asks a daemon that dies after this step, and so answers nothing."""
    house.extra = {"ROTA_FAILPOINT": f"{step}:1"}
    with Served(house) as served:
        house.extra = {}
        with pytest.raises(requests.ConnectionError):
            client.post(served, path(served) if callable(path) else path, body)
        assert served.process.wait(30) == -signal.SIGKILL, served.log.read_text()


def claims(house):
    """How many rotations of anything were ever begun."""
    return house.rows("SELECT count(*) FROM audit WHERE action = 'rotation.claim'")[0][0]


def is_accepted(house, place):
    return house.accepts(house.get(place))


@pytest.fixture
def keyed(bare):
    """A house with a token that has a place, and its administrator."""
    client = Client(bare.init())
    bare.policy(text=IDLE)
    bare.import_seeds([Seed("ingest", ["local:ingest"])])
    return bare, client


def is_told_that_it_was_interrupted(house, served, client, path, body):
    """Once and again, by whatever name he asks; nothing is begun by that."""
    before = claims(house)
    for _ in range(2):
        answer = client.post(served, path, body)
        assert (answer.status_code, answer.json()["reason"]) == (409, "interrupted"), answer.text
        assert "Idempotent-Replayed" not in answer.headers and "another key" in answer.json()["hint"]
    # The same key for something else is still a slip.
    assert client.post(served, path, body | {"reason": "something else"}).status_code in (400, 422)
    assert claims(house) == before


@pytest.mark.parametrize("step", STEPS)
def test_a_rotation_that_a_daemon_died_in_is_not_begun_again_for_the_same_key(keyed, step):
    house, client = keyed
    body, old = {"overlap": "0s", "reason": "it leaked"}, house.get("local:ingest")
    dies(house, step, client, "/v1/tokens/ingest/rotate", body)
    assert claims(house) == 1 and is_accepted(house, "local:ingest")
    with Served(house) as served:
        is_told_that_it_was_interrupted(house, served, client, "/v1/tokens/ingest/rotate", body)
        # What came of it is seen at the token: what was begun is gone on with, and is one rotation.
        client.post(served, "/v1/runs", {}, {})
        wait_until(lambda: client.get(served, "/v1/tokens/ingest")["rotation"] is None)
        assert claims(house) == 1 and is_accepted(house, "local:ingest") and house.get("local:ingest") != old
        # With another key it is done, once.
        done = client.post(served, "/v1/tokens/ingest/rotate", body, {"Idempotency-Key": "nightly-2"})
        assert done.status_code == 200 and done.json()["outcome"] == "done", done.text
        assert claims(house) == 2 and is_accepted(house, "local:ingest") and not house.accepts(old)
        # And still nobody says that the first one was answered.
        is_told_that_it_was_interrupted(house, served, client, "/v1/tokens/ingest/rotate", body)
        served.stop()


@pytest.mark.parametrize("what", ["run", "plan"])
def test_a_run_and_a_plan_that_a_daemon_died_in_are_not_begun_again_for_the_same_key(keyed, what):
    house, client = keyed
    house.policy(text=DUE)
    place = {}

    def path(served):
        if what == "run":
            return "/v1/runs"
        made = client.post(served, "/v1/plans", {}, {"Idempotency-Key": "plan"})
        return place.setdefault("plan", f"/v1/plans/{made.json()['plan']['id']}/apply")

    dies(house, "written", client, path, {})
    value = house.get("local:ingest")
    assert claims(house) == 1 and house.accepts(value)
    with Served(house) as served:
        is_told_that_it_was_interrupted(house, served, client, place.get("plan", "/v1/runs"), {})
        client.post(served, "/v1/runs", {}, {})
        wait_until(lambda: client.get(served, "/v1/tokens/ingest")["rotation"] is None)
        assert claims(house) == 1 and house.get("local:ingest") == value and house.accepts(value)
        served.stop()


@pytest.mark.parametrize("step", ["claimed", "armed", "written", "promoted"])
def test_a_token_that_a_daemon_died_in_making_is_there_once_and_has_one_value_in_the_end(keyed, step):
    house, client = keyed
    body = {"name": "export", "destinations": ["local:export"]}
    dies(house, step, client, "/v1/tokens", body)
    with Served(house) as served:
        again = client.post(served, "/v1/tokens", body)
        assert again.status_code == 201 and again.headers["Idempotent-Replayed"] == "true", again.text
        assert again.json()["value"] is None
        client.post(served, "/v1/runs", {}, {})
        wait_until(lambda: client.get(served, "/v1/tokens/export")["rotation"] is None)
        last = client.post(served, "/v1/tokens", body)
        assert last.json()["token"]["id"] == again.json()["token"]["id"] and last.json()["pushed"] is True, last.text
        assert is_accepted(house, "local:export")
        assert house.rows("SELECT count(*) FROM tokens WHERE name = 'export'") == [(1,)]
        served.stop()


def test_an_answer_that_was_given_is_given_again_by_the_next_daemon(keyed):
    house, client = keyed
    body = {"overlap": "0s"}
    with Served(house) as served:
        first = client.post(served, "/v1/tokens/ingest/rotate", body)
        assert first.status_code == 200, first.text
        served.process.kill()
        served.process.wait()
    value = house.get("local:ingest")
    with Served(house) as served:
        again = client.post(served, "/v1/tokens/ingest/rotate", body)
        assert (again.status_code, again.text) == (200, first.text)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert claims(house) == 1 and house.get("local:ingest") == value and house.accepts(value)
        served.stop()

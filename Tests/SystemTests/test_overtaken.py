"""What somebody asks for is done as long as he may ask: also where it had to wait for another process that writes."""

import contextlib
import fcntl
import threading

import requests

from serving import Served
from test_pages_sessions import Visitor


@contextlib.contextmanager
def another_writer(house):
    """Somebody who writes to the store all the while, as a large import does."""
    with open(f"{house.store}.gate", "r+") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


class Asking(threading.Thread):
    """A request that is answered when it is done."""

    def __init__(self, ask):
        super().__init__(daemon=True)
        self.ask, self.answer = ask, None
        self.start()

    def run(self):
        self.answer = self.ask()

    def status(self):
        self.join(60)
        return self.answer.status_code


def revocation(served, root, name):
    """It is asked for, and waits for the other writer."""
    return Asking(lambda: requests.post(
        f"{served.address}/v1/tokens/{name}/revoke", headers={"Authorization": f"Bearer {root}"},
        json={"reason": "stolen"}, timeout=60))


def test_a_revoked_token_makes_no_other_one_though_it_asked_before(bare):
    root = bare.init()
    value = bare.json("token", "create", "--name", "burglar", "--owner", "web", "--scope", "rota:admin")["value"]
    bearer = {"Authorization": f"Bearer {value}"}
    with Served(bare) as served:
        # Some requests, so that what is noted of uses is written before the gate is held.
        assert requests.get(f"{served.address}/v1/tokens", headers=bearer, timeout=30).status_code == 200
        with another_writer(bare):
            revoking = revocation(served, root, "burglar")
            # It has reached the queue of the store's writer: nothing tells, and a moment is enough.
            revoking.join(1)
            assert revoking.is_alive()
            # As before: nothing is committed yet.
            assert requests.get(f"{served.address}/v1/authorize", headers=bearer, timeout=30).status_code == 200
            asked = [
                Asking(lambda: requests.post(f"{served.address}/v1/tokens", headers=bearer, timeout=60,
                                             json={"name": "heir", "scopes": ["rota:admin"]})),
                Asking(lambda: requests.post(f"{served.address}/v1/runs", headers=bearer, timeout=60, json={}))]
            asked[0].join(1)
            assert all(asking.is_alive() for asking in asked)
        assert revoking.status() == 200
        assert [asking.status() for asking in asked] == [401, 401]
        assert bare.rows("SELECT count(*) FROM tokens WHERE name = 'heir'") == [(0,)]
        assert bare.rows("SELECT count(*) FROM audit WHERE actor = 'token:burglar'") == [(0,)]
        served.stop()


def test_nor_does_it_by_the_form_of_a_page(office):
    value = office.token("burglar", "rota:admin", owner="web")
    visitor = Visitor(office)
    assert visitor.sign_in(value).status_code == 303
    mark = visitor.mark
    with another_writer(office.house):
        revoking = revocation(office.served, office.admin, "burglar")
        # It has reached the queue of the store's writer: nothing tells, and a moment is enough.
        revoking.join(1)
        assert revoking.is_alive()
        creating = Asking(lambda: visitor.post(
            "api-tokens", csrf=mark, name="heir", scope="rota:admin", expiry="never", request="0" * 32))
        creating.join(1)
        assert creating.is_alive()
    assert revoking.status() == 200
    assert creating.status() == 401 and "nothing was done" in creating.answer.text
    assert office.house.rows("SELECT count(*) FROM tokens WHERE name = 'heir'") == [(0,)]

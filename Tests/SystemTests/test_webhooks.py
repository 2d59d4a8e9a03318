"""Webhooks as an outside verifier sees them."""

import collections
import json
import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from house import Seed


def rotate_some(house, receiver):
    house.configure(webhook=receiver.address)
    house.init()
    house.policy(overlap="0s")
    house.import_seeds([Seed(f"t{n}", [f"bao:{n}#token", f"local:{n}"]) for n in range(5)])
    house.rota("run")
    for _ in range(40):
        if house.json("status")["deliveries"]["waiting"] == 0:
            return
        time.sleep(0.5)
        house.rota("run", "--deliver-within", "5s")
    raise AssertionError(house.rota("status").stdout)


def test_every_webhook_is_accepted_by_the_standards_own_verifier(house, receiver):
    rotate_some(house, receiver)

    verifier = Webhook(house.signing_secret)
    kinds = collections.Counter()
    for headers, body in receiver.taken:
        verifier.verify(body, headers)
        kinds[json.loads(body)["type"]] += 1
        with pytest.raises(WebhookVerificationError):
            verifier.verify(body[:-1] + b" }", headers)
    assert kinds["token.rotated"] == 5
    assert kinds["token.version_retired"] == 5
    assert kinds["run.completed"] >= 1


def test_a_receiver_that_fails_twice_gets_each_event_with_the_same_id(house, receiver):
    receiver.failures = 2
    rotate_some(house, receiver)

    verifier = Webhook(house.signing_secret)
    bodies = collections.defaultdict(list)
    for headers, body, _ in receiver.requests:
        verifier.verify(body, headers)
        bodies[headers["webhook-id"]].append(body)
    assert len(bodies) >= 11
    assert {len(found) for found in bodies.values()} == {3}
    assert all(len(set(found)) == 1 for found in bodies.values())
    assert {row[0] for row in house.rows("SELECT id FROM events")} >= set(bodies)
    assert house.rows("SELECT COUNT(*) FROM deliveries WHERE state <> 'delivered'") == [(0,)]


def test_a_receiver_at_a_loopback_address_is_refused_unless_allowed(house, receiver):
    house.configure(webhook=receiver.address)
    text = (house.folder / "rota.yaml").read_text()
    (house.folder / "rota.yaml").write_text(text.replace('    allow-addresses: ["127.0.0.0/8"]\n', ""))
    house.init()
    house.policy(overlap="0s")
    house.import_seeds([Seed("t", ["local:t"])])

    house.rota("run", "--deliver-within", "1s", expect=None)

    assert receiver.requests == []

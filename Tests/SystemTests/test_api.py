"""Everything that can be asked for over HTTP: against its own description, and by who may ask for what."""

import base64

import pytest
import requests

from conformity import conformity
from house import Seed
from serving import Served


class Caller:
    """Somebody with a token of Rota."""

    def __init__(self, served, value):
        self.served, self.value = served, value

    def __call__(self, method, path, expect=200, headers=None, **options):
        answer = requests.request(
            method, self.served.address + path, headers={"Authorization": f"Bearer {self.value}", **(headers or {})},
            timeout=60, **options)
        assert answer.status_code == expect, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None


def caller(house, served, name, *scopes, owner=""):
    options = [word for scope in scopes for word in ("--scope", scope)]
    made = house.json("token", "create", "--name", name, "--owner", owner, *options)
    return Caller(served, made["value"])


# What schemathesis asks of what there is, since it would never guess a name.
NAMES = """
[parameters]
"path.plan" = "{plan}"
"path.run" = "{run}"
"path.waiver" = "{waiver}"
"path.policy" = "quarterly"
"path.vault" = "local"
"path.webhook" = "hook"
"path.token" = "{token}"
# What has the shape and makes no sense is told so by 422.
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "304", "404", "409", "422"]
[[operations]]
include-name = "POST /v1/tokens/{{token}}/revoke"
parameters = {{ "path.token" = "{victim}" }}
"""


def test_the_interface_is_as_it_says(house, tmp_path):
    house.init()
    house.policy(overlap="1h")
    seeds = [Seed("ingest", ["local:ingest"]), Seed("victim", ["local:victim"]), Seed("nowhere", [])]
    house.import_seeds(seeds)
    settings = house.folder / "rota.yaml"
    settings.write_text(settings.read_text() + "webhooks:\n  hook: { url: 'https://192.0.2.1/rota', secret: "
                        + "'file:whsec', events: ['token.*'] }\n")
    (house.folder / "whsec").write_text("whsec_" + base64.b64encode(bytes(range(32))).decode())
    (house.folder / "whsec").chmod(0o600)
    house.rota("run", expect=5)
    with Served(house) as served:
        root = caller(house, served, "root", "rota:admin", owner="root")
        other = caller(house, served, "other", "rota:operate", owner="other")
        waiver = other("POST", "/v1/waivers", 201, json={
            "token": "ingest", "policy": "quarterly", "reason": "until the vendor is done",
            "ends_at": "2027-01-31T00:00:00Z"})["waiver"]
        (tmp_path / "schemathesis.toml").write_text(NAMES.format(
            plan=other("POST", "/v1/plans", 201, json={})["plan"]["id"], run=root("GET", "/v1/runs")["runs"][0]["id"],
            waiver=waiver["id"], token=root("GET", "/v1/tokens/ingest")["token"]["id"],
            victim=root("GET", "/v1/tokens/victim")["token"]["id"]))
        found = conformity(served.address, f"Bearer {root.value}", tmp_path, examples=10)
        assert found.failures == [], "\n".join(found.failures)
        assert found.unreached == []
        assert served.process.poll() is None
        assert served.stop() < 15

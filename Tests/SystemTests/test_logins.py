"""Logging in to a real vault: leases that are shorter than the run, and a login that leaves nothing behind."""
import time

import json
import secrets

import pytest

from fault_proxy import FaultProxy
from house import Seed


@pytest.fixture
def role(bao, house):
    """An AppRole that may use the house's mount: where it is mounted; its ids are in files of the house."""
    mount = "approle-" + secrets.token_hex(4)
    system = bao.client.sys
    system.enable_auth_method("approle", path=mount)
    system.create_or_update_policy(mount, (
        f'path "{house.mount}/*" {{ capabilities = ["create", "read", "update", "delete"] }}'))

    def make(**settings):
        bao.client.auth.approle.create_or_update_approle(
            "rota", token_policies=[mount], mount_point=mount, **settings)
        renew()
        return mount

    def renew():
        ids = bao.client.auth.approle
        house.keep("role-id", ids.read_role_id("rota", mount_point=mount)["data"]["role_id"])
        made = ids.generate_secret_id("rota", mount_point=mount)["data"]
        house.keep("secret-id", made["secret_id"])

    make.renew_secret_id = renew
    yield make
    system.disable_auth_method(mount)
    system.delete_policy(mount)


def log_in(house, mount, address=None):
    """Makes the vault `bao` of the house one that is logged in to."""
    configuration = house.folder / "rota.yaml"
    configuration.write_text(
        configuration.read_text().replace(house.bao.address, address or house.bao.address).replace(
            "auth: { token: file:bao-token }",
            f"auth: {{ approle: {{ role-id: file:role-id, secret-id: file:secret-id, mount: {mount} }} }}"))


def living_tokens(bao, mount):
    """Tokens that were made by this mount and still live."""
    count = 0
    for accessor in bao.client.auth.token.list_accessors()["data"]["keys"]:
        answer = bao.client.adapter.request(
            "POST", "v1/auth/token/lookup-accessor", json={"accessor": accessor}, raise_exception=False)
        found = answer if isinstance(answer, dict) else answer.json()
        count += (found.get("data") or {}).get("path") == f"auth/{mount}/login"
    return count


@pytest.mark.parametrize("settings, kept_alive_by", [
    ({"token_ttl": "3s", "token_max_ttl": "10m"}, "renew-self"),
    ({"token_ttl": "3s", "token_max_ttl": "3s"}, "login"),
    ({"token_ttl": "3s", "token_max_ttl": "3s", "token_type": "batch"}, "login"),
], ids=["renewed", "at its greatest length", "batch"])
def test_a_lease_that_is_shorter_than_the_run_is_seen_to(house, bao, role, settings, kept_alive_by):
    seeds = [Seed(f"token-{n:02}", [f"bao:apps/{n:02}#token"]) for n in range(60)]
    with FaultProxy(bao.address) as proxy:
        mount = role(**settings)
        log_in(house, mount, proxy.address)
        house.init()
        house.policy(overlap="0s")
        house.import_seeds(seeds)
        proxy.harm("delay")
        proxy.delay = 0.3

        ran = house.json("run")

        asked = [seen.path.split("/")[-1] for seen in proxy.seen]
    assert {action["outcome"] for action in ran["actions"]} == {"done"}, ran["actions"]
    assert asked.count(kept_alive_by) >= (2 if kept_alive_by == "login" else 1), asked
    assert asked.count("login") <= 4, asked
    # OpenBao ends a revoked token in its own time.
    end = time.monotonic() + 5
    while living_tokens(bao, mount) and time.monotonic() < end:
        time.sleep(0.1)
    assert living_tokens(bao, mount) == 0
    for seed in seeds[::10]:
        assert house.accepts(house.get(seed.destinations[0]))


def test_a_secret_id_that_is_used_up_is_told_and_its_successor_found(house, bao, role):
    mount = role(secret_id_num_uses=1)
    log_in(house, mount)
    house.init()
    house.policy(overlap="0s")
    seeds = [Seed(f"token-{n}", [f"bao:{n}#token", f"local:{n}"]) for n in range(3)]
    house.import_seeds(seeds)

    house.rota("run")
    assert living_tokens(bao, mount) == 0
    failed = house.rota("token", "rotate", "token-0", expect=5)
    assert "invalid role or secret ID: the secret id may be used up" in failed.stderr
    assert all(house.accepts(house.get(place)) for seed in seeds for place in seed.destinations)

    role.renew_secret_id()
    house.rota("token", "rotate", "token-0")
    house.rota("vault", "check", "bao", expect=1)


def test_a_check_tells_the_rule_that_a_policy_lacks(house, bao, role):
    mount = role()
    house.init()
    log_in(house, mount)
    for _ in range(2):
        assert house.json("vault", "check", "bao")["vaults"][0]["ok"]
    rules = {
        "read": "", "write": f'path "{house.mount}/data/*" {{ capabilities = ["read"] }}',
        "remove": f'path "{house.mount}/data/*" {{ capabilities = ["create", "read", "update"] }}',
    }
    for step, rule in rules.items():
        bao.client.sys.create_or_update_policy(mount, rule or f'path "{house.mount}/other" {{ capabilities = ["read"] }}')
        checked = house.rota("vault", "check", "bao", "--json", expect=1)
        steps = {one["step"]: one for one in json.loads(checked.stdout)["vaults"][0]["steps"]}
        assert steps[step]["ok"] is False and steps[step]["kind"] == "denied", steps
        assert house.mount in steps[step]["hint"] and "capabilities" in steps[step]["hint"]
        left = bao.client.adapter.request("LIST", f"v1/{house.mount}/metadata/rota-check", raise_exception=False)
        names = left["data"]["keys"] if isinstance(left, dict) else []
        assert len(names) == (step == "remove")
        assert living_tokens(bao, mount) == 0
    # What could not be removed whole holds no value any more.
    assert house.secret(f"rota-check/{names[0]}")["data"] == {}

"""A vault that refuses, hangs, babbles, breaks or lies: told per token, exit code 5, and nothing lost."""

import json

import pytest

from house import Seed, digest
from servers import FakeKV2

#: What a vault does, and what its requests are: all of them, or writes alone.
TROUBLES = ["denied", "slow", "garbage", "broken", "lies"]
WRITES = ("POST", "PUT", "PATCH")


@pytest.fixture
def fake():
    state = {}
    with FakeKV2(lambda method, name: state["behaviour"](method, name)) as server:
        server.set = lambda behaviour: state.update(behaviour=behaviour)
        server.set(lambda method, name: None)
        yield server


def furnish(house, fake, seeds):
    house.keep("fake-token", "fake")
    house.configure(vaults=(
        f"  fake:\n    kind: vault-kv2\n    address: {fake.address}\n    mount: kv\n"
        "    auth: { token: file:fake-token }\n    timeout: 1s"))
    house.init()
    house.policy(overlap="1s")
    for seed in seeds:
        for place in seed.destinations:
            if place.startswith("fake:"):
                fake.secrets[place.removeprefix("fake:").removesuffix("#token")] = (1, {"token": seed.value})
            else:
                house.put(place, seed.value)
    house.rota("import", house.inventory(seeds))


def held(house, fake, seed):
    for place in seed.destinations:
        if place.startswith("fake:"):
            yield fake.secrets[place.removeprefix("fake:").removesuffix("#token")][1]["token"]
        else:
            yield house.get(place)


@pytest.mark.parametrize("when", ["always", "when written"])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_token_in_a_vault_in_trouble_waits_and_the_others_rotate(bare, fake, trouble, when):
    if trouble == "lies" and when == "always":
        pytest.skip("it lies about writes only")
    bad = [Seed(f"bad-{n}", [f"fake:bad/{n}#token", f"local:bad-{n}"]) for n in range(3)]
    good = [Seed(f"good-{n}", [f"fake:good/{n}#token", f"local:good-{n}"]) for n in range(3)]
    furnish(bare, fake, bad + good)
    fake.set(lambda method, name: trouble
             if name.startswith("bad/") and (when == "always" or method in WRITES) else None)

    ran = bare.rota("run", "--json", expect=5)

    actions = {action["name"]: action for action in json.loads(ran.stdout)["actions"]}
    for seed in good:
        # Done, where a slow machine let the overlap pass.
        assert actions[seed.name]["outcome"] in ("started", "done") and actions[seed.name]["cause"] is None
    for seed in bad:
        assert actions[seed.name]["outcome"] in ("started", "failed"), actions[seed.name]
        assert actions[seed.name]["cause"], actions[seed.name]
        # The vault has not taken the new value: so the old one stays, whatever the overlap.
        assert bare.accepts(seed.value)
    valid = bare.valid_digests()
    for seed in bad + good:
        for value in held(bare, fake, seed):
            assert digest(value) in valid, f"{seed.name}: a destination holds a value that is not accepted"

    # When it has come to its senses, nothing needs a hand.
    fake.set(lambda method, name: None)
    for seed in bad:
        bare.rota("token", "rotate", seed.name, "--overlap", "0s", expect=None)
    bare.run_until_settled(within=90)
    valid = bare.valid_digests()
    for seed in bad:
        first, second = held(bare, fake, seed)
        assert first == second != seed.value
        assert digest(first) in valid and not bare.accepts(seed.value)


def test_a_vault_that_is_not_there_delays_no_other(bare, fake):
    bad = Seed("bad", ["fake:bad#token"])
    good = Seed("good", ["local:good"])
    furnish(bare, fake, [bad, good])
    text = (bare.folder / "rota.yaml").read_text()
    (bare.folder / "rota.yaml").write_text(text.replace(fake.address, "http://127.0.0.1:1"))

    ran = bare.rota("run", "--json", expect=5)

    actions = {action["name"]: action for action in json.loads(ran.stdout)["actions"]}
    assert actions["good"]["outcome"] == "started" and actions["good"]["cause"] is None
    assert actions["bad"]["cause"]
    assert bare.accepts(bad.value)


def test_a_login_that_may_only_read_leaves_no_value_behind(house):
    """A mistaken policy of the vault, on a night when everything is due: nothing is armed, and the next night is well."""
    house.init()
    house.policy(overlap="0s")
    seeds = [Seed(f"token-{n:02}", [f"bao:apps/{n:02}#token"]) for n in range(40)]
    house.import_seeds(seeds)
    rules = f'path "{house.mount}/data/*" {{ capabilities = ["read"] }}'
    house.bao.client.sys.create_or_update_acl_policy(name=f"read-{house.mount}", policy=rules)
    made = house.bao.client.auth.token.create(policies=[f"read-{house.mount}"])
    house.keep("bao-token", made["auth"]["client_token"])

    ran = house.rota("run", "--json", expect=5)

    actions = json.loads(ran.stdout)["actions"]
    assert len(actions) == 40
    for action in actions:
        assert action["outcome"] == "failed" and "may not write" in action["cause"], action
    assert house.rows("SELECT COUNT(*) FROM pushes") == [(0,)]
    assert house.rows("SELECT COUNT(*) FROM rotations WHERE phase <> 'closed'") == [(0,)]
    house.keep("bao-token", house.bao.token)
    house.run_until_settled()
    assert all(house.get(seed.destinations[0]) != seed.value for seed in seeds)


def test_a_hundred_and_fifty_tokens_in_one_secret_are_rotated_by_one_run(house):
    house.init()
    house.policy(overlap="0s")
    seeds = [Seed(f"token-{n:03}", [f"bao:shared#f{n:03}"]) for n in range(150)]
    house.bao.client.secrets.kv.v2.create_or_update_secret(
        "shared", secret={f"f{n:03}": seed.value for n, seed in enumerate(seeds)} | {"note": "keep"},
        mount_point=house.mount)
    house.json("import", house.inventory(seeds))

    actions = house.json("run")["actions"]

    assert {action["outcome"] for action in actions} == {"done"} and len(actions) == 150
    held = house.secret("shared")["data"]
    valid = house.valid_digests()
    assert held["note"] == "keep"
    assert all(held[f"f{n:03}"] != seed.value and digest(held[f"f{n:03}"]) in valid for n, seed in enumerate(seeds))


def test_one_place_has_one_token_however_it_is_spelled(house):
    house.init()
    first, second = Seed("first", ["bao:x"]), Seed("second", ["bao:x#value"])
    refused = house.rota("import", house.inventory([first, second]), expect=2)
    assert "bao:x is also on line 2" in refused.stderr
    house.rota("import", house.inventory([second]))
    refused = house.rota("import", house.inventory([first]), expect=2)
    assert "bao:x is a destination of 'second' already" in refused.stderr
    for place in ("bao:x", "bao:x#value"):
        refused = house.rota("token", "create", "--name", "third", "--destination", place, expect=1)
        assert "'second'" in refused.stderr
        edited = house.json("token", "edit", "second", "--destination", place)
        assert not edited["changed"]
    house.rota("token", "edit", "second", "--remove-destination", "bao:x#value")
    assert house.rows("SELECT COUNT(*) FROM destinations WHERE removed_at IS NULL") == [(0,)]

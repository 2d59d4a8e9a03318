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

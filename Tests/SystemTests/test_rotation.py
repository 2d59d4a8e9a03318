"""The main job on real input: values of two hundred tokens turn over in an OpenBao and in files."""

import time

from fault_proxy import FaultProxy
from house import VALID, Seed, new_value


def test_two_hundred_tokens_rotate_in_one_run_and_the_old_values_end_with_the_overlap(house):
    house.init()
    house.policy(overlap="20s")
    # Half of them live in OpenBao and in a file, half in two secrets of OpenBao.
    seeds = [
        Seed(f"token-{n:03}", [f"bao:apps/{n:03}/api#token", second])
        for n in range(200)
        for second in [f"local:app-{n:03}" if n % 2 else f"bao:mirror/{n:03}#key"]
    ]
    house.import_seeds(seeds)
    assert all(house.accepts(seed.value) for seed in seeds[:10])

    ran = house.json("run")

    assert {action["outcome"] for action in ran["actions"]} == {"started"}, ran["totals"]
    assert {action["name"] for action in ran["actions"]} == {seed.name for seed in seeds}
    assert all(action["cause"] is None for action in ran["actions"])
    for seed in seeds:
        first, second = (house.get(place) for place in seed.destinations)
        assert first == second != seed.value
        assert house.accepts(first), seed.name
    # Siblings of the field are as they were, and each secret was written once.
    for seed in seeds:
        secret = house.secret(f"apps/{seed.name[-3:]}/api")
        assert secret["data"]["note"] == f"keep apps/{seed.name[-3:]}/api"
        assert secret["metadata"]["version"] == 2
    # An overlap lasts until its end has passed, however long we looked around.
    ends = house.rows("SELECT MAX(ends_at) FROM versions WHERE state = 'previous'")[0][0]
    for seed in seeds[::20]:
        accepted = house.accepts(seed.value)
        assert accepted or time.time() >= ends, seed.name

    time.sleep(max(0, ends - time.time()) + 1.1)
    house.rota("run")

    assert not any(house.accepts(seed.value) for seed in seeds)
    assert all(house.accepts(house.get(seed.destinations[1])) for seed in seeds)
    assert house.rows("SELECT COUNT(*) FROM rotations WHERE phase IN ('open', 'overlap')") == [(0,)]


def test_an_old_value_is_accepted_until_its_overlap_ends(house):
    house.init()
    house.policy(overlap="4s")
    seeds = [Seed(f"t{n}", [f"bao:{n}#token", f"local:{n}"]) for n in range(5)]
    house.import_seeds(seeds)
    house.rota("run")

    assert all(house.accepts(seed.value) for seed in seeds)
    house.rota("run")
    assert house.rows("SELECT COUNT(*) FROM versions WHERE state = 'previous'") == [(5,)]

    time.sleep(5)
    house.rota("run")
    assert not any(house.accepts(seed.value) for seed in seeds)


def test_a_run_with_nothing_due_changes_no_vault(house):
    house.init()
    house.policy(overlap="0s")
    seeds = [Seed(f"t{n}", [f"bao:{n}#token", f"local:{n}"]) for n in range(5)]
    house.import_seeds(seeds)
    house.run_until_settled()
    before = [(house.get(place), house.secret(str(n))["metadata"])
              for n, seed in enumerate(seeds) for place in seed.destinations]

    again = house.json("run")

    assert again["actions"] == []
    assert before == [(house.get(place), house.secret(str(n))["metadata"])
                      for n, seed in enumerate(seeds) for place in seed.destinations]


def test_a_destination_with_a_value_that_we_do_not_know_is_blocked_and_untouched(house):
    house.init()
    house.policy()
    good = Seed("good", ["bao:good#token", "local:good"])
    in_bao = Seed("in-bao", ["bao:taken#token", "local:in-bao"])
    in_file = Seed("in-file", ["bao:in-file#token", "local:taken"])
    house.import_seeds([good, in_bao, in_file])
    stranger = new_value()
    house.put("bao:taken#token", stranger)
    house.put("local:taken", stranger)

    def held():
        # All that a change of the file would change; when it was last read (as a probe does) is not of it.
        file = (house.local / "taken").stat()
        kept = file.st_ino, file.st_mode, file.st_nlink, file.st_size, file.st_mtime_ns, file.st_ctime_ns
        return house.secret("taken"), kept, house.secret("in-file")

    before = held()

    # Only a person can mend it, and a run's exit code says so.
    ran = house.json("run", expect=5)

    outcomes = {action["name"]: action for action in ran["actions"]}
    assert (outcomes["good"]["outcome"], outcomes["good"]["cause"]) == ("started", None)
    for name, place in (("in-bao", "bao:taken#token"), ("in-file", "local:taken")):
        assert outcomes[name]["outcome"] == "blocked", outcomes[name]
        assert outcomes[name]["blocked"] == "conflict"
        assert outcomes[name]["cause"] == f"{place} holds a value that rota does not know; it was not touched"
    assert (ran["totals"]["blocked"], ran["totals"]["started"]) == (2, 1)
    assert held() == before
    assert house.get("bao:taken#token") == house.get("local:taken") == stranger
    for seed in (in_bao, in_file):
        assert house.accepts(seed.value)
    # No value was minted for them.
    marks = ", ".join("?" * len(VALID))
    assert house.rows(
        "SELECT COUNT(*) FROM versions JOIN tokens ON tokens.id = token_id"
        f" WHERE name IN ('in-bao', 'in-file') AND versions.state IN ({marks})", *VALID) == [(2,)]


def test_a_conflict_that_is_found_after_arming_is_started_with_its_cause(house, bao):
    with FaultProxy(bao.address) as proxy:
        house.configure(vaults=(
            f"  far:\n    kind: vault-kv2\n    address: {proxy.address}\n    mount: {house.mount}\n"
            "    auth: { token: file:bao-token }\n    timeout: 5s"))
        house.init()
        house.policy(overlap="0s")
        seed, stranger = Seed("late", ["bao:late#token", "local:late"]), new_value()
        for place in seed.destinations:
            house.put(place, seed.value)
        house.json("import", house.inventory([seed.row | {"destinations": "far:late#token local:late"}]))

        def choose(request):
            # The look before found what it should: somebody else is quicker than the first write.
            if request.method in ("POST", "PUT", "PATCH") and "/data/late" in request.path:
                if house.get("bao:late#token") == seed.value:
                    house.put("bao:late#token", stranger)

        proxy.choose = choose
        ran = house.json("run", expect=5)

        told = "far:late#token holds a value that rota does not know; it was not touched"
        [action] = ran["actions"]
        assert (action["outcome"], action["cause"]) == ("started", told)
        assert house.get("bao:late#token") == stranger
        assert house.rows("SELECT phase, cause FROM rotations") == [("open", told)]
        # It was armed: what it minted may be in the other place, and is accepted like the old value.
        states = house.rows("SELECT number, versions.state FROM versions JOIN tokens ON tokens.id = token_id"
                            " WHERE name = 'late' ORDER BY number")
        assert states == [(1, "current"), (2, "pending")]
        assert house.accepts(seed.value) and house.accepts(house.get("local:late"))

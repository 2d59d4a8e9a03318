"""A vault is restored to the day before, when the value of that day has been retired: it is told, nothing else is lost,
and the next rotation mends it."""

from house import Seed


def test_a_value_that_was_retired_and_comes_back_is_told_and_mended_by_a_rotation(house):
    house.init()
    house.policy(overlap="0s", text=None)
    seeds = [Seed(f"token-{n}", [f"bao:apps/{n}#token", f"local:token-{n}"]) for n in range(3)]
    house.import_seeds(seeds)
    house.run_until_settled()
    values = [house.get(seed.destinations[1]) for seed in seeds]
    assert not any(house.accepts(seed.value) for seed in seeds), "the old ones are retired"
    assert house.rota("vault", "drift", "--exit-code").returncode == 0

    # Only one of the vaults, and of one token: the others are as they were.
    place, other = seeds[0].destinations
    house.put(place, seeds[0].value)
    drift = house.json("vault", "drift", "--exit-code", expect=3)
    assert [(row["name"], row["destination"], row["finding"]) for row in drift["drift"]] == [
        ("token-0", place, "ended")], drift
    states = house.rows("SELECT token_id, number, state FROM versions ORDER BY 1, 2")
    for _ in range(2):
        house.rota("run")
    assert house.rows("SELECT token_id, number, state FROM versions ORDER BY 1, 2") == states, "a run changed something"
    assert house.get(place) == seeds[0].value, "a value that nobody has could not be put back"
    assert not house.accepts(seeds[0].value), "what was retired does not come to life again"
    assert all(house.accepts(value) for value in values), "the values of the other places are lost"

    house.rota("token", "rotate", "--overlap", "0s", "token-0")
    house.run_until_settled()
    first, second = house.get(place), house.get(other)
    assert first == second != values[0] and house.accepts(first)
    assert house.secret("apps/0")["data"]["note"] == "keep apps/0"
    assert house.rota("vault", "drift", "--exit-code").returncode == 0
    assert [house.get(seed.destinations[1]) for seed in seeds[1:]] == values[1:]


def test_the_guard_waits_where_it_comes_back_within_the_overlap_and_the_old_value_stays_valid(house):
    house.init()
    house.policy(overlap="1s")
    seed = Seed("token-0", ["bao:apps/0#token", "local:token-0"])
    house.import_seeds([seed])
    house.rota("run")
    place, other = seed.destinations
    value = house.get(other)
    house.put(place, seed.value)
    drift = house.json("vault", "drift", "--exit-code", expect=3)
    assert [row["finding"] for row in drift["drift"]] == ["outdated"], drift
    house.rota("run", expect=None)
    assert house.accepts(seed.value) and house.accepts(value), "a vault holds a value that is refused"
    house.put(place, value)
    house.run_until_settled()
    assert house.accepts(value) and not house.accepts(seed.value)

"""Who holds a value asks what has become of it, and has it rotated, with a real OpenBao behind."""

import concurrent.futures
import signal
import time

import requests

from fault_proxy import FaultProxy
from house import Seed
from serving import Served, wait_until

# Nothing that it would do of itself.
LOOK = ("version: 1\npolicies:\n  - name: look\n    mode: observe\n    match: all\n    rules:\n"
        "      - max-age: 9000d\n        action: notify\n")


def ask(served, value):
    return requests.get(served.address + "/v1/self", headers={"Authorization": f"Bearer {value}"}, timeout=10)


def rotate(served, value):
    return requests.post(served.address + "/v1/self/rotate", headers={"Authorization": f"Bearer {value}"}, timeout=60)


def test_a_holder_follows_his_token_from_value_to_value(house):
    house.init()
    house.policy(overlap="1s")
    seed = Seed("ingest", ["bao:apps/ingest#token", "local:ingest"])
    house.import_seeds([seed])
    house.rota("run")
    house.run_until_settled()
    house.policy(text=LOOK)
    with Served(house) as served:
        answer = ask(served, seed.value)
        assert answer.status_code == 401 and answer.headers["Content-Type"] == "application/problem+json"
        assert "invalid_token" in answer.headers["WWW-Authenticate"]
        told = answer.json()
        assert told["reason"] == "rotated" and told["token"]["name"] == "ingest"
        assert told["since"] and told["successor"]["number"] == 2

        second = house.get(seed.destinations[0])
        assert ask(served, second).json()["standing"] == "valid"

        # Twenty at once with the same value: one rotation.
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: rotate(served, second), range(20)))
        assert {answer.status_code for answer in answers} <= {200, 202, 409}
        assert any(answer.status_code == 200 for answer in answers)
        third = house.get(seed.destinations[0])
        assert third not in (seed.value, second) and house.get(seed.destinations[1]) == third
        assert all(third not in answer.text for answer in answers)
        told = ask(served, second).json()
        assert told["standing"] == "replaced" and told["successor"]["number"] == 3
        assert rotate(served, second).json()["successor"]["number"] == 3
        assert house.rows("SELECT COUNT(*) FROM rotations WHERE claim_actor = 'token:ingest'") == [(1,)]

        house.rota("token", "revoke", "ingest", "--yes", "--reason", "leaked by bob")
        for value in (second, third):
            answer = ask(served, value)
            assert answer.status_code == 401 and answer.json()["reason"] == "revoked"
            # Why, and by whom, is not for a thief.
            assert "bob" not in answer.text and "leaked" not in answer.text
            assert rotate(served, value).status_code == 401
        assert served.stop() < 10


def test_a_vault_that_is_down_loses_nothing_and_its_holder_asks_again(house, bao):
    with FaultProxy(bao.address) as proxy:
        house.init()
        seed = Seed("ingest", ["bao:apps/ingest#token"])
        house.import_seeds([seed])
        settings = house.folder / "rota.yaml"
        settings.write_text(settings.read_text().replace(bao.address, proxy.address))
        house.policy(text=LOOK)
        with Served(house) as served:
            proxy.harm("unavailable")
            answer = rotate(served, seed.value)
            assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
            assert "nothing has changed" in answer.text and "bao" not in answer.text
            assert "bao:apps/ingest#token" in served.log.read_text()
            assert ask(served, seed.value).json()["standing"] == "valid"
            assert house.get(seed.destinations[0]) == seed.value
            # In a loop it is not tried again, and nothing more is written down.
            count = "SELECT count(*) FROM rotations"
            tried = house.rows(count)
            for _ in range(200):
                assert rotate(served, seed.value).status_code == 503
            assert house.rows(count) == tried == [(1,)]
            proxy.harm(None)
            assert served.stop() < 10
        # Whoever begins anew may ask at once.
        with Served(house) as served:
            assert rotate(served, seed.value).status_code == 200
            new = house.get(seed.destinations[0])
            assert new != seed.value and house.accepts(new)
            assert served.stop() < 10


def test_a_stop_in_the_middle_of_it_leaves_what_later_runs_finish(house, bao):
    with FaultProxy(bao.address) as proxy:
        house.init()
        seed = Seed("ingest", ["bao:apps/ingest#token", "local:ingest"])
        house.import_seeds([seed])
        settings = house.folder / "rota.yaml"
        settings.write_text(settings.read_text().replace(bao.address, proxy.address))
        house.policy(text=LOOK)
        # The write arrives, and nobody hears of it.
        proxy.choose = lambda request: "drop-answer" if request.method == "POST" and "/data/" in request.path else None
        with Served(house) as served, concurrent.futures.ThreadPoolExecutor(1) as pool:
            asked = pool.submit(rotate, served, seed.value)
            deadline = time.monotonic() + 30
            while not any(seen.fault for seen in proxy.seen):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            assert served.stop() < 12
            try:
                # Whatever it was told, it was not that the new value is everywhere.
                assert asked.result(30).status_code in (202, 503)
            except requests.ConnectionError:
                pass
        proxy.harm(None)
        assert house.accepts(seed.value)
        deadline = time.monotonic() + 60
        while house.rows("SELECT phase FROM rotations") != [("overlap",)]:
            assert time.monotonic() < deadline
            house.rota("run", expect=None)
        values = {house.get(place) for place in seed.destinations}
        assert len(values) == 1 and house.accepts(values.pop())


def test_a_new_configuration_in_the_middle_of_it_breaks_nothing_off(house, bao):
    with FaultProxy(bao.address) as proxy:
        house.init()
        seeds = [Seed(f"ingest-{number}", [f"bao:apps/ingest-{number}#token", f"local:ingest-{number}"])
                 for number in range(12)]
        house.import_seeds(seeds)
        settings = house.folder / "rota.yaml"
        settings.write_text(settings.read_text().replace(bao.address, proxy.address))
        house.policy(text=LOOK)
        with Served(house) as served, concurrent.futures.ThreadPoolExecutor(12) as pool:
            asked = [pool.submit(rotate, served, seed.value) for seed in seeds]
            while not any(answer.done() for answer in asked):
                served.process.send_signal(signal.SIGHUP)
                # How often it is asked to read its configuration, and not for how long anything is waited for.
                time.sleep(0.02)
            answers = [answer.result(60) for answer in asked]
            assert {answer.status_code for answer in answers} <= {200, 202}, [answer.text for answer in answers]
            wait_until(lambda: all(house.get(seed.destinations[0]) == house.get(seed.destinations[1]) != seed.value
                                   for seed in seeds))
            assert "ended" not in served.log.read_text()
            assert served.stop() < 12
        assert house.rows("SELECT DISTINCT phase FROM rotations") == [("overlap",)]

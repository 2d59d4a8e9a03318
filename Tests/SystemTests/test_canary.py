"""No value is anywhere but in the vaults: every place that we write to is searched for every value."""

import base64
import json
import time

from house import Seed, new_value


def forms(value):
    """The value as it might have slipped out: plain, without prefix, in base64, in hex."""
    body = value.split("-" if value.startswith("glpat") else "_", 1)[1]
    plain = value.encode()
    return [body.encode(), base64.b64encode(plain)[:-4], base64.urlsafe_b64encode(plain)[:-4],
            plain.hex().encode(), plain.hex().upper().encode()]


def mistakes(house, live):
    """Values where names should be: in a gateway's log, an inventory, on the command line. Answers those values."""
    typed = {live, new_value(), new_value("acme"), "glpat-9Zk_3xQw7-TbN2vLp8Rd"}
    for number, value in enumerate(sorted(typed)):
        columns = {"time": "2026-01-01", "token": value, "agent": value}
        log = house.folder / f"log{number}.csv"
        log.write_text(",".join(columns) + "\n" + ",".join(columns.values()) + "\n")
        lines = house.folder / f"log{number}.jsonl"
        lines.write_text(json.dumps({"token": value, "time": value, value: 1}) + "\n")
        for options in ([], ["--json"], ["--strict"], ["--dry-run", "--json"]):
            house.rota("import", "--usage", log, *options, expect=2)
            house.rota("import", "--usage", lines, *options, expect=2)
        log.write_text(f"token,time,agent,source,scopes\nt03,2026-01-01,{value},{value},{value}\n")
        house.rota("import", "--usage", log)
        house.rota("import", "--usage", log, "--map", f"{value}=token", expect=None)
        for rows in (f"name,issuer\n{value},rota\n", f"name,issuer,external_id\nx,rota,{value}\n", f"{value},rota\n",
                     f"name,issuer,state,labels\nx,{value},{value},{value}\n", f"name,issuer,scopes\nx,rota,{value} \"\n"):
            inventory = house.folder / f"typed{number}.csv"
            inventory.write_text(rows)
            for options in ([], ["--json"], ["--dry-run"]):
                house.rota("import", inventory, *options, expect=2)
        for command in (["token", "show"], ["token", "verify"], ["token", "rotate"], ["token", "revoke", "--yes"],
                        ["token", "edit"], ["policy", "explain"], ["vault", "check"], ["vault", "adopt", "--yes"],
                        ["vault", "drift"], ["import"], ["token"], ["webhook", "test"], ["webhook", "replay"],
                        ["audit", "tail", "--token"], ["token", "list", "--state"], ["token", "create", "--name"],
                        ["token", "create", "--name", "y", "--expires"], ["token", "create", "--name", "y", "--destination"]):
            for extra in ([], ["--json"]):
                reason = ["--reason", "test"] if "revoke" in command else []
                done = house.rota(*command, value, *reason, *extra, expect=None)
                assert done.returncode != 0, (command, done.stdout)
    return typed


def test_no_value_is_in_the_store_its_log_the_output_the_webhooks_or_the_reports(house, receiver):
    receiver.failures = 1
    house.configure(webhook=receiver.address)
    admin = house.init()
    house.policy(overlap="1s")
    seeds = [Seed(f"t{n:02}", [f"bao:{n}#token", f"local:{n}"]) for n in range(30)]
    house.import_seeds(seeds)
    strange = Seed("strange", ["local:strange"])
    house.import_seeds([strange])
    house.put("local:strange", unknown := Seed("x", []).value)
    values = {admin, unknown, strange.value} | {seed.value for seed in seeds}
    shown = house.rota("token", "create", "--name", "fresh", "--owner", "me").stdout.strip().splitlines()[-1]
    house.outputs = [text for text in house.outputs if shown not in text]  # shown once: that is its place
    values.add(shown)
    stages = []
    for _ in range(3):
        house.rota("run", "--json", expect=None)
        values |= {house.get(place) for seed in seeds for place in seed.destinations}
        stages += [path.read_bytes() for path in house.store.parent.iterdir()]
        time.sleep(1.2)
        house.rota("token", "rotate", seeds[0].name, "--overlap", "1s", expect=None)
        values |= {house.get(place) for place in seeds[0].destinations}
    house.accepts(seeds[0].value)
    values |= mistakes(house, seeds[0].value)
    house.rota("run", expect=None)
    house.rota("token", "revoke", seeds[1].name, "--reason", "test", "--yes")
    for command in (["token", "list"], ["token", "show", "t00"], ["token", "show", "t01"], ["status"], ["plan"],
                    ["audit", "tail", "--limit", "100000"], ["policy", "explain", "t02"], ["webhook", "list"]):
        house.rota(*command)
        house.rota(*command, "--json")
    for kind in ("html", "json", "csv"):
        house.rota("report", "--output", house.folder / f"report.{kind}")
        stages.append((house.folder / f"report.{kind}").read_bytes())
    stages += [path.read_bytes() for path in house.store.parent.iterdir()]
    stages += [body + repr(headers).encode() for headers, body, _ in receiver.requests]
    stages += [text.encode() for text in house.outputs]

    assert len(values) >= 3 * len(seeds) // 2 and receiver.requests
    everything = b"\n".join(stages)
    # The search itself works: the digest of a value is in the store, and its last four are shown.
    assert values and shown[-4:].encode() in everything
    for value in values:
        for form in forms(value):
            assert form not in everything, f"a value ending in {value[-4:]} slipped out"
    for secret in (house.bao.token, house.signing_secret, house.signing_secret.removeprefix("whsec_")):
        assert secret.encode() not in everything

"""No value is anywhere but in the vaults: every place that we write to is searched for every value."""

import base64
import json
import signal
import time

import requests

from house import Seed, new_value
from serving import Served
from test_http import issue


def forms(value):
    """The value as it might have slipped out: plain, without prefix, in base64, in hex."""
    body = value.split("-" if value.startswith("glpat") else "_", 1)[1]
    plain = value.encode()
    return [body.encode(), base64.b64encode(plain)[:-4], base64.urlsafe_b64encode(plain)[:-4],
            plain.hex().encode(), plain.hex().upper().encode()]


def assert_absent(values, stages, house):
    everything = b"\n".join(stages)
    for value in values:
        for form in forms(value):
            place = everything.find(form)
            around = everything[max(0, place - 200):place]
            assert place < 0, f"a value ending in {value[-4:]} slipped out, after {around}"
    for secret in (house.bao.token, house.signing_secret, house.signing_secret.removeprefix("whsec_")):
        assert secret.encode() not in everything


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
    # The search itself works: the digest of a value is in the store, and its last four are shown.
    assert any(shown[-4:].encode() in stage for stage in stages)
    assert_absent(values, stages, house)


def test_no_value_is_in_the_log_of_the_daemon_or_in_what_it_writes(house, receiver):
    """At its most talkative, asked about good values and bad ones by everybody who may and may not."""
    house.configure(webhook=receiver.address)
    admin = house.init()
    house.policy(text=(
        "version: 1\npolicies:\n  - name: quarterly\n    mode: enforce\n    match: { name: \"t*\" }\n    rules:\n"
        "      - max-age: 90d\n        action: rotate\n        overlap: 1s\n"))
    with (house.folder / "rota.yaml").open("a") as file:
        file.write("log: { format: logfmt, level: debug }\n")
    seeds = [Seed(f"t{n:02}", [f"bao:{n}#token", f"local:{n}"]) for n in range(20)]
    house.import_seeds(seeds)
    gateway = issue(house, "gateway", "rota:introspect", "rota:operate")
    doomed = [issue(house, f"doomed-{n}", "read") for n in range(3)]
    # They were shown once: that is their place.
    shown = [admin, gateway, *doomed]
    house.outputs = [text for text in house.outputs if not any(value in text for value in shown)]
    stranger, wrong = new_value(), new_value()[:-1] + "!"
    held = lambda: {house.get(place) for seed in seeds for place in seed.destinations}
    values = {*shown, stranger, wrong, *(seed.value for seed in seeds)} | held()
    stages = []

    def quoted(value):
        return "".join(f"%{byte:02x}" for byte in value[:3].encode()) + value[3:]

    def written():
        return [path.read_bytes() for path in house.store.parent.iterdir() if path.is_file()]

    with Served(house) as served, requests.Session() as client:
        client.auth = ("gateway", gateway)

        def ask(path, value, **more):
            answer = client.post(f"{served.address}/v1/{path}", data={"token": value, **more}, timeout=10)
            stages.append(answer.content + repr(answer.headers).encode())
            return answer

        house.rota("run", "--deliver-within", "1s")  # beside the daemon, which ends the overlaps
        end = time.monotonic() + 60
        while house.rows("SELECT COUNT(*) FROM versions WHERE state = 'revoked'")[0][0] < len(seeds):
            assert time.monotonic() < end, served.log.read_text()[-2000:]
            for value in list(values):
                ask("introspect", value, source="10.0.0.9", agent="canary", scope="read")
            values |= held()
            time.sleep(0.2)  # between two looks at what the daemon does by itself; `end` bounds them
        for value in held():
            assert ask("introspect", value).json()["active"] is True
            authorized = requests.get(
                f"{served.address}/v1/authorize", headers={"Authorization": f"Bearer {value}"}, timeout=10)
            assert authorized.status_code == 200
            stages.append(authorized.content + repr(authorized.headers).encode())
        for value in doomed:
            assert ask("revoke", value).status_code == 200
            assert ask("introspect", value).json() == {"active": False}
        # Who is wrong in every way that there is: an unknown caller, a value for a password, a value in the address.
        for caller in (("gateway", stranger), ("token", doomed[0]), (seeds[0].value, wrong)):
            refused = requests.post(
                f"{served.address}/v1/introspect", data={"token": stranger}, auth=caller, timeout=10)
            assert refused.status_code == 401
            stages.append(refused.content + repr(refused.headers).encode())
        for path in (f"/v1/introspect?token={seeds[0].value}", f"/{gateway}", f"/v1/introspect/{quoted(gateway)}",
                     f"/v1/authorize?access_token={doomed[0]}"):
            for method in ("GET", "POST"):
                refused = requests.request(method, served.address + path, timeout=10)
                assert refused.status_code >= 400, path
                stages.append(refused.content + repr(refused.headers).encode())
        stages += written()
        served.process.send_signal(signal.SIGHUP)
        time.sleep(1.2)  # what a reload and a flush of uses write is to be searched, too
        served.stop()
    stages += written()
    log = house.outputs[-1]
    for word in ("/v1/introspect", "/v1/revoke", "/v1/authorize", "level=debug"):
        assert word in log, "it is the log that we meant"
    assert any(b"token.revoked" in body for _, body, _ in receiver.requests)
    assert any(b"token.reuse_detected" in body for _, body, _ in receiver.requests)
    for format in ("html", "json", "csv"):
        stages.append(house.rota("report", "--format", format).stdout.encode())
    house.rota("token", "show", "gateway", "--json")
    stages += [body + repr(headers).encode() for headers, body, _ in receiver.requests]
    stages += [text.encode() for text in house.outputs]
    assert len(values) >= 2 * len(seeds)
    assert_absent(values, stages, house)

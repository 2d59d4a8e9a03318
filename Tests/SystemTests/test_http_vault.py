"""The `http` vault against an endpoint that takes exactly the requests that are described, and nothing else."""

import hashlib
import json
import os
import random
import secrets
import signal
import subprocess
import time

import pytest

from house import Seed, digest, new_value
from servers import Server

ACCEPTED = {"host", "user-agent", "accept", "private-token"}


class Strict(Server):
    """Keeps values by path and field. `reading`: whether it lets anybody read; `conditional`: whether it gives
    ETags, and takes no change without a condition."""

    def __init__(self, reading=True, conditional=True, removing=False):
        super().__init__()
        self.reading, self.conditional, self.removing = reading, conditional, removing
        self.password = "canary" + secrets.token_hex(12)
        self.values, self.faults, self.writes = {}, [], []
        self.drops = 0  # so many answers to writes are not given, although the writes are carried out

    def handle(self, request, body):
        with self.lock:
            fault = self.serve(request, body)
        if fault:
            self.faults.append(fault)
            request.reply(400, b'{"error":"refused"}')

    def serve(self, request, body):
        headers = {name.lower(): value for name, value in request.headers.items()}
        parts = request.path.split("/")
        if len(parts) < 5 or parts[:3] != ["", "v1", "variables"] or "?" in request.path:
            return f"address {request.path}"
        expected = set(ACCEPTED)
        if request.command == "PUT":
            expected |= {"content-type", "content-length"}
            if self.conditional:
                expected.add("if-match" if "if-match" in headers else "if-none-match")
        if set(headers) != expected or headers["private-token"] != self.password:
            return f"{request.command} with {sorted(headers)}"
        value = self.values.get(request.path)
        tag = value and '"%s"' % hashlib.sha256(value.encode()).hexdigest()[:20]
        if request.command == "GET" and self.reading and not body:
            if value is None:
                return request.reply(404, b"{}")
            answer = json.dumps({"variable": {"key": parts[-1], "value": value}}).encode()
            request.send_response(200)
            request.send_header("Content-Length", str(len(answer)))
            if self.conditional:
                request.send_header("ETag", tag)
            request.end_headers()
            request.wfile.write(answer)
            return None
        if request.command == "DELETE" and self.removing and not body:
            return request.reply(404 if self.values.pop(request.path, None) is None else 204)
        if request.command != "PUT" or headers["content-type"] != "application/json":
            return f"method {request.command}"
        document = json.loads(body)
        if set(document) != {"value", "masked"} or document["masked"] is not True:
            return "body"
        if self.conditional and (headers["if-match"] != tag if "if-match" in headers else value is not None):
            return request.reply(412)
        self.values[request.path] = document["value"]
        self.writes.append((request.path, document["value"]))
        if self.drops:
            self.drops -= 1
            request.close_connection = True
            return None
        return request.reply(201)

    def settings(self, name="ci"):
        url = f"{self.address}/v1/variables/{{{{path}}}}/{{{{field}}}}"
        lines = [
            f"  {name}:", "    kind: http", "    write:", "      method: PUT", f'      url: "{url}"',
            "      headers: { Content-Type: application/json }",
            """      body: '{"value": "{{value}}", "masked": true}'""", "      success: [201]",
            "    credential: { header: PRIVATE-TOKEN, secret: file:ci-token }", "    timeout: 2s",
        ]
        if self.reading:
            lines += ["    read:", f'      url: "{url}"', "      value: /variable/value"]
        if self.removing:
            lines += ["    remove:", f'      url: "{url}"']
        if self.conditional:
            lines += ["    conditional: etag"]
        return "\n".join(lines)

    def put(self, place, value):
        self.values[self.key(place)] = value

    def get(self, place):
        return self.values[self.key(place)]

    @staticmethod
    def key(place):
        path, _, field = place.removeprefix("ci:").partition("#")
        return f"/v1/variables/{path}/{field}"


def furnish(house, server, seeds):
    house.keep("ci-token", server.password + "\n")
    house.configure(vaults=server.settings())
    house.init()
    house.policy(overlap="1s")
    for seed in seeds:
        for place in seed.destinations:
            (server if place.startswith("ci:") else house).put(place, seed.value)
    house.rota("import", house.inventory(seeds))


def assert_nothing_slipped(house, server):
    assert server.faults == []
    assert server.password not in "".join(house.outputs)


@pytest.mark.parametrize("conditional", [True, False])
def test_values_are_rotated_read_back_and_retired(bare, conditional):
    seeds = [Seed(f"t{n}", [f"ci:group/project-{n}#API_KEY", f"local:{n}"]) for n in range(5)]
    with Strict(conditional=conditional) as server:
        furnish(bare, server, seeds)
        ran = bare.json("run")
        # On a busy machine the overlap of a second may be over within the run.
        assert {action["outcome"] for action in ran["actions"]} <= {"started", "done"} and len(ran["actions"]) == 5
        for seed in seeds:
            new = server.get(seed.destinations[0])
            assert new == bare.get(seed.destinations[1]) != seed.value and bare.accepts(new)
        assert len(server.writes) == 5
        time.sleep(2.1)
        bare.rota("run")
        # None of these was ever sent by us, so that no late write can bring one back.
        assert not any(bare.accepts(seed.value) for seed in seeds)
        assert_nothing_slipped(bare, server)
        show = bare.json("token", "show", "t0")["destinations"]
        caveat = {place["vault"]: place["caveat"] for place in show}
        assert caveat == {"ci": None if conditional else "the last of several writes wins", "local": None}


def test_where_nobody_can_read_the_answer_is_taken_and_said_to_be_no_proof(bare):
    seed = Seed("t", ["ci:group/project#API_KEY", "local:t"])
    with Strict(reading=False, conditional=False) as server:
        furnish(bare, server, [seed])
        server.drops = 1
        ran = bare.json("run")
        assert [action["outcome"] for action in ran["actions"]] == ["started"]
        new = bare.get("local:t")
        # The first answer was lost: the same value was written once more.
        assert server.writes == [(server.key(seed.destinations[0]), new)] * 2
        assert "version 2 (acknowledged, never read back)" in bare.rota("token", "show", "t").stdout
        listed = {vault["name"]: vault for vault in bare.json("vault", "list")["vaults"]}
        assert listed["ci"]["capabilities"] == {
            "conditional_write": False, "fence": False, "history": False, "read_back": False}
        time.sleep(2.1)
        bare.rota("run")
        assert bare.accepts(new) and not bare.accepts(seed.value)
        # That nobody can read it is known beforehand, and no trouble of every night.
        assert "1 beside them that nobody can read" in bare.rota("vault", "drift", "--exit-code").stdout
        totals = bare.json("vault", "drift")["totals"]
        assert (totals["as_expected"], totals["unreadable"], totals["write_only"]) == (1, 0, 1)
        assert "other destination" in bare.rota("vault", "adopt", "--all", "--dry-run").stdout
        assert_nothing_slipped(bare, server)


def test_what_somebody_else_wrote_is_a_conflict_and_stays(bare):
    seeds = [Seed(f"t{n}", [f"ci:p/{n}#K"]) for n in range(2)]
    stranger = new_value()
    with Strict() as server:
        furnish(bare, server, seeds)
        server.put(seeds[0].destinations[0], stranger)
        ran = json.loads(bare.rota("run", "--json", expect=None).stdout)
        actions = {action["name"]: action for action in ran["actions"]}
        assert actions["t0"]["outcome"] == "blocked" and actions["t1"]["outcome"] == "started"
        assert server.get(seeds[0].destinations[0]) == stranger
        assert [path for path, _ in server.writes] == [server.key(seeds[1].destinations[0])]
        assert_nothing_slipped(bare, server)


@pytest.mark.parametrize("reading", [True, False])
def test_killed_at_random_moments_every_place_holds_what_is_accepted(bare, reading):
    number = int(os.environ.get("ROTA_SEED", time.time_ns() % 1_000_000))
    print(f"ROTA_SEED={number}")
    chance = random.Random(number)
    seeds = [Seed(f"t{n}", [f"ci:p/{n}#K", f"local:{n}"]) for n in range(8)]
    with Strict(reading=reading, conditional=reading) as server:
        furnish(bare, server, seeds)
        stopped = early = 0
        while stopped < 10:
            arguments = ["run"] if chance.random() < 0.5 else [
                "token", "rotate", "--overlap", "1s", *(seed.name for seed in seeds)]
            process = subprocess.Popen(
                bare.command(*arguments), env=bare.environment, cwd=bare.folder, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(chance.uniform(0.01, 0.3))
                early += 1
                assert early < 300, "it always ends before it is stopped"
                continue
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                stopped += 1
            valid = bare.valid_digests()
            for seed in seeds:
                assert digest(server.get(seed.destinations[0])) in valid, seed.name
        assert_nothing_slipped(bare, server)
        # What may come back unconditionally stays valid for an hour: no wait for that here.
        for _ in range(30):
            bare.rota("run", "--quiet", expect=None)
            if not bare.rows("SELECT 1 FROM versions WHERE state = 'pending'"):
                break
            time.sleep(1)
        assert bare.rows("SELECT 1 FROM versions WHERE state = 'pending'") == []
        for seed in seeds:
            assert server.get(seed.destinations[0]) == bare.get(seed.destinations[1])
            assert bare.accepts(bare.get(seed.destinations[1]))


def steps(house, *arguments, expect=0):
    [trial] = house.json("vault", "check", "ci", *arguments, expect=expect)["vaults"]
    return trial, {step["step"]: step["left_out"] or step["ok"] for step in trial["steps"]}


def test_a_check_tries_a_place_with_a_field_and_leaves_nothing(bare):
    with Strict(conditional=False, removing=True) as server:
        furnish(bare, server, [Seed("t", ["ci:p#K", "local:t"])])
        before = dict(server.values)
        for arguments in ([], ["--path", "apps/scratch"], ["--path", "apps/scratch#K"]):
            trial, told = steps(bare, *arguments)
            assert trial["ok"] and set(told.values()) == {True}, told
        assert trial["place"] == "ci:apps/scratch#K"
        assert server.values == before and len({path for path, _ in server.writes}) == 3
        assert [path for path, _ in server.writes][0].endswith("/rota-check")
        assert_nothing_slipped(bare, server)


@pytest.mark.parametrize("reading", [True, False])
def test_a_check_writes_nothing_that_could_not_be_removed_again(bare, reading):
    with Strict(conditional=False, reading=reading) as server:
        furnish(bare, server, [Seed("t", ["ci:p#K", "local:t"])])
        before = dict(server.values)
        for _ in range(2):
            trial, told = steps(bare)
            assert trial["ok"] and told["login"] is True and told["read"] is True
            assert told["write"] == "it could not be removed again"
        assert server.values == before and server.writes == []
        text = bare.rota("vault", "check", "ci").stdout
        assert "not tried: it could not be removed again" in text
        assert_nothing_slipped(bare, server)

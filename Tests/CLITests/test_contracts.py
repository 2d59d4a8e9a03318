"""What scripts rely on: the shapes of --json, exit codes, and that no value is anywhere but in its one showing."""

import contextlib
import http.server
import json
import pathlib
import re
import sqlite3
import threading

VALUE = re.compile(r"^[a-z][a-z0-9]{1,15}_[0-9A-Za-z]{36}$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")

POLICY = """
version: 1
policies:
  - name: rotation
    mode: enforce
    match: { labels: { env: prod } }
    rules:
      - { max-age: 30d, action: rotate, start-before: 3d, overlap: 24h }
"""


def initialise(workspace):
    document = call(workspace, "rota init --json")
    (workspace.directory / "Policies/baseline.yaml").write_text(POLICY)
    return document


def call(workspace, command, code=0):
    result = workspace.sh(command)
    assert result.returncode == code, result.stderr
    return json.loads(result.stdout)


def test_init_and_create_show_a_value_once(workspace):
    first = initialise(workspace)
    assert VALUE.match(first["value"]) and first["token"]["scopes"] == ["rota:admin"]
    again = call(workspace, "rota init --json")
    assert again["value"] is None and again["token"] is None and again["instance"] == first["instance"]
    made = call(workspace, "rota token create --name a --json --label env=prod --scope x:y")
    assert VALUE.match(made["value"])
    token = made["token"]
    assert token["labels"] == {"env": "prod"} and token["scopes"] == ["x:y"] and token["active"] is True
    assert TIME.match(token["created_at"]) and token["expires_at"] is None
    pushed = call(workspace, "rota token create --name b --json --destination local:b")
    assert pushed["value"] is None and pushed["pushed"] is True and pushed["token"]["version"] == 1


def test_a_plan_has_the_shape_that_is_promised(workspace):
    initialise(workspace)
    call(workspace, "rota token create --name a --json --label env=prod --destination local:a")
    call(workspace, "rota token create --name b --json --label env=prod")
    plan = call(workspace, "rota plan --json --at 40d")
    assert DIGEST.match(plan["plan"]["digest"]) and DIGEST.match(plan["plan"]["policies_digest"])
    assert TIME.match(plan["plan"]["at"]) and plan["plan"]["generation"] == 1 and plan["plan"]["id"]
    assert plan["totals"] == {"candidates": 3, "actions": 2, "waiting": 0, "blocked": 1}
    actions = {action["name"]: action for action in plan["actions"]}
    wanted = {"token_id", "name", "action", "policy", "rule", "reason", "message", "deadline", "blocked", "covers"}
    for action in actions.values():
        assert wanted <= action.keys()
        assert (action["action"], action["policy"], action["rule"]) == ("rotate", "rotation", "max-age")
        assert action["reason"] == "max-age-exceeded" and TIME.match(action["deadline"])
    assert actions["a"]["blocked"] is None and actions["b"]["blocked"] == "no-destination"
    again = call(workspace, "rota plan --json --at 40d")
    assert again["plan"]["digest"] == plan["plan"]["digest"]


def test_a_run_has_the_shape_that_is_promised(workspace):
    initialise(workspace)
    run = call(workspace, "rota run --json")
    assert {"id", "plan", "started", "finished"} <= run["run"].keys()
    assert run["actions"] == [] and TIME.match(run["run"]["started"])
    status = call(workspace, "rota status --json")
    assert status["last_run"]["id"] == run["run"]["id"] and status["rotations"] == []


def test_a_stuck_rotation_is_told_by_every_run_until_it_is_finished(workspace):
    initialise(workspace)
    call(workspace, "rota token create --json --name a --destination local:a")
    workspace.sh("rota token rotate a --overlap 1s; sleep 1; mv secrets/a kept; echo theirs > secrets/a")
    first = call(workspace, "rota run --json", 5)
    # Its next try is seconds away, or this one is that: it is told all the same.
    for run in [first, call(workspace, "rota run --json", 5)]:
        [action] = run["actions"]
        assert (action["name"], action["action"], action["outcome"]) == ("a", "rotate", "started")
        assert "does not hold the current value" in action["cause"] and TIME.match(action["next_attempt_at"])
        assert run["totals"]["started"] == 1
    result = workspace.sh("rota run")
    assert result.returncode == 5 and "does not hold the current value" in result.stdout, result.stdout
    assert "; next try in" in result.stdout and "0 done, 1 started, 0 waiting" in result.stdout
    # Under a brake it is not told as started, nor left out.
    workspace.sh("rota freeze --reason release")
    held = call(workspace, "rota run --json", 4)
    [action] = held["actions"]
    assert (action["name"], action["outcome"], action["next_attempt_at"]) == ("a", "skipped", None)
    assert "release" in action["cause"] and held["totals"]["skipped"] == 1 and held["totals"]["started"] == 0


def test_by_a_clock_that_is_behind_the_store_nothing_is_done_until_it_is_confirmed(workspace):
    initialise(workspace)
    call(workspace, "rota token create --json --name a --label env=prod --destination local:a")
    with contextlib.closing(sqlite3.connect(workspace.directory / "rota.db")) as store, store:
        store.execute(
            "INSERT INTO audit (at, actor, action, object, body)"
            " SELECT at + 7500, actor, action, object, body FROM audit ORDER BY number DESC LIMIT 1")
    error = failure(workspace, "rota run --json", 4)
    assert "the clock is suspect, and nothing was done" in error["message"] and "2 hours" in error["message"]
    assert "rota run --trust-clock" in error["hint"]
    assert call(workspace, "rota status --json")["last_run"] is None
    # What is by no clock goes on; it is no confirmation.
    call(workspace, "rota token create --json --name b")
    assert workspace.sh("rota run").returncode == 4
    result = workspace.sh("rota run --trust-clock")
    assert result.returncode == 0 and "the clock is trusted, though it shows" in result.stderr
    assert workspace.sh("rota run").returncode == 0
    assert workspace.sh("rota audit tail | grep -c clock.trust").stdout == "1\n"


def test_a_report_has_the_shape_that_is_promised(workspace):
    initialise(workspace)
    call(workspace, "rota token create --name a --json --label env=prod")
    report = call(workspace, "rota report --format json --at 40d --exit-code", code=3)
    assert report["report"]["hypothetical"] is True and report["totals"]
    [row] = [row for row in report["verdicts"] if row["name"] == "a"]
    assert row.keys() >= {"token_id", "name", "policy", "rule", "status", "reason", "message", "deadline"}
    assert row["status"] == "violating"


def test_a_list_is_ordered_and_filtered(workspace):
    initialise(workspace)
    for name in ["c", "a", "b"]:
        call(workspace, f"rota token create --json --name {name} --owner team-{name}")
    names = [token["name"] for token in call(workspace, "rota token list --json")["tokens"]]
    assert names == ["a", "admin", "b", "c"]
    cut = call(workspace, "rota token list --json --owner 'team-*' --limit 2")
    assert [token["name"] for token in cut["tokens"]] == ["a", "b"] and cut["more"] is True


def test_a_closed_pipe_is_no_error(workspace):
    initialise(workspace)
    for number in range(5):
        call(workspace, f"rota token create --json --name t{number}")
    result = workspace.sh("rota token list | head -1")
    assert result.returncode == 0 and result.stderr == ""


def test_output_that_cannot_be_written_is_a_failure(workspace):
    initialise(workspace)
    result = workspace.sh("rota token list > /dev/full")
    assert result.returncode == 1 and "cannot write the output" in result.stderr


def test_names_cannot_play_with_the_terminal(workspace):
    initialise(workspace)
    result = workspace.sh("rota token show \"$(printf 'x\\033[2Jy')\"")
    assert result.returncode == 1 and "\033" not in result.stderr


def test_a_value_is_nowhere_but_in_its_showing(workspace):
    value = initialise(workspace)["value"]
    pushed = "rota token create --json --name b --destination local:b && rota token rotate b && cat secrets/b"
    secret = workspace.sh(pushed).stdout.splitlines()[-1]
    assert VALUE.match(secret)
    workspace.sh(f"printf %s {value} > mine")
    commands = [
        "rota token list", "rota token list --json", "rota token show admin --json", "rota token show b --json",
        "rota audit tail --json", "rota report --format html", "rota report --json", "rota report --format csv",
        "rota run --json", "rota status --json", "rota token verify --file mine --json", f"rota status {value}",
        f"rota token verify {secret}",
    ]
    for command in commands:
        result = workspace.sh(command)
        for text in [result.stdout, result.stderr]:
            assert value not in text and secret not in text, command
    for path in workspace.directory.rglob("*"):
        if path.is_file() and path.name != "mine" and path.parent.name != "secrets":
            content = path.read_bytes()
            assert value.encode() not in content and secret.encode() not in content, path


def failure(workspace, command, code):
    """What a command that fails says: one JSON document on standard error, and nothing beside it."""
    result = workspace.sh(command)
    assert result.returncode == code, result.stderr
    error = json.loads(result.stderr)["error"]
    assert error["code"] == code and error["message"] and "hint" in error
    return error


def test_with_json_an_error_is_one_document(workspace):
    error = failure(workspace, "rota plan --json", 2)
    assert error["message"].startswith("there is no configuration") and "rota init" in error["hint"]
    initialise(workspace)
    error = failure(workspace, "rota token show admim --json", 1)
    assert error["message"] == "there is no token 'admim'" and error["hint"] == "did you mean 'admin'?"
    failure(workspace, "rota token revoke --json nobody --reason x", 1)
    assert "\033" not in failure(workspace, "rota token show --json \"$(printf 'x\\033[2J')\"", 1)["message"]


def test_with_json_faults_are_a_list_with_their_places(workspace):
    initialise(workspace)
    policies = workspace.directory / "Policies/baseline.yaml"
    policies.write_text(POLICY.replace("enforce", "enforc").replace("match:", "mtach:"))
    faults = failure(workspace, "rota plan --json", 2)["faults"]
    assert [fault["line"] for fault in faults] == [4, 5, 6]
    [mode] = [fault for fault in faults if fault["line"] == 5]
    assert mode["file"] == "Policies/baseline.yaml" and mode["column"] == 11 and mode["severity"] == "error"
    assert mode["hint"] == "did you mean 'enforce'?" and "enforc" in mode["message"]
    (workspace.directory / "rota.yaml").write_text("stroe: x\n")
    faults = failure(workspace, "rota status --json", 2)["faults"]
    assert {(fault["file"], fault["line"]) for fault in faults} == {("rota.yaml", 1)} and len(faults) == 3


def test_with_json_remarks_are_left_out(workspace):
    initialise(workspace)
    call(workspace, "rota token create --name a --json")
    result = workspace.sh("rota token revoke a --reason x --yes --json")
    assert result.returncode == 0 and result.stderr == "" and json.loads(result.stdout)["revocations"]


def test_what_was_written_is_in_the_store_when_a_command_has_ended(workspace):
    initialise(workspace)
    log = workspace.directory / "rota.db-wal"
    names = " ".join(f"t{number}" for number in range(12))
    workspace.sh(f"for name in {names}; do rota token create --json --name $name --destination local:$name; done")
    call(workspace, f"rota token rotate --json {names}")
    assert log.stat().st_size <= 64 << 10
    call(workspace, f"rota token revoke --json --yes --reason x {names}")
    assert log.stat().st_size <= 64 << 10


def test_another_user_is_sent_to_the_owner(workspace):
    initialise(workspace)
    # Only root can give a file away. Anybody can have the program think that it is somebody else.
    source = pathlib.Path(__file__).parents[1] / "SystemTests/another_user.c"
    assert workspace.sh(f"cc -shared -fPIC -o another_user.so '{source}'").returncode == 0, "run 'make deps'"
    result = workspace.sh('LD_PRELOAD="$PWD/another_user.so" rota status')
    assert result.returncode == 2
    assert "belongs to" in result.stderr and "hint: run it as its owner: sudo -u" in result.stderr


def test_a_dry_run_tells_all_of_a_long_file_to_a_script_and_its_beginning_to_people(workspace):
    initialise(workspace)
    rows = "".join(f"t{number},rota,team-{number}\n" for number in range(300))
    (workspace.directory / "long.csv").write_text("name,issuer,owner\n" + rows)
    document = call(workspace, "rota import long.csv --dry-run --json")["import"]
    assert len(document["changes"]) == 300 and document["changes_untold"] == 0
    assert document["changes"][299]["fields"][1] == {"field": "owner", "before": "", "after": "team-299"}
    shown = workspace.sh("rota import long.csv --dry-run")
    assert "team-19\n" in shown.stdout and "team-20\n" not in shown.stdout and "t199\n" in shown.stdout
    assert "… and 100 more" in shown.stdout and "the fields of the first 20 are shown" in shown.stdout


def test_of_a_long_plan_people_see_the_first_and_what_the_rest_is_and_a_script_all(workspace):
    initialise(workspace)
    workspace.sh("sed -i 's/percent: 20/percent: 100/' rota.yaml")
    rows = [f"t{number:03},rota,env=prod,2026-01-01T{number // 60:02}:{number % 60:02}:00Z,"
            + (f"local:t{number:03}" if number < 60 else "") for number in range(130)]
    header = "name,issuer,labels,created_at,destinations"
    (workspace.directory / "many.csv").write_text("\n".join([header, *rows]) + "\n")
    call(workspace, "rota import many.csv --json")
    lines = workspace.sh("rota plan").stdout.splitlines()
    assert [line.split()[1] for line in lines[1:51]] == [f"t{number:03}" for number in range(50)]
    rest = [line for line in lines if line.startswith("…")]
    assert rest == [
        "… and 10 more (10 of rotation: rotate, max-age-exceeded); see them with --all or --json",
        "… and 20 more (20 of rotation: rotate, no-destination); see them with --all or --json",
    ], lines
    assert any(line.startswith("130 actions: 60 to be taken, 0 waiting, 70 blocked") for line in lines), lines
    whole = workspace.sh("rota plan --all").stdout
    assert "…" not in whole and len(re.findall(r"^rotate  t\d\d\d ", whole, re.M)) == 130
    assert len(call(workspace, "rota plan --json")["actions"]) == 130


def test_of_many_blocked_actions_status_shows_the_first_and_counts_the_rest(workspace):
    initialise(workspace)
    rows = "".join(f"t{number:03},rota,env=prod,2026-01-01\n" for number in range(70))
    (workspace.directory / "many.csv").write_text("name,issuer,labels,created_at\n" + rows)
    call(workspace, "rota import many.csv --json")
    call(workspace, "rota run --json", 5)
    shown = workspace.sh("rota status").stdout
    assert len(re.findall(r"^t\d\d\d ", shown, re.M)) == 50
    assert "… and 20 more (20 of rotation: rotate, no-destination); see them with --all or --json\n" in shown
    assert len(re.findall(r"^t\d\d\d ", workspace.sh("rota status --all").stdout, re.M)) == 70
    assert len(call(workspace, "rota status --json")["blocked"]) == 70


class Refusing(http.server.BaseHTTPRequestHandler):
    """A server that lets nobody do anything."""

    def refuse(self):
        self.send_response(403)
        self.end_headers()
        self.wfile.write(b'{"errors":["permission denied"]}')

    do_GET = do_POST = do_PUT = do_LIST = refuse

    def log_message(self, *_):
        pass


def test_a_rotation_that_a_vault_refuses_says_what_to_try_and_status_remembers_it(workspace):
    initialise(workspace)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        vault = (f'{{ kind: vault-kv2, address: "http://127.0.0.1:{server.server_port}", mount: secret, '
                 'auth: { token: "file:key" } }')
        settings = workspace.directory / "rota.yaml"
        settings.write_text(re.sub(r"(?m)^vaults:\n", f"vaults:\n  main: {vault}\n", settings.read_text(), count=1))
        workspace.sh("umask 077; echo s.token > key")
        call(workspace, "rota token create --name a --json --destination local:a")
        assert workspace.sh("rota token edit a --destination main:apps/a").returncode == 0
        result = workspace.sh("rota token rotate a")
        assert result.returncode == 5 and "403" in result.stderr, result.stderr
        assert "hint: nothing has changed; 'rota vault check main' tells what is in the way" in result.stderr
        [failed] = call(workspace, "rota status --json")["failed_rotations"]
        assert (failed["name"], "403" in failed["cause"]) == ("a", True) and TIME.match(failed["at"])
    finally:
        server.shutdown()
        server.server_close()

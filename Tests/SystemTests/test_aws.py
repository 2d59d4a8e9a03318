"""AWS Secrets Manager in moto, which refuses wrong signatures; what came out of it is read by boto3."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from house import VALID, Seed, digest, new_value
from servers import Server, die_with_parent

#: As somebody spelled it; nothing of it may change but the token.
TEMPLATE = '{ "note":"keep \\u00e9\\/", "token": "%s",\n\t"port" : 5432.0, "tree":[1e400,{"a":null}] }\n'


@pytest.fixture(scope="session")
def moto(tmp_path_factory):
    """Its address and keys; it ends with the tests."""
    home = tmp_path_factory.mktemp("moto")
    keys = home / "keys.json"
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("moto_server.py"), keys], cwd=home, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, env={"PATH": os.environ["PATH"], "HOME": str(home)}, preexec_fn=die_with_parent)
    try:
        for _ in range(600):
            assert process.poll() is None, (home / "log").read_text()[-2000:]
            if keys.exists():
                break
            time.sleep(0.05)
        yield json.loads(keys.read_text())
    finally:
        process.kill()
        process.wait()


class Cloud:
    """A house whose tokens live in AWS, and what boto3 sees there."""

    def __init__(self, house, moto):
        self.house, self.moto = house, moto
        self.client = boto3.client(
            "secretsmanager", endpoint_url=moto["address"], region_name=moto["region"],
            aws_access_key_id=moto["access_key"], aws_secret_access_key=moto["secret_key"])
        house.keep("access-key", moto["access_key"])
        house.keep("secret-key", moto["secret_key"])
        self.configure("{ access-key: file:access-key, secret-key: file:secret-key }")

    def configure(self, auth, endpoint=None):
        self.house.configure(vaults=(
            f"  aws:\n    kind: aws-secrets-manager\n    region: {self.moto['region']}\n"
            f"    endpoint: {endpoint or self.moto['address']}\n    auth: {auth}\n"))

    def furnish(self, count, prefix):
        """Secrets with values, as somebody before us made them, and the tokens imported."""
        seeds = [Seed(f"{prefix}-{n:02}", [f"aws:{prefix}/{n:02}#token"]) for n in range(count)]
        for seed in seeds:
            self.client.create_secret(Name=name(seed), SecretString=TEMPLATE % seed.value)
        self.house.init()
        self.house.policy(overlap="2s")
        self.house.rota("import", self.house.inventory(seeds))
        return seeds

    def text(self, seed, label="AWSCURRENT"):
        return self.client.get_secret_value(SecretId=name(seed), VersionStage=label)["SecretString"]

    def value(self, seed, label="AWSCURRENT"):
        return json.loads(self.text(seed, label))["token"]

    def versions(self, seed):
        """The labels of each version."""
        listed = self.client.list_secret_version_ids(SecretId=name(seed), IncludeDeprecated=True)["Versions"]
        return {version["VersionId"]: sorted(version.get("VersionStages", [])) for version in listed}


def name(seed):
    return seed.destinations[0].removeprefix("aws:").partition("#")[0]


@pytest.fixture
def cloud(bare, moto):
    return Cloud(bare, moto)


def test_twenty_tokens_rotate_into_aws_and_nothing_beside_them_changes(cloud):
    seeds = cloud.furnish(20, "rotate")

    ran = cloud.house.json("run")

    assert {action["outcome"] for action in ran["actions"]} == {"started"} and len(ran["actions"]) == 20
    for seed in seeds:
        new = cloud.value(seed)
        assert new != seed.value and cloud.house.accepts(new)
        assert cloud.text(seed) == TEMPLATE % new
        assert cloud.text(seed, "AWSPREVIOUS") == TEMPLATE % seed.value
        assert sorted(cloud.versions(seed).values()) == [["AWSCURRENT", "ROTA"], ["AWSPREVIOUS"]]
        # Ids tell nothing of what they name.
        assert digest(new).hex() not in cloud.versions(seed)

    time.sleep(3.1)
    cloud.house.rota("run")
    assert not any(cloud.house.accepts(seed.value) for seed in seeds[::5])
    assert all(cloud.house.accepts(cloud.value(seed)) for seed in seeds[::5])
    again = {seed.name: cloud.versions(seed) for seed in seeds}
    cloud.house.rota("run")
    assert again == {seed.name: cloud.versions(seed) for seed in seeds}


def test_a_value_that_somebody_else_made_current_is_a_conflict_and_stays(cloud):
    seeds = cloud.furnish(3, "foreign")
    stranger = TEMPLATE % new_value()
    taken = cloud.client.put_secret_value(SecretId=name(seeds[0]), SecretString=stranger)["VersionId"]
    plain = cloud.client.put_secret_value(SecretId=name(seeds[1]), SecretString="no JSON at all")["VersionId"]

    ran = json.loads(cloud.house.rota("run", "--json", expect=None).stdout)

    actions = {action["name"]: action for action in ran["actions"]}
    assert actions[seeds[0].name]["outcome"] == "blocked" and "does not know" in actions[seeds[0].name]["cause"]
    assert actions[seeds[1].name]["outcome"] == "failed" and "not a JSON object" in actions[seeds[1].name]["cause"]
    assert actions[seeds[2].name]["outcome"] == "started"
    assert cloud.text(seeds[0]) == stranger and "AWSCURRENT" in cloud.versions(seeds[0])[taken]
    assert "AWSCURRENT" in cloud.versions(seeds[1])[plain]
    assert all(len(cloud.versions(seed)) == 2 for seed in seeds[:2])
    assert all(cloud.house.accepts(seed.value) for seed in seeds[:2])


def test_killed_at_random_moments_it_leaves_nothing_pending(cloud):
    number = int(os.environ.get("ROTA_SEED", time.time_ns() % 1_000_000))
    print(f"ROTA_SEED={number}")
    chance = random.Random(number)
    house = cloud.house
    seeds = cloud.furnish(12, "killed")
    begun = time.monotonic()
    house.rota("run")
    length = time.monotonic() - begun
    stopped = early = 0
    while stopped < 15:
        arguments = ["run"] if chance.random() < 0.3 else [
            "token", "rotate", "--overlap", "1s", *(seed.name for seed in seeds)]
        process = subprocess.Popen(
            house.command(*arguments), env=house.environment, cwd=house.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(chance.uniform(0.01, max(length, 0.1)))
            early += 1
            assert early < 300, "it always ends before it is stopped"
            continue
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            stopped += 1
        valid = house.valid_digests()
        for seed in seeds:
            assert digest(cloud.value(seed)) in valid, f"{seed.name} holds a value that is not accepted"
            assert cloud.text(seed) == TEMPLATE % cloud.value(seed)

    runs = house.run_until_settled(within=120)
    print(f"{stopped} stops, {early} ended before; a run took {length:.2f} s; settled after {runs} runs")
    assert house.rows("SELECT COUNT(*) FROM versions WHERE state IN ('pending', 'unconfirmed')") == [(0,)]
    assert house.rows("SELECT COUNT(*) FROM rotations WHERE phase IN ('open', 'overlap')") == [(0,)]
    marks = ", ".join("?" * len(VALID))
    assert house.rows(f"SELECT MAX(n) FROM (SELECT COUNT(*) n FROM versions WHERE state IN ({marks})"
                      " GROUP BY token_id)", *VALID) <= [(3,)]
    for seed in seeds:
        assert house.accepts(cloud.value(seed))
        labels = [label for version in cloud.versions(seed).values() for label in version]
        assert sorted(labels) == ["AWSCURRENT", "AWSPREVIOUS", "ROTA"]


class Witness(Server):
    """Hands every request on to moto, and compares its signature with botocore's."""

    def __init__(self, moto):
        super().__init__()
        self.moto, self.seen = moto, []

    def handle(self, request, body):
        said = request.headers["Authorization"]
        parts = dict(part.strip().split("=", 1) for part in said.removeprefix("AWS4-HMAC-SHA256 ").split(","))
        signed = {key: request.headers[key] for key in parts["SignedHeaders"].split(";")}
        theirs = AWSRequest(method=request.command, url=self.address + request.path, data=body, headers=signed)
        theirs.context["timestamp"] = request.headers["X-Amz-Date"]
        auth = SigV4Auth(
            Credentials(self.moto["access_key"], self.moto["secret_key"]), "secretsmanager", self.moto["region"])
        expected = auth.signature(auth.string_to_sign(theirs, auth.canonical_request(theirs)), theirs)
        scope = f"{self.moto['access_key']}/{auth.scope(theirs).split('/', 1)[1]}"
        self.seen.append((
            request.headers["X-Amz-Target"].partition(".")[2], parts["Signature"] == expected,
            parts["Credential"] == scope, body))
        again = AWSRequest(
            method="POST", url=self.moto["address"] + "/", data=body, headers={
                key: request.headers[key] for key in ("X-Amz-Target", "Content-Type")})
        auth.add_auth(again)
        forwarded = urllib.request.Request(again.url, data=body, headers=dict(again.headers), method="POST")
        try:
            with urllib.request.urlopen(forwarded) as answer:
                request.reply(answer.status, answer.read())
        except urllib.error.HTTPError as error:
            request.reply(error.code, error.read())


def test_every_signature_is_the_one_that_botocore_makes(cloud):
    seeds = cloud.furnish(3, "signed")
    with Witness(cloud.moto) as witness:
        cloud.configure("{ access-key: file:access-key, secret-key: file:secret-key }", endpoint=witness.address)
        cloud.house.rota("run")
    actions = [action for action, *_ in witness.seen]
    assert {"GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"} == set(actions)
    assert all(same and scope for _, same, scope, _ in witness.seen)
    # One put and one move for each, and a value leaves us in the put alone.
    assert actions.count("PutSecretValue") == actions.count("UpdateSecretVersionStage") == len(seeds)
    for action, _, _, body in witness.seen:
        for seed in seeds:
            assert action == "PutSecretValue" or cloud.value(seed).encode() not in body


class TokenService(Server):
    """Gives the temporary keys of a role for one web identity token, in the shape of AWS's own answer."""

    def __init__(self, moto, token):
        super().__init__()
        self.moto, self.token, self.forms = moto, token, []

    def handle(self, request, body):
        form = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        self.forms.append(form)
        if form.get("WebIdentityToken") != self.token or request.headers.get("Authorization"):
            return request.reply(400, b"<ErrorResponse><Error><Code>InvalidIdentityToken</Code>"
                                      b"<Message>no</Message></Error></ErrorResponse>", "text/xml")
        keys = self.moto["temporary"]
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        request.reply(200, (
            '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{keys['access_key']}</AccessKeyId>"
            f"<SecretAccessKey>{keys['secret_key']}</SecretAccessKey><SessionToken>{keys['session_token']}"
            f"</SessionToken><Expiration>{end}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
            "</AssumeRoleWithWebIdentityResponse>").encode(), "text/xml")


@pytest.mark.parametrize("way", ["environment", "profile", "named files", "session", "web identity"])
def test_keys_come_from_where_the_configuration_says(cloud, way, monkeypatch):
    house, moto = cloud.house, cloud.moto
    seed, = cloud.furnish(1, "keys-" + way.replace(" ", "-"))
    temporary = moto["temporary"]
    extra = {}
    lines = f"aws_access_key_id = {moto['access_key']}\naws_secret_access_key = {moto['secret_key']}\n"
    with TokenService(moto, "header.body.sign") as service:
        if way == "environment":
            extra = {"AWS_ACCESS_KEY_ID": moto["access_key"], "AWS_SECRET_ACCESS_KEY": moto["secret_key"]}
            cloud.configure("environment")
        elif way == "profile":
            (house.folder / ".aws").mkdir(mode=0o700)
            house.keep(".aws/credentials", f"[default]\naws_access_key_id = no\n[work]\n{lines}")
            cloud.configure("{ profile: work }")
        elif way == "named files":
            house.keep("keys.ini", f"[profile work]\n{lines}")
            cloud.configure("{ profile: work, config-file: keys.ini }")
        elif way == "session":
            for key, value in temporary.items():
                house.keep(key, value)
            cloud.configure(
                "{ access-key: file:access_key, secret-key: file:secret_key, session-token: file:session_token }")
        else:
            # As a platform keeps it: readable by others.
            house.keep("identity", service.token + "\n").chmod(0o644)
            cloud.configure("{ web-identity: { role: '%s', token: file:identity, endpoint: '%s' } }" % (
                moto["role"], service.address))
        monkeypatch.setattr(type(house), "environment", property(lambda self: {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "USER": "tester", "NO_COLOR": "1", **extra}))
        ran = house.json("run")
    assert [action["outcome"] for action in ran["actions"]] == ["started"]
    assert cloud.value(seed) != seed.value and house.accepts(cloud.value(seed))
    assert len(service.forms) == (1 if way == "web identity" else 0)
    said = "".join(house.outputs)
    for secret in (moto["secret_key"], temporary["secret_key"], temporary["session_token"], service.token):
        assert secret not in said


def test_keys_that_aws_does_not_know_fail_the_action_and_show_nothing(cloud):
    seed, = cloud.furnish(1, "denied")
    cloud.house.keep("secret-key", "canary/canary+canary")
    ran = json.loads(cloud.house.rota("run", "--json", expect=5).stdout)
    assert ran["actions"][0]["outcome"] == "failed"
    assert "SignatureDoesNotMatch" in ran["actions"][0]["cause"]
    assert "canary" not in "".join(cloud.house.outputs)
    assert cloud.value(seed) == seed.value and len(cloud.versions(seed)) == 1


def test_a_check_needs_a_secret_to_try_it_with_and_leaves_it_as_it_was(cloud):
    cloud.house.init()
    trial = cloud.house.json("vault", "check", "aws")["vaults"][0]
    # Rota makes no secrets: without one the login is all that can be tried, and that holds.
    assert trial["ok"] and [step["ok"] for step in trial["steps"]] == [True] + [None] * 4
    assert "rota makes no secrets: give it one by 'check-path'" in cloud.house.rota("vault", "check", "aws").stdout

    secret = f"check/{os.urandom(4).hex()}"
    cloud.client.create_secret(Name=secret)
    configuration = cloud.house.folder / "rota.yaml"
    plain = configuration.read_text()
    for place in (secret, f"{secret}#key"):
        configuration.write_text(plain.replace("    auth:", f"    check-path: '{place}'\n    auth:"))
        for _ in range(2):
            trial = cloud.house.json("vault", "check")["vaults"][1]
            assert trial["name"] == "aws" and trial["place"] == f"aws:{place}"
            assert [step["ok"] for step in trial["steps"]] == [True] * 5, trial
        current = cloud.client.get_secret_value(SecretId=secret, VersionStage="AWSCURRENT")
        assert current["SecretString"] == "{}"
    cloud.house.rota("vault", "check", "aws", "--path", "not/there", expect=1)

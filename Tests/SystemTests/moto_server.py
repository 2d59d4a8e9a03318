"""AWS in memory, by moto, which refuses wrong signatures: a program that serves until it is ended.

    python moto_server.py FILE

writes into FILE, once it serves, where it is and what keys it made: those of a user who may do everything, of a
user who may only read, and temporary ones of a role.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

# Read when moto is loaded: so many actions are free, then every signature is checked.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "3"
# Else every request is told of on standard error.
os.environ["MOTO_SERVER_QUIET"] = "1"

import boto3  # noqa: E402
from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server  # noqa: E402

REGION = "eu-west-1"


def document(*actions):
    return json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]})


def make_user(iam, name, *actions):
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=document(*actions))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


def make_temporary(address, keys):
    def client(service):
        return boto3.client(
            service, endpoint_url=address, region_name=REGION, aws_access_key_id=keys["access_key"],
            aws_secret_access_key=keys["secret_key"])

    role = client("iam").create_role(RoleName="rota", AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}))["Role"]["Arn"]
    client("iam").put_role_policy(RoleName="rota", PolicyName="all", PolicyDocument=document("secretsmanager:*"))
    taken = client("sts").assume_role(RoleArn=role, RoleSessionName="rota")["Credentials"]
    return role, {
        "access_key": taken["AccessKeyId"], "secret_key": taken["SecretAccessKey"],
        "session_token": taken["SessionToken"]}


def one_at_a_time(application):
    """Moto looks through all secrets to find one; where another request makes one meanwhile, it answers with 500."""
    turn = threading.Lock()

    def answer(environ, start_response):
        with turn:
            return application(environ, start_response)

    return answer


def serve():
    application = one_at_a_time(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def main(target: Path):
    address = serve()
    free = boto3.client(
        "iam", endpoint_url=address, region_name=REGION, aws_access_key_id="first", aws_secret_access_key="first")
    keys = make_user(free, "rota", "*")
    signed = boto3.client(
        "iam", endpoint_url=address, region_name=REGION, aws_access_key_id=keys["access_key"],
        aws_secret_access_key=keys["secret_key"])
    reader = make_user(signed, "reader", "secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret")
    role, temporary = make_temporary(address, keys)
    whole = {"address": address, "region": REGION, **keys, "reader": reader, "role": role, "temporary": temporary}
    beside = target.with_suffix(".new")
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(whole))
    beside.rename(target)
    signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

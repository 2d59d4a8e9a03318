"""The helper that holds a server against its OpenAPI document finds what is wrong, and where it has tested nothing."""

import copy
import http.server
import json
import re
import subprocess
import threading

import pytest

from conformity import conformity

NAME = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
ERROR = {"description": "an error", "content": {"application/json": {"schema": {"type": "object"}}}}
REFUSALS = {"400": ERROR, "401": ERROR, "404": ERROR, "405": ERROR}
GET = {
    "parameters": [{"name": "number", "in": "path", "required": True,
                    "schema": {"type": "integer", "minimum": 0, "maximum": 9}}],
    "responses": REFUSALS | {"200": {"description": "done", "content": {"application/json": {"schema": NAME}}}},
}
DOCUMENT = {
    "openapi": "3.1.0", "info": {"title": "sample", "version": "1"}, "security": [{"token": []}],
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
}


class Sample:
    """A server whose operations are all said to do the same; `wrong` are what each really answers."""

    def __init__(self, **wrong):
        outer = self
        self.wrong = {"right": (200, {"name": "a"})} | wrong
        document = copy.deepcopy(DOCUMENT)
        document["paths"] = {f"/{name}/{{number}}": {"get": GET} for name in self.wrong}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, body = (200, document) if self.path == "/openapi.json" else outer.answer(self)
                body = json.dumps(body).encode()
                self.send_response(status)
                if status == 401:
                    self.send_header("WWW-Authenticate", "Bearer")
                if status == 405:
                    self.send_header("Allow", "GET")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else body)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_QUERY = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, request):
        name, _, number = request.path.partition("?")[0].lstrip("/").partition("/")
        if request.headers.get("Authorization") != "Bearer good":
            return 401, {}
        if name not in self.wrong:
            return 404, {}
        if request.command != "GET":
            return 405, {}
        return self.wrong[name] if re.fullmatch("[0-9]", number) else (400, {})

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def test_a_server_that_does_what_it_says(tmp_path):
    with Sample() as sample:
        found = conformity(sample.address, "Bearer good", tmp_path)
    assert found.failures == [] and found.unreached == []
    assert found.statuses == {"GET /right/{number}": {200, 400, 401}}
    assert found.valid == {"GET /right/{number}": {200}}


def test_what_is_wrong_is_found_where_it_is(tmp_path):
    with Sample(status=(202, {"name": "a"}), body=(200, {"name": 1}), gone=(404, {})) as sample:
        found = conformity(sample.address, "Bearer good", tmp_path, examples=5)
        again = conformity(sample.address, "Bearer good", tmp_path, examples=5)
    assert sorted(line.partition("\n")[0] for line in found.failures) == [
        "GET /body/{number}: Response violates schema: 1 is not of type \"string\"",
        "GET /status/{number}: Undocumented status code: Received: 202",
    ]
    assert found.unreached == ["GET /gone/{number}"]
    assert found == again


def test_a_server_that_nobody_reached_is_not_taken_for_a_right_one(tmp_path):
    with Sample() as sample:
        found = conformity(sample.address, "Bearer bad", tmp_path, examples=5)
        assert found.failures == [] and found.unreached == ["GET /right/{number}"]
        with pytest.raises(AssertionError):
            conformity(sample.address, "Bearer good", tmp_path, document="/nothing.json")
        with pytest.raises(subprocess.TimeoutExpired):
            conformity(sample.address, "Bearer good", tmp_path, within=0.5)
    # Not even in the report.
    assert "Bearer bad" not in (tmp_path / "conformity.ndjson").read_text()

#!/usr/bin/env python3
"""The list of tokens over HTTP, its filters and its search: how long the server takes for each, as it comes and the worst
of some. A third of the tokens violates a policy. Wall time of the whole request: the server's own part is less."""

import http.client
import json
import os
import re
import shutil
import subprocess
import time
import urllib.parse

from introspection import serving
from measure import Row, SCRATCH, main, note
from openbao import free_port
from stores import Store, configure

MOST = 0.2
OLD = """version: 1
policies:
  - { name: old, mode: observe, match: all, rules: [ { max-age: 120d, action: notify } ] }
"""

API = ["", "state=revoked", "state=all", "owner=team-13", "owner=nobody", "scope=export:read", "scope=nothing",
       "search=service-00777", "search=zzz", "search=777777", "expires-within=30d", "idle-for=90d", "status=violating",
       "status=clean", "policy=old", "policy=old&owner=team-13", "owner=team-13&scope=nothing", "sort=created",
       "sort=expires", "sort=used", "search=99&owner=team-13", "state=revoked&owner=nobody"]
PAGES = ["", "q=zzz", "q=service-0077", "state=revoked", "owner=team-13", "scope=export%3Aread", "status=violating",
         "expiring=30d", "idle=never", "sort=used"]


class Asking:
    """One connection, as somebody who may look."""

    def __init__(self, port, value):
        self.connection, self.value = http.client.HTTPConnection("127.0.0.1", port), value
        form = urllib.parse.urlencode({"token": value})
        answer, _ = self.ask("POST", "/admin/sign-in", form, {"Content-Type": "application/x-www-form-urlencoded"})
        self.cookie = re.match("[^;]+", answer.headers["Set-Cookie"])[0]

    def ask(self, method, path, body=None, headers=None):
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        return answer, answer.read()

    def timed(self, path, headers):
        taken = []
        for _ in range(5):
            begun = time.perf_counter()
            answer, body = self.ask("GET", path, headers=headers)
            taken.append(time.perf_counter() - begun)
            assert answer.status == 200, (path, answer.status, body[:300])
        return taken


def prepared(options):
    """A copy of the store in which a run has found violations."""
    plain = Store(options.rota, options.tokens)
    folder = os.path.join(SCRATCH, f"listing-{options.tokens}")
    if not os.path.exists(os.path.join(folder, "complete")):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(plain.folder, folder)
        os.remove(os.path.join(folder, "complete"))
        shutil.rmtree(os.path.join(folder, "rota.db.mark"), ignore_errors=True)
        with open(os.path.join(folder, "old.yaml"), "w") as file:
            file.write(OLD)
        note("looking for violations, once")
        # A copy says so: that is what it is.
        rota(options, folder, "store", "reconcile", "--yes", check=False)
        rota(options, folder, "run")
        open(os.path.join(folder, "complete"), "w").close()
    return folder


def rota(options, folder, *words, check=True):
    settings = os.path.join(folder, "listing.yaml")
    with open(settings, "w") as file:
        file.write(f"store: sqlite:rota.db\npolicies: old.yaml\nserver: {{ listen: \"127.0.0.1:{PORT}\" }}\n")
    return subprocess.run(
        [options.rota, "--config", settings, *words], check=check, capture_output=True, text=True).stdout


PORT = free_port()


def rows(options):
    folder = prepared(options)
    made = rota(options, folder, "token", "create", "--name", f"lister-{time.time_ns()}", "--scope", "rota:audit", "--json")
    command = [options.rota, "--config", os.path.join(folder, "listing.yaml"), "serve"]
    with serving(command, PORT):
        asking = Asking(PORT, json.loads(made)["value"])
        for kind, base, queries, headers in [
            ("API", "/v1/tokens", API, {"Authorization": f"Bearer {asking.value}"}),
            ("page", "/admin/api-tokens", PAGES, {"Cookie": asking.cookie}),
        ]:
            worst = {}
            for query in queries:
                taken = sorted(asking.timed(f"{base}?{query}", headers))
                worst[query] = taken[-1]
                note(f"{kind} {query or 'as it comes'}: {taken[2] * 1e3:.0f} ms, at most {taken[-1] * 1e3:.0f} ms")
            slowest = max(worst, key=worst.get)
            yield Row(
                f"{kind}: list, filters and search of {options.tokens:,} tokens", f"{worst[slowest] * 1e3:.0f} ms", "",
                f"({slowest or 'as it comes'})", f"at most {MOST * 1e3:.0f} ms", worst[slowest] < MOST)


if __name__ == "__main__":
    main(__doc__, rows)

"""A scratch house: configuration, policies, inventory, store, and the program run in it."""

import base64
import csv
import hashlib
import json
import os
import secrets
import sqlite3
import subprocess
import time
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
VALID = ("pending", "current", "previous", "unconfirmed")


def moment(days=0) -> str:
    """So many days from now, as Rota writes it: a date of the calendar would be past one day."""
    return (datetime.now(timezone.utc) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_value(prefix="rota") -> str:
    """A value as DESIGN.md section 3 has it: 30 random characters, and their CRC32 in six."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(30))
    number, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        check = ALPHABET[digit] + check
    return f"{prefix}_{body}{check}"


def digest(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()


@dataclass
class Seed:
    """A token that is about to be imported, with the value that its destinations hold."""
    name: str
    destinations: list[str]
    value: str = field(default_factory=new_value)
    value_issued_at: str = "2026-01-01T00:00:00Z"

    @property
    def row(self):
        return {
            "name": self.name, "issuer": "rota", "owner": "team-data", "integration": "ingest",
            "scopes": "ingest:write", "labels": "env=prod", "created_at": "2025-12-01T00:00:00Z",
            "value_issued_at": self.value_issued_at, "destinations": " ".join(self.destinations),
            "digest": "sha256:" + digest(self.value).hex(),
        }


class House:
    def __init__(self, binary, folder: Path, bao=None, mount=None):
        self.binary, self.folder, self.bao, self.mount = binary, folder, bao, mount
        self.store, self.local = folder / "store/rota.db", folder / "local"
        self.signing_secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.outputs: list[str] = []
        # The daemon that runs for it.
        self.served = None
        # What commands find in their environment beside the usual.
        self.extra: dict[str, str] = {}
        for made in (folder / "store", self.local, folder / "Policies"):
            made.mkdir(mode=0o700)
        self.keep("whsec", self.signing_secret)
        if bao:
            self.keep("bao-token", bao.token)
        self.configure()

    def keep(self, name, text):
        """A file that only we may read."""
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def configure(self, vaults="", webhook=None):
        """Writes rota.yaml; `vaults` are further ones, `webhook` is the address of a receiver."""
        lines = [
            "store: sqlite:store/rota.db", "policies: Policies", "vaults:",
            "  local: { kind: directory, path: local }",
        ]
        if self.bao:
            lines += [
                "  bao:", "    kind: vault-kv2", f"    address: {self.bao.address}",
                f"    mount: {self.mount}", "    auth: { token: file:bao-token }",
            ]
        lines += [vaults] if vaults else []
        if webhook:
            lines += [
                "webhooks:", "  security:", f"    url: {webhook}/hook", "    secret: file:whsec",
                '    events: ["*"]', '    allow-addresses: ["127.0.0.0/8"]', "    retry: [1s, 1s, 1s, 1s]",
            ]
        (self.folder / "rota.yaml").write_text("\n".join(lines) + "\n")

    def policy(self, overlap="3s", text=None, more=""):
        """Everything older than 90 days is rotated; or what `text` says."""
        (self.folder / "Policies/rotation.yaml").write_text(text or (
            "version: 1\npolicies:\n  - name: quarterly\n    mode: enforce\n    match: all\n    rules:\n"
            f"      - max-age: 90d\n        action: rotate\n        overlap: {overlap}\n" + more))

    def command(self, *arguments):
        return [str(self.binary), *map(str, arguments), "--config", str(self.folder / "rota.yaml")]

    @property
    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "USER": "tester", "NO_COLOR": "1"} | self.extra

    def rota(self, *arguments, expect=0, given=None):
        """Runs a command to its end; everything that it says is remembered."""
        done = subprocess.run(
            self.command(*arguments), input=given, capture_output=True, text=True, timeout=300,
            env=self.environment, cwd=self.folder)
        self.outputs += [done.stdout, done.stderr]
        if expect is not None:
            assert done.returncode == expect, (arguments, done.returncode, done.stdout[-3000:], done.stderr[-3000:])
        return done

    def json(self, *arguments, expect=0):
        return json.loads(self.rota(*arguments, "--json", expect=expect).stdout)

    def init(self):
        """A store; the value of its first admin token."""
        made = subprocess.run(
            [str(self.binary), "init", "--directory", str(self.folder), "--json"], capture_output=True,
            text=True, timeout=60, env=self.environment, cwd=self.folder)
        assert made.returncode == 0, (made.stdout, made.stderr)
        # The example policy that init writes would have its own say.
        (self.folder / "Policies/baseline.yaml").unlink(missing_ok=True)
        return json.loads(made.stdout)["value"]

    def inventory(self, seeds, name="inventory.csv"):
        rows = [seed.row if isinstance(seed, Seed) else seed for seed in seeds]
        path = self.folder / name
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    def import_seeds(self, seeds):
        """Puts each value in its destinations, as somebody before us did, and imports the inventory."""
        for seed in seeds:
            for place in seed.destinations:
                self.put(place, seed.value)
        return self.json("import", self.inventory(seeds))

    def put(self, place, value):
        vault, path, key = split(place)
        if vault == "bao":
            self.bao.client.secrets.kv.v2.create_or_update_secret(
                path, secret={key: value, "note": f"keep {path}"}, mount_point=self.mount)
        else:
            file = self.local / path
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.write_text(value)
            file.chmod(0o600)

    def get(self, place) -> str:
        vault, path, key = split(place)
        if vault == "bao":
            return self.secret(path)["data"][key]
        return (self.local / path).read_text()

    def secret(self, path):
        """A secret of OpenBao with its metadata, as an outside client reads it."""
        read = self.bao.client.secrets.kv.v2.read_secret_version(
            path, mount_point=self.mount, raise_on_deleted_version=True)
        return read["data"]

    def accepts(self, value) -> bool:
        done = self.rota("token", "verify", given=value, expect=None)
        assert done.returncode in (0, 1), done.stderr
        assert done.returncode == 0 or not done.stderr, done.stderr
        return done.returncode == 0

    def rows(self, query, *parameters):
        """Reads the store beside the program, which never knows."""
        with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=10) as connection:
            found = connection.execute(query, parameters).fetchall()
        connection.close()
        return found

    def valid_digests(self):
        marks = ", ".join("?" * len(VALID))
        return {row[0] for row in self.rows(
            f"SELECT digest FROM versions WHERE state IN ({marks}) AND digest IS NOT NULL", *VALID)}

    def fingerprint(self, leaving_out=()):
        """A hash over every row of every table but those left out: equal means that nothing changed."""
        found = hashlib.sha256()
        tables = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        for table in (name for (name,) in tables if name not in leaving_out):
            for row in self.rows(f'SELECT * FROM "{table}" ORDER BY 1, 2'):
                found.update(repr((table, row)).encode())
        return found.hexdigest()

    def run_until_settled(self, within=60):
        """Runs again and again until no rotation is unfinished or waits to begin; answers how many runs that took."""
        end, count = time.monotonic() + within, 0
        while True:
            self.rota("run", "--quiet", expect=None)
            count += 1
            status = self.json("status")
            # What could not begin is not tried again at once.
            unfinished = status["rotations"] + status["failed_attempts"]
            if not unfinished:
                return count
            assert time.monotonic() < end, f"still unfinished: {unfinished[:3]}"
            time.sleep(1)


def was_used(told):
    """Whether a token's answer tells when it was used: that it never was is told in a word, too."""
    return told["token"]["last_used_at"] not in (None, "never")


def split(place):
    vault, _, rest = place.partition(":")
    path, _, key = rest.partition("#")
    return vault, path, key or "value"

#!/usr/bin/env python3
"""Writes an inventory of about a thousand realistic tokens, and the vault directory that some of them live in.

usage: inventory.py DIRECTORY [--count 1000] [--seed 7] [--at UNIX-SECONDS]

DIRECTORY gets inventory.csv (what a company knows of its tokens: never a value, only digests) and
secrets/ (one file a token with its present value, as consumers read it). The same seed and time give the same files.
"""

import argparse
import csv
import hashlib
import os
import random
import time
import zlib

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
COLUMNS = ["name", "issuer", "external_id", "description", "owner", "integration", "scopes", "labels",
           "created_at", "value_issued_at", "expires_at", "last_used_at", "destinations", "digest"]
DAY = 86_400

TEAMS = {
    "payments": ["ledger", "settlement", "fraud-scoring", "invoicing", "card-gateway"],
    "platform": ["deploy-bot", "artifact-mirror", "dns-sync", "cluster-autoscaler", "image-scanner"],
    "data": ["warehouse-loader", "clickstream", "feature-store", "nightly-export", "bi-extracts"],
    "growth": ["newsletter", "ab-testing", "crm-sync", "referral-tracker"],
    "support": ["ticket-bridge", "chat-relay", "status-page", "call-recorder"],
    "security": ["siem-forwarder", "vuln-scanner", "access-review"],
    "mobile": ["push-gateway", "crash-collector", "store-metadata"],
    "logistics": ["label-printer", "route-planner", "carrier-feed", "returns-portal"],
}
INTEGRATIONS = ["salesforce", "snowflake", "zendesk", "stripe", "datadog", "jira", "github", "segment", "sap", "internal"]
SCOPES = ["export:read", "ingest:write", "orders:read", "orders:write", "metrics:read", "users:read", "deploy:write"]
ENVIRONMENTS = ["production"] * 5 + ["staging"] * 3 + ["development"] * 2


def base62(number, width):
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits.rjust(width, "0")


def value(rng):
    """A value as rota makes them: a prefix, thirty random characters and their checksum."""
    body = "".join(rng.choice(ALPHABET) for _ in range(30))
    return "rota_" + body + base62(zlib.crc32(body.encode()), 6)


def when(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def keep(folder, path, text):
    """Puts a value where consumers read it: mode 0600, without a line end."""
    file = os.path.join(folder, path)
    os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)


def last_use(rng, now, created):
    """Most are in use; some were forgotten; of some nobody knows."""
    chance = rng.random()
    if chance < 0.10:
        return ""
    if chance < 0.13:
        return "never"
    idle = rng.expovariate(1 / 6) if chance < 0.93 else rng.uniform(60, 500)
    return when(max(created, now - int(idle * DAY)))


def expiry(rng, now, created):
    if rng.random() < 0.30:
        return ""
    end = created + rng.choice([365, 366, 730]) * DAY
    return when(end) if end > now + DAY else when(now + rng.randint(5, 300) * DAY)


def token(rng, now, number, secrets):
    team = rng.choice(list(TEAMS))
    service = rng.choice(TEAMS[team])
    environment = rng.choice(ENVIRONMENTS)
    integration = rng.choice(INTEGRATIONS)
    breaks_glass = rng.random() < 0.01
    external = not breaks_glass and rng.random() < 0.06
    name = f"{service}-{integration}-{environment[:4].rstrip('e')}-{number:04d}"
    created = now - int(rng.uniform(2, 900) * DAY)
    # Most values are young, because somebody looks after them; a tail is old.
    age = rng.uniform(0, 85) if rng.random() < 0.72 else rng.uniform(85, 700)
    issued = max(created, now - int(age * DAY))
    labels = {"env": environment, "tier": "break-glass" if breaks_glass else rng.choice(["1", "2", "3"])}
    row = {
        "name": name, "issuer": "external:aws-iam" if external else "rota",
        "external_id": "AKIA" + "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16)) if external else "",
        "description": f"{service} reads and writes {integration} ({environment})",
        "owner": "" if rng.random() < 0.02 else f"{team}@example.com",
        "integration": integration, "scopes": " ".join(sorted(rng.sample(SCOPES, rng.randint(1, 3)))),
        "labels": ";".join(f"{key}={text}" for key, text in labels.items()),
        "created_at": when(created), "value_issued_at": when(issued),
        "expires_at": expiry(rng, now, created), "last_used_at": last_use(rng, now, created),
        "destinations": "", "digest": "",
    }
    if external:
        return row
    place = rng.random()
    if place < 0.80:
        path = f"{environment}/{team}/{name}"
        row["destinations"] = f"local:{path}"
        if place < 0.70:
            # The present value is known by its digest: it can be verified from the first minute.
            present = value(rng)
            keep(secrets, path, present)
            row["digest"] = "sha256:" + hashlib.sha256(present.encode()).hexdigest()
        elif place < 0.71:
            # Somebody put a value there that the inventory does not know: a conflict, never overwritten.
            keep(secrets, path, value(rng))
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--at", type=int, default=int(time.time()))
    options = parser.parse_args()
    rng = random.Random(options.seed)
    secrets = os.path.join(options.directory, "secrets")
    os.makedirs(secrets, mode=0o700, exist_ok=True)
    with open(os.path.join(options.directory, "inventory.csv"), "w", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for number in range(1, options.count + 1):
            writer.writerow(token(rng, options.at, number, secrets))


if __name__ == "__main__":
    main()

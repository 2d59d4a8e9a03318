"""Stores of many tokens, made once by `rota import` and kept in .build/bench.

A fifth of the tokens is revoked and a fifth of all has no end; they were made within the last 200 days and used since,
evenly spread. Their values can be worked out from their numbers, so that a load generator can ask about them.
"""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
import zlib

from measure import SCRATCH, note, run

# To be raised when what is generated changes, so that older stores are not taken for it.
EDITION = 1
DAY = 86_400
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
COLUMNS = ("name,issuer,owner,integration,scopes,labels,created_at,value_issued_at,last_used_at,expires_at,state,"
           "digest\n")

# The policies run so seldom that none does while something is measured.
CONFIGURATION = ("store: sqlite:rota.db\npolicies: {policies}\nschedule: {{ every: 180d }}\n"
                 "server: {{ listen: \"127.0.0.1:{port}\" }}\n")

# Nothing of this is due for years: a plan has to find that out.
NOTHING_DUE = """version: 1
policies:
  - name: nothing-due
    mode: enforce
    match: all
    rules:
      - { max-age: 3000d, action: rotate }
      - { unused-for: 3000d, action: revoke }
      - { expiry: { max-lifetime: 3000d, max-remaining: 3000d }, action: notify }
"""

# Each with the three questions that the peer's policy asks: too old, idle for too long, without an end.
FIVE = "version: 1\npolicies:\n" + "".join(f"""  - name: five-{number}
    mode: observe
    match: all
    rules:
      - {{ max-age: {90 + number}d, action: rotate }}
      - {{ unused-for: {30 + number}d, action: revoke }}
      - {{ expiry: {{ required: true }}, action: notify }}
""" for number in range(5))


# The same, each with a condition besides that hardly any token fails and that asks for several of its facts.
CONDITIONAL = FIVE.replace("    match: all\n", "    match: all\n    when: >-\n"
                           "      token.age > duration(\"1h\") && token.scopes.exists(s, s.startsWith(\"export:\"))\n"
                           "      && token.labels.env != \"none\"\n")

# The same with every other rule, too: ten in each policy.
EVERY = "version: 1\npolicies:\n" + "".join(policy + """      - { expires-within: 14d, action: notify }
      - { owner: ["team-*"], action: notify }
      - { description: required, action: notify }
      - { destination: required, action: notify }
      - { scopes: { deny: ["*:admin"], max: 5 }, action: notify }
      - { name: "service-*", action: notify }
      - { sources: { max-addresses: 3, within: 30d }, action: notify }
""" for policy in FIVE.partition("policies:\n")[2].replace("  - name:", "\0  - name:").split("\0")[1:])

# What acts, to be simulated; without a pace, and with one.
ACTING = """version: 1
policies:
  - name: acting
    mode: enforce
    match: all
    schedule: {{ cron: "0 3 * * *" }}{pace}
    rules:
      - {{ max-age: 90d, action: rotate, start-before: 3d, overlap: 24h }}
      - {{ unused-for: 30d, action: quarantine, then: {{ revoke-after: 14d }} }}
      - {{ expiry: {{ required: true }}, action: set-expiry, expires-in: 30d, spread: 15d }}
"""


def value(number):
    """The value of a token: the layout of DESIGN section 3."""
    text = hashlib.md5(b"%d" % number).hexdigest()[:30]
    crc, check = zlib.crc32(text.encode()), ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        check = BASE62[digit] + check
    return f"rota_{text}{check}"


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def inventory(path, count, now):
    """Writes the file to import, and beside it some values of active tokens, one on each line."""
    chance = random.Random(42)
    stamps = {}

    def stamp(time_of):
        # Minutes are enough, and half of the work is the dates.
        minute = time_of // 60
        if minute not in stamps:
            stamps[minute] = time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(minute * 60))
        return stamps[minute]

    some = max(1, count // 100_000)
    with open(path, "w") as file, open(os.path.join(os.path.dirname(path), "values.txt"), "w") as values:
        file.write(COLUMNS)
        for number in range(count):
            created = now - chance.randrange(200 * DAY)
            used = min(now, created + chance.randrange(200 * DAY))
            ends = "" if chance.random() < 0.2 else stamp(created + 365 * DAY)
            state = "revoked" if chance.randrange(5) == 0 else "active"
            made, own = stamp(created), value(number)
            file.write(
                f"service-{number:08d},rota,team-{number % 97},ingest-{number % 13},export:read;ingest:write,"
                f"env={('prod', 'stage', 'dev')[number % 3]};tier={number % 5},{made},{made},{stamp(used)},{ends},{state},"
                f"sha256:{digest(own)}\n")
            if state == "active" and number % some == 0:
                values.write(own + "\n")


class Store:
    """A folder with a store of so many tokens, configurations, and the file that it was made from."""

    def __init__(self, rota, count):
        self.rota, self.count = rota, count
        self.folder = os.path.join(SCRATCH, f"tokens-{count}-{EDITION}")
        self.inventory = os.path.join(self.folder, "tokens.csv")
        self.values = os.path.join(self.folder, "values.txt")
        self.database = os.path.join(self.folder, "rota.db")
        if not os.path.exists(os.path.join(self.folder, "complete")):
            self.make()
        # A store that was made before may know fewer policies.
        configure(self.folder)

    def make(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder, 0o700)
        note(f"making a store of {self.count:,} tokens, once")
        inventory(self.inventory, self.count, int(time.time()))
        configure(self.folder)
        initialise(self.rota, self.folder)
        taken = run(self.command("import", self.inventory))
        note(f"imported in {taken.wall:.1f} s, {taken.processor:.1f} s of processor, at most "
             f"{taken.peak >> 20} MiB")
        made = subprocess.run(
            self.command("token", "create", "--name", "asker", "--scope", "rota:introspect", "--json"),
            check=True, capture_output=True, text=True).stdout
        with open(os.path.join(self.folder, "asker"), "w", opener=privately) as file:
            file.write(json.loads(made)["value"])
        with open(os.path.join(self.folder, "complete"), "w") as file:
            file.write("")

    def command(self, *words, configuration="rota.yaml"):
        return [self.rota, "--config", os.path.join(self.folder, configuration), *words]

    @property
    def value_count(self):
        """How many values are in the file of values."""
        with open(self.values) as file:
            return sum(1 for _ in file)

    @property
    def asker(self):
        """The value of a token that may introspect."""
        with open(os.path.join(self.folder, "asker")) as file:
            return file.read()


def privately(path, flags):
    return os.open(path, flags, 0o600)


def initialise(rota, folder):
    """Makes the store of a folder that is configured already."""
    subprocess.run([rota, "init", "--directory", folder], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def configure(folder, port=0):
    """A configuration for each set of policies; `rota.yaml` has the five."""
    for name, policies in (
            ("rota.yaml", FIVE), ("nothing.yaml", NOTHING_DUE), ("conditional.yaml", CONDITIONAL), ("every.yaml", EVERY),
            ("acting.yaml", ACTING.format(pace="")),
            ("paced.yaml", ACTING.format(pace="\n    pace: { actions: 5000 }"))):
        file = f"policies-{name}"
        with open(os.path.join(folder, file), "w") as text:
            text.write(policies)
        with open(os.path.join(folder, name), "w", opener=privately) as text:
            text.write(CONFIGURATION.format(policies=file, port=port))


if __name__ == "__main__":
    sys.exit("error: this is no benchmark; it makes stores for them")

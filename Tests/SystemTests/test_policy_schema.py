"""What `rota policy schema` prints holds for an outside validator: it takes what the reader takes."""

import copy
import json
import re
import textwrap
from pathlib import Path

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = [path for path in sorted(ROOT.glob("Policies/**/*.y*ml")) if ".test." not in path.name]


class Loader(yaml.SafeLoader):
    """Reads as YAML 1.2 does where the two differ in our files: no dates, and `on` and `yes` are texts."""


Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
BOOLEAN = re.compile(r"^(true|True|TRUE|false|False|FALSE)$")
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", BOOLEAN, list("tTfF"))

COMPLETE = """
version: 1
policies:
  - name: p
    description: d
    basis: b
    mode: enforce
    match:
      labels: { env: [production, 1, true], tier: 8.6 }
      scopes: ["*:write"]
      owner: "team-*"
      except: [{ labels: { tier: break-glass } }, { name: x }]
    rules:
      - max-age: 90d
        action: rotate
        start-before: 0s
        overlap: 1d12h
        overlap-cap: 7d
        at-cap: revoke
        retire: when-idle
      - { unused-for: 30d, action: quarantine, then: { revoke-after: 14d } }
      - { expiry: { required: true, max-remaining: 90d }, action: set-expiry, expires-in: 30d, spread: 15d }
      - { expires-within: 14d, action: rotate, renew: 90d }
      - owner: required
      - description: required
      - destination: required
      - scopes: { deny: ["*:admin"], max: 5 }
      - name: ["svc-*", "bot-*"]
      - sources: { max-addresses: 15, max-agents: 2, within: 7d }
    when: token.age > duration("24h")
    notify-before: [14d, 3d]
    minimum-notice: 3d
    schedule: { cron: "0 3 * * 1-5", zone: Europe/London, window: 2h, spread: 1h }
    pace: { actions: 50 }
    limits: { actions: 500, percent: 10, per-owner: { actions: 20 }, per-vault: { actions: 90, percent: 25 } }
    approval: required
    controls: { pci-dss-4.0.1: [8.6.3], own: 8.10 }
"""

# Where, and what is put there; `...` takes the key away.
WRONG = [
    (["version"], 2), (["version"], ...), (["policies"], []), (["policies"], {}), (["policys"], []),
    (["policies", 0, "name"], ...), (["policies", 0, "name"], 7), (["policies", 0, "name"], "x" * 101),
    (["policies", 0, "mode"], "enforc"), (["policies", 0, "match"], ...), (["policies", 0, "match"], "everything"),
    (["policies", 0, "match"], {}), (["policies", 0, "match", "label"], {"env": "prod"}),
    (["policies", 0, "match", "labels"], "prod"), (["policies", 0, "match", "labels"], {"env": {"is": "prod"}}),
    (["policies", 0, "match", "labels"], {"a b": "prod"}), (["policies", 0, "match", "scopes"], []),
    (["policies", 0, "match", "owner"], ""), (["policies", 0, "match", "except"], []),
    (["policies", 0, "rules"], []), (["policies", 0, "rules", 0, "max-agee"], "90d"),
    (["policies", 0, "rules", 0, "max-age"], "90"), (["policies", 0, "rules", 0, "max-age"], 90),
    (["policies", 0, "rules", 0, "max-age"], "12h1d"), (["policies", 0, "rules", 0, "max-age"], ...),
    (["policies", 0, "rules", 0, "unused-for"], "30d"), (["policies", 0, "rules", 0, "action"], "rotat"),
    (["policies", 0, "rules", 0, "retire"], "soon"), (["policies", 0, "rules", 1, "then"], {"revoke": "14d"}),
    (["policies", 0, "rules", 1, "then"], {}), (["policies", 0, "rules", 2, "expiry"], {}),
    (["policies", 0, "rules", 2, "expiry", "required"], "always"), (["policies", 0, "rules", 5, "description"], "some"),
    (["policies", 0, "rules", 9, "sources"], {"max-addresses": 16}), (["policies", 0, "rules", 9, "sources"], {}),
    (["policies", 0, "rules", 7, "scopes"], {"max": -1}), (["policies", 0, "schedule", "every"], "6h"),
    (["policies", 0, "schedule"], {"zone": "UTC"}), (["policies", 0, "schedule"], {"every": "6h", "zone": "UTC"}),
    (["policies", 0, "pace"], {}), (["policies", 0, "pace", "actions"], 0), (["policies", 0, "limits", "percent"], 101),
    (["policies", 0, "limits", "action"], 5), (["policies", 0, "controls"], {}),
    (["policies", 0, "approval"], "perhaps"),
]


def texts_of_tests():
    """Every policy file that stands in a test of the reader or in a transcript."""
    for path in sorted(ROOT.glob("Tests/PolicyFilesTests/*.swift")):
        for block in re.findall(r'"""\n(.*?)\n *"""', path.read_text(), re.S):
            yield textwrap.dedent(block)
    for path in sorted(ROOT.glob("Tests/CLITests/transcripts/*.txt")):
        for block in re.findall(r"<<'END'\n(.*?)\n> END", path.read_text(), re.S):
            yield "\n".join(line[2:] for line in block.splitlines())


@pytest.fixture
def validator(bare):
    schema = json.loads(bare.rota("policy", "schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def told(bare, text):
    (bare.folder / "p.yaml").write_text(text)
    checked = bare.rota("policy", "check", "p.yaml", "--json", expect=None)
    return json.loads(checked.stdout)["valid"]


def test_the_policies_that_come_with_rota_are_valid(validator):
    assert SHIPPED
    for path in SHIPPED:
        assert not list(validator.iter_errors(yaml.load(path.read_text(), Loader))), path


def test_what_the_reader_takes_the_schema_takes(bare, validator):
    assert told(bare, COMPLETE)
    taken = 0
    for text in [COMPLETE] + [text for text in texts_of_tests() if text.startswith("version: 1\npolicies:")]:
        if "\\(" in text or not told(bare, text):
            continue
        errors = [error.message for error in validator.iter_errors(yaml.load(text, Loader))]
        assert not errors, f"{text}\n{errors}"
        taken += 1
    assert taken >= 5


@pytest.mark.parametrize("where, what", WRONG, ids=lambda value: str(value)[:40])
def test_what_is_wrong_both_refuse(bare, validator, where, what):
    document = copy.deepcopy(yaml.load(COMPLETE, Loader))
    parent = document
    for step in where[:-1]:
        parent = parent[step]
    if what is ...:
        del parent[where[-1]]
    else:
        parent[where[-1]] = what
    assert not told(bare, json.dumps(document)), "the reader takes it"
    assert list(validator.iter_errors(document)), "the schema takes it"

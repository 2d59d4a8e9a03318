"""Every policy file that comes with the repository is read without a fault, and plans over an inventory."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from house import Seed, moment

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for path in ROOT.glob("Policies/**/*.y*ml") if ".test." not in path.name)
# The frameworks of the packs, as `controls` names them, and what their controls look like.
FRAMEWORKS = {
    "pci-dss-4.0.1": r"\d+\.\d+\.\d+(\.\d+)?",
    "nist-800-53-r5": r"[A-Z]{2}-\d+(\(\d+\)|[a-z])?",
    "fedramp-r5-moderate": r"[A-Z]{2}-\d+(\(\d+\)|[a-z])?",
    "fedramp-r5-high": r"[A-Z]{2}-\d+(\(\d+\)|[a-z])?",
    "cis-controls-v8": r"\d+\.\d+",
    "cis-aws-7.0.0": r"\d+\.\d+",
    "soc2": r"CC\d\.\d",
    "iso-27001-2022": r"A\.\d+\.\d+",
    "owasp-nhi-2025": r"NHI\d+",
}
# Controls that name a number themselves; of all others a number is for the organisation to set, and `basis` says so.
# Those of `owner`, `description` and the like have none.
FIXED = {
    ("pci-dss-4.0.1", "8.2.6"): "90d", ("pci-dss-4.0.1", "8.3.9"): "90d", ("cis-controls-v8", "5.3"): "45d",
    ("cis-aws-7.0.0", "2.11"): "45d", ("cis-aws-7.0.0", "2.12"): "90d",
    ("fedramp-r5-moderate", "AC-2(3)"): "90d", ("fedramp-r5-moderate", "AC-2(2)"): "96h",
    ("fedramp-r5-high", "AC-2(3)"): "35d", ("fedramp-r5-high", "AC-2(2)"): "24h",
}


def tokens():
    """One of each kind that policies tell apart: by labels, age, use, end, issuer, and where they live."""
    for env in ("production", "prod", "staging", "test"):
        for tier in ("", ";tier=break-glass"):
            yield f"{env}{tier[-5:]}", {"labels": f"env={env}{tier}"}
    yield "young", {"value_issued_at": moment(-27)}
    yield "idle", {"last_used_at": moment(-300)}
    yield "never-used", {"last_used_at": "never", "tracked_since": moment(-330)}
    yield "ends", {"expires_at": moment(4800)}
    yield "ends-in-time", {"created_at": moment(-58), "expires_at": moment(185)}
    yield "temporary", {"labels": "env=test;account=temporary"}
    yield "of-a-person", {"labels": "env=test;used-by=person"}
    yield "nobodys", {"owner": "", "scopes": "db:read db:admin", "destinations": ""}
    yield "homeless", {"destinations": ""}
    yield "theirs", {"issuer": "external:aws-iam", "external_id": "AKIA1", "destinations": "", "digest": ""}
    yield "theirs-idle", {
        "issuer": "external:aws-iam", "external_id": "AKIA2", "destinations": "", "digest": "",
        "last_used_at": moment(-300)}


def rows():
    found = []
    for name, differences in tokens():
        row = Seed(name, [f"local:{name}"]).row | {
            "external_id": "", "expires_at": "", "last_used_at": "", "tracked_since": ""}
        found.append(row | differences)
    return found


def policies(path):
    return yaml.load(path.read_text(), yaml.BaseLoader)["policies"]


def test_there_are_policies_to_try():
    assert {path.stem for path in FILES} == {
        "baseline", "pci-dss-4.0.1", "nist-800-53-r5", "fedramp-moderate", "fedramp-high", "cis-controls-v8", "cis-aws",
        "soc2", "iso-27001-2022", "owasp-nhi-2025"}


def test_they_can_stand_in_one_folder(binary):
    """No two policies have one name; and no file of tests is without its policies."""
    checked = subprocess.run([binary, "policy", "check", ROOT / "Policies"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    names = [policy["name"] for path in FILES for policy in policies(path)]
    assert f"{len(names)} policies" in checked.stdout and len(set(names)) == len(names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_policy_names_its_reason_and_its_controls_and_begins_by_looking(path):
    for policy in policies(path):
        name = policy["name"]
        assert policy["mode"] in ("observe", "warn"), name
        assert policy["description"] and policy["basis"], name
        if path.stem != "baseline":
            assert policy["controls"], f"{name} names no control"
        for framework, controls in policy.get("controls", {}).items():
            for control in controls:
                assert re.fullmatch(FRAMEWORKS[framework], control), f"{name}: {framework} {control}"


@pytest.mark.parametrize("path", [path for path in FILES if path.stem != "baseline"], ids=lambda path: path.stem)
def test_a_number_is_the_frameworks_or_said_to_be_the_organisations(path):
    for policy in policies(path):
        fixed = {FIXED.get((framework, control))
                 for framework, controls in policy["controls"].items() for control in controls} - {None}
        for rule in policy["rules"]:
            number = rule.get("max-age") or rule.get("unused-for")
            chosen = number and not fixed or "max-lifetime" in rule.get("expiry", {}) or "scopes" in rule
            if chosen:
                assert re.search("organisation's to set|yours to set", policy["basis"]), policy["name"]
            elif number:
                assert {number} == fixed, policy["name"]
                count = re.match(r"\d+", number).group()
                assert count in policy["basis"], f"{policy['name']}: {number} is not in its basis"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_has_tests_that_pass_and_show_both_sides_of_every_rule(binary, path):
    made = path.with_suffix(".test.yaml")
    ran = subprocess.run([binary, "policy", "test", made], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    if path.stem == "baseline":
        return
    shown = {}
    for test in yaml.load(made.read_text(), yaml.BaseLoader)["tests"]:
        for policy, rules in test["expect"].get("verdicts", {}).items():
            for rule, verdict in rules.items() if isinstance(rules, dict) else ():
                status = verdict["status"] if isinstance(verdict, dict) else verdict
                shown.setdefault((policy, rule), set()).add(status)
    for policy in policies(path):
        for rule in policy["rules"]:
            key = next(iter(rule))
            assert {"compliant", "violating"} <= shown.get((policy["name"], key), set()), f"{policy['name']}: {key}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_policy_of_ours_is_checked_and_planned(bare, path):
    text = path.read_text()
    bare.init()
    bare.policy(text=text)
    bare.json("import", bare.inventory(rows()))

    checked = bare.rota("policy", "check")
    # There is no webhook here, which those that only tell are warned of.
    warned = [line for line in checked.stderr.splitlines() if "warning" in line and "nobody is told" not in line]
    assert not warned and "no faults" in checked.stdout, checked.stderr
    as_it_is = bare.json("plan")
    assert bare.json("plan", "--at", "3650d")["totals"]["candidates"] >= as_it_is["totals"]["candidates"]
    names = re.findall(r"^  - name: (\S+)", text, re.M)
    assert names
    verdicts = bare.json("report", "--format", "json")["verdicts"]
    assert {verdict["policy"] for verdict in verdicts} == set(names), "each policy selects somebody"

    # Turned on, each of them acts on somebody, or only looks by what its rules say.
    bare.policy(text=re.sub(r"^(    mode: )(observe|warn)$", r"\1enforce", text, flags=re.M))
    acting = bare.rota("plan", "--json", "--at", "3650d", expect=None)
    assert acting.returncode in (0, 4), acting.stderr
    plan = json.loads(acting.stdout)
    assert plan["totals"]["actions"] > 0
    covered = {action["policy"] for action in plan["actions"]}
    covered |= {cover["policy"] for action in plan["actions"] for cover in action["covers"]}
    assert covered == set(names)

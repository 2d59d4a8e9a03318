"""Every policy file that comes with the repository is read without a fault, and plans over an inventory."""

import json
import re
from pathlib import Path

import pytest

from house import Seed

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for path in ROOT.glob("Policies/**/*.y*ml") if ".test." not in path.name)


def tokens():
    """One of each kind that policies tell apart: by labels, age, use, end, issuer, and where they live."""
    for env in ("production", "prod", "staging", "test"):
        for tier in ("", ";tier=break-glass"):
            yield f"{env}{tier[-5:]}", {"labels": f"env={env}{tier}"}
    yield "young", {"value_issued_at": "2026-11-01T00:00:00Z"}
    yield "idle", {"last_used_at": "2026-02-01T00:00:00Z"}
    yield "never-used", {"last_used_at": "never", "tracked_since": "2026-01-01T00:00:00Z"}
    yield "ends", {"expires_at": "2040-01-01T00:00:00Z"}
    yield "ends-in-time", {"created_at": "2026-10-01T00:00:00Z", "expires_at": "2027-06-01T00:00:00Z"}
    yield "homeless", {"destinations": ""}
    yield "theirs", {"issuer": "external:aws-iam", "external_id": "AKIA1", "destinations": "", "digest": ""}


def rows():
    found = []
    for name, differences in tokens():
        row = Seed(name, [f"local:{name}"]).row | {
            "external_id": "", "expires_at": "", "last_used_at": "", "tracked_since": ""}
        found.append(row | differences)
    return found


def test_there_are_policies_to_try():
    assert [path.name for path in FILES if path.name == "baseline.yaml"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_policy_of_ours_is_checked_and_planned(bare, path):
    text = path.read_text()
    bare.init()
    bare.policy(text=text)
    bare.json("import", bare.inventory(rows()))

    checked = bare.rota("policy", "check")
    assert "warning" not in checked.stderr and "no faults" in checked.stdout, checked.stderr
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

"""Reports as others read them: OSCAL by NIST's schema and by compliance-trestle, JUnit by junitparser, Markdown by a
renderer. What strangers wrote is text in each."""

import json
import re
import subprocess
import sys
from pathlib import Path

import junitparser
import pytest
from markdown_it import MarkdownIt

from house import Seed

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT.parent / "shared/oscal/oscal_assessment-results_schema.json"
TOOLS = Path(sys.executable).parent
HOSTILE = ['<img src=x onerror=alert(1)>', "=cmd()|' /C calc'!A0", "a|b`c*[d](javascript:alert(2))", "]]></failure>&"]
POLICIES = """
version: 1
policies:
  - name: quarterly
    description: Values turn over each quarter.
    mode: observe
    match: all
    controls: { nist-800-53-r5: [IA-5f, "AC-2(3)"], pci-dss-4.0.1: [8.6.3], "SOC 2": [CC6.1] }
    rules:
      - max-age: 90d
        action: notify
      - owner: required
  - name: nothing
    mode: observe
    match: { name: "no-such-*" }
    controls: { iso-27001: ["A.5.17"] }
    rules: [ { max-age: 1d, action: notify } ]
"""


@pytest.fixture(scope="module")
def reported(binary, tmp_path_factory):
    from house import House
    house = House(binary, tmp_path_factory.mktemp("reported"))
    house.init()
    house.policy(text=POLICIES)
    house.rota("import", house.inventory([Seed(name, []) for name in [*HOSTILE, "plain", "waived"]]))
    house.rota("token", "create", "--name", "young", "--owner", "team")
    return house


def report(house, ending):
    path = house.folder / f"report.{ending}"
    house.rota("report", "--output", path)
    return path


def test_oscal_is_accepted_by_nists_schema_and_by_trestle(reported, tmp_path):
    path = report(reported, "oscal.json")
    done = subprocess.run(
        [TOOLS / "check-jsonschema", "--schemafile", SCHEMA, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    subprocess.run([TOOLS / "trestle", "init"], cwd=tmp_path, check=True, capture_output=True)
    place = tmp_path / "assessment-results/rota/assessment-results.json"
    place.parent.mkdir(parents=True)
    place.write_bytes(path.read_bytes())
    done = subprocess.run(
        [TOOLS / "trestle", "validate", "-f", place], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and "VALID" in done.stdout + done.stderr, done.stdout + done.stderr


def uuids(value):
    """Every identifier that is given, and every one that is referred to."""
    given, meant = [], []
    def look(at):
        if isinstance(at, dict):
            for key, inner in at.items():
                if key == "uuid":
                    given.append(inner)
                elif key.endswith("-uuid"):
                    meant.append(inner)
                elif key == "href" and str(inner).startswith("#"):
                    meant.append(inner[1:])
                else:
                    look(inner)
        elif isinstance(at, list):
            for inner in at:
                look(inner)
    look(value)
    return given, meant


def test_oscal_refers_to_nothing_that_is_not_there_and_says_what_the_report_says(reported):
    document = json.loads(report(reported, "oscal.json").read_text())
    given, meant = uuids(document)
    assert len(given) == len(set(given)) and set(meant) <= set(given) and meant
    [result] = document["assessment-results"]["results"]
    totals = json.loads(report(reported, "json").read_text())["totals"]
    violations = [o for o in result["observations"] if any(p["name"] == "token-id" for p in o.get("props", []))]
    assert len(violations) == totals["violating"] > 0
    findings = {f["target"]["target-id"]: f["target"]["status"] for f in result["findings"]}
    # Named as NIST's catalogue names them; others with their framework.
    assert set(findings) == {"ia-5_obj.f", "ac-2.3_obj", "pci-dss-4.0.1_8.6.3", "SOC-2_CC6.1"}, "the others have no token"
    assert findings["ia-5_obj.f"] == {"state": "not-satisfied", "reason": "fail"}
    assert {method for o in result["observations"] for method in o["methods"]} == {"TEST"}


def test_junit_has_a_case_for_each_verdict_and_a_failure_for_each_violation(reported):
    [suite] = junitparser.JUnitXml.fromfile(str(report(reported, "junit.xml")))
    verdicts = json.loads(report(reported, "json").read_text())["verdicts"]
    cases = {(case.classname, case.name): case.result for case in suite}
    assert len(cases) == len(verdicts)
    for verdict in verdicts:
        [*results] = cases[f"{verdict['policy']}.{verdict['rule']}", f"{verdict['name']} ({verdict['token_id']})"]
        if verdict["status"] == "violating":
            assert [type(r).__name__ for r in results] == ["Failure"] and results[0].message == verdict["message"]
        elif verdict["status"] in ("waived", "unknown"):
            assert [type(r).__name__ for r in results] == ["Skipped"]
        else:
            assert results == []


def test_markdown_is_tables_and_what_strangers_wrote_is_only_text(reported):
    text = report(reported, "md").read_text()
    # Without the renderer's own protection: whatever HTML there were would come out.
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    # With those of the lists that were imported, and of the policies that were loaded.
    assert html.count("<table>") == 6
    cells = re.findall(r"<td[^>]*>(.*?)</td>", html)
    assert all(not re.search(r"<(?!/?code)", cell) for cell in cells), cells
    import html as entities
    shown = {entities.unescape(cell) for cell in cells}
    assert set(HOSTILE) <= shown, shown
    assert "violate a policy" in html and "IA-5f" in html


def test_the_name_of_the_file_says_in_which_format(reported):
    for ending, begins in (("md", "# API token"), ("junit.xml", "<?xml"), ("oscal.json", '{"assessment-results"'),
                           ("json", '{"report"'), ("html", "<!"), ("csv", "token_id,")):
        assert report(reported, ending).read_text().startswith(begins), ending
    refused = reported.rota("report", "--output", reported.folder / "x.pdf", expect=2)
    assert "print it from a browser" in refused.stderr
    assert "oscal" in reported.rota("report", "--output", reported.folder / "x.doc", expect=2).stderr


def test_the_same_report_is_the_same_to_the_byte(reported):
    def made(kind):
        text = reported.rota("report", "--format", kind, "--at", "2027-01-31T00:00:00Z").stdout
        return re.sub(r'"last-modified":"[^"]*"|at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, judged', "", text)
    assert made("oscal") == made("oscal") and made("junit") == made("junit")

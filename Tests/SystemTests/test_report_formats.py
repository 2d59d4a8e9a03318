"""Reports as others read them: OSCAL by NIST's schema and by compliance-trestle, JUnit by junitparser, Markdown by a
renderer. What strangers wrote is text in each."""

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import junitparser
import pytest
from markdown_it import MarkdownIt

from house import Seed, moment

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT.parent / "shared/oscal/oscal_assessment-results_schema.json"
TOOLS = Path(sys.executable).parent
# When nothing of the present holds any more.
LATER = moment(64)
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
    for names in (["gone", "kept"], ["kept"]):
        (house.folder / "lists").mkdir(exist_ok=True)
        path = house.folder / "lists/cloud keys.csv"
        path.write_text("name,issuer,external_id,created_at\n" + "".join(
            f"{name},external:cloud,{name},2026-01-01T00:00:00Z\n" for name in names))
        house.rota("import", path, "--complete")
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
    violations = [o for o in result["observations"] if any(p["name"] == "reason" for p in o.get("props", []))]
    assert len(violations) == totals["violating"] > 0
    findings = {f["target"]["target-id"]: f["target"]["status"] for f in result["findings"]}
    # Named as NIST's catalogue names them; others with their framework.
    assert set(findings) == {"ia-5_obj.f", "ac-2.3_obj", "pci-dss-4.0.1_8.6.3", "SOC-2_CC6.1"}, "the others have no token"
    assert findings["ia-5_obj.f"] == {"state": "not-satisfied", "reason": "fail"}
    assert {method for o in result["observations"] for method in o["methods"]} == {"TEST", "EXAMINE"}


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
        text = reported.rota("report", "--format", kind, "--at", LATER).stdout
        return re.sub(r'"last-modified":"[^"]*"|at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, judged', "", text)
    assert made("oscal") == made("oscal") and made("junit") == made("junit")


def test_oscal_has_what_it_was_built_from_and_what_is_missing(reported):
    document = json.loads(report(reported, "oscal.json").read_text())["assessment-results"]
    origins = json.loads(report(reported, "json").read_text())["summary"]["origins"]
    def props(owner):
        return {prop["name"]: prop["value"] for prop in owner.get("props", [])}
    lists = [r for r in document["back-matter"]["resources"] if r["title"].startswith("Inventory list")]
    assert len(lists) == len(origins["imports_listed"]) == 3
    for resource, listed in zip(lists, origins["imports_listed"]):
        [link] = resource["rlinks"]
        assert link["hashes"] == [{"algorithm": "SHA-256", "value": listed["digest"].removeprefix("sha256:")}]
        told = props(resource)
        assert told["rows"] == str(listed["rows"]) and told["imported-by"] == listed["actor"]
        assert told.get("vanished") == (None if listed["vanished"] is None else str(listed["vanished"]))
    assert lists[0]["rlinks"][0]["href"] == "./cloud%20keys.csv"
    loads = [r for r in document["back-matter"]["resources"] if r["title"].startswith("Policies loaded")]
    assert len(loads) == origins["policy_loads"] > 0 and all(load["rlinks"] for load in loads)
    [result] = document["results"]
    told = props(result)
    assert told["tokens-issued-here"] == "2" and told["missing-tokens"] == "1" and told["imports"] == "3"
    [missing] = [o for o in result["observations"] if o["methods"] == ["EXAMINE"]]
    assert missing["title"] == "gone: missing from its list" and props(missing)["missing-since"]


def test_junit_has_what_it_was_built_from_and_what_is_missing_as_properties(reported):
    [suite] = junitparser.JUnitXml.fromfile(str(report(reported, "junit.xml")))
    told = {}
    for item in suite.properties():
        told.setdefault(item.name, []).append(item.value)
    origins = json.loads(report(reported, "json").read_text())["summary"]["origins"]
    assert len(told["import"]) == 3 and all(
        listed["digest"] in words and f"{listed['rows']} rows" in words
        for listed, words in zip(origins["imports_listed"], told["import"]))
    assert "1 vanished" in told["import"][0] and len(told["policies"]) == origins["policy_loads"]
    assert told["missing-tokens"] == ["1"] and told["missing-token"][0].startswith("gone (tok_")
    [said] = re.findall("<system-out>(.*?)</system-out>", report(reported, "junit.xml").read_text())
    assert said.startswith("2 live tokens were issued here")


def test_a_report_is_of_one_moment_whatever_others_change_meanwhile(bare):
    """Its first rows are written, and the rest waits for whoever reads it, while a token is revoked."""
    bare.init()
    bare.policy(text="version: 1\npolicies:\n  - { name: p, match: all, rules: [ { max-age: 1d } ] }\n")
    bare.rota("token", "create", "--name", "aaa")
    bare.import_seeds([Seed(f"t{number:04}", []) for number in range(3000)])
    with subprocess.Popen(
            bare.command("report", "--json"), cwd=bare.folder, stdout=subprocess.PIPE, env=bare.environment) as made:
        begun = made.stdout.read(1)
        bare.rota("token", "revoke", "aaa", "--reason", "meanwhile", "--yes")
        report = json.loads(begun + made.stdout.read())
    names = {row["name"] for row in report["verdicts"]}
    listed = {row["name"] for row in report["summary"]["security_inventory"]["listed"]}
    assert "aaa" in names and "aaa" in listed and report["summary"]["revocations"]["count"] == 0


def rows(house, *words):
    return list(csv.DictReader(io.StringIO(house.rota("report", *words).stdout)))


@pytest.mark.parametrize("form", ["csv", "inventory"])
def test_a_line_says_when_it_was_judged_and_whether_it_is_of_a_part(reported, form):
    for words, extent in ([], "all"), (["--owner", "team*"], "owners team*"), (["--redact"], "redacted"), (
            ["--at", LATER], "hypothetical"), (
            ["--owner", "=cmd,*"], None), (
            ["--owner", "team", "--redact", "--at", "30d"], "owners owner-X; redacted; hypothetical"):
        lines = rows(reported, "--format", form, *words)
        assert {re.sub("owner-[0-9a-f]{12}", "owner-X", line["extent"]) for line in lines} == ({extent} if extent else set()), words
        assert all(None not in line and None not in line.values() for line in lines)
    assert {line["judged_at"] for line in rows(reported, "--format", form, "--at", LATER)} == {LATER}


def test_of_each_control_it_is_told_how_much_was_seen_and_how_much_was_told(reported):
    document = json.loads(report(reported, "json").read_text())
    verdicts = [row for row in document["verdicts"] if row["policy"] == "quarterly"]
    counts = {kind: sum(row["facts"] == kind for row in verdicts) for kind in ("observed", "asserted")}
    # Two tokens were made here; the others are as a list says.
    assert counts["observed"] == 4 and counts["asserted"] > 4
    [control] = [c for c in document["summary"]["controls"] if c["control"] == "IA-5f"]
    assert control["facts"] == counts
    assert [source["facts"]["observed"] for source in control["sources"]] == [2, 2]
    assert control["verdicts"]["unknown"] == sum(row["facts"] is None for row in verdicts)
    assert sum(row["facts"] == "asserted" for row in rows(reported, "--format", "csv")
               if row["policy"] == "quarterly") == counts["asserted"]
    finding = next(f for f in json.loads(report(reported, "oscal.json").read_text())["assessment-results"]["results"][0]["findings"]
                   if f["target"]["target-id"] == "ia-5_obj.f")
    assert {p["name"]: p["value"] for p in finding["props"]} == {
        "observed-verdicts": "4", "asserted-verdicts": str(counts["asserted"])}
    line = next(line for line in report(reported, "md").read_text().splitlines() if "IA-5f" in line)
    assert [cell.strip() for cell in line.strip("|").split("|")][-2] == "2"
    page = report(reported, "html").read_text()
    assert ">Observed</th>" in page and ">Asserted</th>" in page


def test_what_a_gateways_log_told_is_asserted_and_the_log_is_told_of_in_every_format(bare):
    house = bare
    house.init()
    house.policy(text="""
version: 1
policies:
  - name: shared
    mode: observe
    match: all
    controls: { frame: ["1"] }
    rules:
      - sources: { max-addresses: 15, within: 30d }
        action: notify
      - unused-for: 30d
        action: notify
""")
    house.rota("import", house.inventory([Seed("srcs", [])]))
    now = datetime.now(UTC) - timedelta(minutes=5)
    log = house.folder / "gate way.csv"
    log.write_text("token,time,source\n" + "".join(f"srcs,{now:%FT%TZ},10.0.0.{number}\n" for number in range(32)))
    house.rota("import", "--usage", log)
    told = {row["rule"]: (row["status"], row["facts"]) for row in rows(house, "--format", "csv")}
    assert told == {"sources": ("violating", "asserted"), "unused-for": ("compliant", "asserted")}
    # Nobody watches in a hypothesis, so that nobody saw that it is idle.
    assert {row["facts"] for row in rows(house, "--format", "csv", "--at", "60d")} == {""}
    digest = hashlib.sha256(log.read_bytes()).hexdigest()
    origins = json.loads(report(house, "json").read_text())["summary"]["origins"]
    assert origins["usage_imports"] == 1 and origins["usage_rows_imported"] == 32
    [listed] = origins["usage_imports_listed"]
    assert listed["digest"] == f"sha256:{digest}" and listed["uses"] == 32 and listed["complete"] is False
    document = json.loads(report(house, "oscal.json").read_text())["assessment-results"]
    [resource] = [r for r in document["back-matter"]["resources"] if r["title"].startswith("Log of uses")]
    assert resource["rlinks"] == [{"href": "./gate%20way.csv", "hashes": [{"algorithm": "SHA-256", "value": digest}]}]
    [suite] = junitparser.JUnitXml.fromfile(str(report(house, "junit.xml")))
    told = {item.name: item.value for item in suite.properties()}
    assert f"sha256:{digest}, 32 rows" in told["usage-import"] and told["usage-rows-imported"] == "32"
    assert told["imports"] == "1" and told["rows-imported"] == "1"
    for ending in ("md", "html"):
        assert digest[:16] in report(house, ending).read_text(), ending
    # Of the store as a whole nothing is told in a slice, not even that there is none.
    house.rota("report", "--output", house.folder / "slice.json", "--owner", "team*")
    part = json.loads((house.folder / "slice.json").read_text())["summary"]["origins"]
    assert [part[name] for name in ("imports", "rows_imported", "usage_imports", "approvals")] == [None] * 4

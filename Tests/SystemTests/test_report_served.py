"""Reports of a server: of the past, signed, and all that an auditor asks for; verified where there is no store."""

import base64
import json
import re
import subprocess

import pytest
import requests

from house import Seed
from serving import Served, wait_until
from test_past import made_at, report, wait_for_next_second
from test_remote import Person

OTHER = "version: 1\npolicies:\n  - name: other\n    match: all\n    rules: [ { max-age: 1d } ]\n"


@pytest.fixture
def lived(bare, tmp_path):
    """A store with a past and a key, that is served, and who looks at it from elsewhere."""
    with (bare.folder / "rota.yaml").open("a") as file:
        file.write("audit: { key: file:audit.key }\n")
    bare.init()
    bare.policy()
    bare.import_seeds([Seed(f"token-{number}", []) for number in range(20)])
    bare.rota("report", "--json")
    wait_for_next_second()
    bare.instant = made_at(report(bare, "json"))
    wait_for_next_second()
    bare.rota("token", "edit", "token-1", "--owner", "team-x")
    bare.rota("token", "revoke", "token-2", "--reason", "not needed", "--yes")
    bare.policy(text=OTHER)
    bare.public = bare.rota("audit", "key").stdout.strip()
    bare.spool = tmp_path / "spool"
    bare.spool.mkdir()
    bare.extra["TMPDIR"] = str(bare.spool)
    with Served(bare) as served:
        bare.carol = Person(bare, served, tmp_path, "carol", "rota:audit")
        bare.bob = Person(bare, served, tmp_path, "bob", "rota:operate")
        # That the server watches uses is noted once, a moment after it was first asked: a report has the log's size.
        bare.carol("token", "list")
        wait_until(lambda: bare.rows("SELECT 1 FROM audit WHERE action = 'usage.track'"), within=90)
        yield bare
        served.stop()


def verify(lived, path, *words):
    """With the program alone, in a folder that has no store and no configuration."""
    return subprocess.run(
        [lived.binary, "report", "verify", path.name, "--key", lived.public, *words], cwd=path.parent,
        capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})


def ask(lived, path, expect=200):
    answer = requests.get(
        lived.served.address + path, headers={"Authorization": f"Bearer {lived.carol.value}"}, timeout=60)
    assert answer.status_code == expect, answer.text
    return answer


def test_that_an_owner_has_no_tokens_is_told_there_too(lived):
    path = "/v1/reports/compliance?format=csv&owner="
    assert "the report is of none" in ask(lived, path + "nobody").headers["Rota-Warning"]
    assert "Rota-Warning" not in ask(lived, path + "team-x").headers
    told = lived.carol("report", "--format", "csv", "--owner", "nobody")
    assert "the report is of none" in told.stderr


def without_itself(text):
    """But for when it was made, and for whom."""
    return re.sub(r'"(made_at|actor)":"[^"]*"|(Made at|Asked for by)</dt><dd[^>]*>[^<]*', "", text)


@pytest.mark.parametrize("form", ["json", "csv", "html"])
def test_a_report_of_the_past_is_there_what_it_is_at_home(lived, form):
    there = lived.carol("report", "--format", form, "--as-of", lived.instant).stdout
    # Signed, too, of the same log.
    lived.rota("report", "--output", lived.folder / f"past.{form}", "--as-of", lived.instant)
    at_home = (lived.folder / f"past.{form}").read_text()
    assert without_itself(there) == without_itself(at_home) and len(there) > 2_000
    assert "token-2" in there and "team-x" not in there
    assert without_itself(there) != without_itself(lived.carol("report", "--format", form).stdout)
    # What it was rebuilt in is gone.
    assert list(lived.spool.iterdir()) == []
    # And whether anything was violated then.
    words = ["report", "--format", form, "--as-of", lived.instant, "--exit-code"]
    lived.rota(*words, expect=3)
    lived.carol(*words, expect=3)


def test_a_report_of_a_server_is_signed_and_verified_offline_by_rota_and_by_go(lived, go):
    for words in ([], ["--as-of", lived.instant]):
        for name in ("report.html", "report.csv", "report.oscal.json"):
            path = lived.carol.folder / name
            told = lived.carol("report", "--output", name, *words)
            assert f"signed by {name}.sig" in told.stderr
            assert "as it was signed" in verify(lived, path).stdout
            assert go(lived.public, "report", f"{path}.sig", path)
            path.write_bytes(path.read_bytes().replace(b"token-3", b"token-4", 1))
            assert verify(lived, path).returncode == 1
    # The log of today begins with that of the report.
    found = json.loads(lived.rota("audit", "verify", "--json", "--checkpoint", f"{path}.sig").stdout)
    assert (found["given"], found["faults"]) == (1, [])


def test_the_signature_is_in_the_answer_and_in_an_archive(lived, tmp_path):
    answer = ask(lived, "/v1/reports/compliance?format=csv")
    (tmp_path / "report.csv").write_bytes(answer.content)
    (tmp_path / "report.csv.sig").write_bytes(base64.b64decode(answer.headers["Rota-Signature"]))
    assert verify(lived, tmp_path / "report.csv").returncode == 0
    answer = ask(lived, f"/v1/reports/compliance?format=html&signed=true&as_of={lived.instant}")
    assert answer.headers["Content-Type"] == "application/zip"
    (tmp_path / "signed.zip").write_bytes(answer.content)
    subprocess.run(["python3", "-m", "zipfile", "-e", tmp_path / "signed.zip", tmp_path / "out"], check=True)
    [page] = (tmp_path / "out").glob("*.html")
    assert page.name == f"rota-compliance-{lived.instant[:10]}.html"
    assert verify(lived, page).returncode == 0
    for fields in ("at=2126-01-01T00:00:00Z&as_of=2026-01-01T00:00:00Z", "as_of=2126-01-01T00:00:00Z", "as_of=then"):
        ask(lived, f"/v1/reports/compliance?{fields}", 422)
    assert "the store began at" in ask(lived, "/v1/reports/compliance?as_of=2020-01-01T00:00:00Z", 409).text


def test_the_archive_of_a_server_is_verified_without_the_store(lived, go):
    made = json.loads(lived.carol("report", "bundle", "--output", "evidence.zip", "--period", "90d", "--json").stdout)
    path = lived.carol.folder / "evidence.zip"
    assert made == {"file": "evidence.zip", "signature": "evidence.zip.sig"}
    assert json.loads(verify(lived, path, "--json").stdout)["format"] == "bundle"
    subprocess.run(["python3", "-m", "zipfile", "-e", path, path.parent / "out"], check=True)
    evidence = path.parent / "out/evidence"
    # Whoever got it by a browser has no file beside it: the sums are signed within.
    assert json.loads(verify(lived, evidence / "SHA256SUMS", "--json").stdout)["format"] == "sums"
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=evidence, check=True)
    assert [text.read_text() for text in (evidence / "policies").iterdir()] == [OTHER]
    proof = next((evidence / "audit/proofs").glob("*.tlog-proof"))
    assert go(lived.public, "proof", proof, proof.with_suffix(".json"))
    sums = evidence / "SHA256SUMS"
    sums.write_text(sums.read_text().replace("0", "1", 1))
    assert verify(lived, sums).returncode == 1
    assert list(lived.spool.iterdir()) == []


def test_the_audit_log_goes_out_to_those_alone_who_may_read_it(lived):
    assert "rota:audit" in lived.bob("report", "bundle", expect=1).stderr
    assert not list(lived.bob.folder.glob("*.zip*"))
    assert "--since does not go with --server" in lived.carol("report", "--since", lived.instant, expect=2).stderr
    assert "name it .zip" in lived.carol("report", "bundle", "--output", "evidence.tar", expect=2).stderr


def test_an_archive_of_the_pages_is_taken_without_script(office, tmp_path):
    with (office.house.folder / "rota.yaml").open("a") as file:
        file.write("audit: { key: file:audit.key }\n")
    office.house.rota("audit", "key", "--new")
    office.house.public = office.house.rota("audit", "key").stdout.strip()
    office.token("alone", "export:read", owner="team-data")
    with office.signed_in(path="reports", javascript=False, meant=[409]) as page:
        def taken(button, name):
            with page.expect_download() as download:
                page.get_by_role("button", name=button, exact=True).click()
            assert download.value.suggested_filename.endswith(name)
            folder = tmp_path / name
            subprocess.run(["python3", "-m", "zipfile", "-e", download.value.path(), folder], check=True)
            return folder
        sums = taken("Archive", ".zip") / "evidence/SHA256SUMS"
        assert verify(office.house, sums).returncode == 0
        page.fill("[name=owner]", "team-*")
        page.check("[name=signed]")
        [report] = taken("CSV", ".csv.zip").glob("*.csv")
        assert verify(office.house, report).returncode == 0
        assert [line.split(",")[1] for line in report.read_text().splitlines()[1:]] == ["alone"]
        page.fill("[name=as_of]", "2020-01-01T00:00")
        page.get_by_role("button", name="Page", exact=True).click()
        assert "the store began at" in page.content()
        page.goto(office.url("reports"))
        page.shot("reports-another")
        assert page.barriers() == [] and page.complaints == []

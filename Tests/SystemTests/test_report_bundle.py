"""The archive for an auditor: complete, of one moment, and verified by whatever unpacks, sums and proves."""

import csv
import hashlib
import json
import subprocess
import zipfile

import pytest

from house import Seed

POLICY = """version: 1
policies:
  - name: quarterly
    mode: observe
    match: all
    controls: { pci-dss-4.0.1: [8.6.3] }
    rules: [ { max-age: 90d } ]
"""


@pytest.fixture
def bundled(bare, tmp_path):
    """A store in which people decided, and its archive, unpacked elsewhere."""
    with (bare.folder / "rota.yaml").open("a") as file:
        file.write("audit: { key: file:audit.key }\n")
    bare.init()
    bare.policy(text=POLICY)
    bare.import_seeds([Seed(f"t{number}", []) for number in range(20)] + [Seed("<img src=x onerror=alert(1)>", [])])
    bare.rota("waiver", "request", "--token", "t1", "--policy", "quarterly", "--for", "30d", "--reason", "the vendor is late")
    bare.rota("freeze", "--reason", "a release", "--for", "1h")
    bare.archive = bare.folder / "evidence.zip"
    bare.told = json.loads(bare.rota("report", "bundle", "--output", bare.archive, "--json").stdout)
    bare.public = bare.rota("audit", "key").stdout.strip()
    subprocess.run(["python3", "-m", "zipfile", "-e", bare.archive, tmp_path / "auditor"], check=True)
    bare.evidence = tmp_path / "auditor/evidence"
    return bare


def offline(bundled, *words):
    return subprocess.run(
        [bundled.binary, *map(str, words)], cwd=bundled.evidence, capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin"})


def test_the_archive_is_signed_and_every_file_in_it_is_as_its_sum_says(bundled, go):
    assert zipfile.ZipFile(bundled.archive).testzip() is None
    assert go(bundled.public, "report", f"{bundled.archive}.sig", bundled.archive)
    told = offline(bundled, "report", "verify", bundled.archive, "--key", bundled.public, "--json")
    assert told.returncode == 0 and json.loads(told.stdout)["format"] == "bundle"
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=bundled.evidence, check=True)
    summed = {line.split("  ", 1)[1] for line in (bundled.evidence / "SHA256SUMS").read_text().splitlines()}
    files = {str(path.relative_to(bundled.evidence)) for path in bundled.evidence.rglob("*") if path.is_file()}
    assert files == summed | {"SHA256SUMS", "SHA256SUMS.sig"} and len(files) == bundled.told["files"]
    bytes_of = bundled.archive.read_bytes()
    bundled.archive.write_bytes(bytes_of[:-1] + bytes([bytes_of[-1] ^ 1]))
    assert offline(bundled, "report", "verify", bundled.archive, "--key", bundled.public).returncode == 1


def test_the_readme_begins_with_the_exceptions_and_says_what_to_do(bundled):
    text = (bundled.evidence / "README.md").read_text()
    assert text.index("21 of 22 tokens violate") < text.index("## Violations") < text.index("## What is in this archive")
    assert "<img" not in text, "a name is text"
    for line in text.splitlines():
        if line.startswith("| `"):
            for name in line.split("|")[1].replace("`", "").split(","):
                assert (bundled.evidence / name.strip()).exists(), name


def test_all_of_it_is_of_one_moment(bundled):
    reports = json.loads((bundled.evidence / "report.json").read_text())
    assert len(reports["verdicts"]) == 22
    assert len((bundled.evidence / "report.csv").read_text().splitlines()) == 23
    [waiver] = json.loads((bundled.evidence / "waivers.json").read_text())["waivers"]
    assert waiver["reason"] == "the vendor is late" and waiver["requested_by"] and waiver["approved_by"] is None
    policies = list((bundled.evidence / "policies").iterdir())
    assert [path.read_text() for path in policies] == [POLICY]
    # Every text that was ever loaded, by its digest, with who loaded it.
    [load] = json.loads((bundled.evidence / "policy-history/loads.json").read_text())["loads"]
    assert load["actor"].startswith("cli:") and load["cause"] == "report bundle"
    [text] = load["files"]
    kept = (bundled.evidence / "policy-history" / f"{text['digest'].removeprefix('sha256:')}.yaml").read_bytes()
    assert kept == POLICY.encode() and hashlib.sha256(kept).hexdigest() == text["digest"].removeprefix("sha256:")
    assert (bundled.evidence / "notices.jsonl").read_text() == ""
    [listed] = reports["summary"]["origins"]["imports_listed"]
    assert listed["rows"] == 21 and listed["actor"] == load["actor"]
    assert (bundled.evidence / "audit/checkpoint").read_text() == reports["report"]["checkpoint"]
    size = int(reports["report"]["checkpoint"].splitlines()[1])
    entries = [json.loads(line) for line in (bundled.evidence / "audit/entries.jsonl").read_text().splitlines()]
    assert [entry["number"] for entry in entries] == list(range(1, size + 1))


def test_decisions_of_people_are_proven_to_be_in_the_log_by_rota_and_by_go(bundled, go):
    proofs = sorted((bundled.evidence / "audit/proofs").glob("*.tlog-proof"))
    actions = set()
    for proof in proofs:
        entry = proof.with_suffix(".json")
        actions.add(json.loads(entry.read_text())["action"])
        assert go(bundled.public, "proof", proof, entry)
        assert offline(
            bundled, "audit", "verify", "--proof", proof, "--entry", entry, "--key", bundled.public).returncode == 0
        entry.write_text(entry.read_text().replace('"actor":"', '"actor":"x', 1))
        assert not go(bundled.public, "proof", proof, entry)
    assert {"waiver.request", "store.freeze", "policies.load"} <= actions
    assert (bundled.evidence / "audit/key.txt").read_text().strip() == bundled.public


def test_its_files_tell_of_every_token_of_the_store(bundled):
    """What is not judged has rows of its own, and the sum is all of them."""
    bundled.rota("token", "create", "--name", "mine")
    bundled.rota("token", "revoke", "mine", "--reason", "=not needed", "--yes", "--emergency")
    bundled.rota("token", "quarantine", "t2", "--reason", "who uses it?")
    bundled.rota("report", "bundle", "--output", bundled.archive)
    archive = zipfile.ZipFile(bundled.archive)
    live, ended = ([*csv.DictReader(archive.read(f"evidence/{name}").decode().splitlines())]
                   for name in ("report.inventory.csv", "tokens-not-judged.csv"))
    totals = json.loads(archive.read("evidence/report.json"))
    states = totals["summary"]["states"]
    assert len(live) == totals["totals"]["evaluated"] and len(live) + len(ended) == totals["totals"]["tokens"]
    assert {row["name"]: (row["state"], row["cause"]) for row in ended} == {
        "mine": ("revoked", "'=not needed"), "t2": ("quarantined", "who uses it?")}
    assert all(row["since"] and row["by"].startswith("cli:") for row in ended)
    told = f"{states['active'] + 2} tokens: {states['active']} live, which are judged, 1 quarantined, 0 expired and 1 revoked"
    for name in ("README.md", "report.html"):
        text = archive.read(f"evidence/{name}").decode()
        assert told in text and "tokens-not-judged.csv" in text, name
    assert list(live[0])[-4:] == ["blocked", "rotation", "last_used", "value_issued_at"]


def test_no_value_is_in_it(bundled):
    bundled.rota("token", "create", "--name", "fresh")
    value = bundled.outputs[-2].strip().splitlines()[-1]
    bundled.rota("report", "bundle", "--output", bundled.archive)
    archive = zipfile.ZipFile(bundled.archive)
    for name in archive.namelist():
        assert value.encode() not in archive.read(name), name


def test_without_a_key_it_is_made_and_says_that_it_is_not_signed(bare):
    bare.init()
    bare.policy(text=POLICY)
    told = bare.rota("report", "bundle", "--output", bare.folder / "evidence.zip")
    assert "not signed" in told.stderr and not (bare.folder / "evidence.zip.sig").exists()
    assert "evidence/audit/entries.jsonl" in zipfile.ZipFile(bare.folder / "evidence.zip").namelist()
    for name in (bare.folder, bare.folder / "evidence.tar.gz"):
        assert bare.rota("report", "bundle", "--output", name, expect=2).stderr.startswith("error: ")
        assert not (bare.folder / "evidence.tar.gz").exists()

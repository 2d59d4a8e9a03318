"""A report that is written is signed, and verified where there is nothing but the report."""

import base64
import hashlib
import hmac
import json
import re
import shutil
import sqlite3
import subprocess

import pytest

from house import Seed

FORMATS = {"html": "html", "json": "json", "csv": "csv", "md": "markdown", "oscal.json": "oscal", "junit.xml": "junit",
           "inventory.csv": "inventory"}


@pytest.fixture
def signed(bare):
    """A store whose log has a key, with a report in each format."""
    with (bare.folder / "rota.yaml").open("a") as file:
        file.write("audit: { key: file:audit.key }\n")
    bare.init()
    bare.policy()
    bare.import_seeds([Seed(f"t{number}", []) for number in range(20)])
    for ending in FORMATS:
        bare.rota("report", "--output", bare.folder / f"report.{ending}")
    bare.public = bare.rota("audit", "key").stdout.strip()
    return bare


def verify(signed, folder, *words):
    """With the program alone, in a folder that has no store and no configuration."""
    return subprocess.run(
        [signed.binary, "report", "verify", *map(str, words)], cwd=folder, capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)})


def carried(signed, folder, name):
    """The report and its signature, as an auditor has them."""
    folder.mkdir(exist_ok=True)
    for file in (name, name + ".sig"):
        shutil.copy(signed.folder / file, folder / file)
    return folder / name


def test_every_format_is_signed_and_verified_offline_by_rota_and_by_go(signed, tmp_path, go):
    for ending, form in FORMATS.items():
        report = carried(signed, tmp_path / "auditor", f"report.{ending}")
        told = verify(signed, report.parent, report.name, "--key", signed.public, "--json")
        assert told.returncode == 0, told.stderr
        document = json.loads(told.stdout)
        assert (document["valid"], document["format"], document["key"]) == (True, form, signed.public)
        assert document["bytes"] == report.stat().st_size
        assert go(signed.public, "report", f"{report}.sig", report)
        # Where the store is, the key need not be given; the log of today begins with that of the report.
        assert "as it was signed" in signed.rota("report", "verify", signed.folder / report.name).stdout
        found = json.loads(signed.rota("audit", "verify", "--json", "--checkpoint", f"{report}.sig").stdout)
        assert (found["given"], found["faults"]) == (1, [])


def test_the_report_itself_has_the_checkpoint_that_is_signed(signed):
    for ending, form in FORMATS.items():
        report = signed.folder / f"report.{ending}"
        root = re.search(r"^root (.*)$", (signed.folder / f"report.{ending}.sig").read_text(), re.M)[1]
        text = report.read_text()
        if form == "oscal":
            resources = json.loads(text)["assessment-results"]["back-matter"]["resources"]
            [value] = [resource["base64"]["value"] for resource in resources if "base64" in resource]
            text = base64.b64decode(value).decode()
        assert (root in text) == (form not in ("csv", "inventory")), form
    # As it stands there it is one for the verifier of the log.
    note = json.loads((signed.folder / "report.json").read_text())["report"]["checkpoint"]
    (signed.folder / "kept").write_text(note)
    found = json.loads(signed.rota("audit", "verify", "--json", "--checkpoint", signed.folder / "kept").stdout)
    assert (found["given"], found["faults"]) == (1, [])


def changed(report, signature):
    report.write_bytes(report.read_bytes().replace(b"t7", b"t8", 1))


def shortened(report, signature):
    report.write_bytes(report.read_bytes()[:-1])


def lengthened(report, signature):
    report.write_bytes(report.read_bytes() + b"\n")


def swapped(report, signature):
    shutil.copy(report.parent / "other.sig", signature)


def relabelled(report, signature):
    signature.write_text(signature.read_text().replace("format csv", "format html"))


def rooted(report, signature):
    text = signature.read_text()
    signature.write_text(re.sub(r"^entries (\d+)$", lambda match: f"entries {int(match[1]) - 1}", text, flags=re.M))


def cut(report, signature):
    signature.write_text(signature.read_text().split("\n\n")[0] + "\n")


@pytest.mark.parametrize("tamper", [changed, shortened, lengthened, swapped, relabelled, rooted, cut])
def test_a_report_or_a_signature_that_was_tampered_with_is_refused(signed, tmp_path, go, tamper):
    report = carried(signed, tmp_path / "auditor", "report.csv")
    signature = report.with_name("report.csv.sig")
    shutil.copy(signed.folder / "report.json.sig", report.parent / "other.sig")
    assert verify(signed, report.parent, report, "--key", signed.public).returncode == 0
    tamper(report, signature)
    told = verify(signed, report.parent, report, "--key", signed.public)
    assert told.returncode in (1, 2) and told.stdout == "" and "error: " in told.stderr, told
    assert not go(signed.public, "report", signature, report)


def test_another_key_no_key_and_no_signature_are_each_told(signed, tmp_path):
    report = carried(signed, tmp_path / "auditor", "report.html")
    old = signed.public
    signed.rota("audit", "key", "--new")
    other = signed.rota("audit", "key").stdout.strip()
    assert other != old
    told = verify(signed, report.parent, report, "--key", other)
    assert told.returncode == 1 and "not signed by the key" in told.stderr
    # What an old key signed stays good where the log names it.
    assert "as it was signed" in signed.rota("report", "verify", signed.folder / "report.html").stdout
    told = verify(signed, report.parent, report)
    assert told.returncode == 2 and "--key NAME+ID+KEY" in told.stderr
    report.with_name("report.html.sig").unlink()
    told = verify(signed, report.parent, report, "--key", old)
    assert told.returncode == 2 and "has no signature" in told.stderr


def test_a_report_tells_on_a_log_that_was_rewritten_since(signed):
    """By somebody who has the store's file: the report that an auditor kept finds it."""
    connection = sqlite3.connect(signed.store)
    for [trigger] in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute("UPDATE audit SET body = replace(body, 't7', 't8') WHERE body LIKE '%\"t7\"%'")
    connection.execute("DELETE FROM checkpoints")
    connection.execute("DELETE FROM audit_subtrees")
    connection.commit()
    connection.close()
    signed.rota("audit", "verify", "--checkpoint", signed.folder / "report.csv.sig", expect=1)


def test_a_redacted_report_names_are_not_to_be_tried_out_with_what_it_shows(signed):
    """Whoever knows the store's instance, which the signature names, cannot make pseudonyms."""
    signed.rota("token", "create", "--name", "secret-name", "--owner", "team-secret")
    signed.rota("report", "--redact", "--output", signed.folder / "redacted.json")
    text = (signed.folder / "redacted.json").read_text()
    assert "team-secret" not in text and "secret-name" not in text
    instance = signed.public.split("+")[0].removeprefix("rota-")
    code = hmac.new(f"rota redaction {instance}".encode(), b"owner team-secret", hashlib.sha256).hexdigest()
    assert re.search(r"owner-[0-9a-f]{12}", text) and f"owner-{code[:12]}" not in text


def test_a_key_that_is_lost_keeps_nobody_from_looking_at_a_report(signed):
    (signed.folder / "audit.key").rename(signed.folder / "elsewhere")
    assert "audit key --new" in signed.rota("report", "--output", signed.folder / "new.html", expect=2).stderr
    assert not (signed.folder / "new.html").exists()
    # What goes to standard output is not signed; it has the newest checkpoint that was.
    assert json.loads(signed.rota("report", "--json").stdout)["report"]["checkpoint"].startswith("rota-")


def test_without_a_key_a_report_is_written_unsigned_and_an_old_signature_does_not_stay(signed):
    report = signed.folder / "report.html"
    assert (signed.folder / "report.html.sig").exists()
    settings = signed.folder / "rota.yaml"
    settings.write_text(settings.read_text().replace("audit: { key: file:audit.key }\n", ""))
    signed.rota("report", "--output", report)
    assert report.exists() and not (signed.folder / "report.html.sig").exists()

"""The inventory, written out as it is read in."""

import csv
import io
import json

import pytest

from house import House, Seed

ROWS = '''name,issuer,external_id,description,owner,integration,scopes,labels,prefix,created_at,value_issued_at,expires_at,last_used_at,tracked_since,state,destinations,digest
plain,rota,,,,,,,,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,,,,,,
"=cmd(),""x""",rota,,"a, b; c",team,ingest,a:read b:write,env=prod;note=a=b,acme,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,2127-06-01T00:00:00Z,2026-03-01T00:00:00Z,,active,local:one;local:two,sha256:{digest}
<img onerror>,external:aws-iam,AKIA1,,,,,,,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,,never,2026-01-05T00:00:00Z,active,,
над,rota,,,,,,,,2025-01-01T00:00:00Z,2025-01-01T00:00:00Z,2025-02-01T00:00:00Z,,,expired,,
'''


@pytest.fixture
def stocked(bare):
    bare.init()
    (bare.folder / "in.csv").write_text(ROWS.format(digest="ab" * 32))
    bare.rota("import", "in.csv")
    return bare


def inventory(house):
    """All that is known of each token but what is the store's own."""
    tokens = house.json("token", "list")["tokens"]
    for token in tokens:
        for name in ("id", "revision", "created_by", "end", "provenance"):
            token.pop(name, None)
    return sorted(tokens, key=lambda token: token["name"])


@pytest.mark.parametrize("format", ["csv", "json"])
def test_what_is_written_out_is_the_same_inventory_again(stocked, binary, tmp_path, format):
    stocked.rota("export", "--format", format, "--digests", "--output", f"out.{format}")
    assert oct((stocked.folder / f"out.{format}").stat().st_mode)[-3:] == "600"
    again = stocked.json("import", f"out.{format}")["import"]
    assert (again["added"], again["updated"]) == (0, 0) and again["unchanged"] == len(inventory(stocked))
    (tmp_path / "other").mkdir()
    other = House(binary, tmp_path / "other")
    other.init()
    other.rota("import", stocked.folder / f"out.{format}", expect=None)
    rows = [token for token in inventory(other) if token["name"] != "admin"]
    wanted = [token for token in inventory(stocked) if token["name"] != "admin"]
    assert rows == wanted


def test_values_are_not_in_it_and_digests_only_where_they_are_asked_for(stocked):
    made = stocked.json("token", "create", "--name", "made", "--scope", "a:read")
    plain, full = (stocked.rota("export", *more).stdout for more in ([], ["--digests"]))
    assert made["value"] not in plain + full
    assert "sha256:" not in plain
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(full))}
    assert rows['=cmd(),"x"']["digest"] == "sha256:" + "ab" * 32
    assert rows["made"]["digest"].startswith("sha256:") and rows["plain"]["digest"] == ""


def test_a_part_is_written_where_a_part_is_asked_for(stocked):
    rows = json.loads(stocked.rota("export", "--json", "--owner", "te*").stdout)
    assert [(row["name"], row["labels"], row["destinations"]) for row in rows] == [
        ('=cmd(),"x"', {"env": "prod", "note": "a=b"}, ["local:one", "local:two"])]
    assert json.loads(stocked.rota("export", "--format", "json", "--owner", "nobody").stdout) == []
    states = {row["state"] for row in csv.DictReader(io.StringIO(stocked.rota("export", "--state", "expired").stdout))}
    assert states == {"expired"}


def test_what_cannot_be_written_is_told(stocked):
    stocked.rota("token", "edit", "plain", "--destination", "local:with blank", "--destination", "local:without")
    done = stocked.rota("export", "--name", "plain")
    assert "1 destination with a blank" in done.stderr
    assert [row["destinations"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["local:without"]
    refused = stocked.rota("export", "--format", "xml", expect=2).stderr
    assert "csv" in refused and "json" in refused

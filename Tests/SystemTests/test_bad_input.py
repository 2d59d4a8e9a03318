"""Bad input: a clear error with its place, exit code 2, and nothing changed."""

import os
import sqlite3

import pytest

from house import Seed
from preloaded import compiled

RULE = "    rules:\n      - max-age: 90d\n        action: rotate\n"
HEAD = "version: 1\npolicies:\n  - name: p\n"

POLICIES = {
    "malformed YAML": (HEAD + "    match: [all\n" + RULE, "rotation.yaml:"),
    "a tab for indentation": (HEAD + "\tmatch: all\n", "rotation.yaml:4:"),
    "an unknown key": (HEAD + "    match: all\n    mdoe: enforce\n" + RULE, "did you mean 'mode'?"),
    "an unknown key of a rule": (HEAD + "    match: all\n    rules:\n      - max-agge: 90d\n", "did you mean 'max-age'?"),
    "an empty match": (HEAD + "    match: {}\n" + RULE, "rotation.yaml:4:"),
    "no match": (HEAD + RULE, "match"),
    "a negative duration": (HEAD + "    match: all\n" + RULE.replace("90d", "-90d"), "rotation.yaml:6:"),
    "an absurd duration": (HEAD + "    match: all\n" + RULE.replace("90d", "99999999999d"), "rotation.yaml:6:"),
    "a duration without a unit": (HEAD + "    match: all\n" + RULE.replace("90d", "90"), "rotation.yaml:6:"),
    "an unknown action": (HEAD + "    match: all\n" + RULE.replace("rotate", "rotat"), "rotation.yaml:7:"),
    "two policies of one name": (
        HEAD + "    match: all\n" + RULE + "  - name: p\n    match: all\n" + RULE, "rotation.yaml:8:"),
}


@pytest.fixture
def furnished(bare):
    """A store with three tokens, and a policy."""
    bare.init()
    bare.policy()
    bare.import_seeds([Seed(f"t{n}", [f"local:t{n}"]) for n in range(3)])
    return bare


def refused(house, *arguments, place, code=2):
    before = house.fingerprint()
    files = {path: path.read_bytes() for path in house.local.rglob("*") if path.is_file()}
    done = house.rota(*arguments, expect=code)
    assert "error: " in done.stderr
    assert place in done.stderr, done.stderr
    assert house.fingerprint() == before
    assert {path: path.read_bytes() for path in house.local.rglob("*") if path.is_file()} == files
    return done.stderr


@pytest.mark.parametrize("what", POLICIES)
def test_a_policy_file_is_refused_for(furnished, what):
    text, place = POLICIES[what]
    furnished.policy(text=text)
    for command in (["policy", "check"], ["plan"], ["run"]):
        said = refused(furnished, *command, place=place)
        assert "rotation.yaml:" in said


def test_all_faults_of_all_policies_are_told_at_once(furnished):
    furnished.policy(text=HEAD + "    match: {}\n    mdoe: enforce\n" + RULE.replace("90d", "-90d"))
    said = refused(furnished, "run", place="rotation.yaml:4:")
    assert "rotation.yaml:5:" in said and "rotation.yaml:7:" in said


CONFIGURATIONS = {
    "an unknown key": ("stroe: sqlite:x.db\nstore: sqlite:store/rota.db\npolicies: Policies\n", "did you mean 'store'?"),
    "an unknown vault kind": (
        "store: sqlite:store/rota.db\npolicies: Policies\nvaults:\n  local: { kind: directry, path: local }\n",
        "did you mean 'directory'?"),
    "malformed YAML": ("store: [\n", "rota.yaml:"),
    "a secret in the file": (
        "store: sqlite:store/rota.db\npolicies: Policies\nvaults:\n  v: { kind: vault-kv2, address: 'https://x',"
        " mount: m, auth: { token: 's.very-secret-thing' } }\n", "rota.yaml:4:"),
}


@pytest.mark.parametrize("what", CONFIGURATIONS)
def test_a_configuration_is_refused_for(furnished, what):
    text, place = CONFIGURATIONS[what]
    (furnished.folder / "rota.yaml").write_text(text)
    assert "very-secret-thing" not in refused(furnished, "run", place=place)


def thousand():
    return [Seed(f"new-{n}", [f"local:new-{n}"]).row for n in range(1000)]


def changed(rows, index, **changes):
    rows[index].update(changes)
    return rows


INVENTORIES = {
    # The header is line 1, so that row n of the list stands on line n + 2.
    "a wrong date on line 777": (lambda: changed(thousand(), 775, value_issued_at="2026-13-45"), "inventory.csv:777:"),
    "a name twice": (lambda: changed(thousand(), 500, name="new-7"), "inventory.csv:502:"),
    "a missing issuer": (lambda: changed(thousand(), 10, issuer=""), "inventory.csv:12:"),
    "an unknown vault": (lambda: changed(thousand(), 20, destinations="loca:x"), "inventory.csv:22:"),
    "a wrong digest": (lambda: changed(thousand(), 30, digest="sha256:1234"), "inventory.csv:32:"),
    "an unknown issuer": (lambda: changed(thousand(), 40, issuer="rotta"), "inventory.csv:42:"),
    "an impossible label": (lambda: changed(thousand(), 50, labels="env"), "inventory.csv:52:"),
}


@pytest.mark.parametrize("what", INVENTORIES)
def test_an_inventory_is_refused_as_a_whole_for(furnished, what):
    rows, place = INVENTORIES[what]
    refused(furnished, "import", furnished.inventory(rows()), place=place)


def test_an_inventory_without_issuers_is_refused_and_taken_with_one_named(furnished):
    rows = [{key: value for key, value in row.items() if key != "issuer"} for row in thousand()[:5]]
    path = furnished.inventory(rows)
    refused(furnished, "import", path, place="issuer")
    furnished.rota("import", path, "--issuer", "rota")
    # A second import of the same file changes no token; that it was done is on record.
    records = ("audit", "events", "deliveries", "sqlite_sequence")
    before = furnished.fingerprint(leaving_out=records)
    furnished.rota("import", path, "--issuer", "rota")
    assert furnished.fingerprint(leaving_out=records) == before


def test_a_dry_run_changes_nothing(furnished):
    before = furnished.fingerprint()
    furnished.rota("import", furnished.inventory(thousand()), "--dry-run")
    assert furnished.fingerprint() == before


@pytest.mark.parametrize("content", [b"", b"this is not a database at all\n" * 200, "other"])
def test_a_store_that_is_not_a_store_is_refused_and_left_alone(bare, content):
    bare.policy()
    if content == "other":
        connection = sqlite3.connect(bare.store)
        connection.execute("CREATE TABLE somebody (elses TEXT)")
        connection.commit()
        connection.close()
    else:
        bare.store.write_bytes(content)
    bare.store.chmod(0o600)
    before = bare.store.read_bytes()
    for command in (["plan"], ["run"], ["token", "list"]):
        done = bare.rota(*command, expect=2)
        assert "rota.db" in done.stderr and "error: " in done.stderr, done.stderr
    assert bare.store.read_bytes() == before


@pytest.mark.parametrize("other", ["file", "process"])
def test_a_store_of_another_user_is_refused_with_the_way_to_do_it(furnished, other):
    before = furnished.fingerprint()
    # Only root can give a file away. Anybody can have the program think that it is somebody else.
    if other == "file" and os.geteuid() == 0:
        for path in (furnished.store.parent, *furnished.store.parent.iterdir()):
            os.chown(path, 65534, 65534)
    else:
        furnished.extra = {"LD_PRELOAD": str(compiled("another_user", furnished.folder))}
    for command in (["plan"], ["run"], ["token", "list"]):
        done = furnished.rota(*command, expect=2)
        assert "sudo -u" in done.stderr, done.stderr
    assert furnished.fingerprint() == before


def test_a_store_that_is_not_there_is_not_made_by_looking(bare):
    bare.policy()
    bare.rota("run", expect=2)
    assert not bare.store.exists()


def test_a_path_that_leaves_its_vault_is_never_followed(bare):
    bare.init()
    bare.policy()
    seed = Seed("climber", ["local:../outside"])
    (bare.folder / "outside").write_text(seed.value)
    bare.rota("import", bare.inventory([seed]), expect=None)
    bare.rota("run", expect=None)
    assert (bare.folder / "outside").read_text() == seed.value
    assert bare.accepts(seed.value) or bare.rows("SELECT 1 FROM tokens WHERE name = 'climber'") == []

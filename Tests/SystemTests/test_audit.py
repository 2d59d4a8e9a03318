"""The audit log as a tree: what is signed and proven is verified by Go's packages, which know nothing of Rota, and
whatever was done to the log by hand is found."""

import base64
import json
import sqlite3
import subprocess

import pytest

from house import Seed
from serving import Served, wait_until


@pytest.fixture
def log(house):
    """A log that was signed early and late, with 300 entries and more: over the edge of a subtree that is kept."""
    with (house.folder / "rota.yaml").open("a") as file:
        file.write("audit: { key: file:audit.key }\n")
    house.init()
    house.rota("token", "create", "--name", "first")
    house.rota("audit", "checkpoint", "--output", house.folder / "early")
    house.rota("import", house.inventory([Seed(f"token-{number}", []) for number in range(300)]))
    house.rota("audit", "checkpoint", "--output", house.folder / "late")
    house.rota("token", "create", "--name", "last")
    return house


def key(house):
    return house.rota("audit", "key").stdout.strip()


def bodies(house):
    return dict(house.rows("SELECT number, body FROM audit"))


def write(path, text):
    path.write_text(text)
    return path


def test_go_verifies_every_checkpoint_proof_and_growth(log, go):
    public, folder = key(log), log.folder
    assert go(public, "checkpoint", folder / "early") and go(public, "checkpoint", folder / "late")
    entries = bodies(log)
    assert len(entries) > 300
    for number in (1, 2, 255, 256, 257, len(entries)):
        log.rota("audit", "prove", number, "--output", folder / "proof")
        assert go(public, "proof", folder / "proof", write(folder / "entry", entries[number])), number
        # So does Rota, by the files alone, where there is no store.
        write(folder / "shown", log.rota("audit", "show", number, "--json").stdout)
        done = subprocess.run(
            [log.binary, "audit", "verify", "--proof", folder / "proof", "--entry", folder / "shown", "--key", public],
            cwd="/", capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
        assert done.returncode == 0 and f"entry {number} is in" in done.stdout, done
    for earlier in ("early", "late"):
        log.rota("audit", "prove", "--since", folder / earlier, "--output", folder / "growth")
        assert go(public, "consistency", folder / earlier, folder / "growth")
    verified = log.json("audit", "verify", "--checkpoint", folder / "early", "--checkpoint", folder / "late", "--key", public)
    assert verified["given"] == 2 and verified["faults"] == [] and verified["entries"] == len(entries)


def flipped(text, line):
    """The text with one bit of the hash in a line turned over."""
    lines = text.split("\n")
    hash_ = bytearray(base64.b64decode(lines[line]))
    hash_[7] ^= 1
    lines[line] = base64.b64encode(hash_).decode()
    return "\n".join(lines)


@pytest.mark.parametrize("tampering", ["entry", "index", "hash", "root", "size", "signature", "key"])
def test_go_and_rota_refuse_a_proof_that_was_tampered_with(log, go, tampering):
    public, folder = key(log), log.folder
    proof = log.rota("audit", "prove", 5).stdout
    entry = bodies(log)[5]
    blank = proof.index("\n\n") + 2
    head, note = proof[:blank], proof[blank:]
    if tampering == "entry":
        entry = entry.replace("import", "imporT")
    elif tampering == "index":
        head = head.replace("index 4\n", "index 5\n")
    elif tampering == "hash":
        head = flipped(head, 3)
    elif tampering == "root":
        note = flipped(note, 2)
    elif tampering == "size":
        lines = note.split("\n")
        note = "\n".join([lines[0], str(int(lines[1]) + 1), *lines[2:]])
    elif tampering == "signature":
        lines = note.rstrip("\n").split("\n")
        dash, name, signature = lines[-1].split(" ")
        raw = bytearray(base64.b64decode(signature))
        raw[20] ^= 1
        note = "\n".join([*lines[:-1], " ".join([dash, name, base64.b64encode(raw).decode()])]) + "\n"
    else:
        log.rota("audit", "key", "--new")
        public = key(log)
    assert (head + note, entry, public) != (proof, bodies(log)[5], ""), "nothing was tampered with"
    write(folder / "proof", head + note), write(folder / "entry", entry)
    assert not go(public, "proof", folder / "proof", folder / "entry")
    refused = log.rota(
        "audit", "verify", "--proof", folder / "proof", "--entry", folder / "entry", "--key", public, expect=None)
    assert refused.returncode in (1, 2) and "error:" in refused.stderr


def by_hand(house, *statements):
    """What somebody does who has the file, and knows how to get rid of triggers."""
    with sqlite3.connect(house.store) as store:
        triggers = store.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            store.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            store.execute(statement)
        for _, text in triggers:
            store.execute(text)
    store.close()


SHIFT = ("UPDATE audit SET number = -number - 1 WHERE number >= 100", "UPDATE audit SET number = -number WHERE number < 0")


@pytest.mark.parametrize("what, statements, said", [
    ("changed", ["UPDATE audit SET body = replace(body, 'ingest', 'digest') WHERE number = 50"], "entries 5 to"),
    ("changed in its row alone", ["UPDATE audit SET actor = 'cli:nobody' WHERE number = 50"], "entry 50 says another 'actor'"),
    ("written otherwise", ["UPDATE audit SET body = body || ' ' WHERE number = 50"], "entry 50 is not in its canonical form"),
    ("dropped", ["DELETE FROM audit WHERE number = 50"], "entry 50 is missing"),
    ("inserted", [*SHIFT, "INSERT INTO audit SELECT 100, at, actor, action, object, body FROM audit WHERE number = 99"], "one was changed, inserted, or moved"),
    ("moved", ["UPDATE audit SET number = -1 WHERE number = 50", "UPDATE audit SET number = 50 WHERE number = 51",
               "UPDATE audit SET number = 51 WHERE number = -1"], "one was changed, inserted, or moved"),
    ("cut off", ["DELETE FROM audit WHERE number > 200"], "its end was cut off"),
])
def test_what_was_done_to_the_log_by_hand_is_found(log, what, statements, said):
    by_hand(log, *statements)
    # By what the store itself has signed, and by what was kept elsewhere.
    for arguments in ([], ["--checkpoint", log.folder / "late", "--key", key(log)]):
        refused = log.rota("audit", "verify", *arguments, expect=1)
        assert said in refused.stderr, refused.stderr
    if what == "cut off":
        # What does not go on from what was signed is not signed.
        assert "is not what was signed" in log.rota("audit", "checkpoint", expect=1).stderr


def test_a_log_that_was_written_anew_with_its_key_agrees_with_itself_and_not_with_what_was_kept_elsewhere(log):
    by_hand(log, "DELETE FROM audit WHERE number > 200", "DELETE FROM checkpoints WHERE size > 200",
            "DELETE FROM audit_subtrees")
    log.rota("audit", "verify")
    log.rota("audit", "verify", "--checkpoint", log.folder / "early", "--key", key(log))
    refused = log.rota("audit", "verify", "--checkpoint", log.folder / "late", "--key", key(log), expect=1)
    assert "its end was cut off" in refused.stderr


def test_what_an_old_key_signed_stays_good_and_the_log_says_since_when_another_one_signs(log):
    old = key(log)
    log.rota("audit", "key", "--new")
    # In full: who holds what the old one signed needs it.
    assert old in log.rota("audit", "key").stderr
    new = log.json("audit", "key")
    assert new["key"] != old and [earlier["key"] for earlier in new["earlier"]] == [old]
    [(named,)] = log.rows("SELECT json_extract(body, '$.after.key') FROM audit WHERE action = 'audit.key' ORDER BY number DESC LIMIT 1")
    assert named == new["key"]
    # Each vouches for the other: the old one signed that the new one came, and the new one what the log says of the old.
    for words in ([], ["--key", new["key"]], ["--key", old]):
        log.rota("audit", "verify", "--checkpoint", log.folder / "early", *words)
    stranger = old[:-4] + ("AAAA" if not old.endswith("AAAA") else "BBBB")
    name, _, _ = old.split("+", 2)
    other = log.folder / "other"
    other.mkdir()
    stranger = strange_key(log, other)
    refused = log.rota("audit", "verify", "--checkpoint", log.folder / "early", "--key", stranger, expect=1)
    assert "no trusted key vouches for" in refused.stderr and name in refused.stderr


def strange_key(log, folder):
    """The key of another store."""
    subprocess.run([log.binary, "init"], cwd=folder, check=True, capture_output=True, env=log.environment)
    return subprocess.run([log.binary, "audit", "key"], cwd=folder, check=True, capture_output=True, text=True,
                          env=log.environment).stdout.strip()


def forge(log, *statements):
    """Whoever writes to the store and has not its key: the log anew, signed by a key of his own."""
    by_hand(log, *statements, "DELETE FROM checkpoints", "DELETE FROM audit_subtrees", "DELETE FROM checkpoint_keys")
    stranger = log.folder / "stranger"
    stranger.mkdir()
    strange_key(log, stranger)
    configuration = log.folder / "rota.yaml"
    own = configuration.read_text()
    configuration.write_text(own.replace("file:audit.key", "file:stranger/audit.key"))
    signed = log.rota("audit", "checkpoint", expect=None)
    if signed.returncode:
        signed = log.rota("audit", "key", "--take", expect=None)
    configuration.write_text(own)
    assert signed.returncode == 0, signed.stderr


def test_a_log_that_was_written_anew_and_signed_by_another_key_is_found_and_is_not_signed_on(log):
    log.policy()
    forge(log, "UPDATE audit SET body = replace(body, 'token-7\"', 'token-X\"') WHERE number = 20")
    refused = log.rota("audit", "verify", expect=1)
    assert "which no trusted key vouches for" in refused.stderr
    # Nor by whoever holds the true one and runs next, which would vouch for the forged one.
    for words in (["audit", "checkpoint"], ["report", "--output", log.folder / "report.html"]):
        refused = log.rota(*words, expect=None)
        assert refused.returncode != 0 and "by another key" in refused.stderr, words
    bundle = log.rota("report", "bundle", "--output", log.folder / "bundle.zip", expect=None)
    assert bundle.returncode != 0 and not (log.folder / "bundle.zip").exists()


def test_when_checkpoints_are_taken_away_nothing_is_signed_again(log):
    by_hand(log, "DELETE FROM checkpoints", "UPDATE audit SET body = replace(body, 'token-7\"', 'token-X\"') WHERE number = 20")
    refused = log.rota("audit", "checkpoint", expect=None)
    assert refused.returncode != 0 and "no checkpoint of it is left" in refused.stderr


def test_a_key_that_came_by_other_means_signs_when_somebody_says_so(log):
    other = log.folder / "other"
    other.mkdir()
    stranger = strange_key(log, other)
    (log.folder / "audit.key").write_bytes((other / "audit.key").read_bytes())
    refused = log.rota("audit", "checkpoint", expect=None)
    assert refused.returncode != 0 and "rota audit key --take" in refused.stderr
    log.rota("audit", "key", "--take")
    log.rota("audit", "checkpoint")
    assert stranger in log.json("audit", "verify")["keys"]


@pytest.mark.parametrize("statement", [
    "INSERT INTO audit (number, at, actor, action, object, body) SELECT -5, at, actor, action, object, body FROM audit"
    " WHERE number = 1",
    "UPDATE audit_subtrees SET hash = zeroblob(32) WHERE level = 8",
    "INSERT INTO audit_subtrees (level, place, hash) VALUES (8, 7, zeroblob(32))",
])
def test_what_was_put_below_the_log_or_into_what_is_kept_of_it_is_found(log, statement):
    log.rota("audit", "verify")
    by_hand(log, statement)
    assert "not as it was written" in log.rota("audit", "verify", expect=1).stderr


def test_no_proof_is_given_away_that_does_not_hold(log):
    log.rota("audit", "checkpoint")
    by_hand(log, "UPDATE audit_subtrees SET hash = zeroblob(32) WHERE level = 8")
    refused = log.rota("audit", "prove", "290", expect=1)
    assert "it proves nothing" in refused.stderr and not refused.stdout


@pytest.mark.parametrize("kept", ["early", "late"])
def test_a_checkpoint_that_was_changed_where_it_was_kept_is_not_blamed_on_the_log(log, kept):
    lines = (log.folder / kept).read_text().splitlines(keepends=True)
    size = int(lines[1])
    changed = log.folder / "changed"
    for forged in ([lines[0], lines[1], "A" * 43 + "=\n", *lines[3:]], [lines[0], f"{size + 999}\n", *lines[2:]]):
        changed.write_text("".join(forged))
        for words in ([], ["--key", key(log)]):
            refused = log.rota("audit", "verify", "--checkpoint", changed, *words, expect=1)
            assert "is signed by none of the keys" in refused.stderr
            assert "error: what was kept elsewhere is not signed by a key that is known here" in refused.stderr
            assert "cut off" not in refused.stderr and "not as it was written" not in refused.stderr


def test_what_nobody_signed_yet_is_told_apart(log):
    signed = log.json("audit", "verify")["signed"]
    log.rota("token", "create", "--name", "later")
    verified = log.json("audit", "verify")
    assert verified["entries"] > verified["signed"] == signed
    told = log.rota("audit", "verify")
    assert f"{signed} entries, each as it was signed; {verified['entries'] - signed} after them not signed yet" in told.stdout
    assert "rota audit checkpoint" in told.stderr
    log.rota("audit", "checkpoint")
    assert "each as it was written" in log.rota("audit", "verify").stdout


def test_a_run_and_a_server_sign_by_themselves(log):
    def signed():
        return log.rows("SELECT MAX(size), (SELECT MAX(number) FROM audit) FROM checkpoints")[0]
    log.policy(text="version: 1\npolicies:\n  - name: look\n    mode: observe\n    match: all\n    rules:\n"
                    "      - max-age: 90d\n        action: notify\n")
    log.rota("run")
    assert signed()[0] == signed()[1]
    with Served(log) as served:
        log.rota("token", "create", "--name", "while-it-serves")
        assert served.stop() < 10
    assert signed()[0] == signed()[1]
    log.rota("audit", "verify")


def test_no_key_is_said_with_what_to_do(house):
    house.init()
    refused = house.rota("audit", "checkpoint", expect=2)
    assert "audit: { key: file:audit.key }" in refused.stderr
    assert "nothing was signed yet" in house.rota("audit", "verify").stderr


def test_the_log_is_exported_to_the_byte_and_for_a_siem(log):
    lines = log.rota("audit", "export").stdout.splitlines()
    entries = bodies(log)
    assert [json.loads(line)["number"] for line in lines] == sorted(entries)
    assert all(line == '{"number":%d,"entry":%s}' % (n, entries[n]) for n, line in enumerate(lines, 1))
    log.rota("token", "revoke", "first", "--yes", "--reason", "a=b|c\\d")
    event = log.rota("audit", "export", "--format", "cef", "--from", len(entries) + 1).stdout.splitlines()[0]
    assert event.startswith("CEF:0|Rota|rota|") and "|token.revoke|token.revoke|7|" in event
    assert r"msg=a\=b|c\\d" in event
    assert 'cs2Label=before cs2={"state":"active"}' in event and "cs3Label=after cs3={" in event


def shown(house, action):
    """The newest entry of an action, as JSON and as people see it."""
    [(number, body)] = house.rows(
        f"SELECT number, body FROM audit WHERE action = '{action}' ORDER BY number DESC LIMIT 1")
    return json.loads(body), house.rota("audit", "show", number).stdout


def test_an_entry_tells_what_was_set_and_what_it_was_before(log):
    log.rota("token", "edit", "first", "--owner", "team-new", "--expires", "2131-02-03", "--label", "env=test")
    entry, text = shown(log, "token.edit")
    assert set(entry["before"]) == {"owner", "expires_at", "labels"} == set(entry["after"]) - {"revision"}
    assert entry["after"]["owner"] == "team-new" and entry["before"]["owner"] != "team-new"
    assert entry["before"]["labels"] == {} and entry["after"]["labels"] == {"env": "test"}
    lines = text.splitlines()
    head = next(line for line in lines if line.startswith("WHAT"))
    owner = next(line for line in lines if line.startswith("owner"))
    # In columns: what it was stands below OLD, and what it is since below NEW.
    assert owner[head.index("NEW"):] == "team-new" and owner[head.index("NEW") - 4:].startswith("->")
    assert owner[head.index("OLD"):].startswith(entry["before"]["owner"])
    log.rota("token", "revoke", "first", "--yes", "--reason", "it is over")
    entry, _ = shown(log, "token.revoke")
    assert (entry["before"], entry["after"]["state"]) == ({"state": "active"}, "revoked")
    log.rota("freeze", "--reason", "one")
    log.rota("freeze", "--reason", "two")
    entry, _ = shown(log, "store.freeze")
    assert (entry["before"]["reason"], entry["after"]["reason"]) == ("one", "two")
    log.rota("unfreeze")
    assert shown(log, "store.unfreeze")[0]["before"]["reason"] == "two"
    assert log.json("audit", "verify", "--state")["state"]["faults"] == []


def test_settings_that_were_changed_are_told_with_what_they_were_and_no_secret(log):
    look = ("version: 1\npolicies:\n  - name: look\n    mode: observe\n    match: all\n    rules:\n"
            "      - max-age: 90d\n        action: notify\n")
    log.policy(text=look)
    configuration = log.folder / "rota.yaml"
    configuration.write_text(configuration.read_text() + (
        "scopes: [ { name: ingest:write, access: write } ]\n"
        "webhooks:\n  chat:\n    url: https://hooks.example.org/services/T0SECRETPATH\n    secret: file:whsec\n"
        "freeze-calendar: { zone: UTC, dates: [ { from: 2131-12-24, until: 2131-12-27, reason: feast } ] }\n"))
    log.rota("run", "--deliver-within", "1s")
    entry, _ = shown(log, "configuration.load")
    first = entry["after"]
    assert "before" not in entry and first["scopes.ingest:write.access"] == "write"
    assert first["webhooks.chat.url"].startswith("https://hooks.example.org/… #")
    assert first["freeze-calendar.dates.1.reason"] == "feast" and first["vaults.local.kind"] == "directory"
    log.rota("run", "--deliver-within", "1s")
    assert len(log.rows("SELECT 1 FROM audit WHERE action = 'configuration.load'")) == 1
    configuration.write_text(configuration.read_text().replace("T0SECRETPATH", "T1OTHERPATH").replace(
        "access: write", "access: admin").replace("reason: feast", "reason: Christmas") + "limits: { actions: 9 }\n")
    log.rota("run", "--deliver-within", "1s")
    entry, text = shown(log, "configuration.load")
    assert entry["before"] == {
        "freeze-calendar.dates.1.reason": "feast", "limits.actions": None, "scopes.ingest:write.access": "write",
        "webhooks.chat.url": first["webhooks.chat.url"]}
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if " -> " in line}
    assert rows["scopes.ingest:write.access"] == ["write", "->", "admin"]
    assert rows["limits.actions"] == ["nothing", "->", "9"]
    # Neither what opens the receiver nor what signs for it is anywhere in the log.
    everything = "".join(body for (body,) in log.rows("SELECT body FROM audit"))
    assert "T0SECRETPATH" not in everything and "T1OTHERPATH" not in everything
    assert log.signing_secret not in everything
    log.policy(text=look.replace("90d", "80d"))
    log.rota("run", "--deliver-within", "1s")
    entry, text = shown(log, "policies.load")
    old, new = (entry[side]["files"][0]["digest"] for side in ("before", "after"))
    assert old != new and f"{old}  ->  {new}" in text
    log.rota("audit", "verify", "--state")

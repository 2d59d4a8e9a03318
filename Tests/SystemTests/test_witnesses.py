"""Checkpoints of the audit log that are given to witnesses: a real OpenBao, a real SMTP server, a receiver whose
signatures the standard's own library verifies, and files on a share; and what is found by them afterwards."""

import json
import secrets
import signal
import subprocess

import pytest
import requests
from standardwebhooks.webhooks import Webhook

from house import Seed
from mail_server import MailServer
from serving import Served, wait_until
from test_audit import by_hand

PASSWORD = secrets.token_hex(12)


def configure(house, *witnesses):
    house.configure()
    with (house.folder / "rota.yaml").open("a") as file:
        file.write("audit: { key: file:audit.key }\nwitnesses:\n" + "".join(f"  {line}\n" for line in witnesses))


def share(house):
    (house.folder / "share").mkdir(exist_ok=True)
    return "share: { kind: file, path: share }"


def mailbox(house, server, more=""):
    house.keep("smtp-password", PASSWORD)
    scheme = "smtps" if server.way == "implicit" else "smtp"
    return (f'auditor: {{ kind: email, server: "{scheme}://127.0.0.1:{server.port}", from: rota@example.com, '
            f"to: auditor@example.com, ca: mail.pem, user: rota, password: file:smtp-password{more} }}")


def hook(receiver):
    return (f'hook: {{ kind: webhook, url: "{receiver.address}/hook", secret: file:whsec, '
            'allow-addresses: ["127.0.0.0/8"] }')


VAULT = "sealed: { kind: vault, vault: bao, path: audit/rota#checkpoint }"


def begin(house):
    house.init()
    house.policy()
    house.import_seeds([Seed(f"t{n}", [f"local:{n}"]) for n in range(3)])


def in_vault(house):
    answer = house.bao.client.secrets.kv.v2.read_secret_version(
        "audit/rota", mount_point=house.mount, raise_on_deleted_version=True)
    return answer["data"]["data"]["checkpoint"], answer["data"]["metadata"]["version"]


def files(house):
    return {path.name: path.read_text() for path in (house.folder / "share").iterdir()}


def actions(house):
    return [action for (action,) in house.rows("SELECT action FROM audit WHERE action LIKE 'witness.%' ORDER BY number")]


def witness(house, name):
    [row] = [row for row in house.json("status")["witnesses"] if row["name"] == name]
    return row


def test_every_kind_of_witness_has_the_checkpoint_of_a_run_and_other_tools_verify_it(house, receiver, go):
    with MailServer(house.folder, password=PASSWORD) as server:
        configure(house, share(house), mailbox(house, server), hook(receiver), VAULT)
        begin(house)
        done = house.rota("run")
        assert "witness" not in done.stderr, done.stderr
        key = house.rota("audit", "key").stdout.strip()
        [(headers, body)] = receiver.taken
        Webhook(house.signing_secret).verify(body, headers)
        event = json.loads(body)
        assert event["type"] == "audit.checkpoint" and event["data"]["key"] == key
        [(name, attached)] = server.checkpoints
        assert server.sessions == [("rota@example.com", ["auditor@example.com"], True)]
        assert f"--checkpoint {name}" in server.mails[0].get_body().get_content()
        notes = {*files(house).values(), attached, event["data"]["checkpoint"], in_vault(house)[0]}
        assert len(notes) == 1, notes
        [note] = notes
        assert go(key, "checkpoint", house.keep("attached", attached))
        assert list(files(house)) == [name] and event["data"]["file"] == name
        for row in house.json("status")["witnesses"]:
            assert row["size"] == int(note.split("\n")[1]) and row["failure"] is None, row

        # The log goes on, and it is nobody's turn.
        house.rota("run")
        assert len(receiver.taken) == len(server.mails) == len(files(house)) == 1
        assert house.json("audit", "verify", "--witnesses", "--key", key)["given"] == 2
        text = house.rota("audit", "verify", "--checkpoint", "attached", "--key", key).stdout
        assert all(f"last told to witness {name}: " in text for name in ("share", "auditor", "hook", "sealed")), text

        # Whoever asks for it gives it to all now; the vault keeps what it had.
        told = house.json("audit", "witness")["witnesses"]
        assert [row["outcome"] for row in told] == ["taken"] * 4
        assert len(receiver.taken) == len(server.mails) == len(files(house)) == 2 and in_vault(house)[1] == 2
        house.rota("audit", "prove", "--since", "attached", "--output", house.folder / "growth")
        assert go(key, "consistency", house.folder / "attached", house.folder / "growth")
        assert PASSWORD not in "".join(house.outputs)
        report = json.loads(house.rota("report", "--format", "json").stdout)
        assert {row["name"]: row["size"] for row in report["summary"]["witnesses"]} == {row["name"]: row["size"] for row in told}
        page = house.rota("report", "--format", "html").stdout
        assert "<h3>Witnesses</h3>" in page and "auditor (email)" in page


def test_a_witness_that_has_lost_what_it_took_is_told(house):
    configure(house, share(house))
    begin(house)
    house.rota("audit", "witness")
    assert [row["holds"] == row["took"] > 0 for row in house.json("audit", "verify", "--witnesses")["asked"]] == [True]
    for name in files(house):
        (house.folder / "share" / name).unlink()
    lost = house.rota("audit", "verify", "--witnesses", expect=1).stderr
    assert "witness 'share' took the checkpoint of" in lost and "holds none now" in lost
    # Nor does it help to take the checkpoints out of the store.
    subprocess.run(["sqlite3", house.store, "DROP TRIGGER checkpoints_are_not_removed; DELETE FROM checkpoints"], check=True)
    assert "of these 0 are signed here" in house.rota("audit", "verify", expect=1).stderr


def test_the_report_of_a_past_instant_has_the_witnesses_of_then(house):
    configure(house, share(house))
    begin(house)
    house.rota("run")
    before = json.loads(house.rota("report", "--format", "json").stdout)
    wait_until(lambda: house.rota("token", "create", "--name", "later", "--quiet").returncode == 0)
    # An instant is a whole second: what comes next is to be another one.
    wait_until(lambda: json.loads(house.rota("report", "--format", "json").stdout)["report"]["made_at"] > before["report"]["made_at"])
    house.rota("audit", "witness")
    past = json.loads(house.rota("report", "--format", "json", "--as-of", before["report"]["made_at"]).stdout)
    assert past["summary"]["witnesses"] == before["summary"]["witnesses"] != []
    now = json.loads(house.rota("report", "--format", "json").stdout)
    assert now["summary"]["witnesses"][0]["size"] > before["summary"]["witnesses"][0]["size"]


@pytest.mark.parametrize("way", ["starttls", "implicit"])
def test_mail_goes_by_tls_to_whom_the_authority_vouches_for(bare, way):
    with MailServer(bare.folder, way, password=PASSWORD) as server:
        configure(bare, mailbox(bare, server))
        begin(bare)
        bare.rota("audit", "witness")
        assert [session[2] for session in server.sessions] == [True]
        # By another authority than the one that is named nothing is said.
        server.authority.rename(bare.folder / "other.pem")
        MailServer(bare.folder)
        bare.rota("token", "create", "--name", "more")
        refused = bare.rota("audit", "witness", expect=1)
        assert "certificate" in refused.stdout and len(server.mails) == 1, refused.stdout


def test_without_tls_a_mail_is_not_sent_and_a_wrong_password_is_told(bare):
    with MailServer(bare.folder, "plain") as server:
        configure(bare, mailbox(bare, server))
        begin(bare)
        refused = bare.rota("audit", "witness", expect=1)
        assert "failed: mail not sent" in refused.stdout and server.mails == [], refused.stdout
        # On this machine it may be said so.
        configure(bare, mailbox(bare, server, ", tls: none"))
        bare.rota("audit", "witness")
        assert len(server.mails) == 1
    with MailServer(bare.folder, password="another") as server:
        configure(bare, mailbox(bare, server))
        refused = bare.rota("audit", "witness", expect=1)
        assert "failed: mail not sent" in refused.stdout and PASSWORD not in refused.stdout + refused.stderr
        bare.keep("smtp-password", PASSWORD).chmod(0o644)
        assert "can be read by others" in bare.rota("audit", "witness", expect=1).stdout


def test_a_mail_that_the_server_refuses_is_sent_again(bare):
    with MailServer(bare.folder, password=PASSWORD, answer="452 no room") as server:
        configure(bare, mailbox(bare, server))
        begin(bare)
        assert "failed: mail not sent" in bare.rota("audit", "witness", expect=1).stdout
        server.answer = "250 taken"
        bare.rota("audit", "witness")
        assert len(server.mails) == 1


def test_a_witness_that_is_down_holds_nothing_up_is_seen_and_comes_back(bare):
    (bare.folder / "share").mkdir()
    server = MailServer(bare.folder, password=PASSWORD)
    configure(bare, "gone: { kind: file, path: nowhere/mounted }", mailbox(bare, server), share(bare))
    begin(bare)
    done = bare.rota("run")
    assert "witness 'gone' took no checkpoint" in done.stderr and "witness 'auditor' took no" in done.stderr
    assert bare.json("status")["last_run"]["finished"], "the run was held up"
    assert bare.json("token", "show", "t0")["token"]["version"] == 2
    assert witness(bare, "share")["size"] and witness(bare, "gone")["size"] is None
    failure = witness(bare, "gone")["failure"]
    assert failure["count"] == 1 and "is not there" in failure["cause"]
    assert "takes nothing since" in bare.rota("status").stdout
    assert sorted(actions(bare)) == ["witness.begin", "witness.fail", "witness.fail"]
    # Not tried again before its time; an entry tells of the first failure alone.
    bare.rota("run")
    assert witness(bare, "gone")["failure"]["count"] == 1
    bare.rota("audit", "witness", "gone", expect=1)
    assert witness(bare, "gone")["failure"]["count"] == 2 and actions(bare).count("witness.fail") == 2
    with server:
        (bare.folder / "nowhere/mounted").mkdir(parents=True)
        assert bare.rota("audit", "witness").returncode == 0
    assert witness(bare, "gone")["failure"] is None
    assert actions(bare).count("witness.begin") == 3


@pytest.mark.parametrize("name", ["share", "auditor", "hook", "sealed"])
def test_who_dies_between_giving_and_writing_down_gives_it_again(house, receiver, name):
    with MailServer(house.folder, password=PASSWORD) as server:
        lines = {"share": share(house), "auditor": mailbox(house, server), "hook": hook(receiver), "sealed": VAULT}
        configure(house, lines[name])
        begin(house)
        killed = subprocess.run(
            house.command("audit", "witness"), env=house.environment | {"ROTA_FAILPOINT": f"witness:{name}"},
            cwd=house.folder, capture_output=True)
        assert killed.returncode == -signal.SIGKILL, killed
        assert witness(house, name)["size"] is None and actions(house) == []
        house.rota("run")
        assert witness(house, name)["size"], "it was lost"
        if name == "hook":
            # The run may have made the log longer: then the second one is of another log, and has another id.
            ids = {headers["webhook-id"]: json.loads(body)["data"]["size"] for headers, body in receiver.taken}
            assert len(receiver.taken) == 2 and len(ids) == len(set(ids.values()))
        if name == "auditor":
            assert len(server.mails) == 2
        if name == "share":
            assert all(text.endswith("\n") for text in files(house).values())
        assert house.json("audit", "verify", "--witnesses")["faults"] == []


def test_a_log_whose_end_was_cut_off_is_found_by_what_witnesses_hold(house):
    configure(house, share(house), VAULT)
    begin(house)
    house.rota("audit", "checkpoint", "--output", house.folder / "early")
    house.rota("run")
    [kept] = files(house).values()
    size = int((house.folder / "early").read_text().split("\n")[1])
    # With all that was signed after it.
    by_hand(house, f"DELETE FROM audit WHERE number > {size}", f"DELETE FROM checkpoints WHERE size > {size}")
    assert "witness 'share' took" in house.rota("audit", "verify", expect=1).stderr
    by_hand(house, "DELETE FROM witnesses", "DELETE FROM witnessed")
    assert house.json("audit", "verify")["faults"] == [], "by itself it looks whole"
    found = house.rota("audit", "verify", "--witnesses", expect=1)
    assert "its end was cut off" in found.stderr and "witness 'share'" in found.stderr and "witness 'sealed'" in found.stderr
    path = house.folder / "share" / next(iter(files(house)))
    assert "its end was cut off" in house.rota("audit", "verify", "--checkpoint", path, expect=1).stderr
    # Nothing more is given to them, and what they hold stays.
    house.rota("audit", "witness", expect=None)
    assert files(house) == {path.name: kept} and in_vault(house) == (kept, 1)


def test_a_daemon_tells_witnesses_by_itself_and_its_metrics_say_so(house, receiver):
    configure(house, hook(receiver), "gone: { kind: file, path: nowhere }")
    admin = house.init()
    house.rota("audit", "checkpoint")
    with Served(house) as served:
        wait_until(lambda: receiver.taken)
        wait_until(lambda: "a witness took no checkpoint" in served.log.read_text())
        assert "a witness has a checkpoint" in served.log.read_text()
        text = requests.get(f"{served.address}/metrics", headers={"Authorization": f"Bearer {admin}"}, timeout=5).text
        assert 'rota_witness_failures{witness="gone"} 1' in text and 'rota_witness_failures{witness="hook"} 0' in text
        assert 'rota_witness_checkpoint_age_seconds{witness="hook"}' in text
        assert 'rota_witness_checkpoint_age_seconds{witness="gone"}' not in text

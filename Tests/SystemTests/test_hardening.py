"""What the program and its process give away, and to whom (rows 3, 9, 14, 20 and 38 to 40 of the checklist)."""

import ctypes
import os
import re
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest
import requests
from standardwebhooks.webhooks import Webhook

from preloaded import tool
from serving import Served, at_server, wait_until
from test_canary import forms

ROOT = Path(__file__).resolve().parents[2]


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


# MARK: - Secrets in

def test_a_value_is_taken_from_no_argument(bare):
    """Everybody on the machine reads those."""
    value = bare.init()
    for words in (["token", "verify", f"--token={value}"], ["token", "verify", "--token", value],
                  ["token", "verify", value], ["token", "verify", f"--value={value}"], [f"--token={value}", "status"],
                  ["token", "list", "--server", "http://127.0.0.1:9", f"--token={value}"],
                  ["token", "list", "--server", f"http://token:{value}@127.0.0.1:9", "--token-file", "/dev/null"]):
        done = bare.rota(*words, expect=2)
        assert not any(form.decode() in done.stdout + done.stderr for form in forms(value)), words
    assert bare.rota("token", "verify", given=value).returncode == 0


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_it_does_not_start_with_a_secret_that_others_may_read(bare, mode):
    bare.init()
    bare.policy()
    secret = bare.keep("whsec", bare.signing_secret)
    bare.configure(webhook="http://127.0.0.1:9")
    secret.chmod(mode)
    for command in ("run", "serve"):
        refused = bare.rota(command, expect=None)
        assert refused.returncode in (1, 2) and "whsec" in refused.stderr and "chmod 600" in refused.stderr, refused
    secret.chmod(0o600)
    with Served(bare) as served:
        served.stop()


def test_a_secret_does_not_stay_in_the_environment(bare, receiver):
    """Whoever may look at a process sees what it was started with for as long as it lives."""
    bare.configure(webhook=receiver.address)
    configuration = bare.folder / "rota.yaml"
    configuration.write_text(configuration.read_text().replace("file:whsec", "env:HOOK_SECRET"))
    bare.extra = {"HOOK_SECRET": bare.signing_secret}
    bare.init()
    # Past its own end: root looks at any time.
    rights = ["sudo", "-n"] if os.geteuid() else []
    with Served(bare) as served:
        def environment():
            return output(*rights, "cat", f"/proc/{served.process.pid}/environ")

        assert "HOOK_SECRET=" in environment() and bare.signing_secret not in environment()
        # It is known further on: where the configuration is read again, and where something is signed.
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "the configuration is in force" in served.log.read_text())
        before = len(receiver.taken)
        at_server(bare, "webhook", "test", "security", token=bare.keep("admin", bare.json(
            "token", "create", "--name", "admin2", "--owner", "a", "--scope", "rota:admin")["value"]))
        wait_until(lambda: len(receiver.taken) > before)
        for headers, body in receiver.taken:
            Webhook(bare.signing_secret).verify(body, headers)
        assert bare.signing_secret not in environment()
        served.stop()


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
def test_an_end_by_a_fault_leaves_no_image_of_its_memory(bare, number):
    bare.init()
    command = bare.command
    bare.command = lambda *words: [tool("prlimit"), "--core=unlimited:unlimited", *command(*words)]
    with Served(bare) as served:
        served.process.send_signal(number)
        ended = []
        wait_until(lambda: ended or ended.extend(
            status for process, status in [os.waitpid(served.process.pid, os.WNOHANG)] if process) or ended, within=10)
        [status] = ended
        served.process.returncode = -os.WTERMSIG(status)
        assert os.WTERMSIG(status) == number and not os.WCOREDUMP(status)
        assert not list(bare.folder.glob("*core*"))
        # Nor has anybody else looked into it and told what is there.
        assert "crashed" not in served.log.read_text() and "Registers" not in served.log.read_text()


def test_a_value_is_made_of_what_the_kernel_gives(bare):
    bare.init()
    trace = bare.folder / "trace"
    made = subprocess.run(
        [tool("strace"), "-f", "-qq", "-e", "trace=getrandom", "-o", trace, *bare.command(
            "token", "create", "--name", "fresh", "--owner", "me")],
        capture_output=True, text=True, env=bare.environment, cwd=bare.folder)
    assert made.returncode == 0, made.stderr
    assert re.search(r"^rota_[0-9A-Za-z]{36}$", made.stdout, re.M)
    # Not what libraries ask for at their start, which do not wait for it.
    drawn = [int(count) for count, flags, got in re.findall(
        r"getrandom\(.*?, (\d+), (\w+)\)\s+= (\d+)", trace.read_text()) if flags == "0" and count == got]
    # Thirty characters of 62 are 178 bits.
    assert 8 * sum(drawn) >= 178, trace.read_text()


# MARK: - What comes after the audit log

STUCK = ("CREATE TRIGGER stuck BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the log takes nothing'); END",
         "DROP TRIGGER stuck")


def test_nothing_is_done_that_cannot_be_written_into_the_audit_log(bare):
    """An entry and what it tells of are one transaction."""
    admin = bare.init()
    bare.policy()
    victim = bare.json("token", "create", "--name", "victim", "--owner", "me", "--destination", "local:victim")
    value = bare.get("local:victim")

    def alter(statement):
        with sqlite3.connect(bare.store, timeout=10) as connection:
            connection.execute(statement)
        connection.close()

    with Served(bare) as served:
        def asked(path, **fields):
            return requests.post(
                f"{served.address}/v1/{path}", headers={"Authorization": f"Bearer {admin}"}, timeout=30, **fields)

        def authorized():
            return requests.get(
                served.address + "/v1/authorize", headers={"Authorization": f"Bearer {value}"}, timeout=10).status_code

        alter(STUCK[0])
        versions = bare.rows("SELECT number, state FROM versions ORDER BY 1, 2")
        for path, fields in {
            "revoke": {"data": {"token": value}}, "tokens/victim/revoke": {"json": {"reason": "test"}},
            "tokens/victim/quarantine": {"json": {"reason": "test"}}, "tokens/victim/rotate": {"json": {}},
            "tokens": {"json": {"name": "another"}},
        }.items():
            refused = asked(path, **fields)
            assert refused.status_code >= 500, (path, refused.text)
            assert "takes nothing" not in refused.text, "whoever asks is told no more than that"
        for words in (["revoke", "victim", "--yes"], ["rotate", "victim"]):
            assert bare.rota("token", *words, "--reason", "test", expect=None).returncode not in (0, 2)
        assert authorized() == 200 and bare.accepts(value) and bare.get("local:victim") == value
        assert bare.rows("SELECT number, state FROM versions ORDER BY 1, 2") == versions
        assert bare.rows("SELECT count(*) FROM tokens WHERE name = 'another'") == [(0,)]
        assert served.process.poll() is None
        alter(STUCK[1])
        assert asked("tokens/victim/revoke", json={"reason": "test"}).status_code == 200 and authorized() == 401
        served.stop()
    assert victim["token"]["name"] == "victim"
    bare.rota("audit", "verify")


# MARK: - The program

def test_the_program_is_hard_to_turn_against_itself(binary):
    """As checksec looks at it."""
    assert re.search(r"Type:\s+DYN \(Position-Independent Executable", output(tool("readelf"), "-hW", binary))
    segments = output(tool("readelf"), "-lW", binary)
    assert "GNU_RELRO" in segments, "what the loader has filled in is closed to writing"
    assert re.search(r"GNU_STACK\s.*\sRW\s", segments), "nothing on a stack is run"
    dynamic = output(tool("readelf"), "-dW", binary)
    assert "BIND_NOW" in dynamic and "TEXTREL" not in dynamic, "all of it, before anything runs"
    assert "__stack_chk_fail" in output(tool("readelf"), "--dyn-syms", "-W", binary), "a stack that was overrun is seen"


def test_the_process_can_gain_nothing(bare):
    bare.init()
    # Root looks at any process, unless it has no capabilities: then it is a user as all others.
    user = [] if os.geteuid() else [tool("setpriv"), "--bounding-set=-all", "--inh-caps=-all"]
    command = bare.command
    bare.command = lambda *words: [*user, *command(*words)]
    with Served(bare) as served, subprocess.Popen([*user, tool("cat")], stdin=subprocess.PIPE) as other:
        process = Path(f"/proc/{served.process.pid}")
        status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
        assert status["NoNewPrivs"] == "1"
        # Whatever runs is written by nobody: no memory is both, and the program is none of its own files.
        writable = [line for line in (process / "maps").read_text().splitlines() if re.match(r"\S+ .wx", line)]
        assert writable == []
        # Nobody of its own user looks into it, as he does into others.
        def looks(number):
            return subprocess.run([*user, "cat", f"/proc/{number}/environ"], stdout=subprocess.DEVNULL).returncode == 0
        wait_until(lambda: looks(other.pid))
        assert not looks(served.process.pid)
        other.stdin.close()
        served.stop()


def test_the_unit_gives_it_a_user_of_its_own():
    lines = (ROOT / "Packaging/systemd/rota.service").read_text().splitlines()
    assert {"User=rota", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict",
            "MemoryDenyWriteExecute=yes"} <= set(lines)


# MARK: - What it stands on

# What is loaded beside the C library and Swift's own, with how it tells its version.
LIBRARIES = {"libsqlite3": "sqlite3_libversion", "libcurl": "curl_version", "libmicrohttpd": "MHD_get_version",
             "libcrypto": "OpenSSL_version", "libyaml-0": None, "libminizip": None}
SYSTEM = (r"lib(c|m|gcc_s|stdc\+\+|dl|pthread|rt)|ld-linux.*|libswift\w*"
          r"|lib_?(dispatch|BlocksRuntime|Foundation\w*)")


def test_it_is_linked_with_what_is_declared_and_nothing_else(binary):
    """A library that comes new belongs here, into the packages of the Makefile, and into what it tells of itself."""
    needed = re.findall(r"NEEDED.*\[(.*?)\.so", output(tool("readelf"), "-dW", binary))
    assert {name for name in needed if not re.fullmatch(SYSTEM, name)} == set(LIBRARIES)
    assert "not found" not in output(tool("ldd"), binary)


def test_it_tells_at_its_start_which_libraries_it_has_loaded(bare):
    bare.init()
    loaded = dict(re.findall(r"(lib[\w-]+)\.so\S* => (\S+)", output(tool("ldd"), bare.binary)))
    versions = {}
    for name, function in LIBRARIES.items():
        if function:
            call = getattr(ctypes.CDLL(loaded[name]), function)
            call.restype, call.argtypes = ctypes.c_char_p, [ctypes.c_int]
            # 6: the version alone, of the one of them that has a choice.
            versions[name] = call(6).decode()
    with Served(bare) as served:
        served.stop()
    [line] = [line for line in served.log.read_text().splitlines() if "msg=libraries" in line]
    told = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"(.*?)"|(\S+))', line)}
    assert {name: told.get(name) for name in ("sqlite", "openssl", "libcurl", "libmicrohttpd")} == {
        "sqlite": versions["libsqlite3"], "openssl": versions["libcrypto"], "libcurl": versions["libcurl"],
        "libmicrohttpd": versions["libmicrohttpd"]}


def test_all_that_goes_out_goes_through_one_client():
    """Where addresses are looked at, certificates are verified, and no redirect is followed."""
    sources = {path: path.read_text() for path in (ROOT / "Sources").rglob("*.swift")
               if path.parent.name != "TestSupport"}
    makers = [path for path, text in sources.items() for _ in range(text.count("curl_easy_init()"))]
    assert [path.name for path in makers] == ["TransferLoop.swift"]
    # Nothing else connects, but to see whether somebody listens to a Unix socket.
    others = {path.name for path, text in sources.items()
              if re.search(r"\bgetaddrinfo\(|\bconnect\(\w+, \$0, socklen_t", text)}
    assert others == {"ListeningSocket.swift"}, others

"""How far long work has come is told on a terminal, and nowhere else."""

import os
import pty
import subprocess

import pytest

ROWS = 4_000


@pytest.fixture
def inventory(workspace):
    assert workspace.sh("rota init --quiet").returncode == 0
    rows = "".join(f"t{number},rota\n" for number in range(ROWS))
    (workspace.directory / "tokens.csv").write_text("name,issuer\n" + rows)
    return workspace


def told(workspace, *options):
    """What an import writes to standard error, where that is a terminal."""
    ours, theirs = pty.openpty()
    command = ["rota", "import", "tokens.csv", "--dry-run", *options]
    with subprocess.Popen(command, cwd=workspace.directory, env={**workspace.environment, "TERM": "dumb"},
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs) as child:
        os.close(theirs)
        text = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # Linux says so when the other end is closed.
                break
            if not part:
                break
            text += part
        assert child.wait(timeout=60) == 0
    os.close(ours)
    return text.decode()


def test_an_import_tells_its_step_rows_and_share(inventory):
    text = told(inventory)
    assert "checking: 1000 rows, " in text
    assert " %" in text
    # The line is wiped at the end.
    assert text.endswith("\x1b[K")


def test_quiet_and_json_tell_nothing(inventory):
    assert told(inventory, "--quiet") == ""
    assert told(inventory, "--json") == ""


def test_a_file_gets_no_progress(inventory):
    done = inventory.sh("rota import tokens.csv --dry-run >/dev/null")
    assert done.stderr == ""

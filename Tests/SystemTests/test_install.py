"""`make install` puts the program and its units where the README says, and builds nothing."""

import pathlib
import re
import subprocess

import pytest

from preloaded import tool

ROOT = pathlib.Path(__file__).parents[2]
UNITS = sorted(path.name for path in (ROOT / "Packaging/systemd").iterdir())


def install(*settings):
    return subprocess.run([tool("make"), "--no-print-directory", "install", *settings], cwd=ROOT, capture_output=True,
                          text=True, timeout=60)


@pytest.mark.parametrize("prefix", ["/usr/local", "/opt/rota"])
def test_the_program_and_its_units_are_installed(binary, tmp_path, prefix):
    settings = [] if prefix == "/usr/local" else [f"PREFIX={prefix}"]
    done = install(f"DESTDIR={tmp_path}", f"PROGRAM={binary}", *settings)
    assert done.returncode == 0, done.stderr
    program = tmp_path / prefix.lstrip("/") / "bin/rota"
    assert program.stat().st_mode & 0o7777 == 0o755
    assert subprocess.run([program, "--version"], capture_output=True, timeout=60).returncode == 0
    units = tmp_path / "etc/systemd/system"
    assert sorted(path.name for path in units.iterdir()) == UNITS
    for unit in units.iterdir():
        assert unit.stat().st_mode & 0o7777 == 0o644
        ours = (ROOT / "Packaging/systemd" / unit.name).read_text()
        assert unit.read_text() == ours.replace("/usr/local/bin/rota", f"{prefix}/bin/rota")
    files = [path for path in tmp_path.rglob("*") if not path.is_dir()]
    assert len(files) == len(UNITS) + 1
    # Once more over it, as an upgrade does.
    assert install(f"DESTDIR={tmp_path}", f"PROGRAM={binary}", *settings).returncode == 0


def test_without_a_program_nothing_is_installed(tmp_path):
    done = install(f"DESTDIR={tmp_path}", f"PROGRAM={tmp_path}/none")
    assert done.returncode == 2 and "run 'make release' first" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_the_readme_starts_is_what_is_installed():
    text = (ROOT / "README.md").read_text()
    assert "make release" in text and "make install" in text
    assert text.index("make install") < text.index("systemctl daemon-reload") < text.index("systemctl enable --now rota-run.timer")
    assert set(re.findall(r"/\S*bin/rota\b", text)) == {"/usr/local/bin/rota"}
    assert set(re.findall(r"rota[-a-z]*\.(?:service|timer)", text)) <= set(UNITS)

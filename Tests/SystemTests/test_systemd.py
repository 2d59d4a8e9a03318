"""The units in Packaging/systemd: systemd understands every line of them, and they give little away."""
import pathlib
import shutil
import subprocess

import pytest

UNITS = sorted((pathlib.Path(__file__).parents[2] / "Packaging/systemd").iterdir())

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_has_nothing_to_say_of_the_unit(unit, tmp_path, binary):
    # A timer is checked together with what it starts; the program is where it would be installed.
    for path in UNITS:
        (tmp_path / path.name).write_text(path.read_text().replace("/usr/local/bin/rota", str(binary)))
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / unit.name], capture_output=True, text=True, timeout=60)
    # It exits with 0 for an unknown key: what it prints is the verdict. Units of the machine's own are not ours.
    told = [line for line in result.stderr.splitlines() if "rota" in line]
    assert told == [], told


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_the_service_is_exposed_to_little(unit):
    result = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", unit],
        capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout[-600:]

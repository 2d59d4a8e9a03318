"""The units in Packaging/systemd: systemd understands every line of them, and they give little away."""
import pathlib
import re
import subprocess

import pytest

from preloaded import tool

ROOT = pathlib.Path(__file__).parents[2]
UNITS = sorted((ROOT / "Packaging/systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_has_nothing_to_say_of_the_unit(unit, tmp_path, binary):
    # A timer is checked together with what it starts; the program is where it would be installed.
    for path in UNITS:
        (tmp_path / path.name).write_text(path.read_text().replace("/usr/local/bin/rota", str(binary)))
    result = subprocess.run(
        [tool("systemd-analyze"), "verify", "--man=no", tmp_path / unit.name], capture_output=True, text=True, timeout=60)
    # It exits with 0 for an unknown key: what it prints is the verdict. Units of the machine's own are not ours.
    told = [line for line in result.stderr.splitlines() if "rota" in line]
    assert told == [], told


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_the_service_is_exposed_to_little(unit):
    result = subprocess.run(
        [tool("systemd-analyze"), "security", "--offline=true", "--threshold=20", "--no-pager", unit],
        capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout[-600:]


ELSEWHERE = r"(InaccessiblePaths|TemporaryFileSystem|RootDirectory|RootImage|RootImageOptions)="
#: What the program reads of the system by a fixed path, and the settings that would hide it.
READ = {
    "/proc/sys/kernel/random/boot_id": r"ProcSubset=pid",
    "/etc/machine-id": ELSEWHERE,
    "/etc/rota/rota.yaml": ELSEWHERE,
    "/usr/share/zoneinfo": ELSEWHERE,
    # In a pod alone.
    "/var/run/secrets/kubernetes.io/serviceaccount/token": None,
}


def test_what_the_program_reads_of_the_system_is_known():
    """Whoever has it read one more sees to it that the units allow it."""
    text = "".join(path.read_text() for path in (ROOT / "Sources").rglob("*.swift")
                   if path.parent.name != "TestSupport")
    found = set(re.findall(r'"(/(?:proc|sys|etc|run|var|usr)/[^"\\\s]*)"', text))
    assert {path for path in found if not path.startswith("/proc/self/")} == set(READ)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
@pytest.mark.parametrize("path", [path for path in READ if READ[path]])
def test_the_service_may_read_what_the_program_reads(unit, path):
    lines = [line for line in unit.read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if re.match(READ[path], line)] == []

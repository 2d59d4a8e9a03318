"""`make demo` shows the main path to whoever comes by, and can be run again."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def demonstrate(binary):
    """Runs the demo as `make demo` does, over the binary under test."""
    done = subprocess.run(
        [str(ROOT / "Demo/demo.sh")], env=os.environ | {"ROTA": str(binary)}, cwd=ROOT, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, (done.stdout[-3000:], done.stderr[-3000:])
    return done.stdout


@pytest.mark.slow
def test_the_demo_runs_twice_and_is_made_anew_each_time(binary):
    if (ROOT / "demo").exists():
        assert (ROOT / "demo/.made-by-the-demo").exists(), "move it away: it is not a demo's folder"
    instances = set()
    for _ in range(2):
        told = demonstrate(binary)
        demo = ROOT / "demo"
        assert "== Done" in told and "Where to look" in told
        # What it says is there, is.
        for place in re.findall(r"demo/[a-z.-]+\w", told[told.index("Where to look"):]):
            assert (ROOT / place).exists(), place
        first, second = (json.loads((demo / f"run-{number}.json").read_text()) for number in (1, 2))
        assert first["totals"]["started"] > 50 and first["totals"]["done"] > 50 and first["totals"]["failed"] == 0
        assert second["retired"] == first["totals"]["started"] and second["totals"]["failed"] == 0
        assert re.search(r"\b0 refused", told), "each signature was good"
        instances.add(json.loads((demo / "run-1.json").read_text())["run"]["id"])
    assert len(instances) == 2

"""The model of the protocol: its small searches end without a violation, and every rule is needed."""

import re
import subprocess
import sys
from pathlib import Path

MODEL = Path(__file__).parents[2] / "Docs" / "Model" / "rotation.py"


def test_every_configuration_holds_and_every_rule_has_a_counter_example():
    run = subprocess.run([sys.executable, MODEL], capture_output=True, text=True, timeout=180, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    last = run.stdout.splitlines()[-1]
    summary = re.fullmatch(
        r"(\d+) of (\d+) configurations exhausted, 0 violations, 0 stuck; (\d+) of (\d+) rules needed", last)
    assert summary, last
    exhausted, configurations, needed, rules = map(int, summary.groups())
    assert (exhausted, configurations, needed, rules) == (7, 7, 19, 19), last
    assert "NO COUNTER-EXAMPLE" not in run.stdout

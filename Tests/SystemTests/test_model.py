"""The model of the protocol: its small searches end without a violation or a trap, and every rule is needed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

MODEL = Path(__file__).parents[2] / "Docs" / "Model"


def test_every_configuration_holds_and_every_rule_has_a_counter_example():
    command = [sys.executable, MODEL / "rotation.py"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    last = run.stdout.splitlines()[-1]
    summary = re.fullmatch(
        r"(\d+) of (\d+) configurations exhausted, 0 violations, 0 stuck; (\d+) of (\d+) rules needed", last)
    assert summary, last
    exhausted, configurations, needed, rules = map(int, summary.groups())
    assert (exhausted, configurations, needed, rules) == (17, 17, 36, 36), last
    assert "NO COUNTER-EXAMPLE" not in run.stdout
    known = [line for line in run.stdout.splitlines() if line.startswith("known limit, ")]
    assert len(known) == 5
    for line in known:
        assert "I1: " in line or re.search(r"exhausted, [1-9]\d* stuck", line), line


class Walk:
    """A model of a few places and the steps between them, for the search to be tried on."""

    def __init__(self, steps, goal=3):
        self.graph, self.goal = steps, goal

    def start(self):
        return (0,)

    def steps(self, state):
        for step in self.graph.get(state[0], ()):
            yield step

    def violation(self, state):
        return "a violation" if state[0] == 9 else None

    def is_goal(self, state):
        return state[0] == self.goal

    def waits_for_person(self, state):
        return state[0] == 8


@pytest.fixture(name="module", scope="module")
def search_of_the_model():
    sys.path.insert(0, str(MODEL))
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        import search
        import state
    finally:
        sys.path.remove(str(MODEL))
        sys.dont_write_bytecode = before
    return search, state


@pytest.mark.parametrize("name, steps, stuck", [
    ("a line to the goal", {0: [("a", 1)], 1: [("b", 3)]}, 0),
    ("an end before the goal", {0: [("a", 1)]}, 1),
    ("an end that waits for a person", {0: [("a", 8)]}, 0),
    ("an end that the bounds make", {0: [("a", 1)], 1: [("b", None)]}, 0),
    ("a cycle that nothing leads out of", {0: [("a", 1)], 1: [("b", 0)]}, 2),
    ("a cycle that a fair step leads out of", {0: [("a", 1)], 1: [("b", 0), ("c", 3)]}, 0),
    ("a cycle that only luck leads out of", {0: [("a", 1)], 1: [("b", 0), ("~lucky", 3)]}, 2),
    ("a step that only luck takes", {0: [("~lucky", 3)]}, 1),
    ("a cycle inside of one that is left",
     {0: [("a", 1)], 1: [("~b", 2), ("c", 0), ("d", 3)], 2: [("e", 2), ("~f", 1)]}, 1),
])
@pytest.mark.parametrize("compact", [False, True])
def test_a_trap_is_what_no_fair_step_leads_out_of(module, name, steps, stuck, compact):
    search, state = module

    def step(label, target):
        label = state.Unfair(label[1:]) if label.startswith("~") else label
        return label, state.BEYOND if target is None else (target,)

    model = Walk({source: [step(*s) for s in targets] for source, targets in steps.items()})
    found = search.search(model, 100, liveness=True, compact=compact)
    assert (found.stuck, found.exhausted) == (stuck, True), name


def test_the_way_to_a_violation_is_a_shortest_one(module):
    search, _ = module
    model = Walk({0: [("a", (1,)), ("b", (2,))], 1: [("c", (2,))], 2: [("d", (9,))]})
    found = search.search(model, 100)
    assert (found.violation, found.trace, found.exhausted) == ("a violation", ["b", "d"], False)

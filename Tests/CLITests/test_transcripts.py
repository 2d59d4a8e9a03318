"""Runs the transcripts: sessions with the binary, with what it prints and how it exits."""

import dataclasses
import difflib
import pathlib
import re

import pytest

TRANSCRIPTS = sorted((pathlib.Path(__file__).parent / "transcripts").glob("*.txt"))

PLACEHOLDERS = {
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "<date>": r"\d{4}-\d\d-\d\d",
    "<id>": r"(tok|run|evt)_[0-9a-f]+",
    "<value>": r"[a-z][a-z0-9]{1,15}_[0-9A-Za-z]{36}",
    "<hint>": r"[0-9A-Za-z]{4}",
    "<hex>": r"[0-9a-f]+",
    "<span>": r"\d+ (second|minute|hour|day)s?( \d+ (second|minute|hour|day)s?)?",
    "<user>": r"[A-Za-z0-9._-]+",
    "<any>": r".*",
}


@dataclasses.dataclass
class Step:
    line: int
    command: str
    stdout: list[str] = dataclasses.field(default_factory=list)
    stderr: list[str] = dataclasses.field(default_factory=list)
    code: int = 0


def parse(text: str) -> list[Step]:
    steps: list[Step] = []
    continues = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("$ "):
            steps.append(Step(number, line[2:]))
            continues = True
        elif not steps:
            assert not line or line.startswith("#"), f"line {number}: a transcript begins with comments"
        elif continues and line.startswith("> "):
            steps[-1].command += "\n" + line[2:]
        else:
            continues = False
            add(steps[-1], line)
    for step in steps:
        # An empty line before the next command is for the reader.
        if step.stdout and step.stdout[-1] == "":
            step.stdout.pop()
    return steps


def add(step: Step, line: str) -> None:
    if line.startswith("! "):
        step.stderr.append(line[2:])
    elif line.startswith("? "):
        step.code = int(line[2:])
    elif not line.startswith("# "):
        step.stdout.append(line)


def pattern(line: str) -> str:
    parts = re.split("(" + "|".join(map(re.escape, PLACEHOLDERS)) + "|(?<=[^ ])  +)", line)
    return "".join(piece(part) for part in parts)


def piece(part: str) -> str:
    if part.startswith("  ") and not part.strip():
        # Columns are as wide as what is in them, and that differs.
        return "  +"
    return PLACEHOLDERS.get(part) or re.escape(part)


def matches(expected: list[str], actual: list[str]) -> bool:
    expression = "".join(r"(?:[^\n]*\n)*" if line == "..." else pattern(line) + "\n" for line in expected)
    return re.fullmatch(expression, "".join(line + "\n" for line in actual)) is not None


def difference(expected: list[str], actual: list[str]) -> str:
    return "\n".join(difflib.unified_diff(expected, actual, "expected", "actual", lineterm=""))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(path, workspace):
    for step in parse(path.read_text()):
        result = workspace.sh(step.command)
        where = f"{path.name}:{step.line}: {step.command}"
        for name, expected, text in [("stdout", step.stdout, result.stdout), ("stderr", step.stderr, result.stderr)]:
            actual = text.splitlines()
            assert matches(expected, actual), f"{where}\n{name}:\n{difference(expected, actual)}"
        assert result.returncode == step.code, f"{where}\nexit code {result.returncode}\n{result.stderr}"


def test_there_are_transcripts():
    assert TRANSCRIPTS

"""Whether a server does what its OpenAPI document says: requests drawn from it, by a program that is not ours.

    found = conformity(served.address, f"Bearer {admin}", tmp_path)
    assert found.failures == [] and found.unreached == []
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from servers import die_with_parent


@dataclass
class Conformity:
    # One for each thing that is wrong, with a request that shows it.
    failures: list[str] = field(default_factory=list)
    # By operation ("GET /v1/tokens"): every status that its own method was answered with.
    statuses: dict[str, set[int]] = field(default_factory=dict)
    # The same, for those requests alone that came with the header and with what the document allows.
    valid: dict[str, set[int]] = field(default_factory=dict)

    @property
    def unreached(self):
        """Operations whose valid requests found nothing, or no way in: what they do is not tested. With a wrong header
        that is all of them, and no failure."""
        return sorted(operation for operation, seen in self.valid.items() if seen <= {401, 403, 404})


def conformity(address, authorization, folder: Path, document="/openapi.json", examples=25, seed=1, within=180,
               arguments=()) -> Conformity:
    """Every check, for each operation: first its edges, one by one, then `examples` drawn ones. No request builds upon
    the answer of another. `folder` is where the program may write; `arguments` are further ones of the program, such as
    `["--exclude-path", "/v1/export"]`."""
    report = folder / "conformity.ndjson"
    # A program of its own: it has its own ways with signals and warnings, and nothing of it stays with us.
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", address + document,
         "--header", f"Authorization: {authorization}", "--checks", "all", "--phases", "examples,coverage,fuzzing",
         "--max-examples", str(examples), "--seed", str(seed), "--generation-database", "none",
         "--continue-on-failure", "--workers", "1", "--no-color",
         "--report", "ndjson", "--report-ndjson-path", str(report), *arguments],
        # Not in our folder: it would take settings from there, and leave things.
        cwd=folder, env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=within, preexec_fn=die_with_parent)
    # 1 is for failures; with any other it has not come to its end.
    assert done.returncode in (0, 1), done.stdout[-3000:] + done.stderr[-3000:]
    found, failures = Conformity(), {}
    for line in report.read_text().splitlines():
        (kind, event), = json.loads(line).items()
        if kind in ("NonFatalError", "FatalError"):
            failures[line] = f"not tested: {json.dumps(event)}"
        if kind == "ScenarioFinished":
            _read(event["recorder"], found, failures)
    found.failures = list(failures.values())
    assert found.statuses, "no operation was asked: " + done.stdout[-3000:]
    assert bool(found.failures) == bool(done.returncode), done.stdout[-3000:]
    return found


def _read(recorder, found, failures):
    operation = recorder["label"]
    method = operation.partition(" ")[0]
    # Also where nothing is asked: then nothing is reached.
    statuses, valid = found.statuses.setdefault(operation, set()), found.valid.setdefault(operation, set())
    for key, interaction in recorder.get("interactions", {}).items():
        case, request, response = recorder["cases"][key], interaction["request"], interaction.get("response")
        status = response["status_code"] if response else None
        # Others are tried too, to see that they are not allowed.
        if status and request["method"] == method:
            statuses.add(status)
            # A request with a parent is one that was sent again, as without the header.
            if case["value"]["meta"]["generation"]["mode"] == "positive" and not case.get("parent_id"):
                valid.add(status)
        for check in recorder["checks"].get(key, []):
            if check["status"] == "failure":
                failure = check["failure_info"]["failure"]
                what = f"{operation}: {failure['title']}: {failure['message']}"
                failures.setdefault(what, f"{what}\n  {request['method']} {request['uri']} -> {status}")

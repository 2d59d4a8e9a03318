"""Where the binary is, and a directory with an environment in which it runs."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def binary() -> pathlib.Path:
    return pathlib.Path(os.environ.get("ROTA_BINARY", ROOT / ".build/debug/rota")).resolve()


class Workspace:
    """A fresh directory in which commands run, with `rota` in the path and nothing else of ours around."""

    def __init__(self, directory: pathlib.Path, tools: pathlib.Path):
        self.directory = directory
        self.environment = {
            "PATH": f"{tools}:{os.environ.get('PATH', '/usr/bin:/bin')}",
            "HOME": str(directory),
            "LANG": "C.UTF-8",
        }

    def sh(self, command: str, stdin: str = "") -> subprocess.CompletedProcess:
        return subprocess.run(
            ["sh", "-c", command],
            cwd=self.directory,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture
def workspace(tmp_path):
    if not binary().exists():
        pytest.fail(f"{binary()} is not built; run 'swift build' or set ROTA_BINARY")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "rota").symlink_to(binary())
    directory = tmp_path / "work"
    directory.mkdir()
    yield Workspace(directory, tools)
    shutil.rmtree(directory, ignore_errors=True)

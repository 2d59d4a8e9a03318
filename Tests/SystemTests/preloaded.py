"""Libraries that are loaded before the program and change what the system tells it: each a .c file beside this one."""

import shutil
import subprocess
from pathlib import Path

import pytest


def tool(name) -> str:
    """Where a program of the system is: what `make deps` installs is never left out."""
    return shutil.which(name) or pytest.fail(f"there is no {name}: run 'make deps'")


def compiled(name, folder: Path) -> Path:
    """The library, made in `folder` where it is not there yet."""
    library = folder / f"{name}.so"
    if not library.exists():
        source = Path(__file__).with_name(f"{name}.c")
        subprocess.run([tool("cc"), "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
    return library

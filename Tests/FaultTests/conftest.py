"""The real binary under faults. The house, its servers and their fixtures are those of the system tests."""

import importlib.util
import sys
from pathlib import Path

SYSTEM = Path(__file__).resolve().parents[1] / "SystemTests"
sys.path.insert(0, str(SYSTEM))
# By its place, since a module of the name `conftest` is this one.
specification = importlib.util.spec_from_file_location("system_fixtures", SYSTEM / "conftest.py")
system = importlib.util.module_from_spec(specification)
specification.loader.exec_module(system)

pytest_configure, binary, bao, house, bare = (
    system.pytest_configure, system.binary, system.bao, system.house, system.bare)
no_child_is_left = system.no_child_is_left

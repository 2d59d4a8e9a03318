"""Real servers around the real program: each test gets a scratch house with a store, vaults and a receiver."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest

from administration import Office
from browser import Browser
from house import House
from servers import OpenBao, Receiver

ROOT = Path(__file__).resolve().parents[2]


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than half a minute")
    config.addinivalue_line("markers", "alone: counts what is answered within a time, and so runs beside no other test")


@pytest.fixture(scope="session")
def binary() -> Path:
    path = Path(os.environ.get("ROTA_BINARY", ROOT / ".build/debug/rota")).resolve()
    if not path.exists():
        pytest.exit(f"there is no {path}: run 'make build'", returncode=2)
    return path


@pytest.fixture(scope="session")
def bao(tmp_path_factory):
    """An OpenBao of our own, with a random root token; it ends with the tests."""
    places = [ROOT / ".build/venv/bin/bao", shutil.which("bao"), "/tmp/venv/bin/bao"]
    program = next((place for place in places if place and Path(place).exists()), None)
    if program is None:
        pytest.exit("there is no bao: run 'make deps'", returncode=2)
    server = OpenBao(program, home=tmp_path_factory.mktemp("bao"), root_token="root-" + secrets.token_hex(16))
    try:
        server.wait_until_healthy()
        yield server
    finally:
        server.stop()


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def browser():
    with Browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def go(tmp_path_factory):
    """The verifier, made of Debian's packages without a network."""
    folder = tmp_path_factory.mktemp("go")
    [packages] = Path("/usr/share/gocode/src").glob("*/x/mod/sumdb")
    (folder / "src").mkdir()
    (folder / "src/sumdb").symlink_to(packages)
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": str(folder), "GOCACHE": str(folder / "cache"), "GOFLAGS": ""}
    subprocess.run(["go", "build", "-o", folder / "verify", Path(__file__).parent / "tlog/verify.go"], env=environment, check=True)

    def verify(key, kind, *files):
        return subprocess.run([folder / "verify", key, kind, *files], capture_output=True).returncode == 0
    return verify


@pytest.fixture
def house(binary, bao, tmp_path) -> House:
    """A store, the vaults `bao` (under a mount of its own) and `local`, and no policy yet."""
    mount = "kv-" + secrets.token_hex(4)
    bao.client.sys.enable_secrets_engine("kv", path=mount, options={"version": "2"})
    house = House(binary, tmp_path, bao, mount)
    yield house
    bao.client.sys.disable_secrets_engine(mount)


@pytest.fixture
def bare(binary, tmp_path) -> House:
    """A store and a `local` vault; no OpenBao."""
    return House(binary, tmp_path)


@pytest.fixture
def office(house, browser) -> Office:
    """A house whose pages are looked at; it is served as soon as somebody looks."""
    office = Office(house, browser)
    yield office
    office.close()


@pytest.fixture(scope="session", autouse=True)
def no_child_is_left():
    """Whatever the tests start ends with them."""
    yield
    left = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended while we looked
        if int(parent) == os.getpid() and state != "Z":
            left.append(stat.parent.name)
    assert left == []

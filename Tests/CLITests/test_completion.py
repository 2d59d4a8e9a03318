"""What shells complete, by the shells themselves."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def binary():
    return pathlib.Path(os.environ.get("ROTA_BINARY", ROOT / ".build/debug/rota")).resolve()


def script(binary, shell):
    return subprocess.run([binary, "completion", shell], capture_output=True, text=True, check=True, timeout=30).stdout


def bash(binary, tmp_path, *words):
    """What bash would offer for the last word."""
    (tmp_path / "completion").write_text(script(binary, "bash"))
    quoted = " ".join(f"'{word}'" for word in words)
    told = subprocess.run(
        ["bash", "--norc", "-c", f"source ./completion; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
         "_rota; printf '%s\\n' \"${COMPREPLY[@]}\""], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert told.returncode == 0 and not told.stderr, told.stderr
    return set(told.stdout.split())


@pytest.mark.parametrize("words, offered, withheld", [
    (["rota", "to"], {"token"}, {"plan"}),
    (["rota", ""], {"init", "token", "report", "--help"}, {"create"}),
    (["rota", "token", ""], {"create", "list", "revoke"}, {"replay", "token"}),
    (["rota", "token", "list", "--st"], {"--state", "--status"}, {"--json"}),
    (["rota", "plan", "--"], {"--save", "--at", "--json"}, {"list"}),
    (["rota", "plan", "l"], {"list"}, {"--save"}),
    (["rota", "report", "--output", "no"], {"notes.txt"}, {"--format"}),
    (["rota", "report", "--format", ""], set(), {"notes.txt", "--at"}),
    (["rota", "import", "no"], {"notes.txt"}, {"--format"}),
])
def test_bash_offers_what_comes_next(binary, tmp_path, words, offered, withheld):
    (tmp_path / "notes.txt").touch()
    found = bash(binary, tmp_path, *words)
    assert offered <= found and not withheld & found, found


def test_zsh_and_fish_take_it(binary, tmp_path):
    (tmp_path / "rota.zsh").write_text(script(binary, "zsh"))
    done = subprocess.run(
        ["zsh", "-f", "-c", "autoload -U compinit; compinit -u; source ./rota.zsh; print ${_comps[rota]}"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    assert done.returncode == 0 and "_rota" in done.stdout, done.stderr
    (tmp_path / "rota.fish").write_text(script(binary, "fish"))
    for line, offered in (("rota tok", "token"), ("rota token cre", "create"), ("rota token list --sta", "--state")):
        done = subprocess.run(
            ["fish", "--no-config", "-c", f"source rota.fish; complete -C '{line}'"], cwd=tmp_path,
            capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
        assert done.returncode == 0 and offered in done.stdout, (line, done.stdout, done.stderr)


def test_a_shell_that_is_not_known_is_told(binary):
    done = subprocess.run([binary, "completion", "bsh"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and "did you mean 'bash'?" in done.stderr

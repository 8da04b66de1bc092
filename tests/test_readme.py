"""Every command and every example of the README works."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


COMMANDS = [line.partition("  #")[0].strip() for block in blocks("sh") for line in block.splitlines() if line.strip()]
EXAMPLE, TEST = blocks("python")


def run(words: list[str]) -> str:
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.timeout(120)
@pytest.mark.parametrize("command", COMMANDS)
def test_commands(command: str) -> None:
    words = shlex.split(command)
    if words[0] == "pybackend":
        words = [sys.executable, "-m", *words]
    elif words[:1] == ["python3"]:
        words[0] = sys.executable
    if words[1:] in (["scripts/test.py"], ["scripts/dev.py"]):
        words.append("--help")  # what runs this test, and what goes on until it is ended (tests/scripts/test_dev.py)
    run(words)


def test_example() -> None:
    printed = run([sys.executable, "-c", EXAMPLE])
    assert re.fullmatch(r"in the room after \d+ ms\nleft, reason 0\n", printed)


def test_example_of_a_test(tmp_path: Path) -> None:
    (tmp_path / "test_example.py").write_text(TEST)
    run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)])


def test_commands_of_the_table() -> None:
    named = re.findall(r"^\| `pybackend (\w+)", README, re.MULTILINE)
    assert named
    for command in named:
        assert "usage" in run([sys.executable, "-m", "pybackend", command, "--help"])


def test_configuration(tmp_path: Path) -> None:
    from pybackend.rooms.config import load

    path = tmp_path / "rooms.toml"
    path.write_text(blocks("toml")[0])
    path.chmod(0o600)
    assert load(path)["apps"] == {1400000001: "the app's secret key"}


def test_pictures_are_there() -> None:
    for path in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / path).is_file(), path

"""Setting up: what was left half-made is made whole, what cannot be had is said, and two at once do not meet."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from scripts import machine


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the virtual environment is to be: a folder with a space in its name, which is not there yet."""
    folder = tmp_path / "a space" / "venv"
    monkeypatch.setenv("PYBACKEND_VENV", str(folder))
    return folder


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What is run to set up. pip and npm are only asked to."""
    seen: list[list[str]] = []
    real = machine._run

    def run(words: Sequence[str | Path], **options: object) -> None:
        seen.append([str(word) for word in words])
        if "venv" in seen[-1]:
            real(words, **options)

    monkeypatch.setattr(machine, "_run", run)
    return seen


def test_an_environment_that_was_given_up_half_made(venv: Path, commands: list[list[str]]) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    python = machine.ensure_python()
    assert subprocess.run([python, "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0
    installs = [words for words in commands if "install" in words]
    assert len(installs) == 2
    assert machine.ensure_python() == python
    assert [words for words in commands if "install" in words] == installs, "once is enough"


def test_a_python_without_venv_is_helped_or_told_what_to_run(
    venv: Path, monkeypatch: pytest.MonkeyPatch, commands: list[list[str]]
) -> None:
    asked: list[list[str]] = []

    def system(packages: Sequence[str], purpose: str) -> bool:
        asked.append(list(packages))
        return False

    def run(words: Sequence[str | Path], **options: object) -> None:
        raise subprocess.CalledProcessError(1, [str(word) for word in words])

    monkeypatch.setattr(machine, "ensure_system", system)
    monkeypatch.setattr(machine, "_run", run)
    with pytest.raises(SystemExit):
        machine.ensure_python()
    assert asked == [[f"python{sys.version_info.major}.{sys.version_info.minor}-venv"]]


def test_two_at_once_install_once(venv: Path, commands: list[list[str]]) -> None:
    both = [threading.Thread(target=machine.ensure_python) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len([words for words in commands if "install" in words]) == 2


def test_node_without_npm_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(machine, "has_node", lambda: True)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    machine.ensure_node.cache_clear()
    assert machine.ensure_node() is False
    assert "npm is needed" in capsys.readouterr().err
    machine.ensure_node.cache_clear()


def test_a_python_that_is_too_old_is_one_clear_line() -> None:
    pretend = "import sys; sys.version_info = (3, 9, 2, 'final', 0); import scripts.machine"
    ended = subprocess.run(
        [sys.executable, "-c", pretend], cwd=machine.ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("Python 3.11 or newer is needed; ")

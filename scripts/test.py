"""Runs every check and every test, and sets up what they need. `--soak` adds the long ones; `--only NAME` runs one stage."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import machine, shells

SYSTEM = (
    "libportaudio2", "libasound2-plugins", "pulseaudio", "pulseaudio-utils",  # sound without hardware
    "espeak-ng",  # speech that is sent through a call
    "gcc", "libc6-dev",  # a V4L2 camera made of a shim
    "xvfb", *shells.LIBRARIES,  # a real Electron
    "chromium",  # a current browser
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stage:
    """One command. `needed` says whether it can be run on this machine."""

    name: str
    command: Callable[[argparse.Namespace], Sequence[str]]
    folder: Path = machine.ROOT
    needed: Callable[[], bool] = lambda: True


def _python(*words: str) -> Callable[[argparse.Namespace], Sequence[str]]:
    return lambda _: [sys.executable, *words]


def _pytest(options: argparse.Namespace) -> Sequence[str]:
    workers = [] if options.soak else ["-n", "2", "--dist", "loadfile"]
    return [sys.executable, "-m", "pytest", *workers, *(["--soak"] if options.soak else []), *options.rest]


def _node(at_once: int, *folders: str) -> Callable[[argparse.Namespace], Sequence[str]]:
    """Node's test runner over the files of these folders of `electron-shell/test`."""

    def command(options: argparse.Namespace) -> Sequence[str]:
        found = [str(path) for folder in folders for path in sorted(machine.SHELL.glob(f"test/{folder}/*.test.js"))]
        chosen = [path for path in options.rest if path.endswith(".test.js")]
        return ["node", "--test", f"--test-concurrency={at_once}", "--test-reporter=spec", *(chosen or found)]

    return command


STAGES = (
    Stage("style", _python("-m", "ruff", "check", ".")),
    Stage("types", _python("-m", "mypy")),
    Stage("floors", lambda _: [str(Path(sys.executable).with_name("lint-imports"))]),
    Stage("generated", _python("scripts/generate.py", "--check")),
    Stage("python", _pytest),
    Stage("node", _node(2, "package", "main", "cloud"), machine.SHELL, machine.ensure_node),
    # one file after the other: pages are drawn by the CPU here, and some deadlines are the product's promise
    Stage("pages", _node(1, "renderer", "app", "electron", "loading"), machine.SHELL, machine.ensure_node),
)


def main() -> int:
    """The exit status: 0 when everything passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soak", action="store_true", help="the long tests as well")
    parser.add_argument(
        "--only", action="append", choices=[stage.name for stage in STAGES], help="this stage; may be repeated"
    )
    parser.add_argument("rest", nargs="*", help="with --only: passed on to pytest, or the JavaScript tests to run")
    options = parser.parse_args()
    machine.enter_venv()
    machine.ensure_system(SYSTEM, "tests with sound, browsers and cameras")
    machine.ensure_node()
    failed: list[str] = []
    left_out: list[str] = []
    environment = {**os.environ, "PYBACKEND_PYTHON": sys.executable, "PYTHONUNBUFFERED": "1"}
    for stage in STAGES:
        if options.only and stage.name not in options.only:
            continue
        if not stage.needed():
            left_out.append(stage.name)
            continue
        started = time.monotonic()
        machine.say(f"{stage.name} …")
        status = subprocess.run(stage.command(options), cwd=stage.folder, env=environment, check=False).returncode
        machine.say(f"{stage.name}: {'passed' if status == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s")
        if status:
            failed.append(stage.name)
    if left_out:
        machine.say(f"left out, for want of something above: {', '.join(left_out)}")
    passed = "the rest passed" if left_out else "everything passed"
    machine.say(f"failed: {', '.join(failed)}" if failed else passed)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())

"""Makes a machine ready: a virtual environment, npm packages, system packages. Needs nothing but Python's own library.

The virtual environment is `.venv` beside the project (or `PYBACKEND_VENV`), made once and renewed when the lock file
changes. System packages are installed where that is allowed (root with apt); elsewhere the line to run is printed.
"""

import functools
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts it has not been asked yet
    sys.exit(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}")

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
SHELL = ROOT / "electron-shell"

NODE = 20
"""The oldest Node.js that runs the shell's programs and tests."""


def say(text: str) -> None:
    """Progress, for people."""
    print(f"· {text}", file=sys.stderr, flush=True)


def venv_python() -> Path:
    """The interpreter of the virtual environment, which may not exist yet."""
    venv = Path(os.environ.get("PYBACKEND_VENV", ROOT / ".venv"))
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _digest(paths: Iterable[Path]) -> str:
    content = b"".join(path.read_bytes() for path in paths if path.exists())
    return hashlib.sha256(content + str(ROOT).encode()).hexdigest()


def _run(command: Sequence[str | Path], **options: object) -> None:
    subprocess.run([str(word) for word in command], check=True, stdout=sys.stderr, **options)  # type: ignore[call-overload]


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Only one program at a time sets this up; another one waits."""
    with (ROOT / f".{name}.lock").open("w") as lock:
        if sys.platform == "win32":
            import msvcrt

            while True:
                try:
                    msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
                    break
                except OSError:
                    time.sleep(0.5)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield  # closing the file lets the next one in


def _is_stamped(stamp: Path, digest: str) -> bool:
    return stamp.exists() and stamp.read_text() == digest


def _has_pip(python: Path) -> bool:
    """False, too, for an environment that was given up half-made."""
    words = [str(python), "-m", "pip", "--version"]
    return python.exists() and subprocess.run(words, capture_output=True, check=False).returncode == 0


def _make_venv(folder: Path) -> None:
    """Where Debian's Python came without what it takes, that is installed, or named."""
    say(f"making a virtual environment in {folder}")
    words = [sys.executable, "-m", "venv", str(folder)]
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    try:
        _run(words)
    except subprocess.CalledProcessError:
        if not ensure_system([package], "a virtual environment"):
            sys.exit(1)
        _run(words)


def ensure_python() -> Path:
    """The virtual environment with everything in it."""
    python = venv_python()
    stamp = python.parent.parent / "pybackend.stamp"
    digest = _digest([LOCK, ROOT / "pyproject.toml"])
    if python.exists() and _is_stamped(stamp, digest):
        return python
    with _alone("venv"):
        if python.exists() and _is_stamped(stamp, digest):  # by another one, meanwhile
            return python
        if not _has_pip(python):
            _make_venv(python.parent.parent)
        say("installing Python packages (a few minutes the first time)")
        pip: list[str | Path] = [python, "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
        _run([*pip, "--require-hashes", "-r", LOCK])
        _run([*pip, "--no-deps", "--editable", ROOT])
        stamp.write_text(digest)
    return python


def enter_venv() -> None:
    """Goes on as the virtual environment's interpreter; returns in it."""
    python = ensure_python()
    if Path(sys.prefix).resolve() == python.parent.parent.resolve():
        return
    arguments = [str(python), *sys.argv]
    if os.name == "nt":
        sys.exit(subprocess.run(arguments, check=False).returncode)
    os.execv(arguments[0], arguments)


def missing_system(packages: Iterable[str]) -> list[str]:
    """Those of Debian's packages that are not installed; none where there is no dpkg to ask."""
    if shutil.which("dpkg-query") is None:
        return []
    missing = []
    for name in packages:
        query = subprocess.run(["dpkg-query", "-W", "-f=${Status}", name], capture_output=True, text=True, check=False)
        if "install ok installed" not in query.stdout:
            missing.append(name)
    return missing


def ensure_system(packages: Iterable[str], purpose: str) -> bool:
    """Installs Debian packages, or says how; whether they are there."""
    missing = missing_system(packages)
    if not missing:
        return shutil.which("dpkg-query") is not None
    if os.name == "nt" or os.geteuid() != 0 or shutil.which("apt-get") is None:
        say(f"{purpose}: run this once: sudo apt-get install {' '.join(missing)}")
        return False
    say(f"installing {' '.join(missing)} ({purpose})")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        _run(["apt-get", "update", "-qq"], env=environment)
        _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], env=environment)
    except subprocess.CalledProcessError:
        say(f"{purpose}: could not be installed: {' '.join(missing)}")
        return False
    return True


def has_node() -> bool:
    """Whether there is a Node.js that is new enough; if not, that is said."""
    node = shutil.which("node")
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout if node else ""
    version = answer.strip().removeprefix("v").partition(".")[0]
    if not version.isdigit() or int(version) < NODE:
        say(f"Node.js {NODE} or newer is needed for the shell and its tests; found: {answer.strip() or 'none'}")
        return False
    return True


@functools.cache
def ensure_node() -> bool:
    """The npm packages that the tests of `electron-shell` need; where they cannot be had, that is said."""
    if not has_node():
        return False
    npm = shutil.which("npm")
    if npm is None:
        say("npm is needed for the shell's tests (Debian: sudo apt-get install npm)")
        return False
    stamp = SHELL / "node_modules" / ".pybackend.stamp"
    digest = _digest([SHELL / "package-lock.json"])
    with _alone("node"):
        if _is_stamped(stamp, digest):
            return True
        say("installing npm packages")
        try:
            _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=SHELL)
        except subprocess.CalledProcessError:
            say("npm packages could not be installed; see above")
            return False
        stamp.write_text(digest)
    return True

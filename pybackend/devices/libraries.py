"""The libraries that may be missing, imported only when somebody needs them; and what to install for those that are."""

import importlib
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_INSTALL_PORTAUDIO = {
    "linux": "sudo apt install libportaudio2 libasound2-plugins",
}
_INSTALL_WHEEL = {
    "sounddevice": "python -m pip install --force-reinstall sounddevice",
    "cv2": "python -m pip install --force-reinstall opencv-python-headless",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """A library that cannot be used, what for, why, and the one line to run."""

    library: str
    needed_for: str
    reason: str
    install: str


class LibraryError(Exception):
    """A library cannot be imported; `missing` says what to do."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(f"{missing.library}: {missing.reason}")
        self.missing = missing

    @property
    def hint(self) -> str:
        return f"{self.missing.needed_for} need {self.missing.library}, which is missing. Run: {self.missing.install}"


def sounddevice() -> Any:
    """PortAudio by its Python module. The first call initialises PortAudio, which lists its devices once and for all."""
    return _load(
        "sounddevice", "Microphones and speakers", _INSTALL_PORTAUDIO.get(sys.platform, _INSTALL_WHEEL["sounddevice"])
    )


def cv2() -> Any:
    """OpenCV. Its settings are read at import: fast opening on Windows, and no wait of 10 s for a camera that froze."""
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")
    return _load("cv2", "Cameras", _INSTALL_WHEEL["cv2"])


def missing() -> list[Missing]:
    """What is missing of all that real devices need; virtual ones and files need none of it. Imports what is there."""
    found: list[Missing] = []
    loaders: tuple[Callable[[], Any], ...] = (cv2, sounddevice)
    for load in loaders:
        try:
            load()
        except LibraryError as error:
            found.append(error.missing)
    if sys.platform == "linux" and os.environ.get("PULSE_SERVER") and not shutil.which("pactl"):
        found.append(
            Missing("pactl", "Names and volumes of devices", "not on PATH", "sudo apt install pulseaudio-utils")
        )
    return found


def _load(name: str, needed_for: str, install: str) -> Any:
    try:
        return importlib.import_module(name)
    except Exception as error:  # ImportError, OSError, and PortAudio's own when it cannot be initialised
        raise LibraryError(Missing(name, needed_for, f"{type(error).__name__}: {error}", install)) from error

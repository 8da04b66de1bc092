"""PulseAudio, and PipeWire in its place, by `pactl`: names of devices, the defaults, volumes. Blocking; nothing is kept open.

Where it runs, it is the way to sound devices on Linux: it holds the hardware, and a device that is plugged in later can be
opened through ALSA's `pulse` without a new start of PortAudio.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pybackend.devices.model import DeviceKind

HOST: Final = "PulseAudio"
_TIMEOUT_S: Final = 3.0
_NOUN: Final[Mapping[DeviceKind, str]] = {DeviceKind.MIC: "source", DeviceKind.SPEAKER: "sink"}
VARIABLE: Final[Mapping[DeviceKind, str]] = {DeviceKind.MIC: "PULSE_SOURCE", DeviceKind.SPEAKER: "PULSE_SINK"}
"""Read by PulseAudio's library while it opens a stream."""


@dataclass(frozen=True, slots=True)
class PulseDevice:
    """A source or a sink. `volume` is 0…100, or more where the user has amplified it."""

    name: str
    description: str
    volume: int
    muted: bool


class PulseError(Exception):
    """There is no pactl, or no server answers it, or it refuses."""


def devices(kind: DeviceKind) -> list[PulseDevice]:
    """The default first; without the monitors of sinks."""
    default = re.search(rf"^Default {_NOUN[kind].title()}: (.+)$", _pactl("info"), re.MULTILINE)
    first = default.group(1) if default else ""
    blocks = re.split(r"^(?:Source|Sink) #\d+\n", _pactl("list", _NOUN[kind] + "s"), flags=re.MULTILINE)[1:]
    found = [device for block in blocks if (device := _device(block)) and not device.name.endswith(".monitor")]
    return sorted(found, key=lambda device: device.name != first)


def set_level(kind: DeviceKind, name: str, *, volume: int | None = None, muted: bool | None = None) -> None:
    if volume is not None:
        _pactl(f"set-{_NOUN[kind]}-volume", name, f"{volume}%")
    if muted is not None:
        _pactl(f"set-{_NOUN[kind]}-mute", name, str(int(muted)))


def plug_signs() -> object:
    """The names of sources and sinks, in one short-lived process; None without a server."""
    try:
        rows = (row.split("\t") for row in _pactl("list", "short").splitlines())
        return tuple(sorted(row[1] for row in rows if len(row) == 5 and row[3].endswith("Hz")))
    except PulseError:
        return None


def _device(block: str) -> PulseDevice | None:
    fields: dict[str, str] = dict(re.findall(r"^\t(\w+): (.*)$", block, re.MULTILINE))
    name = fields.get("Name")
    if name is None:
        return None
    percent = re.search(r"(\d+)%", fields.get("Volume", ""))
    volume = int(percent.group(1)) if percent else 100
    return PulseDevice(name, fields.get("Description", name), volume, fields.get("Mute") == "yes")


def _pactl(*arguments: str) -> str:
    program = shutil.which("pactl")
    if not program:
        raise PulseError("pactl is not installed")
    try:
        result = subprocess.run(
            [program, *arguments], env={**os.environ, "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise PulseError(f"pactl {arguments[0]}: {error}") from error
    return result.stdout

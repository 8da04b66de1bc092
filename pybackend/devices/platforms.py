"""What differs between operating systems: which cameras there are, which signs of hot-plug are cheap to look at."""

import ctypes
import functools
import glob
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

VIDEO4LINUX: Final = Path(os.environ.get("PYBACKEND_VIDEO4LINUX", "/sys/class/video4linux"))
"""Where Linux lists cameras; tests point it at a camera of their own."""

_PROGRAM_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class CameraEntry:
    """A camera that the operating system lists, and the index by which OpenCV opens it."""

    id: str
    name: str
    index: int


def cameras() -> list[CameraEntry]:
    """Lists cameras without opening one. On Linux a matter of microseconds, elsewhere it asks a program and may take a second."""
    match sys.platform:
        case "linux":
            return _linux_cameras()
        case "darwin":
            return _mac_cameras()
        case "win32":
            return _windows_cameras()
    return []


def camera_index(device_id: str) -> int | None:
    """Where the camera is at this moment; None when it is not plugged in."""
    return next((camera.index for camera in cameras() if camera.id == device_id), None)


def video_node(index: int) -> Path:
    return Path(f"/dev/video{index}")


def holder(path: Path) -> str | None:
    """A name and process id of another program that has the file open, as far as we may see (Linux)."""
    for link in glob.glob("/proc/[0-9]*/fd/*"):
        pid = link.split("/")[2]
        try:
            if int(pid) != os.getpid() and os.readlink(link) == str(path):
                return f"{Path('/proc', pid, 'comm').read_text().strip()}, process {pid}"
        except OSError:  # it ended, or is not ours to look at
            continue
    return None


def plug_signs() -> object:
    """Compares unequal after something was plugged in or out; costs microseconds. Not every platform tells everything so."""
    match sys.platform:
        case "linux":
            return tuple(sorted(glob.glob("/dev/snd/*") + [path.name for path in _video_entries()]))
        case "win32":
            winmm = ctypes.CDLL("winmm")
            return winmm.waveInGetNumDevs(), winmm.waveOutGetNumDevs()
    return None


def prepare_thread() -> None:
    """Called at the start of a thread that opens sound devices: Windows wants COM initialised in each."""
    if sys.platform == "win32":
        ctypes.CDLL("ole32").CoInitializeEx(None, 0)


def _video_entries() -> list[Path]:
    return sorted(VIDEO4LINUX.glob("video*"), key=lambda path: int(re.sub(r"\D", "", path.name) or 0))


def _linux_cameras() -> list[CameraEntry]:
    """The first node of each camera; the others carry metadata. Identified by udev's name, else by name and bus."""
    by_node = {os.path.realpath(link): Path(link).name for link in glob.glob("/dev/v4l/by-id/*")}
    found = []
    for entry in _video_entries():
        if _read(entry / "index") not in ("", "0"):
            continue
        name = _read(entry / "name") or entry.name
        bus = os.path.basename(os.path.realpath(entry / "device"))
        device_id = by_node.get(f"/dev/{entry.name}") or f"{name}@{bus}"
        found.append(CameraEntry(device_id, name.split(": ")[0], int(re.sub(r"\D", "", entry.name))))
    return found


def _mac_cameras() -> list[CameraEntry]:
    """OpenCV numbers them in the order of their unique ids."""
    report = json.loads(_output("system_profiler", "SPCameraDataType", "-json") or "{}").get("SPCameraDataType", [])
    found = sorted((str(camera.get("spcamera_unique-id", camera["_name"])), str(camera["_name"])) for camera in report)
    return [CameraEntry(unique, name, index) for index, (unique, name) in enumerate(found)]


@functools.lru_cache(maxsize=1)
def _powershell() -> str:
    return os.path.join(
        os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "WindowsPowerShell", "v1.0", "powershell.exe"
    )


def _windows_cameras() -> list[CameraEntry]:
    """Those that are present, by their instance ids."""
    devices = "Get-PnpDevice -PresentOnly -Class Camera,Image -Status OK -ErrorAction SilentlyContinue"
    query = f"{devices} | Select FriendlyName,InstanceId"
    text = _output(_powershell(), "-NoProfile", "-Command", f"@({query}) | ConvertTo-Json -Compress")
    report = json.loads(text or "[]")
    entries = report if isinstance(report, list) else [report]
    return [CameraEntry(entry["InstanceId"], entry["FriendlyName"], index) for index, entry in enumerate(entries)]


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _output(*command: str) -> str:
    """What a program prints; nothing when it fails."""
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PROGRAM_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""

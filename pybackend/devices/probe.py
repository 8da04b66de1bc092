"""`python -m pybackend.devices.probe`: prints the real devices as JSON and ends.

A process of its own, because PortAudio lists devices only when it is initialised, and because a sound system that hangs or
crashes while it is asked takes nothing else down. It ends when its standard input does, that is, with its parent.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

from pybackend.devices import libraries, platforms, portaudio, pulse
from pybackend.devices.model import DeviceInfo, DeviceKind


def real_devices() -> list[DeviceInfo]:
    """Cameras, microphones, speakers; of each kind the system's default first."""
    return [*_cameras(), *_sound(DeviceKind.MIC), *_sound(DeviceKind.SPEAKER)]


def _cameras() -> Iterator[DeviceInfo]:
    for camera in platforms.cameras():
        yield DeviceInfo(DeviceKind.CAMERA, camera.id, camera.name)


def _sound(kind: DeviceKind) -> list[DeviceInfo]:
    """The sound server's where one runs and PortAudio can reach it, else PortAudio's own."""
    try:
        module = libraries.sounddevice()
    except libraries.LibraryError:
        return []
    try:
        if any(device["name"] == "pulse" for device in module.query_devices()):
            return [
                DeviceInfo(kind, f"{pulse.HOST}:{device.name}", device.description) for device in pulse.devices(kind)
            ]
    except pulse.PulseError:
        pass
    return _portaudio(module, kind)


def _portaudio(module: Any, kind: DeviceKind) -> list[DeviceInfo]:
    hosts = module.query_hostapis()
    side = "input" if kind is DeviceKind.MIC else "output"
    defaults = {host[f"default_{side}_device"] for host in hosts}
    wanted = portaudio.preferred_host()
    found: dict[str, DeviceInfo] = {}
    devices = [device for device in module.query_devices() if device[f"max_{side}_channels"]]
    for device in sorted(devices, key=lambda device: device["index"] not in defaults):
        host = hosts[device["hostapi"]]["name"]
        if wanted in (None, host):
            device_id = f"{host}:{device['name']}"
            found.setdefault(device_id, DeviceInfo(kind, device_id, device["name"]))
    return list(found.values())


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    found = [{"kind": info.kind, "id": info.id, "name": info.name} for info in real_devices()]
    sys.stdout.write(json.dumps(found))
    sys.stdout.flush()
    os._exit(0)  # the reader thread would hold the interpreter's end


if __name__ == "__main__":
    main()

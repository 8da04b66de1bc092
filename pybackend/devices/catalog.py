"""Which devices there are. Asking is free; looking anew happens in a helper process and disturbs no running stream."""

import asyncio
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pybackend.devices import platforms, pulse, virtual
from pybackend.devices.file_camera import PREFIX
from pybackend.devices.model import DeviceChange, DeviceInfo, DeviceKind

_log = logging.getLogger(__name__)
_PROBE_S: Final = 20.0
_SETTLE_S: Final = 0.3
_BLIND_S: Final = 60.0  # how often to look where not every change gives a sign

_SIZES: Final = ((640, 480), (640, 360), (1280, 720), (320, 240), (160, 120))


class Catalog:
    """The lists, in their order: `file:` cameras, `extra` ones (of tests), virtual devices, and, unless `virtual`, real ones."""

    def __init__(self, *, virtual: bool, camera_files: Sequence[Path], extra: Sequence[DeviceInfo] = ()) -> None:
        self._virtual = virtual
        files = [DeviceInfo(DeviceKind.CAMERA, f"{PREFIX}{path}", Path(path).name) for path in camera_files]
        self._fixed = [*files, *extra, *(_virtual_devices() if virtual else ())]
        self._real: list[DeviceInfo] = []
        self._refreshing = asyncio.Lock()

    def devices(self, kind: DeviceKind) -> list[DeviceInfo]:
        """At once, as of the last refresh; the first is the one to begin with."""
        return [info for info in (*self._fixed, *self._real) if info.kind is kind]

    def admits(self, kind: DeviceKind, device_id: str) -> bool:
        """Whether this may be opened: what is listed, or a real device that may have come since the last refresh."""
        if any(info.id == device_id for info in self.devices(kind)):
            return True
        return not self._virtual and not device_id.startswith((PREFIX, "virtual:"))

    async def refresh(self) -> list[DeviceChange]:
        """Looks for real devices; those that went come first in the answer. The old list stays when the helper fails."""
        if self._virtual:
            return []
        async with self._refreshing:
            found = await asyncio.to_thread(_probe)
            if found is None:
                return []
            gone = [DeviceChange(info, added=False) for info in self._real if info not in found]
            come = [DeviceChange(info, added=True) for info in found if info not in self._real]
            self._real = found
            return gone + come

    async def watch(self, on_change: Callable[[DeviceChange], None], *, every_s: float = 2.0) -> None:
        """Until cancelled: looks for cheap signs of hot-plug, and asks the helper when there is one."""
        signs, blind = await self._signs(), 0.0
        while True:
            await asyncio.sleep(every_s)
            blind += every_s
            now = await self._signs()
            if now == signs and (blind < _BLIND_S or sys.platform == "linux"):
                continue
            await asyncio.sleep(_SETTLE_S)  # devices come in several steps
            signs, blind = await self._signs(), 0.0
            for change in await self.refresh():
                try:
                    on_change(change)
                except Exception:
                    _log.exception("on_change failed")

    async def _signs(self) -> object:
        if self._virtual:
            return None
        return platforms.plug_signs(), await asyncio.to_thread(pulse.plug_signs)


def _virtual_devices() -> list[DeviceInfo]:
    sizes = [{"width": width, "height": height} for width, height in _SIZES]
    return [
        DeviceInfo(DeviceKind.CAMERA, virtual.CAMERA, "Virtual camera", {"SupportedResolution": sizes}),
        DeviceInfo(DeviceKind.MIC, virtual.MIC, "Virtual microphone"),
        DeviceInfo(DeviceKind.SPEAKER, virtual.SPEAKER, "Virtual speaker"),
    ]


def _probe() -> list[DeviceInfo] | None:
    """Runs the helper, and waits for it; None when it fails or takes too long. (Not every event loop can run programs.)"""
    with subprocess.Popen(
        [sys.executable, "-m", "pybackend.devices.probe"],
        stdin=subprocess.PIPE,  # stays open meanwhile: by that the helper knows that we live
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        limit = threading.Timer(_PROBE_S, process.kill)
        limit.start()
        assert process.stdout
        assert process.stderr
        text, complaint = process.stdout.read(), process.stderr.read()
        limit.cancel()
    try:
        return [DeviceInfo(DeviceKind(entry["kind"]), entry["id"], entry["name"]) for entry in json.loads(text)]
    except ValueError:
        _log.warning("looking for devices failed within %g s: %s", _PROBE_S, complaint.decode(errors="replace")[-500:])
        return None

"""Volume and mute of microphones and speakers: the operating system's where it can be reached, else a gain of our own."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any

from pybackend.devices import pulse
from pybackend.devices.model import DeviceKind

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Level:
    """Volume 0…100."""

    volume: int = 100
    muted: bool = False


class Levels:
    """A cache, so that asking is free. Devices of the sound server (Linux) have its levels, all others software ones."""

    def __init__(self) -> None:
        self._levels: dict[tuple[DeviceKind, str], Level] = {}
        self._telling = asyncio.Lock()

    def get(self, kind: DeviceKind, device_id: str) -> Level:
        """As of the last `set` or `refresh`."""
        return self._levels.get((kind, device_id), Level())

    def gain(self, kind: DeviceKind, device_id: str) -> float:
        """What the samples have to be multiplied by: 1.0 where the operating system does it."""
        level = self.get(kind, device_id)
        return 1.0 if _name(device_id) else 0.0 if level.muted else level.volume / 100

    def set(
        self, kind: DeviceKind, device_id: str, *, volume: int | None = None, muted: bool | None = None
    ) -> Coroutine[Any, Any, Level]:
        """Changes what is given, at once: who asks next is told so. Await it to know that the sound server has it, too.

        Volumes outside 0…100 are clipped. A server that refuses is logged.
        """
        level = self.get(kind, device_id)
        if volume is not None:
            level = replace(level, volume=min(100, max(0, volume)))
        if muted is not None:
            level = replace(level, muted=muted)
        self._levels[kind, device_id] = level
        return self._tell(kind, device_id, level, volume=None if volume is None else level.volume, muted=muted)

    async def _tell(
        self, kind: DeviceKind, device_id: str, level: Level, *, volume: int | None, muted: bool | None
    ) -> Level:
        """One after the other: of a slider's many values, the last one stays."""
        if name := _name(device_id):
            try:
                async with self._telling:
                    await asyncio.to_thread(pulse.set_level, kind, name, volume=volume, muted=muted)
            except pulse.PulseError as error:
                _log.warning("the level of %s %s: %s", kind, device_id, error)
        return level

    async def refresh(self, kind: DeviceKind) -> None:
        """Reads the sound server's levels, as other programs may have changed them."""
        try:
            found = await asyncio.to_thread(pulse.devices, kind)
        except pulse.PulseError:
            return
        for device in found:
            self._levels[kind, f"{pulse.HOST}:{device.name}"] = Level(min(100, device.volume), device.muted)


def _name(device_id: str) -> str | None:
    host, _, name = device_id.partition(":")
    return name if host == pulse.HOST else None

"""Which device of each kind is the current one."""

from collections.abc import Callable
from typing import Any

from pybackend.devices import Catalog, DeviceInfo, DeviceKind


def as_trtc(info: DeviceInfo) -> dict[str, Any]:
    """TRTCDeviceInfo."""
    return {"deviceId": info.id, "deviceName": info.name, "deviceProperties": dict(info.properties)}


class DeviceChoice:
    """The current devices of one cloud. Without a choice, or when the chosen one is gone, it is the first of the list."""

    def __init__(self, catalog: Catalog, changed: Callable[[DeviceKind], None]) -> None:
        self._catalog = catalog
        self._changed = changed
        self._chosen: dict[DeviceKind, str] = {}

    def list(self, kind: DeviceKind) -> list[dict[str, Any]]:
        """TRTCDeviceInfo of each."""
        return [as_trtc(info) for info in self._catalog.devices(kind)]

    def current(self, kind: DeviceKind) -> dict[str, Any]:
        """TRTCDeviceInfo of the current one; empty strings when there is none."""
        chosen = self.current_id(kind)
        for info in self._catalog.devices(kind):
            if info.id == chosen:
                return as_trtc(info)
        return {"deviceId": chosen, "deviceName": "", "deviceProperties": {}}

    def current_id(self, kind: DeviceKind) -> str:
        """Its id, or an empty string."""
        listed = [info.id for info in self._catalog.devices(kind)]
        chosen = self._chosen.get(kind)
        if chosen is not None and (chosen in listed or chosen == "" or not listed):
            return chosen
        return listed[0] if listed else ""

    def choose(self, kind: DeviceKind, device_id: str) -> bool:
        """Makes a device the current one; False when there is no such device."""
        if all(info.id != device_id for info in self._catalog.devices(kind)):
            return False
        if self.current_id(kind) != device_id:
            self._chosen[kind] = device_id
            self._changed(kind)
        return True

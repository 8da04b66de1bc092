"""The backend: its clouds, its devices, its events. What `rpc` serves."""

import asyncio
import gc
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import psutil

from pybackend.core.journal import Event, Journal
from pybackend.core.tasks import Tasks
from pybackend.devices import Catalog, DeviceChange, DeviceKind, Levels, Opener, Registry
from pybackend.media import FrameHub, MediaConfig
from pybackend.signal import RoomLink
from pybackend.spec.enums_generated import TRTCDeviceState, TRTCDeviceType
from pybackend.spec.params import binder

from .calls import call
from .choice import as_trtc
from .cloud import Cloud
from .context import Context

logger: Final = logging.getLogger(__name__)

SHARE: Final = 0

_DEVICE_TYPES: Final = {
    DeviceKind.MIC: TRTCDeviceType.TRTCDeviceTypeMic,
    DeviceKind.SPEAKER: TRTCDeviceType.TRTCDeviceTypeSpeaker,
    DeviceKind.CAMERA: TRTCDeviceType.TRTCDeviceTypeCamera,
}

_INSTANCES: Final = frozenset({"getTRTCShareInstance", "destroyTRTCShareInstance", "createSubCloud", "destroy"})


class NoSuchCloud(Exception):
    """The cloud was destroyed, or never made."""

    def __init__(self, cloud: int) -> None:
        super().__init__(f"cloud {cloud} does not exist, or was destroyed")


@dataclass(frozen=True, slots=True)
class BackendConfig:
    """What a backend is made with."""

    rooms_url: str
    ice_servers: tuple[str, ...] = ()
    openers: dict[str, Opener] = field(default_factory=dict)

    @property
    def media(self) -> MediaConfig:
        """A room service on loopback means media on loopback."""
        host = urlsplit(self.rooms_url).hostname or ""
        return MediaConfig(self.ice_servers, loopback=host == "localhost" or host.startswith("127.") or host == "::1")


class Backend:
    """Lives on one event loop. `listen` gets every event, in order."""

    def __init__(self, config: BackendConfig, catalog: Catalog) -> None:
        self._config = config
        self._catalog = catalog
        self._tasks = Tasks("backend")
        self._listeners: list[Callable[[Event], None]] = []
        self._lag_ms = 0.0
        self.journal = Journal()
        self.registry = Registry(catalog, openers=config.openers)
        self.levels = Levels()
        self.hub = FrameHub()
        self.clouds: dict[int, Cloud] = {}
        self._next_cloud = 1

    async def start(self) -> None:
        """Finds the devices; the share instance is there from now on."""
        self._share()
        await self._catalog.refresh()
        await asyncio.gather(*(self.levels.refresh(kind) for kind in (DeviceKind.MIC, DeviceKind.SPEAKER)))
        self._tasks.spawn(self._catalog.watch(self._device_changed))
        self._tasks.spawn(self._measure_lag())

    async def stop(self) -> None:
        """Leaves every room, closes every device."""
        await self._tasks.cancel()
        await asyncio.gather(*(cloud.close() for cloud in self.clouds.values()))
        await self.registry.shutdown()

    # -- events ------------------------------------------------------------------------------------------------------

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Adds a listener for the backend's whole life."""
        self._listeners.append(listener)

    def _emit(self, cloud: int, name: str, args: tuple[Any, ...], detail: dict[str, Any] | None) -> None:
        known = self.clouds.get(cloud)
        session = known.session.name if known is not None else None
        event = self.journal.record(name, cloud, session, args, detail or {})
        for listener in self._listeners:
            listener(event)

    # -- clouds ------------------------------------------------------------------------------------------------------

    def _make(self, number: int) -> Cloud:
        def emit(name: str, /, *args: Any, detail: dict[str, Any] | None = None) -> None:
            self._emit(number, name, args, detail)

        context = Context(number, emit, self.registry, self._catalog, self.hub, self._config.media)

        def link(request: dict[str, Any], on_notice: Callable[..., None]) -> RoomLink:
            return RoomLink(self._config.rooms_url, request, on_notice)

        cloud = self.clouds[number] = Cloud(context, self.levels, link)
        return cloud

    def _share(self) -> int:
        """The share instance, made or brought back."""
        if SHARE not in self.clouds:
            self._make(SHARE)
        self.clouds[SHARE].destroyed = False
        return SHARE

    def _create_sub(self) -> int:
        number, self._next_cloud = self._next_cloud, self._next_cloud + 1
        self._make(number)
        return number

    def destroy(self, number: int) -> None:
        """`destroy`, twice if need be; the share instance takes its sub clouds along."""
        gone = [number] if number != SHARE else list(self.clouds)
        for each in gone:
            cloud = self.clouds.get(each)
            if cloud is not None and not cloud.destroyed:
                cloud.destroy()
                if each != SHARE:
                    self._tasks.spawn(self._bury(each, cloud))

    async def _bury(self, number: int, cloud: Cloud) -> None:
        await cloud.session.finished()
        await cloud.close()
        if self.clouds.get(number) is cloud:
            del self.clouds[number]

    def abandon(self) -> None:
        """Nobody is there any more to whom the rooms and devices could belong."""
        for cloud in list(self.clouds.values()):
            cloud.volume.stop()
            cloud.session.exit(silent=True)

    # -- calls -------------------------------------------------------------------------------------------------------

    def call(self, name: str, params: Any) -> Any:
        """A method of the surface. Raises BadType for wrong parameters, NoSuchCloud."""
        number, args = binder(name)(params)
        if name in _INSTANCES:
            return self._instance_call(name, number)
        return call(self._living(number), name, args)

    def _living(self, number: int) -> Cloud:
        cloud = self.clouds.get(number)
        if cloud is None or cloud.destroyed:
            raise NoSuchCloud(number)
        return cloud

    def _instance_call(self, name: str, number: int) -> int | None:
        match name:
            case "getTRTCShareInstance":
                return self._share()
            case "createSubCloud":
                self._living(number)
                return self._create_sub() if number == SHARE else None
            case "destroy" if number not in self.clouds and number >= self._next_cloud:
                raise NoSuchCloud(number)
        self.destroy(SHARE if name == "destroyTRTCShareInstance" else number)
        return None

    # -- devices -----------------------------------------------------------------------------------------------------

    def _device_changed(self, change: DeviceChange) -> None:
        state = TRTCDeviceState.TRTCDeviceStateAdd if change.added else TRTCDeviceState.TRTCDeviceStateRemove
        kind = change.info.kind
        for number, cloud in list(self.clouds.items()):
            self._emit(number, "onDeviceChange", (change.info.id, int(_DEVICE_TYPES[kind]), int(state)), None)
            cloud.device_gone(kind)

    # -- for those who look after it ---------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """`hello`: where things stand."""
        return {
            "seq": self.journal.seq,
            "clouds": self._describe_clouds(),
            "devices": {
                str(kind): [as_trtc(info) for info in self._catalog.devices(kind)]
                for kind in (DeviceKind.CAMERA, DeviceKind.MIC, DeviceKind.SPEAKER)
            },
        }

    def _describe_clouds(self) -> list[dict[str, Any]]:
        return [cloud.describe() for cloud in self.clouds.values() if not cloud.destroyed or cloud.describe()["room"]]

    def diagnostics(self) -> dict[str, Any]:
        """What is open, what runs, how much it takes."""
        process = psutil.Process()
        return {
            "devices": [
                {"kind": str(device.kind), "id": device.id, "open": device.open, "owners": list(device.owners)}
                for device in self.registry.open_devices()
            ],
            "clouds": self._describe_clouds(),
            "rss_bytes": process.memory_info().rss,
            "fds": process.num_handles() if hasattr(process, "num_handles") else process.num_fds(),
            "threads": threading.active_count(),
            "tasks": len(asyncio.all_tasks()),
            "objects": len(gc.get_objects()),
            "loop_lag_ms": round(self._lag_ms, 1),
            "seq": self.journal.seq,
        }

    async def _measure_lag(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.5
            await asyncio.sleep(0.5)
            self._lag_ms = max(0.0, (loop.time() - due) * 1000)

"""The backend as one program: engine, RPC, frames, and the watch over the parent."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pybackend import __version__
from pybackend.devices import Catalog, DeviceInfo
from pybackend.engine.backend import Backend, BackendConfig

from .endpoint import bound_router
from .frames import FrameServer
from .methods import methods
from .parent import Parent
from .server import RpcServer


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """The flags of `pybackend serve`."""

    backend: BackendConfig
    endpoint: str = ""
    virtual_devices: bool = False
    cameras: tuple[Path, ...] = ()
    parent_watch: bool = False
    origins: tuple[str, ...] = ()
    extra_devices: tuple[DeviceInfo, ...] = ()


@contextlib.asynccontextmanager
async def backend_service(config: ServeConfig) -> AsyncIterator[tuple[dict[str, Any], asyncio.Event]]:
    """A running backend: its ready line, and an event that is set when the parent is gone. It stops in order at the end."""
    parent = Parent() if config.parent_watch else None
    greeting = await parent.greeting() if parent is not None else {}
    gone = asyncio.Event()
    catalog = Catalog(virtual=config.virtual_devices, camera_files=config.cameras, extra=config.extra_devices)
    async with contextlib.AsyncExitStack() as stack:
        socket, endpoint, auth = stack.enter_context(bound_router(config.endpoint, greeting.get("clientKeys", [])))
        backend = Backend(config.backend, catalog)
        await backend.start()
        server = RpcServer(socket, methods(backend), backend.abandon)
        stack.push_async_callback(server.stop)
        backend.listen(server.event)
        frames = FrameServer(backend.hub, config.origins)
        url = await frames.start()
        stack.push_async_callback(frames.stop)
        stack.push_async_callback(backend.stop)
        server.start()
        if parent is not None:
            parent.on_gone(gone.set)
        ready = {
            "ready": True,
            "pid": os.getpid(),
            "endpoint": endpoint,
            "frames": url,
            "auth": auth,
            "version": __version__,
        }
        yield ready, gone

"""What the managers of one cloud share: its voice, its devices, its pictures."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pybackend.devices import Catalog, Registry
from pybackend.media import FrameHub, MediaConfig


class Emit(Protocol):
    """Sends an event of the cloud, with the SDK's arguments in its order."""

    def __call__(self, name: str, /, *args: Any, detail: dict[str, Any] | None = None) -> None: ...


@dataclass(slots=True)
class Context:
    """One cloud's surroundings. `emit` and everything else here belong to the event loop's thread."""

    cloud: int
    emit: Emit
    registry: Registry
    catalog: Catalog
    hub: FrameHub
    media: MediaConfig
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    @property
    def owner(self) -> str:
        """Under which name this cloud holds devices."""
        return f"cloud {self.cloud}"

    def from_thread(self, callback: Callable[..., None], *args: Any) -> None:
        """Has the loop call something; for devices' threads. Nothing happens once the loop is closed."""
        try:
            self.loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:
            if not self.loop.is_closed():
                raise

"""The owner of every open handle: nobody else opens or closes a device.

A device is one handle, however many borrow it; it closes with its last lease. Opening can be cancelled at any moment: the
call ends at once, the driver is told to stop, and until it has returned the device is listed as open. Everything here runs on
the event loop; the drivers run in threads of their own (`driver`).
"""

import asyncio
import functools
from collections.abc import Callable, Mapping
from typing import Any

from pybackend.core.frames import Picture, Sound
from pybackend.devices import openers as standard
from pybackend.devices.catalog import Catalog
from pybackend.devices.driver import Opener, Order
from pybackend.devices.handle import Handle, OnLost
from pybackend.devices.model import (
    CameraFormat,
    DeviceDeadlines,
    DeviceError,
    DeviceFailure,
    DeviceKind,
    Lease,
    OpenDevice,
)
from pybackend.devices.tape import Tape

_Key = tuple[DeviceKind, str]


class Registry:
    """`openers` maps prefixes of device ids to makers of drivers, beside the built-in `virtual:`, `file:` and real ones."""

    def __init__(
        self, catalog: Catalog, *, deadlines: DeviceDeadlines | None = None, openers: Mapping[str, Opener] | None = None
    ) -> None:
        self.played = Tape()
        """What `virtual:speaker` played last."""
        self._catalog = catalog
        self._deadlines = deadlines or DeviceDeadlines()
        self._extra = dict(openers or {})
        self._openers = {**standard.standard(self.played), **self._extra}
        self._handles: dict[_Key, list[Handle]] = {}
        """By device, oldest first; only the last of each may still lend."""
        self._leases: dict[Lease, Handle] = {}
        self._shut = False

    async def open_camera(
        self, owner: str, device_id: str, format: CameraFormat, on_picture: Callable[[Picture], None], on_lost: OnLost
    ) -> Lease:
        """Returns after the first real picture. `on_picture` is called in the camera's thread and must not block.

        Who opens a camera first chooses its format. Raises DeviceError. `on_lost` is called on the loop; the lease is void then.
        """
        return await self._borrow(owner, Order(DeviceKind.CAMERA, device_id, format), on_picture, on_lost)

    async def open_mic(self, owner: str, device_id: str, on_sound: Callable[[Sound], None], on_lost: OnLost) -> Lease:
        """Mono blocks of 20 ms at 48 kHz, from the device's thread; returns after the first. As `open_camera` otherwise."""
        return await self._borrow(owner, Order(DeviceKind.MIC, device_id), on_sound, on_lost)

    async def open_speaker(self, owner: str, device_id: str, pull: Callable[[int], bytes], on_lost: OnLost) -> Lease:
        """`pull(n)`, called in the device's thread, returns n mono s16 samples; several borrowers are mixed."""
        return await self._borrow(owner, Order(DeviceKind.SPEAKER, device_id), pull, on_lost)

    async def close(self, lease: Lease) -> bool:
        """Idempotent. Callbacks cease; one under way may still end. True when the device is free, or lives on for others.

        False when the driver overran its deadline: it is logged with what hangs, and listed as open until it has ended.
        """
        handle = self._leases.get(lease)
        if handle is None:
            return True
        handle.give_back(lease)
        if handle.shared:
            del self._leases[lease]
            return True
        return await handle.wait_freed()

    async def close_owner(self, owner: str) -> bool:
        """Closes all leases of the owner, those that are still opening included, in parallel."""
        mine = [self.close(lease) for lease in self._leases if lease.owner == owner]
        return all(await asyncio.gather(*mine))

    def open_devices(self) -> list[OpenDevice]:
        """Whatever may have a handle at the operating system: opening, open, and closing alike."""
        return [
            OpenDevice(
                kind, device_id, tuple(sorted({lease.owner for lease, by in self._leases.items() if by in handles}))
            )
            for (kind, device_id), handles in self._handles.items()
        ]

    async def shutdown(self) -> None:
        """Closes everything; what is opened from now on fails with CLOSED."""
        self._shut = True
        await asyncio.gather(*(self.close(lease) for lease in list(self._leases)))

    async def _borrow(self, owner: str, order: Order, sink: Callable[[Any], Any], on_lost: OnLost) -> Lease:
        lease = Lease(order.kind, order.device_id, owner)
        handle = self._handle(order)
        self._leases[lease] = handle
        opened = handle.lend(lease, sink, on_lost)
        try:
            await opened
        except (asyncio.CancelledError, DeviceError):
            handle.give_back(lease)
            if handle.shared:
                self._leases.pop(lease, None)
            raise
        return lease

    def _handle(self, order: Order) -> Handle:
        """The one that lends this device, or a new one, which waits until an older one is closed."""
        if self._shut:
            raise order.error(DeviceFailure.CLOSED, "The backend is shutting down.")
        handles = self._handles.setdefault((order.kind, order.device_id), [])
        if handles and not handles[-1].closing:
            return handles[-1]
        try:
            handle = Handle(order, self._opener(order), self._deadlines, handles[-1] if handles else None)
        except DeviceError:
            if not handles:
                del self._handles[order.kind, order.device_id]
            raise
        handles.append(handle)
        handle.freed.add_done_callback(functools.partial(self._forget, handle))
        return handle

    def _opener(self, order: Order) -> Opener:
        """That of the longest prefix. What is not listed cannot be opened, so that no client names any file it likes."""
        prefix = max((prefix for prefix in self._openers if order.device_id.startswith(prefix)), key=len)
        if prefix not in self._extra and not self._catalog.admits(order.kind, order.device_id):
            raise order.error(DeviceFailure.NOT_FOUND, "There is no such device. Choose another one from the list.")
        return self._openers[prefix]

    def _forget(self, handle: Handle, _: Any) -> None:
        key = (handle.order.kind, handle.order.device_id)
        self._handles[key].remove(handle)
        if not self._handles[key]:
            del self._handles[key]
        for lease in [lease for lease, held in self._leases.items() if held is handle]:
            del self._leases[lease]

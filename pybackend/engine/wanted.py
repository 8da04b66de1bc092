"""A device as a manager wants it: this one, or none. What is wished last comes true, one step at a time.

Wishing returns at once. An opening that is no longer wanted is cancelled. While held (a room is being left) nothing is
opened; what is wished meanwhile comes true afterwards.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from pybackend.core.tasks import Tasks
from pybackend.devices import DeviceError, DeviceFailure, Lease, Registry

Wish = TypeVar("Wish")


class WantedDevice(Generic[Wish]):
    """`open_` opens what a wish describes; `opened` and `failed` are told on the loop, if the wish still stands."""

    def __init__(
        self,
        registry: Registry,
        open_: Callable[[Wish], Awaitable[Lease]],
        opened: Callable[[], None],
        failed: Callable[[DeviceError], None],
    ) -> None:
        self._registry = registry
        self._open = open_
        self._opened = opened
        self._failed = failed
        self._tasks = Tasks("devices")
        self._worker: asyncio.Task[None] | None = None
        self._opening: asyncio.Future[Lease] | None = None
        self._wish: Wish | None = None
        self._held = False
        self._lease: Lease | None = None
        self._has: Wish | None = None

    @property
    def wanted(self) -> bool:
        """Whether a device is wished for."""
        return self._wish is not None

    @property
    def open(self) -> bool:
        """Whether the wish has come true."""
        return self._lease is not None and self._has == self._wish

    def want(self, wish: Wish | None) -> None:
        """Changes the wish."""
        self._wish = wish
        self._follow()

    def hold(self) -> None:
        """The wish is dropped, and nothing is opened until `resume`."""
        self._held = True
        self.want(None)

    def resume(self) -> None:
        """Wishes come true again."""
        self._held = False
        self._follow()

    def lost(self, error: DeviceError) -> None:
        """The device went away by itself; it is not wished for any more."""
        self._lease, self._has, self._wish = None, None, None
        self._failed(error)

    def _goal(self) -> Wish | None:
        return None if self._held else self._wish

    def _follow(self) -> None:
        if self._opening is not None and self._goal() != self._has:
            self._opening.cancel()
        if self._worker is None or self._worker.done():
            self._worker = self._tasks.spawn(self._work())

    async def _work(self) -> None:
        while self._has != (goal := self._goal()):
            if self._has is not None:
                lease, self._lease, self._has = self._lease, None, None
                if lease is not None:
                    await self._registry.close(lease)
            elif goal is not None:
                await self._try(goal)

    async def _try(self, goal: Wish) -> None:
        self._has = goal
        self._opening = asyncio.ensure_future(self._open(goal))
        try:
            self._lease = await self._opening
        except asyncio.CancelledError:
            self._has = None
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
        except DeviceError as error:
            self._has = None
            if self._wish == goal and error.failure is not DeviceFailure.CLOSED:
                self._wish = None
                self._failed(error)
        else:
            if self._goal() == goal:
                self._opened()
        finally:
            self._opening = None

    async def close(self) -> None:
        """Ends following wishes; the device itself is closed by its owner's name."""
        await self._tasks.cancel()

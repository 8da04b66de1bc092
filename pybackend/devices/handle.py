"""One device while anybody holds it: opening, shared by its borrowers, watched, reopened, closed with the last of them."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pybackend.devices.driver import Attempt, Opener, Order, Outlet
from pybackend.devices.model import DeviceDeadlines, DeviceError, DeviceFailure, Lease

_log = logging.getLogger(__name__)
_BUSY_PAUSE_S: Final = 0.1
_REPLUG: Final = "Unplug it and plug it in again."

OnLost = Callable[[DeviceError], None]


@dataclass(frozen=True, slots=True)
class _Borrower:
    sink: Callable[[Any], Any]
    on_lost: OnLost
    opened: asyncio.Future[None]


class Handle:
    """Lives on the event loop. Begins to open when made; ends when the last lease is given back, or when the device fails.

    From then on it lends no more (`closing`), and `freed` completes when the driver's thread has ended.
    """

    def __init__(self, order: Order, opener: Opener, deadlines: DeviceDeadlines, predecessor: "Handle | None") -> None:
        self.order = order
        self.closing = False
        self.freed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._opener = opener
        self._deadlines = deadlines
        self._borrowers: dict[Lease, _Borrower] = {}
        self._outlet = Outlet(f"{order.kind} {order.device_id}")
        self._attempt: Attempt | None = None
        self._ready = False
        self._reopened: deque[float] = deque(maxlen=deadlines.reopen_limit)
        self._task = asyncio.create_task(self._live(predecessor), name=f"device {order.kind} {order.device_id}")

    def lend(self, lease: Lease, sink: Callable[[Any], Any], on_lost: OnLost) -> asyncio.Future[None]:
        """Adds a borrower; the future completes with the first picture or block, or fails with DeviceError."""
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._ready:
            opened.set_result(None)
        self._borrowers[lease] = _Borrower(sink, on_lost, opened)
        self._connect()
        return opened

    def give_back(self, lease: Lease) -> None:
        """Removes a borrower; whoever still waits for the opening gets CLOSED. The last one ends the handle."""
        borrower = self._borrowers.pop(lease, None)
        if borrower is None:
            return
        if not borrower.opened.done():
            borrower.opened.set_exception(
                self.order.error(DeviceFailure.CLOSED, "It was closed while it was still opening.")
            )
        self._connect()
        if not self._borrowers:
            self._task.cancel()
            self._end()

    @property
    def shared(self) -> bool:
        """Whether anybody still holds it."""
        return bool(self._borrowers)

    async def wait_freed(self) -> bool:
        """False, with a line in the log about what hangs, if the device is not free in time."""
        await asyncio.wait({self.freed}, timeout=self._deadlines.close_s)
        if not self.freed.done() and self._attempt:
            _log.error(
                "closing %s %s overran %.1f s; its driver is at\n%s",
                self.order.kind, self.order.device_id, self._deadlines.close_s, self._attempt.where(),
            )  # fmt: skip
        return self.freed.done()

    def _connect(self) -> None:
        self._outlet.set(tuple(borrower.sink for borrower in self._borrowers.values()))

    async def _live(self, predecessor: "Handle | None") -> None:
        try:
            if predecessor and not await predecessor.wait_freed():
                raise self.order.error(
                    DeviceFailure.BUSY, "Its driver hangs while it is being closed. Unplug it, or restart."
                )
            attempt = await self._open()
            self._ready = True
            for borrower in self._borrowers.values():
                if not borrower.opened.done():
                    borrower.opened.set_result(None)
            while True:
                await self._broken(attempt)
                attempt = await self._reopen(attempt)
        except DeviceError as error:
            self._fail(error)

    async def _open(self) -> Attempt:
        """Returns when the device delivers."""
        limit = self._deadlines.open_s(self.order.kind)
        busy_until = time.monotonic() + self._deadlines.busy_retry_s
        while True:
            attempt = self._attempt = Attempt(self.order, self._opener(self.order), self._outlet)
            signs: set[asyncio.Future[Any]] = {attempt.first, attempt.ended}
            await asyncio.wait(signs, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if attempt.first.done():
                return attempt
            attempt.stop()
            if not attempt.ended.done():
                raise self.order.error(DeviceFailure.START_FAILED, f"It delivered nothing for {limit:g} s. {_REPLUG}")
            error = attempt.ended.result() or self.order.error(
                DeviceFailure.START_FAILED, f"It delivered nothing. {_REPLUG}"
            )
            if error.failure is not DeviceFailure.BUSY or time.monotonic() > busy_until:
                raise error
            await asyncio.sleep(_BUSY_PAUSE_S)

    async def _broken(self, attempt: Attempt) -> None:
        """Returns when the device has stopped delivering, or its driver has ended."""
        stall_s = self._deadlines.stall_s(self.order.kind)
        while not attempt.ended.done():
            silent_s = time.monotonic() - attempt.line.last_beat
            if silent_s > stall_s:
                _log.warning(
                    "%s %s has been silent for %.1f s: reopening", self.order.kind, self.order.device_id, silent_s
                )
                attempt.stop()
                return
            await asyncio.wait({attempt.ended}, timeout=stall_s - silent_s + 0.01)

    async def _reopen(self, attempt: Attempt) -> Attempt:
        """Raises LOST when the old driver hangs, the new one fails, or this happens too often."""
        now = time.monotonic()
        if len(self._reopened) == self._reopened.maxlen and now - self._reopened[0] < self._deadlines.reopen_window_s:
            raise self.order.error(
                DeviceFailure.LOST, "It keeps breaking off. Check its cable, or choose another device."
            )
        self._reopened.append(now)
        await asyncio.wait({attempt.ended}, timeout=self._deadlines.close_s)
        if not attempt.ended.done():
            raise self.order.error(DeviceFailure.LOST, f"Its driver hangs. {_REPLUG}")
        try:
            return await self._open()
        except DeviceError as error:
            raise self.order.error(
                DeviceFailure.LOST, f"It stopped delivering and cannot be reopened: {error.hint}"
            ) from error

    def _fail(self, error: DeviceError) -> None:
        borrowers, self._borrowers = self._borrowers, {}
        self._connect()
        self._end()
        for borrower in borrowers.values():
            if not borrower.opened.done():
                borrower.opened.set_exception(error)
                continue
            try:
                borrower.on_lost(error)
            except Exception:
                _log.exception("on_lost of %s %s failed", self.order.kind, self.order.device_id)

    def _end(self) -> None:
        self.closing = True
        if self._attempt is None:
            self._free()
        else:
            self._attempt.stop()
            self._attempt.ended.add_done_callback(self._free)

    def _free(self, _: Any = None) -> None:
        if not self.freed.done():
            self.freed.set_result(None)

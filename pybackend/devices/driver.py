"""A driver is one blocking function: it opens its device, serves it until told to stop, and frees it before it returns.

It runs in a thread of its own, so that the thread's life is the handle's life: a device is free exactly when its thread has
ended, whatever the driver was doing when it was told to stop. Nothing joins these threads; their end is posted to the loop.
"""

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np

from pybackend.core import clock
from pybackend.core.frames import Picture, Sound
from pybackend.devices.model import CameraFormat, DeviceError, DeviceFailure, DeviceKind

_log = logging.getLogger(__name__)
_COMPLAIN_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Order:
    """What shall be opened."""

    kind: DeviceKind
    device_id: str
    format: CameraFormat = field(default_factory=CameraFormat)

    def error(self, failure: DeviceFailure, hint: str) -> DeviceError:
        return DeviceError(failure, self.kind, self.device_id, hint)


class Driver(Protocol):
    """See the module."""

    def run(self, line: "Line") -> None:
        """Serves the device until `line.stopped`. Raises DeviceError when it cannot be opened, or breaks."""
        ...


Opener = Callable[[Order], Driver]
"""Makes the driver for an order; touches no device yet."""


class Outlet:
    """Where a device's pictures and sound go: all its borrowers. Their mistakes end no stream; one per second is logged."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._sinks: tuple[Callable[[Any], Any], ...] = ()  # replaced as a whole: device threads iterate over it
        self._complained = -_COMPLAIN_EVERY_S

    def set(self, sinks: tuple[Callable[[Any], Any], ...]) -> None:
        self._sinks = sinks

    def call(self, argument: Any) -> list[Any]:
        """The answers of the borrowers whose callback worked."""
        answers = []
        for sink in self._sinks:
            try:
                answers.append(sink(argument))
            except Exception:
                if time.monotonic() - self._complained >= _COMPLAIN_EVERY_S:
                    self._complained = time.monotonic()
                    _log.exception("a callback of %s failed", self._label)
        return answers


class Line:
    """A driver's connection to the registry. All but `stopped` is for the driver's own threads."""

    def __init__(self, outlet: Outlet, on_first: Callable[[], None]) -> None:
        self.stopped = threading.Event()
        self.last_beat = 0.0
        self._outlet = outlet
        self._on_first = on_first

    def give(self, item: Picture | Sound) -> None:
        """A picture or a block of sound from the device."""
        if not self.stopped.is_set():
            self._outlet.call(item)
            self.beat()

    def take(self, samples: int) -> bytes:
        """The next mono samples to play, mixed of all borrowers; silence if there are none."""
        size = 2 * samples
        blocks = [] if self.stopped.is_set() else [block for block in self._outlet.call(samples) if len(block) == size]
        self.beat()
        if len(blocks) == 1:
            return bytes(blocks[0])
        if not blocks:
            return bytes(size)
        mixed = np.sum([np.frombuffer(block, "<i2") for block in blocks], axis=0, dtype=np.int32)
        return np.clip(mixed, -32768, 32767).astype("<i2").tobytes()

    def beat(self) -> None:
        """A sign of life. `give` and `take` give it; a driver gives it where it is silent with good reason."""
        first, self.last_beat = not self.last_beat, time.monotonic()
        if first:
            self._on_first()


class Attempt:
    """One run of a driver, in a thread that begins here. The futures belong to the loop that is running now."""

    def __init__(self, order: Order, driver: Driver, outlet: Outlet) -> None:
        self._loop = asyncio.get_running_loop()
        self.first: asyncio.Future[None] = self._loop.create_future()
        self.ended: asyncio.Future[DeviceError | None] = self._loop.create_future()
        self._order = order
        self._driver = driver
        self.line = Line(outlet, lambda: self._post(self.first, None))
        self._thread = threading.Thread(target=self._run, name=f"{order.kind} {order.device_id}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.line.stopped.set()

    def where(self) -> str:
        """Where its thread is just now, for the log."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        return "".join(traceback.format_stack(frame)[-4:]) if frame else "(no Python frame)"

    def _run(self) -> None:
        error: DeviceError | None = None
        try:
            self._driver.run(self.line)
        except DeviceError as failure:
            error = failure
        except Exception as failure:
            _log.exception("the driver of %s %s failed", self._order.kind, self._order.device_id)
            hint = f"Its driver failed ({type(failure).__name__}); the log says more."
            error = self._order.error(DeviceFailure.START_FAILED, hint)
        self._post(self.ended, error)

    def _post(self, future: asyncio.Future[Any], value: Any) -> None:
        def settle() -> None:
            if not future.done():
                future.set_result(value)

        if not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(settle)
            except RuntimeError:  # it was closed in between: nobody waits any more
                _log.debug("the loop is gone")


def paced(stopped: threading.Event, rate: float) -> Iterator[int]:
    """Yields k at the moments k / rate (seconds of `clock`) from now on until stopped: no drift, the same beat for all.

    Moments that passed by more than a second ago (a suspended machine) are left out.
    """
    k = int(clock.now_us() / 1e6 * rate) + 1
    while True:
        now = clock.now_us() / 1e6
        if k / rate < now - 1:
            k = int(now * rate)
        if stopped.wait(max(0.0, k / rate - now)):
            return
        yield k
        k += 1

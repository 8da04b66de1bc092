"""Parts that the tests of devices share: a driver that does as it is told, a registry of it, and a private sound server."""

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from pybackend.core import clock
from pybackend.core.frames import Picture, Sound
from pybackend.devices import Catalog, DeviceDeadlines, DeviceError, DeviceKind, Driver, Line, Order, Registry
from tests.sound import sound

__all__ = ["sound"]

DEADLINES = DeviceDeadlines(
    camera_open_s=0.6,
    audio_open_s=0.6,
    close_s=0.4,
    busy_retry_s=0.3,
    camera_stall_s=0.3,
    audio_stall_s=0.3,
    reopen_window_s=5,
)
LONG_S = 10.0
"""How long a test waits for what must happen."""


def gate(*, open: bool) -> threading.Event:
    event = threading.Event()
    if open:
        event.set()
    return event


@dataclass
class Bench:
    """The world of fake devices, `fake:…`: its gates hold drivers while they open, deliver or close."""

    may_open: threading.Event = field(default_factory=lambda: gate(open=True))
    may_deliver: threading.Event = field(default_factory=lambda: gate(open=True))
    may_close: threading.Event = field(default_factory=lambda: gate(open=True))
    failures: list[DeviceError] = field(default_factory=list)
    """Raised by the next openings, first one first."""
    broken: list[DeviceError] = field(default_factory=list)
    """Raised by what runs, at its next picture."""
    log: list[str] = field(default_factory=list)
    most_open: int = 0
    """Of one device, at the same time."""
    _open: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def opener(self, order: Order) -> Driver:
        return FakeDriver(self, order)

    def release(self) -> None:
        for event in (self.may_open, self.may_deliver, self.may_close):
            event.set()

    def entered(self, device: str, change: int) -> None:
        with self._lock:
            self._open[device] = self._open.get(device, 0) + change
            self.most_open = max(self.most_open, self._open[device])
            self.log.append("open" if change > 0 else "close")

    @property
    def now_open(self) -> int:
        return sum(self._open.values())


class FakeDriver:
    """A camera, microphone or speaker without a device."""

    def __init__(self, bench: Bench, order: Order) -> None:
        self._bench = bench
        self._order = order

    def run(self, line: Line) -> None:
        bench, device = self._bench, f"{self._order.kind} {self._order.device_id}"
        bench.entered(device, 1)
        try:
            bench.may_open.wait(LONG_S)
            if bench.failures:
                raise bench.failures.pop(0)
            self._serve(line)
        finally:
            bench.may_close.wait(LONG_S)
            bench.entered(device, -1)

    def _serve(self, line: Line) -> None:
        for number in itertools.count():
            if line.stopped.wait(0.01):
                return
            if self._bench.broken:
                raise self._bench.broken.pop()
            if not self._bench.may_deliver.is_set():
                continue
            match self._order.kind:
                case DeviceKind.CAMERA:
                    line.give(Picture(2, 2, bytes(6), clock.now_us(), number))
                case DeviceKind.MIC:
                    line.give(Sound(bytes(1920), 1, clock.now_us()))
                case _:
                    line.take(960)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
async def registry(bench: Bench) -> AsyncIterator[Registry]:
    """Of virtual and fake devices, with short deadlines. At its end nothing may be open."""
    registry = Registry(Catalog(virtual=True, camera_files=[]), deadlines=DEADLINES, openers={"fake:": bench.opener})
    yield registry
    bench.release()
    await registry.shutdown()
    await until(lambda: not registry.open_devices())
    assert bench.now_open == 0


async def until(condition: Callable[[], object], limit_s: float = LONG_S) -> None:
    """Returns when the condition holds; fails after a generous while."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.005)

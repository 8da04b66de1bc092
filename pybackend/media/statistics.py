"""What links count, and how it is told to the engine."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

_WINDOW_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class StreamStatistics:
    """One m-line. Rates are those of the last two seconds; packets, bytes, frames and lost count from the start.

    `width` and `height` are 0 for sound. `fraction_lost` is 0..1: of an uplink what the SFU last reported, of a downlink over
    the last two seconds.
    """

    width: int = 0
    height: int = 0
    fps: float = 0.0
    bitrate_kbps: float = 0.0
    frames: int = 0
    packets: int = 0
    bytes: int = 0
    lost: int = 0
    fraction_lost: float = 0.0


@dataclass(frozen=True, slots=True)
class LinkStatistics:
    """One connection. Bytes and packets are those of its transport, RTCP included; `rtt_ms` is None until measured."""

    rtt_ms: float | None = None
    fraction_lost: float = 0.0
    sent_bytes: int = 0
    sent_packets: int = 0
    received_bytes: int = 0
    received_packets: int = 0
    streams: Mapping[str, StreamStatistics] = field(default_factory=dict)


class Meter:
    """Counts events with a weight each (frames with their bytes), and tells their rates over the last two seconds.

    One thread counts; the rates may be read from another.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recent: deque[tuple[float, int]] = deque(maxlen=2048)
        self.count = 0
        self.total = 0

    def add(self, weight: int) -> None:
        """One more event."""
        now = self._clock()
        self.count += 1
        self.total += weight
        self._recent.append((now, weight))
        while now - self._recent[0][0] > _WINDOW_S:
            self._recent.popleft()

    def rates(self) -> tuple[float, float]:
        """Events and weight per second."""
        now = self._clock()
        recent = [(at, weight) for at, weight in tuple(self._recent) if now - at <= _WINDOW_S]
        span = _WINDOW_S
        if recent and len(recent) == self.count:  # the first of all only starts the clock
            span = max(0.1, now - recent.pop(0)[0])
        return len(recent) / span, sum(weight for _, weight in recent) / span

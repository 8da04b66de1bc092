"""The last seconds of what a virtual speaker played, for tests and diagnostics."""

import threading
from collections import deque
from typing import Any

import numpy as np

from pybackend.core.frames import BLOCK_SAMPLES, SAMPLE_RATE


class Tape:
    """Written by the speaker's thread, read by anybody. Holds `seconds`; the oldest is dropped."""

    def __init__(self, seconds: float = 10.0) -> None:
        self._blocks: deque[tuple[int, bytes]] = deque(maxlen=int(seconds * SAMPLE_RATE / BLOCK_SAMPLES))
        self._lock = threading.Lock()

    def write(self, time_us: int, block: bytes) -> None:
        with self._lock:
            self._blocks.append((time_us, block))

    def clear(self) -> None:
        with self._lock:
            self._blocks.clear()

    def blocks(self) -> list[tuple[int, bytes]]:
        """Mono s16 blocks with the time (`clock.now_us`) at which each began to play, oldest first."""
        with self._lock:
            return list(self._blocks)

    def samples(self, seconds: float = 10.0) -> "np.ndarray[Any, np.dtype[np.int16]]":
        """The last `seconds` in one piece."""
        count = int(seconds * SAMPLE_RATE)
        return np.frombuffer(b"".join(block for _, block in self.blocks()), "<i2")[-count:]

    def peak(self, seconds: float = 1.0) -> float:
        """0…1."""
        samples = self.samples(seconds)
        return float(np.abs(samples.astype(np.int32)).max()) / 32768 if len(samples) else 0.0

    def level_db(self, seconds: float = 1.0) -> float:
        """Root mean square against full scale; -inf for silence."""
        samples = self.samples(seconds).astype(np.float64)
        mean = float(np.mean(samples**2)) if len(samples) else 0.0
        return 10 * float(np.log10(mean / 32768**2)) if mean else float("-inf")

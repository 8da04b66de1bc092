"""Devices that need no hardware: a test card, a tone that beeps on the second, a speaker that remembers.

All three keep the beat of `clock`: a picture, a block is due at a multiple of its length since 1970, for ever. The beep starts
with the first sample of each whole second, and the test card flashes in the first 100 ms of it: so the skew of sound and
picture can be measured at the far end.
"""

import functools
import os
from typing import Final

import numpy as np

from pybackend.core.frames import BLOCK_SAMPLES, SAMPLE_RATE, Sound
from pybackend.devices import pattern
from pybackend.devices.driver import Line, Order, paced
from pybackend.devices.tape import Tape

CAMERA: Final = "virtual:camera"
MIC: Final = "virtual:mic"
SPEAKER: Final = "virtual:speaker"

TONE_HZ: Final = 440
BEEP_HZ: Final = 1320
BEEP_S: Final = 0.08
_TONE: Final = 0.1
_BEEP: Final = 0.35
_BLOCKS: Final = SAMPLE_RATE // BLOCK_SAMPLES  # per second
_GOLDEN: Final = 0.6180339887  # steps of the golden ratio keep the hues of neighbouring process ids apart


class TestCard:
    """The camera; each process draws it in a hue of its own."""

    __test__ = False  # not one of pytest's

    def __init__(self, order: Order) -> None:
        self._format = order.format
        self._hue = os.getpid() * _GOLDEN % 1

    def run(self, line: Line) -> None:
        fps = min(60.0, max(1.0, self._format.fps))
        first, width, height = None, self._format.width, self._format.height
        for k in paced(line.stopped, fps):
            first = k if first is None else first
            line.give(pattern.draw(k - first, round(k * 1_000_000 / fps), width, height, hue=self._hue))


class ToneMic:
    """440 Hz, and a beep three times as high for 80 ms from every whole second on."""

    def __init__(self, order: Order) -> None:
        del order

    def run(self, line: Line) -> None:
        blocks = _second()
        for k in paced(line.stopped, _BLOCKS):  # the block that ends now
            line.give(Sound(blocks[(k - 1) % _BLOCKS], 1, (k - 1) * 1_000_000 // _BLOCKS))


class TapeSpeaker:
    """Plays to a tape, at the pace of a real speaker."""

    def __init__(self, order: Order, tape: Tape) -> None:
        del order
        self._tape = tape

    def run(self, line: Line) -> None:
        for k in paced(line.stopped, _BLOCKS):
            self._tape.write(k * 1_000_000 // _BLOCKS, line.take(BLOCK_SAMPLES))


@functools.cache
def _second() -> tuple[bytes, ...]:
    """One second, which repeats without a seam."""
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    envelope = np.clip(np.minimum(t / 0.002, (BEEP_S - t) / 0.02), 0, 1)
    wave = _TONE * np.sin(2 * np.pi * TONE_HZ * t) + _BEEP * envelope * np.sin(2 * np.pi * BEEP_HZ * t)
    data = (wave * 32767).astype("<i2").tobytes()
    size = 2 * BLOCK_SAMPLES
    return tuple(data[start : start + size] for start in range(0, len(data), size))

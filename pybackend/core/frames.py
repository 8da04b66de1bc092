"""What devices, media and viewers hand to each other: pictures and pieces of sound. Immutable, owned by nobody.

The pixels and samples are any contiguous buffer (bytes, a C-contiguous uint8 array): who receives one may read it for as
long as it likes and must not write to it.
"""

from dataclasses import dataclass
from typing import Any, Final

SAMPLE_RATE: Final = 48_000
"""Hz; every piece of sound inside the backend."""

BLOCK_SAMPLES: Final = 960
"""Samples per channel of one piece of sound: 20 ms."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One I420 picture: the planes Y, U, V one after the other without padding, width * height * 3 / 2 bytes.

    Width and height are even. `time_us` is when it was captured (`clock.now_us`), `number` counts up per source.
    `rotation` is the quarter turns clockwise that a viewer has to apply.
    """

    width: int
    height: int
    data: Any
    time_us: int
    number: int = 0
    rotation: int = 0


@dataclass(frozen=True, slots=True)
class Sound:
    """Signed 16-bit little-endian samples at `SAMPLE_RATE`, interleaved by channel; `time_us` is that of the first."""

    samples: Any
    channels: int
    time_us: int

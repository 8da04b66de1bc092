"""The picture of `virtual:camera`: a test card that moves, with its number and clock drawn in so that a program can read them.

In the middle, where cropping to another aspect does not reach, 10 x 8 black and white blocks carry 32 bits of frame number,
32 bits of clock (milliseconds, modulo 2^32) and a CRC-16, most significant bit first. A block's side is a 20th of the shorter
side of the picture, so that they survive coding at a low bit rate, scaling and cropping. The border around them is white in
the first 100 ms of every second (the flash; `virtual:mic` begins its beep at the same moment), else black.
"""

import binascii
import functools
import struct
import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pybackend.core import clock
from pybackend.core.frames import Picture

FLASH_US: Final = 100_000
"""The flash lasts from the whole second for this long."""

Plane = np.ndarray[Any, np.dtype[np.uint8]]

_COLUMNS: Final = 10
_ROWS: Final = 8
_SIDE: Final = 20  # blocks along the shorter side of the picture
_BLACK: Final = 16
_WHITE: Final = 235
_CONTRAST: Final = 60.0  # of the darkest and the brightest block, at least
_ASPECTS: Final = (16 / 9, 4 / 3, 1.0, 3 / 4, 9 / 16)
_GLYPHS: Final = {  # 5 x 7, a row per hexadecimal pair
    "0": "0e11131519110e", "1": "040c040404040e", "2": "0e11010204081f", "3": "1f02040201110e", "4": "02060a121f0202",
    "5": "1f101e0101110e", "6": "0608101e11110e", "7": "1f010204080808", "8": "0e11110e11110e", "9": "0e11110f01020c",
    ":": "000c0c000c0c00",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PatternStamp:
    """What a picture of the test card says of itself. `time_ms` is `clock.now_ms` when it was drawn."""

    number: int
    time_ms: int
    flash: bool = False


@dataclass(frozen=True, slots=True)
class _Card:
    """What does not change from picture to picture."""

    data: Plane  # the planes in one piece
    left: "np.ndarray[Any, np.dtype[np.intp]]"  # edges of the blocks' columns
    top: "np.ndarray[Any, np.dtype[np.intp]]"
    glyphs: dict[str, Plane]
    orbit: float
    dot: int


def draw(number: int, time_us: int, width: int, height: int, *, hue: float = 0.58) -> Picture:
    """The card at this number and time; odd sizes are rounded down. `hue` (0…1) tells one camera from another."""
    width, height = max(16, width & ~1), max(16, height & ~1)
    card = _card(width, height, round(hue % 1, 3))
    data = card.data.copy()
    luma = data[: width * height].reshape(height, width)
    top, left = card.top, card.left
    if time_us % 1_000_000 < FLASH_US:
        luma[top[0] : top[-1], left[0] : left[-1]] = _WHITE
    blocks = np.where(_bits(number, time_us // 1000), _WHITE, _BLACK).astype(np.uint8)
    luma[top[1] : top[-2], left[1] : left[-2]] = blocks.repeat(np.diff(top[1:-1]), 0).repeat(np.diff(left[1:-1]), 1)
    unit = min(width, height) / _SIDE
    _write(luma, card.glyphs, str(number), height / 2 + 6.2 * unit)
    _write(luma, card.glyphs, time.strftime("%H:%M:%S", time.gmtime(time_us // 1_000_000)), height / 2 - 6.4 * unit)
    _dot(data, card, width, height, time_us)
    return Picture(width, height, data, time_us, number)


def read(picture: Picture | Plane) -> PatternStamp | None:
    """What a picture, or its luma (2-D), says; also after coding, scaling and centred cropping. None if illegible."""
    luma = _luma(picture) if isinstance(picture, Picture) else picture
    height, width = luma.shape
    own = width / height
    for aspect in (own, *_ASPECTS):
        # The original covers what is left of it: it was either wider or taller.
        shorter = min(height * aspect, height) if aspect >= own else min(width, width / aspect)
        stamp = _decode(luma, shorter / _SIDE)
        if stamp:
            return stamp
    return None


def _luma(picture: Picture) -> Plane:
    return np.frombuffer(picture.data, np.uint8, picture.width * picture.height).reshape(picture.height, picture.width)


def _decode(luma: Plane, unit: float) -> PatternStamp | None:
    """Means of nine points of each block, and of the border, against the middle between the darkest and the brightest."""
    height, width = luma.shape
    thirds = np.array([0.3, 0.5, 0.7])
    rows = (height / 2 + unit * (np.arange(-1, _ROWS + 1)[:, None] - _ROWS / 2 + thirds).ravel()).astype(int)
    columns = (width / 2 + unit * (np.arange(-1, _COLUMNS + 1)[:, None] - _COLUMNS / 2 + thirds).ravel()).astype(int)
    if rows[0] < 0 or columns[0] < 0:
        return None
    means = luma[np.ix_(rows, columns)].reshape(_ROWS + 2, 3, _COLUMNS + 2, 3).mean((1, 3))
    blocks = means[1:-1, 1:-1]
    darkest, brightest = float(blocks.min()), float(blocks.max())
    if brightest - darkest < _CONTRAST:
        return None
    middle = (darkest + brightest) / 2
    packed = np.packbits(blocks > middle).tobytes()
    if binascii.crc_hqx(packed[:8], 0xFFFF) != int.from_bytes(packed[8:]):
        return None
    number, low = struct.unpack(">II", packed[:8])
    now = clock.now_ms()
    time_ms = now + (low - now + 2**31) % 2**32 - 2**31
    return PatternStamp(number, time_ms, bool(means[0].mean() > middle))


def _bits(number: int, time_ms: int) -> Plane:
    payload = struct.pack(">II", number % 2**32, time_ms % 2**32)
    packed = payload + binascii.crc_hqx(payload, 0xFFFF).to_bytes(2)
    return np.unpackbits(np.frombuffer(packed, np.uint8)).reshape(_ROWS, _COLUMNS)


@functools.lru_cache(maxsize=8)
def _card(width: int, height: int, hue: float) -> _Card:
    unit = min(width, height) / _SIDE
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    distance = np.hypot(x - width / 2 + 0.5, y - height / 2 + 0.5)
    value = 0.42 + 0.3 * y / height
    rgb = _rgb(np.full_like(x, hue) + 0.12 * x / width, 0.55, value)
    grid = ((x - width / 2) % (2 * unit) < max(1, unit / 12)) | ((y - height / 2) % (2 * unit) < max(1, unit / 12))
    rgb[grid] += 0.12
    bars = (y < 1.5 * unit) | (y >= height - 1.5 * unit)
    rgb[bars] = np.array([(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0)])[
        (x[bars] * 8 / width).astype(int)
    ] * 0.75  # fmt: skip
    rgb[distance < 9.3 * unit] = 0.92
    rgb[distance < 9.0 * unit] = _rgb(np.array(hue), 0.75, np.array(0.22))
    columns = np.round(width / 2 + unit * (np.arange(_COLUMNS + 3) - 1 - _COLUMNS / 2)).astype(int)
    rows = np.round(height / 2 + unit * (np.arange(_ROWS + 3) - 1 - _ROWS / 2)).astype(int)
    rgb[rows[0] : rows[-1], columns[0] : columns[-1]] = 0
    scale = max(1, round(unit / 5))
    glyphs = {sign: _glyph(rows_, scale) for sign, rows_ in _GLYPHS.items()}
    return _Card(_i420(rgb), columns, rows, glyphs, 9.15 * unit, max(2, int(unit)) & ~1)


def _rgb(hue: Any, saturation: float, value: Any) -> Any:
    """HSV to RGB, all 0…1, for arrays."""
    k = (np.asarray([5.0, 3.0, 1.0]) + np.asarray(hue)[..., None] * 6) % 6
    value = np.asarray(value)[..., None]
    return value - value * saturation * np.clip(np.minimum(k, 4 - k), 0, 1)


def _i420(rgb: Any) -> Plane:
    """BT.601, limited range."""
    rgb = np.clip(rgb, 0, 1)
    y = 16 + rgb @ np.array([65.5, 128.6, 25.0])
    half = (rgb[0::2, 0::2] + rgb[0::2, 1::2] + rgb[1::2, 0::2] + rgb[1::2, 1::2]) / 4
    u = 128 + half @ np.array([-37.8, -74.2, 112.0])
    v = 128 + half @ np.array([112.0, -93.8, -18.2])
    return np.concatenate([plane.round().astype(np.uint8).ravel() for plane in (y, u, v)])


def _glyph(code: str, scale: int) -> Plane:
    """A mask of 0 and 1, a column of space on the right."""
    rows = np.frombuffer(bytes.fromhex(code), np.uint8)
    return np.unpackbits(rows[:, None], axis=1)[:, 3:].repeat(scale, 0).repeat(scale, 1)


def _write(luma: Plane, glyphs: dict[str, Plane], text: str, middle: float) -> None:
    """White on what is there, centred at the row `middle`."""
    height, width = next(iter(glyphs.values())).shape
    step = width * 6 // 5
    top, left = int(middle - height / 2), (luma.shape[1] - step * len(text)) // 2
    for index, sign in enumerate(text):
        x = left + index * step
        field = luma[top : top + height, x : x + width]
        np.maximum(field, glyphs[sign] * np.uint8(_WHITE), out=field)


def _dot(data: Plane, card: _Card, width: int, height: int, time_us: int) -> None:
    """Goes round the circle in four seconds."""
    angle = 2 * np.pi * (time_us % 4_000_000) / 4_000_000
    size, half = card.dot, card.dot // 2
    x = (int(width / 2 + card.orbit * np.sin(angle)) - half) & ~1
    y = (int(height / 2 - card.orbit * np.cos(angle)) - half) & ~1
    luma = data[: width * height].reshape(height, width)
    luma[max(0, y) : y + size, max(0, x) : x + size] = 150
    quarter = width * height // 4
    for plane, value in ((0, 60), (1, 200)):
        start = width * height + plane * quarter
        chroma = data[start : start + quarter].reshape(height // 2, width // 2)
        chroma[max(0, y // 2) : (y + size) // 2, max(0, x // 2) : (x + size) // 2] = value

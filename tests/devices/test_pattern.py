"""The test card: what is drawn can be read back, after codecs, scaling and cropping."""

import statistics
import time
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
import pytest

from pybackend.core import clock
from pybackend.core.frames import Picture
from pybackend.devices import pattern
from pybackend.devices.pattern import PatternStamp

SIZES = [(160, 120), (320, 180), (640, 360), (640, 480), (360, 640), (1280, 720)]


def luma(picture: Picture) -> pattern.Plane:
    return np.asarray(picture.data)[: picture.width * picture.height].reshape(picture.height, picture.width)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_round_trip(width: int, height: int) -> None:
    second = clock.now_us() // 1_000_000 * 1_000_000
    for number, offset, flash in (
        (0, 99_999, True),
        (1, 100_000, False),
        (2**32 - 1, 0, True),
        (123_456, 999_999, False),
    ):
        picture = pattern.draw(number, second + offset, width, height)
        assert picture.data.nbytes == width * height * 3 // 2
        assert pattern.read(picture) == PatternStamp(number, (second + offset) // 1000, flash)
        assert pattern.read(luma(picture)) == pattern.read(picture)


def test_odd_sizes_are_rounded_down() -> None:
    picture = pattern.draw(1, 0, 321, 241)
    assert (picture.width, picture.height) == (320, 240)


def test_nothing_to_read() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (240, 320), dtype=np.uint8)
    assert pattern.read(noise) is None
    assert pattern.read(np.full((240, 320), 128, np.uint8)) is None
    assert pattern.read(np.full((2, 2), 128, np.uint8)) is None


def test_hues_differ() -> None:
    a, b = (pattern.draw(1, 0, 320, 240, hue=hue) for hue in (0.0, 0.5))
    assert np.abs(a.data.astype(int) - b.data.astype(int)).mean() > 10


@pytest.mark.parametrize("to", [(640, 480), (480, 640), (640, 640), (320, 180), (160, 120), (192, 336)])
@pytest.mark.parametrize("of", [(640, 360), (640, 480), (1280, 720)])
def test_cropped_and_scaled(of: tuple[int, int], to: tuple[int, int]) -> None:
    """A picture of another aspect than the encoder's is cropped at its centre."""
    plane = luma(pattern.draw(4711, clock.now_us(), *of))
    height, width = plane.shape
    wide, high = min(width, height * to[0] // to[1]), min(height, width * to[1] // to[0])
    cut = plane[(height - high) // 2 :, (width - wide) // 2 :][:high, :wide]
    stamp = pattern.read(cv2.resize(cut, to, interpolation=cv2.INTER_AREA).astype(np.uint8))
    assert stamp
    assert stamp.number == 4711


@pytest.mark.parametrize(("width", "height", "bitrate"), [(640, 360, 150_000), (640, 480, 150_000), (160, 120, 60_000)])
def test_after_vp8(width: int, height: int, bitrate: int) -> None:
    """30 pictures at 15 per second through a real-time encoder: every one of those that come out is read."""
    encoder = codec(width, height, bitrate)
    decoder: Any = av.CodecContext.create("libvpx", "r")
    start = clock.now_us() // 1_000_000 * 1_000_000
    read = []
    for number in range(30):
        picture = pattern.draw(number, start + number * 66_667, width, height)
        frame = av.VideoFrame.from_ndarray(np.asarray(picture.data).reshape(height * 3 // 2, width), "yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 15)
        for packet in encoder.encode(frame):
            read += [(number, pattern.read(decoded.to_ndarray()[:height])) for decoded in decoder.decode(packet)]
    assert len(read) > 20
    for number, stamp in read:
        assert stamp
        assert stamp.number == number
        assert stamp.time_ms == (start + number * 66_667) // 1000
        assert stamp.flash == (number * 66_667 % 1_000_000 < pattern.FLASH_US)


def codec(width: int, height: int, bitrate: int) -> Any:
    context: Any = av.CodecContext.create("libvpx", "w")
    context.width, context.height, context.bit_rate, context.pix_fmt = width, height, bitrate, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 15), Fraction(15)
    context.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "1",
                       "minrate": str(bitrate), "maxrate": str(bitrate), "bufsize": str(bitrate)}  # fmt: skip
    return context


def test_is_cheap() -> None:
    """Less than a millisecond for 640x360, with room for a busy machine (it takes 0.07 ms on an idle one)."""
    took = []
    for number in range(50):
        start = time.thread_time()
        pattern.draw(number, number * 66_667, 640, 360)
        took.append(time.thread_time() - start)
    assert statistics.median(took) < 1e-3

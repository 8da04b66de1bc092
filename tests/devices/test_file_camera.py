"""Files as cameras: pace, loop, stills, errors, and that the file is closed afterwards."""

import asyncio
import os
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pybackend.core.frames import Picture
from pybackend.devices import CameraFormat, Catalog, DeviceError, DeviceFailure, DeviceKind, Registry, pattern
from tests.devices.conftest import until

FORMAT = CameraFormat(640, 480, 25)
FPS, FRAMES, WIDTH, HEIGHT = 20, 12, 320, 180


def make_clip(path: Path, *, width: int = WIDTH, height: int = HEIGHT, codec: str = "libx264") -> Path:
    """A short clip of the test card, its pictures numbered from 0."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=FPS)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = width, height, "yuv420p", 800_000
        for number in range(FRAMES):
            picture = pattern.draw(number, number * 1_000_000 // FPS, width, height)
            frame = av.VideoFrame.from_ndarray(np.asarray(picture.data).reshape(height * 3 // 2, width), "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


async def shown(path: Path, count: int) -> list[Picture]:
    """The first pictures of the file as a camera; asserts that it is open meanwhile, and closed afterwards."""
    catalog = Catalog(virtual=False, camera_files=[path])
    registry = Registry(catalog)
    pictures: list[Picture] = []
    info = catalog.devices(DeviceKind.CAMERA)[0]
    assert (info.id, info.name) == (f"file:{path}", path.name)
    lost: list[DeviceError] = []
    try:
        await registry.open_camera("me", info.id, FORMAT, pictures.append, lost.append)
        await until(lambda: len(pictures) >= count)
    finally:
        assert await registry.close_owner("me")
        await until(lambda: not registry.open_devices())
    assert not is_open(path)
    assert lost == []
    return pictures


def is_open(path: Path) -> bool:
    if sys.platform != "linux":
        return False
    links = (f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd"))
    return any(os.path.realpath(link) == str(path.resolve()) for link in links)


@pytest.fixture
async def clip(tmp_path: Path) -> Path:
    return await asyncio.to_thread(make_clip, tmp_path / "clip.mp4")


async def test_pace_and_loop(clip: Path) -> None:
    """Two rounds and a half: the right pictures in the right order, at the clip's own rate, without drift over the seam."""
    pictures = await shown(clip, 30)
    assert [picture.number for picture in pictures] == list(range(len(pictures)))
    stamps = [pattern.read(picture) for picture in pictures]
    assert [stamp and stamp.number for stamp in stamps] == [number % FRAMES for number in range(len(pictures))]
    assert {(picture.width, picture.height, len(np.ravel(picture.data))) for picture in pictures} == {
        (WIDTH, HEIGHT, WIDTH * HEIGHT * 3 // 2)
    }
    late = [
        picture.time_us - pictures[0].time_us - number * 1_000_000 // FPS for number, picture in enumerate(pictures)
    ]
    assert min(late) > -30_000
    assert min(late[-10:]) < 40_000, "it drifts"


async def test_is_open_while_it_runs(clip: Path) -> None:
    registry = Registry(Catalog(virtual=False, camera_files=[clip]))
    lease = await registry.open_camera("me", f"file:{clip}", FORMAT, lambda _: None, lambda _: None)
    await until(lambda: is_open(clip) or sys.platform != "linux")
    assert await registry.close(lease)
    assert not is_open(clip)


@pytest.mark.parametrize("name", ["still.jpg", "still.png"])
async def test_still(tmp_path: Path, name: str) -> None:
    """Shown again and again, at the rate that was wished for; odd sizes become even."""
    path = tmp_path / name
    image = av.VideoFrame.from_ndarray(np.full((121, 161, 3), (200, 30, 30), np.uint8), "rgb24")
    with av.open(str(path), "w", format="image2") as container:
        stream: Any = container.add_stream("png" if name.endswith("png") else "mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 161, 121, "rgb24" if name.endswith("png") else "yuvj420p"
        container.mux(stream.encode(image.reformat(format=stream.pix_fmt)))
        container.mux(stream.encode(None))
    pictures = await shown(path, 10)
    assert [picture.number for picture in pictures] == list(range(len(pictures)))
    assert (pictures[0].width, pictures[0].height) == (160, 120)
    assert abs(int(np.ravel(pictures[0].data)[5000]) - 81) < 8, "limited range"
    rate = 8 / (pictures[9].time_us - pictures[1].time_us) * 1e6
    assert 12 < rate < 30


@pytest.mark.parametrize(
    ("name", "content", "failure"),
    [
        ("nothing.mp4", None, DeviceFailure.NOT_FOUND),
        ("text.mp4", b"this is no film", DeviceFailure.BAD_FORMAT),
        ("empty.mp4", b"", DeviceFailure.BAD_FORMAT),
    ],
)
async def test_errors(tmp_path: Path, name: str, content: bytes | None, failure: DeviceFailure) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeviceError) as caught:
        await shown(path, 1)
    assert caught.value.failure is failure
    assert str(path) in caught.value.hint


async def test_file_that_vanishes(clip: Path) -> None:
    """P14: the loop cannot go on: the borrower hears that the camera is lost, and why."""
    lost: list[DeviceError] = []
    registry = Registry(Catalog(virtual=False, camera_files=[clip]))
    await registry.open_camera("me", f"file:{clip}", FORMAT, lambda _: None, lost.append)
    await asyncio.to_thread(clip.unlink)
    await until(lambda: lost)
    assert lost[0].failure is DeviceFailure.LOST
    assert "no file" in lost[0].hint
    await until(lambda: not registry.open_devices())


async def test_sound_alone_is_no_camera(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("pcm_s16le", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.int16), "s16", "mono")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
    with pytest.raises(DeviceError) as caught:
        await shown(path, 1)
    assert caught.value.failure is DeviceFailure.BAD_FORMAT

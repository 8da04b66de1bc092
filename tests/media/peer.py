"""Plain aiortc on the other side of a link, a camera and a microphone in threads, and pictures that can be recognised."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from numpy.typing import NDArray

from pybackend.core.clock import now_us
from pybackend.core.frames import BLOCK_SAMPLES, SAMPLE_RATE, Picture, Sound
from pybackend.media import LinkState, MediaConfig, Uplink, seams

LOOPBACK = MediaConfig(loopback=True)
LONG_S = 20.0
"""How long a test waits for what must happen."""


async def until(condition: Callable[[], Any], limit_s: float = LONG_S) -> Any:
    """Waits for something true, and returns it."""
    async with asyncio.timeout(limit_s):
        while not (result := condition()):
            await asyncio.sleep(0.01)
    return result


def picture(y: NDArray[Any], time_us: int | None = None, number: int = 0, rotation: int = 0) -> Picture:
    """A grey picture of these brightnesses."""
    height, width = y.shape
    pixels = np.full(width * height * 3 // 2, 128, np.uint8)
    pixels[: width * height] = y.ravel()
    return Picture(width, height, pixels, now_us() if time_us is None else time_us, number, rotation)


def brightness(shown: Picture) -> NDArray[np.uint8]:
    """The plane Y."""
    return np.frombuffer(shown.data, np.uint8)[: shown.width * shown.height].reshape(shown.height, shown.width)


def noisy(width: int = 640, height: int = 480, count: int = 10, strength: int = 30) -> list[NDArray[np.uint8]]:
    """A slope under noise, different each time: costly to encode."""
    random = np.random.default_rng(1)
    slope = np.add.outer(np.arange(height) // 4, np.arange(width) // 4) % 200
    return [(slope + random.integers(0, strength, (height, width))).astype(np.uint8) for _ in range(count)]


def disc(width: int, height: int) -> NDArray[np.uint8]:
    """A bright disc in the middle of a dark picture, as wide as half the height."""
    y, x = np.ogrid[:height, :width]
    inside = (x - width / 2 + 0.5) ** 2 + (y - height / 2 + 0.5) ** 2 < (height / 4) ** 2
    return np.where(inside, 220, 30).astype(np.uint8)


def extent(y: NDArray[np.uint8]) -> tuple[int, int]:
    """Width and height of what is bright."""
    bright = y > 125
    return int(bright.any(axis=0).sum()), int(bright.any(axis=1).sum())


@contextmanager
def device(push: Callable[[int], None], per_second: float) -> Iterator[None]:
    """A thread that pushes the n-th piece in time, as a device does."""
    ended = threading.Event()

    def run() -> None:
        begin, number = time.monotonic(), 0
        while not ended.wait(max(0.0, begin + number / per_second - time.monotonic())):
            push(number)
            number += 1

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def tone_block(number: int, hertz: float = 440.0, loudness: int = 9000) -> NDArray[np.int16]:
    """The n-th 20 ms of a sine."""
    at = np.arange(number * BLOCK_SAMPLES, (number + 1) * BLOCK_SAMPLES) / SAMPLE_RATE
    return (np.sin(2 * np.pi * hertz * at) * loudness).astype(np.int16)


def microphone(uplink: Uplink) -> Any:
    return device(lambda number: uplink.push_sound(Sound(tone_block(number), 1, now_us())), 50)


def plain() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


class Viewer:
    """A plain peer connection that answers an uplink and keeps what it receives, newest last."""

    def __init__(self) -> None:
        self.pc = plain()
        self._connecting = seams.Connecting(self.pc)
        self.frames: dict[str, list[Any]] = {"audio": [], "video": []}
        self.arrived: dict[str, int] = {"audio": 0, "video": 0}
        self._tasks: list[asyncio.Task[None]] = []
        self.pc.on("track", lambda track: self._tasks.append(asyncio.create_task(self._drain(track))))

    async def answer(self, offer: str) -> str:
        await self.pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        seams.use_loopback_only(self.pc.getTransceivers()[0])
        await self.pc.setLocalDescription()
        return str(self.pc.localDescription.sdp)

    async def _drain(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                self.frames[track.kind] = [*self.frames[track.kind][-100:], await track.recv()]
                self.arrived[track.kind] += 1
        except MediaStreamError:
            return

    def receiver(self, kind: str) -> Any:
        return next(t.receiver for t in self.pc.getTransceivers() if t.kind == kind)

    async def close(self) -> None:
        await self._connecting.cancel()
        await self.pc.close()
        for task in self._tasks:
            task.cancel()  # a track that never began never ends
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def watched(uplink: Uplink) -> AsyncIterator[Viewer]:
    """The uplink, connected to a viewer; both are closed in the end."""
    viewer = Viewer()
    try:
        sdp, _ = await uplink.offer()
        await uplink.accept(await viewer.answer(sdp))
        await until(lambda: uplink.state is LinkState.CONNECTED)
        yield viewer
    finally:
        assert await uplink.close(5)
        await viewer.close()


def quiet(_: LinkState) -> None:
    """For tests that do not look at states."""

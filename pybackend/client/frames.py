"""Pictures over the frame WebSocket (docs: CONTRACT §3): asked for one by one, always the newest."""

import asyncio
import struct
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from .errors import ClientError, ConnectionLost, RpcTimeout

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEADER: Final = struct.Struct("<BBBBHHIIQQ")

VERSION: Final = 1


class Format(IntEnum):
    """What the bytes of a frame are."""

    I420 = 1
    RGBA = 5
    VP8 = 16
    H264 = 17


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture, as captured or decoded; `rotation` is the quarter turns clockwise that the viewer has to apply."""

    format: Format
    stream: int
    rotation: int
    width: int
    height: int
    source: int
    number: int
    time_us: int
    data: bytes

    @classmethod
    def parse(cls, message: bytes) -> "Frame":
        """From a message of the WebSocket; raises ValueError."""
        if len(message) < HEADER.size:
            raise ValueError("a frame without its header")
        version, kind, stream, rotation, width, height, source, number, time_us, _ = HEADER.unpack_from(message)
        if version != VERSION:
            raise ValueError(f"frame header version {version}")
        return cls(Format(kind), stream, rotation, width, height, source, number, time_us, message[HEADER.size :])

    def planes(self) -> "tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]":
        """Y, U and V of an I420 picture, as arrays that share its memory."""
        import numpy as np

        if self.format is not Format.I420:
            raise ValueError(f"{self.format.name} has no planes")
        luma, chroma = self.width * self.height, (self.width // 2) * (self.height // 2)
        flat = np.frombuffer(self.data, np.uint8)
        half = (self.height // 2, self.width // 2)
        return (
            flat[:luma].reshape(self.height, self.width),
            flat[luma : luma + chroma].reshape(half),
            flat[luma + chroma : luma + 2 * chroma].reshape(half),
        )


async def frames(
    url: str, *, cloud: int, user: str, stream: int, formats: tuple[Format, ...], timeout: float
) -> AsyncGenerator[Frame, None]:
    """One frame at a time, each asked for when the last one was taken. Raises RpcTimeout after `timeout` s without one."""
    if not url:
        raise ClientError("the address of the frames is not known: pass `frames=` to attach")
    want = {"want": [{"cloud": cloud, "user": user, "stream": stream}], "formats": [int(kind) for kind in formats]}
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, max_msg_size=0, heartbeat=None) as socket,
        ):
            await socket.send_json(want)
            while True:
                try:
                    async with asyncio.timeout(timeout):
                        frame = await _next(socket)
                except TimeoutError:
                    raise RpcTimeout(f"no frame of {user or 'the local picture'} within {timeout:g} s") from None
                yield frame
    except aiohttp.ClientError as error:
        raise ConnectionLost(f"frames: {type(error).__name__}") from None


async def _next(socket: aiohttp.ClientWebSocketResponse) -> Frame:
    await socket.send_json({"credit": 1})
    while True:
        message = await socket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            return Frame.parse(message.data)
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise ConnectionLost("the backend closed the frame connection")
        _sources: Any = message.data

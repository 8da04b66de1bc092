"""What anybody may do to the socket. The SFU's parts run in the test's own loop here, so that no exception goes unseen."""

import asyncio
import random
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from pybackend.rooms.media import Source, StreamKind
from pybackend.rooms.sfu.endpoint import BURST, Endpoint
from pybackend.rooms.sfu.router import Router
from pybackend.rooms.sfu.transport import Timings
from tests.rooms.sfu.peer import KEY_FRAME, Room, room

AUDIO = StreamKind.AUDIO
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the loop of tests has no add_reader; the child's has")


class Inside:
    """The router as an engine that is not in another process."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.router = Router(endpoint, "127.0.0.1", Timings())

    async def publish(self, session: str, sdp: str, tracks: Mapping[str, StreamKind]) -> str:
        return self.router.publish(session, sdp, tracks)

    async def subscribe(self, session: str, sdp: str) -> str:
        return self.router.subscribe(session, sdp)

    async def assign(self, session: str, slots: Mapping[str, Source | None]) -> None:
        self.router.assign(session, slots)


@pytest.fixture
async def inside() -> AsyncIterator[Room]:
    loop = asyncio.get_running_loop()
    troubles: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: troubles.append(context))
    endpoint = Endpoint("127.0.0.1", 0)
    endpoint.start(loop)
    with room(Inside(endpoint)) as here:
        yield here
    endpoint.close(loop)
    assert troubles == []


async def test_socket_survives_anything(inside: Room) -> None:
    """Random bytes, truncated and bent copies of real datagrams, from a stranger's address and from a member's."""
    publisher = await inside.publisher("a", (StreamKind.VIDEO, AUDIO))
    subscriber = await inside.subscriber("s", ("audio", "video"), {0: Source("a", AUDIO)})
    generator = random.Random(1)
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.setblocking(False)
    seeds = [publisher.protected(1, i, i, KEY_FRAME) for i in range(100, 110)]
    seeds += [bytes([22, 254, 253]) + bytes(40), bytes([0, 1, 0, 60, 0x21, 0x12, 0xA4, 0x42]) + bytes(72)]
    for round_ in range(3000):
        data = bytearray(generator.choice(seeds) if round_ % 3 else generator.randbytes(generator.randrange(1, 90)))
        data = data[: generator.randrange(len(data) + 1)] if round_ % 5 == 0 else data
        for _ in range(generator.randrange(4)):
            if data:
                data[generator.randrange(len(data))] = generator.randrange(256)
        if round_ % 2:
            stranger.sendto(data, publisher.address)
        else:
            publisher.transport.sendto(bytes(data), publisher.address)
        if round_ % 50 == 0:
            await asyncio.sleep(0)  # the socket's buffer must not run over
    for i in range(200):  # authentic, but nonsense inside
        size = generator.randrange(2, 60)
        publisher.send_rtcp(bytes([0x80 | i & 31, 200 + i % 8, 0, size // 4]) + generator.randbytes(size))
        publisher.send(0, i, i, generator.randbytes(generator.randrange(4)))
        subscriber.send_rtcp(generator.randbytes(size))
    publisher.send(1, 3000, 0, KEY_FRAME)
    await subscriber.until(lambda: subscriber.received(0))
    with pytest.raises(BlockingIOError):
        stranger.recv(2048)  # nobody answered
    stranger.close()


async def test_one_wake_up_takes_in_a_bounded_burst(inside: Room) -> None:
    """Commands and timers get their turn while a flood comes in."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
        assert isinstance(inside.sfu, Inside)
        endpoint = inside.sfu.endpoint
        for _ in range(3 * BURST):
            flood.sendto(b"\x80" + bytes(30), ("127.0.0.1", endpoint.port))
        seen: list[int] = []
        while not seen or seen[-1] < 3 * BURST:
            await asyncio.sleep(0)
            seen.append(endpoint.traffic().refused)
    assert all(later - earlier <= BURST for earlier, later in zip([0, *seen], seen, strict=False))

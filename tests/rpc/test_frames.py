"""The frame endpoint, seen through another WebSocket library than the one that serves it."""

import asyncio
import contextlib
import json
import re
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from pybackend.core.frames import Picture
from pybackend.media import FrameHub
from pybackend.rpc.frames import HEADER, FrameServer

LONG_S = 10.0
LOCAL = (0, "", 0)


def picture(number: int, *, width: int = 4, height: int = 2, rotation: int = 0) -> Picture:
    """Its pixels are all its number."""
    return Picture(
        width, height, bytes([number % 256]) * (width * height * 3 // 2), 1_000_000 + number, number, rotation
    )


class Viewer:
    """A page."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def text(self) -> Any:
        return json.loads(await asyncio.wait_for(self.socket.recv(decode=True), LONG_S))

    async def want(self, *keys: tuple[int, str, int], **more: Any) -> dict[tuple[int, str, int], int]:
        """The ids of the sources."""
        await self.say(want=[{"cloud": cloud, "user": user, "stream": stream} for cloud, user, stream in keys], **more)
        sources = (await self.text())["sources"]
        return {(source["cloud"], source["user"], source["stream"]): source["id"] for source in sources}

    async def frame(self) -> tuple[Any, ...]:
        """The header's values, and the pixels."""
        message = await asyncio.wait_for(self.socket.recv(decode=False), LONG_S)
        return (*struct.unpack("<BBBBHHIIQQ", message[:32]), message[32:])

    async def silent(self) -> bool:
        try:
            await asyncio.wait_for(self.socket.recv(), 0.1)
        except TimeoutError:
            return True
        return False


class Screen:
    """The endpoint, and the hub that feeds it."""

    def __init__(self, hub: FrameHub, url: str) -> None:
        self.hub, self.url = hub, url
        self.stack = contextlib.AsyncExitStack()

    async def viewer(self, **options: Any) -> Viewer:
        return Viewer(await self.stack.enter_async_context(connect(self.url, proxy=None, max_size=None, **options)))

    async def publish(self, key: tuple[int, str, int], *pictures: Picture) -> None:
        """In one go, as if the loop had been busy; then it has its turn."""
        for one in pictures:
            self.hub.publish(key, one)
        await asyncio.sleep(0.02)


@pytest.fixture
async def screen() -> AsyncIterator[Screen]:
    hub = FrameHub()
    server = FrameServer(hub, ["https://app.example"])
    made = Screen(hub, await server.start())
    yield made
    await made.stack.aclose()
    await server.stop()


def test_the_header_is_as_the_contract_says() -> None:
    assert HEADER.size == 32


async def test_a_picture_with_its_header(screen: Screen) -> None:
    viewer = await screen.viewer()
    ids = await viewer.want(LOCAL, (1, "anna", 2))
    assert set(ids) == {LOCAL, (1, "anna", 2)}
    await viewer.say(credit=1)
    sent = picture(7, width=6, height=4, rotation=5)
    await screen.publish((1, "anna", 2), sent)
    assert await viewer.frame() == (1, 1, 2, 1, 6, 4, ids[1, "anna", 2], 7, 1_000_007, 0, sent.data)


async def test_credit_is_what_makes_pictures_come(screen: Screen) -> None:
    viewer = await screen.viewer()
    await viewer.want(LOCAL)
    await screen.publish(LOCAL, picture(1))
    assert await viewer.silent()
    for number in range(5):
        await viewer.say(credit=1)
        await screen.publish(LOCAL, picture(10 + number))
        first = (await viewer.frame())[7]
        assert first in (9 + number if number else 1, 10 + number)  # the credit may come after the next picture
    assert await viewer.silent()


async def test_credit_is_capped_at_two(screen: Screen) -> None:
    viewer = await screen.viewer()
    await viewer.want(LOCAL)
    for _ in range(5):
        await viewer.say(credit=50)
    await viewer.want(LOCAL)  # answered when the credit is taken
    for number in range(5):
        await screen.publish(LOCAL, picture(number))
    assert [(await viewer.frame())[7] for _ in range(2)] == [0, 1]
    assert await viewer.silent()


async def test_the_newest_wins(screen: Screen) -> None:
    viewer = await screen.viewer()
    await viewer.want(LOCAL)
    for start in (0, 100, 200):
        await screen.publish(LOCAL, *(picture(start + number) for number in range(50)))
        await screen.publish(LOCAL, picture(start + 50))
        await viewer.say(credit=1)
        assert (await viewer.frame())[7] == start + 50
    assert await viewer.silent()


async def test_credit_is_counted_per_source(screen: Screen) -> None:
    viewer = await screen.viewer()
    ids = await viewer.want(LOCAL, (0, "anna", 0))
    await viewer.say(credit=1, source=ids[0, "anna", 0])
    await viewer.say(credit=1, source=999)
    await viewer.want(LOCAL, (0, "anna", 0))
    await screen.publish(LOCAL, picture(1))
    await screen.publish((0, "anna", 0), picture(2))
    assert (await viewer.frame())[6] == ids[0, "anna", 0]
    assert await viewer.silent()


async def test_a_want_stays_until_replaced(screen: Screen) -> None:
    viewer = await screen.viewer()
    before = await viewer.want(LOCAL, (0, "anna", 0))
    after = await viewer.want(LOCAL, (0, "ben", 0))
    assert after[LOCAL] == before[LOCAL]
    assert after[0, "ben", 0] not in before.values()
    await viewer.say(credit=2)
    await viewer.want(LOCAL, (0, "ben", 0))
    await screen.publish((0, "anna", 0), picture(1))
    await screen.publish(LOCAL, picture(2))
    assert (await viewer.frame())[6:8] == (before[LOCAL], 2)
    assert await viewer.want() == {}
    assert screen.hub._subscriptions == {}


async def test_viewers_do_not_share_credit(screen: Screen) -> None:
    one, other = await screen.viewer(), await screen.viewer()
    assert await one.want(LOCAL) == await other.want(LOCAL)
    await one.say(credit=1)
    await one.want(LOCAL)
    await screen.publish(LOCAL, picture(1))
    assert (await one.frame())[7] == 1
    assert await other.silent()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("nonsense", None),
        ("[" * 100_000, None),
        ("[]", "message"),
        ('{"want": 5}', "want"),
        ('{"want": [{"cloud": "0", "user": "", "stream": 0}]}', "want[0].cloud"),
        ('{"want": [{"user": "", "stream": 0}]}', "want[0].cloud"),
        ('{"want": [], "formats": [16]}', "formats"),
        ('{"want": [], "formats": 1}', "formats"),
        ('{"credit": 0}', "credit"),
        ('{"credit": true}', "credit"),
        ('{"credit": 1.5}', "credit"),
    ],
)
async def test_bad_messages_are_answered_and_the_socket_goes_on(screen: Screen, text: str, field: str | None) -> None:
    viewer = await screen.viewer()
    await viewer.socket.send(text)
    answer = await viewer.text()
    assert answer["error"]
    assert answer.get("field") == field
    assert LOCAL in await viewer.want(LOCAL, formats=[17, 1])


async def test_a_viewer_that_leaves_leaves_nothing(screen: Screen) -> None:
    viewer = await screen.viewer()
    await viewer.want(LOCAL)
    assert screen.hub._subscriptions
    viewer.socket.transport.abort()
    async with asyncio.timeout(LONG_S):
        while screen.hub._subscriptions:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("token", ["", "?token=", "?token=wrong", "?token=%C3%A9"])
async def test_without_the_token(screen: Screen, token: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await connect(screen.url.partition("?")[0] + token, proxy=None)
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        (None, True),
        ("null", True),
        ("file://", True),
        ("http://localhost", True),
        ("https://localhost:3000", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:5173", True),
        ("https://app.example", True),
        ("http://app.example", False),
        ("http://localhost.evil.example", False),
        ("http://evil.example/http://localhost", False),
        ("http://127.0.0.1.evil.example", False),
        ("ftp://localhost", False),
        ("http://localhost:80:80", False),
        ("https://evil.example", False),
    ],
)
async def test_origins(screen: Screen, origin: str | None, accepted: bool) -> None:
    given = None if origin is None else Origin(origin)
    if accepted:
        await screen.viewer(origin=given)
    else:
        with pytest.raises(InvalidStatus) as caught:
            await screen.viewer(origin=given)
        assert caught.value.response.status_code == 403


async def test_a_viewer_that_goes_in_mid_word_is_no_fault(screen: Screen, caplog: pytest.LogCaptureFixture) -> None:
    host, port, path = re.fullmatch(r"ws://(.+):(\d+)/(.+)", screen.url).groups()  # type: ignore[union-attr]
    key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
    greeting = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n\r\n"
    for _ in range(20):
        with socket.create_connection((host, int(port))) as goer:
            goer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            goer.send(greeting.encode())
        await asyncio.sleep(0)
    stays = await screen.viewer()
    await stays.want(LOCAL)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []

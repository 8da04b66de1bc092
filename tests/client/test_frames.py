"""Frames against a WebSocket server that keeps CONTRACT §3."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp import web

from pybackend.client import AsyncTRTCCloud, ClientError, ConnectionLost, Format, Frame, RpcTimeout, TRTCCloud
from pybackend.client.frames import HEADER
from tests.client.conftest import QUICK
from tests.client.peer import Peer

PIXELS = bytes(range(8)) + b"\x80\x81" + b"\x90\x91"


def message(number: int, version: int = 1, kind: int = 1) -> bytes:
    return HEADER.pack(version, kind, 0, 1, 4, 2, 7, number, 123_456, 0) + PIXELS


class Server:
    """Sends one frame per credit; after `limit` of them it does what the test says."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.limit, self.then = 1000, "silence"
        self.first = message(0)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.said.append(await socket.receive_json())
        await socket.send_json({"sources": [{"id": 7, "cloud": 0, "user": "", "stream": 0}]})
        sent = 0
        async for incoming in socket:
            self.said.append(incoming.json())
            if sent == self.limit and self.then == "close":
                break
            if sent < self.limit:
                await socket.send_bytes(message(sent) if sent else self.first)
                sent += 1
        return socket


@pytest.fixture
async def server() -> Server:
    return Server()


@pytest.fixture
async def url(server: Server) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/frames", server.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/frames?token=t"
    await runner.cleanup()


@pytest.fixture
async def cloud(peer: Peer, url: str) -> AsyncIterator[AsyncTRTCCloud]:
    async with await AsyncTRTCCloud.attach(peer.endpoint, frames=url, options=QUICK) as cloud:
        yield cloud


async def test_each_frame_is_asked_for(server: Server, cloud: AsyncTRTCCloud) -> None:
    async with aclosing(cloud.frames("bob", 2)) as frames:
        taken = [await anext(frames) for _ in range(3)]
    assert server.said == [
        {"want": [{"cloud": 0, "user": "bob", "stream": 2}], "formats": [1]},
        *[{"credit": 1}] * 3,
    ]
    assert [frame.number for frame in taken] == [0, 1, 2]
    assert taken[0] == Frame(Format.I420, 0, 1, 4, 2, 7, 0, 123_456, PIXELS)
    luma, blue, red = taken[0].planes()
    assert (luma.tolist(), blue.tolist(), red.tolist()) == ([[0, 1, 2, 3], [4, 5, 6, 7]], [[128, 129]], [[144, 145]])


async def test_no_frame_is_a_timeout(server: Server, cloud: AsyncTRTCCloud) -> None:
    server.limit = 0
    async with aclosing(cloud.frames(timeout=0.05)) as frames:
        with pytest.raises(RpcTimeout, match="the local picture"):
            await anext(frames)


async def test_a_server_that_closes_is_lost(server: Server, cloud: AsyncTRTCCloud) -> None:
    server.limit, server.then = 1, "close"
    async with aclosing(cloud.frames()) as frames:
        await anext(frames)
        with pytest.raises(ConnectionLost):
            await anext(frames)


@pytest.mark.parametrize("broken", [b"short", message(0, version=2), message(0, kind=99)])
async def test_a_broken_frame_is_said_so(server: Server, cloud: AsyncTRTCCloud, broken: bytes) -> None:
    server.first = broken
    async with aclosing(cloud.frames()) as frames:
        with pytest.raises(ValueError, match=r"frame|Format"):
            await anext(frames)


@pytest.mark.parametrize(("url", "error"), [("http://127.0.0.1:1/", "frames"), ("", "frames=")])
async def test_nobody_there(peer: Peer, url: str, error: str) -> None:
    async with await AsyncTRTCCloud.attach(peer.endpoint, frames=url) as cloud, aclosing(cloud.frames()) as frames:
        with pytest.raises(ClientError, match=error):
            await anext(frames)


async def test_the_sync_client_iterates(server: Server, url: str, peer: Peer) -> None:
    def take() -> list[int]:
        with TRTCCloud.attach(peer.endpoint, frames=url, options=QUICK) as cloud:
            return [frame.number for frame, _ in zip(cloud.frames(), range(3), strict=False)]

    assert await asyncio.to_thread(take) == [0, 1, 2]

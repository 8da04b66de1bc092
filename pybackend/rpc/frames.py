"""The frame endpoint: raw pictures over a loopback WebSocket, to whoever has the token, as fast as each viewer asks.

A viewer says what it wants and grants credit; for each credit it gets the newest picture, once. What it was too slow for is
never queued, so a slow page stays a few frames behind and no more.
"""

import asyncio
import hmac
import itertools
import json
import re
import secrets
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, Final

from aiohttp import WSMsgType, web

from pybackend.core.frames import Picture
from pybackend.core.tasks import Tasks
from pybackend.media import FrameHub, FrameKey, Subscription
from pybackend.spec.types import BadType, compile_type

I420: Final = 1
CREDIT_CAP: Final = 2
GOODBYE_S: Final = 0.2
"""How long a viewer has to answer when its socket is closed: what follows is the end of the program, or nothing."""
HEADER: Final = struct.Struct("<BBBBHHIIQQ")
"""version, format, stream, rotation, width, height, source id, frame number, capture time in µs, reserved."""

_LOCAL_ORIGIN: Final = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
_WANT: Final = "{ cloud: number; user: string; stream: number }[]"
_MOST_WANTED: Final = 256


def header(picture: Picture, stream: int, source: int) -> bytes:
    """The 32 bytes before the pixels."""
    return HEADER.pack(
        1,
        I420,
        stream,
        picture.rotation % 4,
        picture.width,
        picture.height,
        source,
        picture.number & 0xFFFFFFFF,
        picture.time_us,
        0,
    )


class Feed:
    """One source on one socket: its credit, and the task that spends it."""

    def __init__(self, source: int, subscription: Subscription, send: Callable[[bytes], Awaitable[None]]) -> None:
        self.source = source
        self._subscription = subscription
        self._send = send
        self._credit = 0
        self._granted = asyncio.Event()

    def grant(self, credit: int) -> None:
        """More credit, up to the cap."""
        self._credit = min(CREDIT_CAP, self._credit + credit)
        self._granted.set()

    async def run(self) -> None:
        """Sends the newest picture for each credit."""
        pictures: AsyncIterator[Picture] = aiter(self._subscription)
        while True:
            while self._credit == 0:
                self._granted.clear()
                await self._granted.wait()
            picture = await anext(pictures)
            self._credit -= 1
            await self._send(header(picture, self._subscription.key.stream, self.source) + bytes(picture.data))

    def close(self) -> None:
        """No more pictures are collected."""
        self._subscription.close()


class Viewer:
    """One socket."""

    def __init__(self, hub: FrameHub, identify: Callable[[FrameKey], int], socket: web.WebSocketResponse) -> None:
        self._hub = hub
        self._identify = identify
        self._socket = socket
        self._feeds: dict[FrameKey, tuple[Feed, asyncio.Task[None]]] = {}
        self._tasks = Tasks("frame feeds")

    async def take(self, text: str) -> None:
        """One message of the viewer. Bad ones are answered with an error that names the field."""
        try:
            message = json.loads(text)
            if not isinstance(message, dict):
                raise BadType("message", "object")
            if "want" in message:
                await self._want(message)
            if "credit" in message:
                self._grant(message)
        except (ValueError, RecursionError):
            await self._socket.send_json({"error": "not JSON"})
        except BadType as bad:
            await self._socket.send_json({"error": str(bad), "field": bad.field})

    async def _want(self, message: dict[str, Any]) -> None:
        if I420 not in compile_type("number[]")(message.get("formats", [I420]), "formats"):
            raise BadType("formats", "1 (I420), the only one there is,")
        entries = compile_type(_WANT)(message["want"], "want")
        if len(entries) > _MOST_WANTED:
            raise BadType("want", f"at most {_MOST_WANTED} entries")
        wanted = {FrameKey(int(e["cloud"]), e["user"], int(e["stream"])) for e in entries}
        for key in self._feeds.keys() - wanted:
            self._drop(key)
        for key in wanted - self._feeds.keys():
            feed = Feed(self._identify(key), self._hub.subscribe(key), self._socket.send_bytes)
            self._feeds[key] = feed, self._tasks.spawn(self._run(feed))
        sources = [{"id": feed.source, **key._asdict()} for key, (feed, _) in self._feeds.items()]
        await self._socket.send_json({"sources": sources})

    async def _run(self, feed: Feed) -> None:
        try:
            await feed.run()
        except (ConnectionError, StopAsyncIteration):
            feed.close()  # the socket's own loop sees that it is closed

    def _grant(self, message: dict[str, Any]) -> None:
        credit, source = message["credit"], message.get("source")
        if isinstance(credit, bool) or not isinstance(credit, int) or credit < 1:
            raise BadType("credit", "a positive whole number")
        for feed, _ in self._feeds.values():
            if source is None or feed.source == source:
                feed.grant(credit)

    def _drop(self, key: FrameKey) -> None:
        feed, task = self._feeds.pop(key)
        feed.close()
        task.cancel()

    async def close(self) -> None:
        """The socket is closed."""
        for key in list(self._feeds):
            self._drop(key)
        await self._tasks.cancel()


class FrameServer:
    """The WebSocket server on 127.0.0.1. Its URL carries the token."""

    def __init__(self, hub: FrameHub, origins: Iterable[str] = ()) -> None:
        self._hub = hub
        self._origins = {"null", "file://", *origins}
        self._token = secrets.token_urlsafe(32)
        self._ids: dict[FrameKey, int] = {}
        self._numbers = itertools.count(1)
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listens; returns the URL."""
        app = web.Application()
        app.router.add_get("/frames", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=GOODBYE_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"ws://127.0.0.1:{self._runner.addresses[0][1]}/frames?token={self._token}"

    async def stop(self) -> None:
        """Closes every socket."""
        if self._runner is not None:
            await self._runner.cleanup()

    def _identify(self, key: FrameKey) -> int:
        """The number of a source; the same for every viewer."""
        if key not in self._ids:
            self._ids[key] = next(self._numbers)
        return self._ids[key]

    def _admit(self, request: web.Request) -> None:
        given = request.query.get("token", "")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise web.HTTPForbidden(text="token: missing or wrong")
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self._origins and not _LOCAL_ORIGIN.fullmatch(origin):
            raise web.HTTPForbidden(text="Origin: not accepted; see --allow-origin")

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self._admit(request)
        socket = web.WebSocketResponse(max_msg_size=1 << 20, compress=False, timeout=GOODBYE_S)
        try:
            await socket.prepare(request)
        except ConnectionError:  # gone before it was greeted
            return web.Response()
        viewer = Viewer(self._hub, self._identify, socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await viewer.take(message.data)
        except ConnectionError:
            pass  # gone before it was answered
        finally:
            await viewer.close()
        return socket

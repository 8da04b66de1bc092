"""A scripted room service on a real WebSocket, and a stay that keeps what it is told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import WSMsgType, web

from pybackend.signal import LinkTimes, RoomLink, RoomNotice
from pybackend.spec.protocol import Refusal

LONG_S = 10.0


def member(user: str, session: str = "", role: int = 20, **streams: bool) -> dict[str, Any]:
    """A member as it travels."""
    sent = {"audio": False, "video": False, "sub": False} | streams
    return {"user": user, "session": session or f"{user}-1", "role": role, "streams": sent}


class Refuse(Exception):
    """An answer that is an error."""

    def __init__(self, cause: Refusal, code: int = -1) -> None:
        super().__init__(cause)
        self.error = {"code": code, "message": "refused", "data": {"cause": cause}}


class Silence(Exception):
    """No answer."""


class Script:
    """What the room service does; tests change it as they go."""

    def __init__(self) -> None:
        self.url = ""
        self.members: list[dict[str, Any]] = []
        self.media_kept = True
        self.silence_s = 8.0
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.answers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.after: Callable[[str, web.WebSocketResponse], Any] | None = None
        self.tickets = 0

    def snapshot(self, params: dict[str, Any]) -> dict[str, Any]:
        self.tickets += 1
        return {
            "session": params["session"],
            "token": f"token {self.tickets}",
            "members": self.members,
            "media_kept": self.media_kept,
            "silence_s": self.silence_s,
        }

    def answer(self, method: str, params: dict[str, Any]) -> Any:
        self.asked.append((method, params))
        if method in self.answers:
            return self.answers[method](params)
        return self.snapshot(params) if method in ("enter", "resume") else None

    def calls(self, method: str) -> list[dict[str, Any]]:
        return [params for asked, params in self.asked if asked == method]

    async def tell(self, method: str, **params: Any) -> None:
        """To whoever came last."""
        await self.sockets[-1].send_json({"jsonrpc": "2.0", "method": method, "params": params})

    def cut(self) -> None:
        """Breaks every connection, without a goodbye."""
        for socket in self.sockets:
            if (transport := socket._req.transport if socket._req else None) is not None:
                transport.abort()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(timeout=0.2)
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                call = json.loads(message.data)
                try:
                    answer = {"result": self.answer(call["method"], call["params"])}
                except Refuse as refusal:
                    answer = {"error": refusal.error}
                except Silence:
                    continue
                await socket.send_json({"jsonrpc": "2.0", "id": call["id"], **answer})
                if self.after is not None:
                    await self.after(call["method"], socket)
        return socket


@contextlib.asynccontextmanager
async def serving(script: Script, port: int = 0) -> AsyncIterator[int]:
    """The script, on a port of 127.0.0.1."""
    app = web.Application()
    app.router.add_get("/signal", script.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    port = runner.addresses[0][1]
    script.url = f"ws://127.0.0.1:{port}/signal"
    try:
        yield port
    finally:
        script.cut()
        await runner.cleanup()


class Quickly:
    """A reconnect policy for the impatient."""

    def delay(self, attempt: int) -> float:
        return 0.0 if attempt == 0 else 0.02


class Stay:
    """A RoomLink and what it told."""

    def __init__(self, url: str, times: LinkTimes | None = None, **request: Any) -> None:
        self.told: list[RoomNotice] = []
        self._news = asyncio.Event()
        self.link = RoomLink(
            url,
            {"session": "me-1", "userId": "me", **request},
            self._hear,
            policy=Quickly(),
            times=times or LinkTimes(connect_s=2, answer_s=2, enter_s=3),
        )

    def _hear(self, notice: RoomNotice) -> None:
        self.told.append(notice)
        self._news.set()

    def kinds(self) -> list[str]:
        return [type(notice).__name__ for notice in self.told]

    async def until(self, kind: type[RoomNotice], count: int = 1) -> Any:
        """The count-th notice of a kind."""
        async with asyncio.timeout(LONG_S):
            while len(found := [notice for notice in self.told if isinstance(notice, kind)]) < count:
                self._news.clear()
                await self._news.wait()
        return found[count - 1]

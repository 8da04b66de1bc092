"""The room protocol on a WebSocket: `docs/protocol.md`. Reads requests in their order, answers them, tells what happens."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import WSMsgType, web

from pybackend.core import jsonrpc
from pybackend.core.ratelimit import RateLimit
from pybackend.spec.protocol import VERSION, Ask, Refusal, Refused, Streams, Tell, check_request
from pybackend.spec.types import BadType, compile_type

from .media import MediaEngine, MediaError, Source, StreamKind
from .room import Occupant
from .rooms import Rooms

logger: Final = logging.getLogger(__name__)

MAX_MESSAGE: Final = 256 * 1024
OUTGOING: Final = 1024
"""Messages waiting for one member. A member that reads so slowly loses its socket, and resumes with a snapshot."""

GOODBYE_S: Final = 2.0

_SOURCE: Final = compile_type("{ user: string; stream: string }")


class SocketLink:
    """What is told to one socket, in order. A full queue closes it. `abort` breaks the connection without a goodbye."""

    def __init__(self, socket: web.WebSocketResponse, abort: Callable[[], None]) -> None:
        self._socket = socket
        self._abort = abort
        self._queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(OUTGOING)
        self._closing = False

    def tell(self, method: Tell, params: dict[str, Any]) -> None:
        self.send(jsonrpc.notification(method, params))

    def send(self, message: dict[str, Any]) -> None:
        """Queues any message."""
        if self._closing:
            return
        if self._queue.qsize() >= OUTGOING - 1:
            logger.warning("a member reads too slowly: its socket is closed")
            self.close()
            self._abort()
        else:
            self._queue.put_nowait(message)

    def close(self) -> None:
        """Sends what is queued, for `GOODBYE_S` at most, then closes."""
        if not self._closing:
            self._closing = True
            self._queue.put_nowait(None)
            asyncio.get_running_loop().call_later(GOODBYE_S, self._abort)

    async def pump(self) -> None:
        """Writes what is queued, until closed."""
        try:
            while (message := await self._queue.get()) is not None:
                await self._socket.send_str(json.dumps(message, separators=(",", ":")))
        except ConnectionError:
            self._closing = True
        await self._socket.close()


class Conversation:
    """One socket, from its first request to its end."""

    def __init__(self, rooms: Rooms, media: MediaEngine, link: SocketLink) -> None:
        self._rooms = rooms
        self._media = media
        self._link = link
        self._occupant: Occupant | None = None
        self._limit = RateLimit(rate=60, burst=60)
        self._answers: dict[Ask, Callable[[Occupant, dict[str, Any]], Awaitable[Any]]] = {
            Ask.LEAVE: self._leave,
            Ask.ROLE: self._role,
            Ask.STREAMS: self._streams,
            Ask.PUBLISH: self._publish,
            Ask.SUBSCRIBE: self._subscribe,
            Ask.ASSIGN: self._assign,
            Ask.MESSAGE: self._message,
            Ask.PING: self._ping,
        }

    async def take(self, text: str) -> None:
        """Carries out one message; the answer is queued before the next one is read."""
        number = None
        try:
            message = json.loads(text)
            number, method = message.get("id"), message["method"]
            if method not in list(Ask):
                raise Refused(Refusal.UNKNOWN_METHOD, "no such request in the room protocol")
            ask, params = check_request(method, message.get("params"))
            answer = jsonrpc.result(number, await self._answer(ask, params))
        except Refused as refused:
            answer = jsonrpc.error(number, refused.code, refused.text, {"cause": refused.cause})
        except MediaError as error:
            answer = jsonrpc.error(
                number, -32002, f"media: {error.reason}", {"cause": Refusal.MEDIA, "reason": error.reason}
            )
        except BadType as bad:
            answer = jsonrpc.error(number, -32602, str(bad), {"cause": Refusal.BAD_REQUEST, "field": bad.field})
        except (ValueError, AttributeError, KeyError, RecursionError):
            answer = jsonrpc.error(number, -32600, "not a request of the room protocol", {"cause": Refusal.BAD_REQUEST})
        self._link.send(answer)

    async def _answer(self, ask: Ask, params: dict[str, Any]) -> Any:
        if ask in (Ask.ENTER, Ask.RESUME):
            return self._begin(ask, params)
        if self._occupant is None:
            raise Refused(Refusal.NOT_IN_ROOM, "enter or resume first")
        self._rooms.heard(self._occupant, self._link)
        return await self._answers[ask](self._occupant, params)

    def _begin(self, ask: Ask, params: dict[str, Any]) -> dict[str, Any]:
        if self._occupant is not None:
            raise Refused(Refusal.BAD_REQUEST, "this socket has a stay already")
        if ask is Ask.ENTER and params["protocol"] != VERSION:
            raise Refused(Refusal.BAD_REQUEST, f"protocol: this room service speaks {VERSION}")
        begin = self._rooms.enter if ask is Ask.ENTER else self._rooms.resume
        self._occupant, snapshot = begin(params, self._link)
        return snapshot.to_json()

    async def _leave(self, occupant: Occupant, _: dict[str, Any]) -> None:
        await self._rooms.leave(occupant)

    async def _role(self, occupant: Occupant, params: dict[str, Any]) -> None:
        self._rooms.set_role(occupant, params["role"])

    async def _streams(self, occupant: Occupant, params: dict[str, Any]) -> None:
        self._rooms.set_streams(occupant, Streams(**params))

    async def _publish(self, occupant: Occupant, params: dict[str, Any]) -> dict[str, str]:
        if not occupant.may_publish:
            raise Refused(Refusal.NOT_AN_ANCHOR, "audience may not publish")
        try:
            tracks = {str(mid): StreamKind(kind) for mid, kind in params["tracks"].items()}
        except ValueError:
            raise Refused(Refusal.BAD_REQUEST, f"tracks: each is one of {', '.join(StreamKind)}") from None
        return {"sdp": await self._media.publish(occupant.session, params["sdp"], tracks)}

    async def _subscribe(self, occupant: Occupant, params: dict[str, Any]) -> dict[str, str]:
        return {"sdp": await self._media.subscribe(occupant.session, params["sdp"])}

    async def _assign(self, occupant: Occupant, params: dict[str, Any]) -> None:
        slots: dict[str, Source | None] = {}
        for mid, wanted in params["slots"].items():
            source = None if wanted is None else _SOURCE(wanted, f"slots.{mid}")
            slots[mid] = source and self._rooms.source(occupant, source["user"], source["stream"])
        await self._media.assign(occupant.session, slots)

    async def _message(self, occupant: Occupant, params: dict[str, Any]) -> None:
        if len(params["data"]) > 4096 or not self._limit.take():
            raise Refused(Refusal.LIMIT, "too large, or too many messages")
        self._rooms.pass_on(occupant, params)

    async def _ping(self, _occupant: Occupant, _params: dict[str, Any]) -> None:
        return None

    def end(self) -> None:
        """The socket is closed."""
        if self._occupant is not None:
            self._rooms.detach(self._occupant, self._link)


def signalling_handler(rooms: Rooms, media: MediaEngine) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler of `/signal`."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE, timeout=1.0)
        await socket.prepare(request)
        link = SocketLink(socket, lambda: request.transport.abort() if request.transport is not None else None)
        conversation = Conversation(rooms, media, link)
        pump = asyncio.create_task(link.pump(), name="signalling pump")
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await conversation.take(message.data)
        finally:
            conversation.end()
            link.close()
            await asyncio.wait([pump], timeout=2.0)
            pump.cancel()
        return socket

    return handle

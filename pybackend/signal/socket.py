"""One WebSocket of the room protocol: requests with deadlines, notifications in their order, a heartbeat."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp

from pybackend.core import jsonrpc
from pybackend.core.tasks import Tasks
from pybackend.spec.protocol import Ask

logger: Final = logging.getLogger(__name__)

MAX_MESSAGE: Final = 4 * 1024 * 1024


class LinkDown(Exception):
    """The connection to the room service is not there, or did not answer in time."""


class Socket:
    """An open connection. `on_notice` gets the notifications, `on_down` is called once when it is gone by itself."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        socket: aiohttp.ClientWebSocketResponse,
        on_notice: Callable[[str, dict[str, Any]], None],
        on_down: Callable[[], None],
    ) -> None:
        self._session = session
        self._socket = socket
        self._on_notice = on_notice
        self._on_down = on_down
        self._pending = jsonrpc.Pending()
        self._tasks = Tasks("room link")
        self._closed = False
        self.rtt_ms = 0.0
        self._tasks.spawn(self._read())

    @staticmethod
    async def connect(
        url: str, on_notice: Callable[[str, dict[str, Any]], None], on_down: Callable[[], None], timeout_s: float
    ) -> "Socket":
        """Opens a connection; raises LinkDown."""
        session = aiohttp.ClientSession()
        try:
            async with asyncio.timeout(timeout_s):
                socket = await session.ws_connect(url, max_msg_size=MAX_MESSAGE)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            await session.close()
            raise LinkDown(f"no connection to the room service at {url}: {error}") from None
        except BaseException:
            await session.close()
            raise
        return Socket(session, socket, on_notice, on_down)

    @property
    def closed(self) -> bool:
        """Whether it is gone; requests fail at once."""
        return self._closed

    def beat(self, every_s: float, patience_s: float) -> None:
        """Asks for a sign of life from now on; without one the connection counts as gone."""
        self._tasks.spawn(self._beat(every_s, patience_s))

    async def _beat(self, every_s: float, patience_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            started = time.monotonic()
            try:
                await self.request(Ask.PING, {}, patience_s)
                self.rtt_ms = (time.monotonic() - started) * 1000
            except (LinkDown, jsonrpc.RemoteError):
                logger.warning("the room service has gone silent")
                self._down()
                return

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            try:
                self._take(json.loads(message.data))
            except ValueError:
                logger.warning("the room service sent something that is not JSON")
        self._down()

    def _take(self, message: Any) -> None:
        if not isinstance(message, dict):
            logger.warning("the room service sent something that is not a message")
        elif "method" in message:
            params = message.get("params")
            self._on_notice(str(message["method"]), params if isinstance(params, dict) else {})
        else:
            self._pending.settle(message)

    def _down(self) -> None:
        if not self._closed:
            self._closed = True
            self._pending.fail_all(LinkDown("the connection to the room service broke"))
            self._on_down()

    async def request(self, ask: Ask, params: Mapping[str, Any], timeout_s: float) -> Any:
        """The answer; raises LinkDown, or RemoteError when the room service refuses."""
        if self._closed:
            raise LinkDown("the connection to the room service is gone")
        number, answer = self._pending.open()
        try:
            async with asyncio.timeout(timeout_s):
                await self._socket.send_str(json.dumps(jsonrpc.request(number, ask, params), separators=(",", ":")))
                return await answer
        except (ConnectionError, TimeoutError) as error:
            raise LinkDown(f"{ask}: no answer from the room service") from error
        finally:
            answer.cancel()

    async def close(self) -> None:
        """Ends the connection; nothing is reported any more."""
        self._closed = True
        self._pending.fail_all(LinkDown("the connection was closed"))
        try:
            async with asyncio.timeout(0.5):
                await self._socket.close()
        except (TimeoutError, ConnectionError):
            logger.debug("the room service did not close the connection with us")
        finally:  # also when this is cancelled
            self._tasks.stop()
            await self._session.close()
        await self._tasks.finished()

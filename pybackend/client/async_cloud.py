"""`AsyncTRTCCloud`: the same for those who have an event loop. On Windows this has to be a selector loop."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import Any, Final, Self

from pybackend.core.tasks import Tasks

from . import frames as frame_socket
from . import revive
from .backend import Backend
from .base import MAILBOX, CloudBase, Clouds, post
from .calls_generated import AsyncCalls
from .cloud import Expected
from .connection import Call, Connection, Params
from .errors import BackendGone, ClientError, ConnectionLost, EventTimeout
from .event import CloudEvent, Gap
from .events_generated import EventName
from .frames import Format, Frame
from .log import Predicate
from .options import Auth, Options

logger: Final = logging.getLogger(__name__)


class _Session:
    """One connection, and the task that calls the listeners."""

    def __init__(self, frames: str, backend: Backend | None) -> None:
        self.frames = frames
        self.backend = backend
        self.clouds = Clouds(lambda number: AsyncTRTCCloud(self, number))
        self._mailbox: asyncio.Queue[CloudEvent | None] = asyncio.Queue(MAILBOX)
        self._tasks = Tasks("client listeners")
        self._closed = False

    async def open(self, endpoint: str, auth: Auth, options: Options) -> "AsyncTRTCCloud":
        self.connection = Connection(endpoint, auth, options, self._deliver, self._missed)
        await self.connection.open()
        self._listeners = self._tasks.spawn(self._call_listeners())
        if self.backend is not None:
            loop = asyncio.get_running_loop()
            self.backend.on_end(lambda: None if self._closed else loop.call_soon_threadsafe(self._backend_gone))
        return self.clouds[0]

    def _deliver(self, event: CloudEvent) -> None:
        self.clouds.receive(event)
        post(self._mailbox, event)

    def _missed(self, gap: Gap) -> None:
        for event in self.clouds.losses(gap):
            post(self._mailbox, event)

    def _backend_gone(self) -> None:
        if self.backend is not None and not self._closed:
            self.connection.handle_backend_gone(self.backend.obituary())
            self.clouds.end(BackendGone(self.backend.obituary()))

    async def _call_listeners(self) -> None:
        while (event := await self._mailbox.get()) is not None:
            for returned in self.clouds.fire(event):
                if isawaitable(returned):
                    await _finish(event.name, returned)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self.connection.close()
        self.clouds.end(ConnectionLost("the client is closed"))
        post(self._mailbox, None)
        if asyncio.current_task() is not self._listeners:
            await asyncio.wait([self._listeners])
        if self.backend is not None:
            await asyncio.to_thread(self.backend.stop)


async def _finish(event: str, returned: Any) -> None:
    try:
        await returned
    except Exception:
        logger.exception("a listener of %s failed", event)


class AsyncTRTCCloud(AsyncCalls, CloudBase):
    """The SDK's cloud, with the SDK's names; calls are coroutines.

    Made by `attach` or `start`, not by itself. Listeners may be coroutine functions; each is finished before the next
    one is called. An async context manager: leaving it closes the connection, and ends the backend if it is its own.
    """

    def __init__(self, session: _Session, number: int) -> None:
        super().__init__(number)
        self._session = session

    @classmethod
    async def attach(
        cls,
        endpoint: str | Backend,
        auth: Auth | Mapping[str, Any] | None = None,
        *,
        frames: str = "",
        keys: tuple[str, str] | None = None,
        options: Options | None = None,
    ) -> "AsyncTRTCCloud":
        """As `TRTCCloud.attach`."""
        if isinstance(endpoint, Backend):
            auth, frames, endpoint = endpoint.auth, endpoint.frames, endpoint.endpoint
        return await _Session(frames, None).open(endpoint, Auth.parse(auth, keys), options or Options())

    @classmethod
    async def start(cls, rooms: str, *, options: Options | None = None, **backend: Any) -> "AsyncTRTCCloud":
        """As `TRTCCloud.start`."""
        process = await asyncio.to_thread(Backend, rooms, **backend)
        try:
            return await _Session(process.frames, process).open(process.endpoint, process.auth, options or Options())
        except BaseException:
            await asyncio.to_thread(process.stop)
            raise

    @property
    def backend(self) -> Backend | None:
        """The process, if it was started for this client."""
        return self._session.backend

    async def _call(self, method: str, params: dict[str, Any]) -> Any:
        return await self.call(method, params)

    async def call(self, method: str, params: Params = (), *, timeout: float | None = None) -> Any:
        """Any method, its params by name or (cloud 0 only) by position."""
        return revive.result(method, await self._session.connection.call(method, self._params(params), timeout))

    async def batch(self, calls: Sequence[Call], *, timeout: float | None = None) -> list[Any]:
        """The results of several calls in one message; an RpcError in the place of each that failed."""
        results = await self._session.connection.batch(self._calls(calls), timeout)
        return [revive.result(call.method, result) for call, result in zip(calls, results, strict=True)]

    async def ping(self) -> None:
        """Returns when the backend answers."""
        await self.call("ping", {})

    async def diagnostics(self) -> dict[str, Any]:
        """Open devices, clouds and what the process uses."""
        found: dict[str, Any] = await self.call("diagnostics", {})
        return found

    async def getTRTCShareInstance(self, config: Mapping[str, Any] | None = None) -> "AsyncTRTCCloud":
        """Cloud 0 of the same backend, revived if it was destroyed. (The SDK's is static: it knows one backend only.)"""
        await self._session.clouds[0].call("getTRTCShareInstance", {"config": config})
        return self._session.clouds[0]

    async def destroyTRTCShareInstance(self) -> None:
        """Destroys cloud 0 of the same backend; its listeners stay."""
        await self._session.clouds[0].call("destroyTRTCShareInstance", {})

    async def createSubCloud(self, config: Mapping[str, Any] | None = None) -> "AsyncTRTCCloud | None":
        """A cloud with a room and events of its own; None on a sub cloud. Closing it destroys it."""
        number = await self.call("createSubCloud", {"config": config})
        return self._session.clouds[number] if isinstance(number, int) and number else None

    async def wait_for(
        self, event: EventName, predicate: Predicate | None = None, *, timeout: float = 10.0, since: int | None = None
    ) -> CloudEvent:
        """As `TRTCCloud.wait_for`."""
        wanted = self.events.want(event, predicate, since)
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.wrap_future(wanted.found)
        except TimeoutError as error:
            if isinstance(error, ClientError):
                raise
            raise EventTimeout(self.events.describe(wanted, timeout)) from None
        finally:
            self.events.forget(wanted)

    @asynccontextmanager
    async def expect(
        self, event: EventName, predicate: Predicate | None = None, *, timeout: float = 10.0
    ) -> AsyncIterator[Expected]:
        """As `TRTCCloud.expect`."""
        since, expected = self.events.seq, Expected()
        yield expected
        expected.event = await self.wait_for(event, predicate, timeout=timeout, since=since)

    def frames(
        self, user: str = "", stream: int = 0, *, formats: tuple[Format, ...] = (Format.I420,), timeout: float = 10.0
    ) -> AsyncGenerator[Frame, None]:
        """Pictures of a user ("": the local one), always the newest. Close it when done (`contextlib.aclosing`)."""
        return frame_socket.frames(
            self._session.frames, cloud=self.number, user=user, stream=stream, formats=formats, timeout=timeout
        )

    async def close(self) -> None:
        """As `TRTCCloud.close`."""
        if self.number == 0:
            await self._session.close()
            return
        try:
            await self.destroy()
        except ClientError as error:
            logger.debug("cloud %d: %s", self.number, error)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

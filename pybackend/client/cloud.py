"""`TRTCCloud` for scripts: calls block until they are answered, listeners run on one thread of their own."""

import logging
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, Self, cast

from . import frames as frame_socket
from . import revive
from .backend import Backend
from .base import MAILBOX, CloudBase, Clouds, post
from .calls_generated import Calls
from .connection import Call, Connection, Params
from .errors import BackendGone, ClientError, ConnectionLost, EventTimeout
from .event import CloudEvent, Gap
from .events_generated import EventName
from .frames import Format, Frame
from .log import Predicate
from .loop import LoopThread
from .options import Auth, Options

logger: Final = logging.getLogger(__name__)


class Expected:
    """What `expect` found; `event` is there when its block has ended."""

    event: CloudEvent

    @property
    def args(self) -> tuple[Any, ...]:
        """The event's arguments."""
        return self.event.args


class _Session:
    """One connection with its two threads: one owns the socket, one calls the listeners."""

    def __init__(
        self, kind: type["TRTCCloud"], endpoint: str, auth: Auth, frames: str, options: Options, backend: Backend | None
    ) -> None:
        self.frames = frames
        self.backend = backend
        self.clouds = Clouds(lambda number: kind(self, number))
        self._mailbox: queue.Queue[CloudEvent | None] = queue.Queue(MAILBOX)
        self.loop = LoopThread("trtc client")
        self._listeners = threading.Thread(target=self._call_listeners, name="trtc listeners", daemon=True)
        self._listeners.start()
        self._closed = False
        try:
            self.connection = self.loop.run(self._open(endpoint, auth, options))
        except BaseException:
            self._stop_threads()
            raise
        if backend is not None:
            backend.on_end(lambda: self.loop.soon(self._backend_gone, backend))

    async def _open(self, endpoint: str, auth: Auth, options: Options) -> Connection:
        connection = Connection(endpoint, auth, options, self._deliver, self._missed)
        await connection.open()
        return connection

    def _deliver(self, event: CloudEvent) -> None:
        self.clouds.receive(event)
        post(self._mailbox, event)

    def _missed(self, gap: Gap) -> None:
        for event in self.clouds.losses(gap):
            post(self._mailbox, event)

    def _backend_gone(self, backend: Backend) -> None:
        self.connection.handle_backend_gone(backend.obituary())
        self.clouds.end(BackendGone(backend.obituary()))

    def _call_listeners(self) -> None:
        while (event := self._mailbox.get()) is not None:
            for _ in self.clouds.fire(event):
                pass

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self.loop.run(self.connection.close())
        self.clouds.end(ConnectionLost("the client is closed"))
        self._stop_threads()
        if self.backend is not None:
            self.backend.stop()

    def _stop_threads(self) -> None:
        self.loop.stop()
        post(self._mailbox, None)
        if threading.current_thread() is not self._listeners:
            self._listeners.join()


class TRTCCloud(Calls, CloudBase):
    """The SDK's cloud, with the SDK's names, over one connection to a backend.

    Made by `attach` or `start`, not by itself. Events reach listeners one after the other, on a thread that belongs to
    the connection; a listener may call methods. Methods raise a `ClientError` when they are not answered with a result.
    A cloud is a context manager: leaving it closes the connection, and ends the backend if it was started for it.
    """

    def __init__(self, session: _Session, number: int) -> None:
        super().__init__(number)
        self._session = session

    @classmethod
    def attach(
        cls,
        endpoint: str | Backend,
        auth: Auth | Mapping[str, Any] | None = None,
        *,
        frames: str = "",
        keys: tuple[str, str] | None = None,
        options: Options | None = None,
    ) -> Self:
        """The share instance of a backend that runs already.

        `auth` and `frames` are those of its ready line; `keys` is the client's CURVE pair. Raises AuthRefused or RpcTimeout.
        """
        if isinstance(endpoint, Backend):
            auth, frames, endpoint = endpoint.auth, endpoint.frames, endpoint.endpoint
        session = _Session(cls, endpoint, Auth.parse(auth, keys), frames, options or Options(), None)
        return cast("Self", session.clouds[0])

    @classmethod
    def start(cls, rooms: str, *, options: Options | None = None, **backend: Any) -> Self:
        """The share instance of a backend of its own, which ends with it. Further arguments are those of `Backend`."""
        return cls.own(Backend(rooms, **backend), options)

    @classmethod
    def own(cls, backend: Backend, options: Options | None = None) -> Self:
        """The same with a backend that was started before."""
        try:
            session = _Session(cls, backend.endpoint, backend.auth, backend.frames, options or Options(), backend)
        except BaseException:
            backend.stop()
            raise
        return cast("Self", session.clouds[0])

    @property
    def backend(self) -> Backend | None:
        """The process, if it was started for this client."""
        return self._session.backend

    def _call(self, method: str, params: dict[str, Any]) -> Any:
        return self.call(method, params)

    def call(self, method: str, params: Params = (), *, timeout: float | None = None) -> Any:
        """Any method, its params by name or (cloud 0 only) by position."""
        return revive.result(
            method, self._session.loop.run(self._session.connection.call(method, self._params(params), timeout))
        )

    def batch(self, calls: Sequence[Call], *, timeout: float | None = None) -> list[Any]:
        """The results of several calls in one message; an RpcError in the place of each that failed."""
        results = self._session.loop.run(self._session.connection.batch(self._calls(calls), timeout))
        return [revive.result(call.method, result) for call, result in zip(calls, results, strict=True)]

    def ping(self) -> None:
        """Returns when the backend answers."""
        self.call("ping", {})

    def diagnostics(self) -> dict[str, Any]:
        """Open devices, clouds and what the process uses."""
        found: dict[str, Any] = self.call("diagnostics", {})
        return found

    def getTRTCShareInstance(self, config: Mapping[str, Any] | None = None) -> "TRTCCloud":
        """Cloud 0 of the same backend, revived if it was destroyed. (The SDK's is static: it knows one backend only.)"""
        self._session.clouds[0].call("getTRTCShareInstance", {"config": config})
        return self._session.clouds[0]

    def destroyTRTCShareInstance(self) -> None:
        """Destroys cloud 0 of the same backend; its listeners stay."""
        self._session.clouds[0].call("destroyTRTCShareInstance", {})

    def createSubCloud(self, config: Mapping[str, Any] | None = None) -> "TRTCCloud | None":
        """A cloud with a room and events of its own; None on a sub cloud. Closing it destroys it."""
        number = self.call("createSubCloud", {"config": config})
        return self._session.clouds[number] if isinstance(number, int) and number else None

    def wait_for(
        self, event: EventName, predicate: Predicate | None = None, *, timeout: float = 10.0, since: int | None = None
    ) -> CloudEvent:
        """The first matching event that no wait has returned yet, however long ago it came; raises EventTimeout.

        `predicate` gets the event's arguments. `since` counts only events after that number (`events.seq` is the latest).
        """
        wanted = self.events.want(event, predicate, since)
        try:
            return wanted.found.result(timeout)
        except TimeoutError as error:
            if isinstance(error, ClientError):
                raise
            raise EventTimeout(self.events.describe(wanted, timeout)) from None
        finally:
            self.events.forget(wanted)

    @contextmanager
    def expect(
        self, event: EventName, predicate: Predicate | None = None, *, timeout: float = 10.0
    ) -> Iterator[Expected]:
        """Waits at its end for an event that came after its begin: `with cloud.expect("onExitRoom"): cloud.exitRoom()`."""
        since, expected = self.events.seq, Expected()
        yield expected
        expected.event = self.wait_for(event, predicate, timeout=timeout, since=since)

    def frames(
        self, user: str = "", stream: int = 0, *, formats: tuple[Format, ...] = (Format.I420,), timeout: float = 10.0
    ) -> Iterator[Frame]:
        """Pictures of a user ("": the local one), always the newest. Ends when the iterator is closed or dropped."""
        source = frame_socket.frames(
            self._session.frames, cloud=self.number, user=user, stream=stream, formats=formats, timeout=timeout
        )
        run = self._session.loop.run
        try:
            while True:
                yield run(source.__anext__())
        finally:
            with suppress(ConnectionLost):
                run(source.aclose())

    def close(self) -> None:
        """The share instance closes the connection (and ends its own backend), a sub cloud is destroyed. Idempotent."""
        if self.number == 0:
            self._session.close()
            return
        try:
            self.destroy()
        except ClientError as error:
            logger.debug("cloud %d: %s", self.number, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

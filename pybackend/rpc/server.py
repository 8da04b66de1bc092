"""The RPC server: reads requests, answers them at once, and pushes events.

Every call is carried out and answered before the next message is read; what takes time goes on in the engine and comes
back as an event. So nothing waits behind anything, calls keep their order, and a ping is answered at any time. Events
that a call causes at once are sent after its answer.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import zmq

from pybackend.core.journal import Event
from pybackend.core.tasks import Tasks

from . import wire
from .clients import Client, Clients
from .dispatch import dispatch, error

logger: Final = logging.getLogger(__name__)

AT_ONCE: Final = 64
"""Messages that are taken before others on the loop get their turn."""


class RpcServer:
    """Serves one ROUTER on the running loop, which must be able to watch descriptors (on Windows: a selector loop)."""

    def __init__(self, socket: "zmq.Socket[bytes]", methods: dict[str, Any], orphaned: Callable[[], None]) -> None:
        self._socket = socket
        self._methods = methods
        self._clients = Clients(orphaned)
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks("rpc server")
        self._answering = False
        self._waiting: list[Event] = []
        self._descriptor = int(socket.FD)

    def start(self) -> None:
        """Takes messages from now on."""
        self._loop.add_reader(self._descriptor, self._read)
        self._loop.call_soon(self._read)
        self._tasks.spawn(self._watch_leases())

    async def stop(self) -> None:
        """Takes no more; events are still sent until the socket is closed."""
        self._loop.remove_reader(self._descriptor)
        await self._tasks.cancel()

    async def _watch_leases(self) -> None:
        while True:
            await asyncio.sleep(self._clients.check_leases())

    # -- requests ----------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """The descriptor only tells of changes: what is there has to be taken until there is nothing more."""
        for _ in range(AT_ONCE):
            if not self._readable():
                return
            try:
                identity, *frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._take(identity, frames)
        self._loop.call_soon(self._read)

    def _readable(self) -> bool:
        return not self._socket.closed and bool(int(self._socket.EVENTS) & zmq.POLLIN)

    def _take(self, identity: bytes, frames: list[bytes]) -> None:
        client = self._clients.of(identity)
        self._answering = True
        try:
            answer = self._answer(client, frames)
        finally:
            self._answering = False
        if answer is not None:
            self._send(client, self._encoded(answer))
        self._clients.drop_idle(client)
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            self._push(event)

    def _answer(self, client: Client, frames: list[bytes]) -> Any:
        try:
            message = wire.decode(frames)
        except (ValueError, IndexError, RecursionError):
            return error(-32700)
        return dispatch(message, self._methods, client)

    def _encoded(self, answer: Any) -> list[bytes]:
        try:
            return wire.encode(answer)
        except TypeError:
            logger.exception("an answer cannot be sent")
            number = answer.get("id") if isinstance(answer, dict) else None
            return wire.encode(error(-32603) | {"id": number})

    def _send(self, client: Client, frames: list[bytes]) -> None:
        try:
            self._socket.send_multipart([client.identity, *frames], zmq.NOBLOCK)
        except zmq.Again:
            client.lagging = True
            logger.warning("client %s does not take what it is sent", client.label or client.identity.hex())
        except zmq.ZMQError as failure:
            if failure.errno != zmq.EHOSTUNREACH:
                raise
            self._clients.forget(client.identity)

    # -- events ------------------------------------------------------------------------------------------------------

    def event(self, event: Event) -> None:
        """Sends an event to whoever wants it; not before the answer to the call that caused it."""
        if self._answering:
            self._waiting.append(event)
        else:
            self._push(event)

    def _push(self, event: Event) -> None:
        clients = list(self._clients.wanting(event.name))
        try:
            frames = wire.encode(event.notification()) if clients else []
        except TypeError:
            logger.exception("%s cannot be sent", event.name)
            return
        for client in clients:
            self._send(client, frames)
        if clients and self._readable():
            self._loop.call_soon(self._read)

"""The ZeroMQ socket: frames out, frames in, and whether anybody is at the other end. It reconnects by itself.

It reads the sockets' file descriptors on the running loop (twice as fast as `zmq.asyncio`), which on Windows takes a
selector loop. Such a descriptor is edge-triggered: after each send the socket has to be looked at again.
A broken connection gets a new socket, so that nothing unsent is delivered late to whoever comes next.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

import zmq
from zmq.utils.monitor import recv_monitor_message

from .errors import ClientError
from .options import Auth

AT_ONCE: Final = 100
"""Messages that are read before the loop gets another turn."""

RETRY_MS: Final = (20, 1000)
"""Pause before connecting again: at first, and at most."""

_UP: Final = zmq.EVENT_HANDSHAKE_SUCCEEDED
_DOWN: Final = zmq.EVENT_DISCONNECTED
_REFUSED: Final = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL


def _readable(socket: "zmq.Socket[bytes] | None") -> bool:
    return socket is not None and bool(int(socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN)


class Listener(Protocol):
    """Whoever owns the socket. Called on the loop."""

    def handle_message(self, frames: Sequence[bytes]) -> None: ...

    def handle_up(self) -> None: ...

    def handle_down(self) -> None: ...

    def handle_refused(self) -> None: ...


class Dealer:
    """One connection to an endpoint."""

    def __init__(self, endpoint: str, auth: Auth, listener: Listener) -> None:
        self._endpoint = endpoint
        self._auth = auth
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._context = zmq.Context()
        self._socket: zmq.Socket[bytes] | None = None
        self._monitor: zmq.Socket[bytes] | None = None
        try:
            self._open()
        except (zmq.ZMQError, NotImplementedError, ValueError) as error:
            self.close()
            if isinstance(error, NotImplementedError):
                raise ClientError(
                    "this event loop cannot watch sockets; on Windows use asyncio.SelectorEventLoop"
                ) from None
            raise ClientError(f"{endpoint}: {error}") from None

    def _open(self) -> None:
        socket = self._socket = self._context.socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RECONNECT_IVL, RETRY_MS[0])
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, RETRY_MS[1])
        socket.setsockopt(zmq.RCVHWM, 0)
        self._authenticate(socket)
        self._monitor = socket.get_monitor_socket(_UP | _DOWN | _REFUSED)
        self._loop.add_reader(self._monitor.FD, self._watch)
        self._loop.add_reader(socket.FD, self._read)
        socket.connect(self._endpoint)
        self._loop.call_soon(self._watch)
        self._loop.call_soon(self._read)

    def _authenticate(self, socket: "zmq.Socket[bytes]") -> None:
        auth = self._auth
        if auth.mechanism == "PLAIN":
            socket.setsockopt_string(zmq.PLAIN_USERNAME, auth.username)
            socket.setsockopt_string(zmq.PLAIN_PASSWORD, auth.password)
        elif auth.mechanism == "CURVE" and auth.keys:
            socket.setsockopt_string(zmq.CURVE_SERVERKEY, auth.server_key)
            socket.setsockopt_string(zmq.CURVE_PUBLICKEY, auth.keys[0])
            socket.setsockopt_string(zmq.CURVE_SECRETKEY, auth.keys[1])

    def send(self, frames: Sequence[bytes]) -> bool:
        """Whether the message was taken; not, when too many are on their way already."""
        if self._socket is None:
            return False
        try:
            self._socket.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again:
            return False
        self._look_again()
        return True

    def _look_again(self) -> None:
        if _readable(self._socket):
            self._loop.call_soon(self._read)

    def _read(self) -> None:
        for _ in range(AT_ONCE):
            if self._socket is None or not _readable(self._socket):
                return
            self._listener.handle_message(self._socket.recv_multipart(zmq.NOBLOCK))
        self._look_again()

    def _watch(self) -> None:
        while self._monitor is not None and _readable(self._monitor):
            happened = recv_monitor_message(self._monitor)["event"]
            if happened == _UP:
                self._listener.handle_up()
            elif happened == _DOWN:
                self._read()
                self._shut()
                self._listener.handle_down()
                self._open()
            elif happened & _REFUSED:
                self._listener.handle_refused()

    def _shut(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket.FD)
            self._socket.disable_monitor()
            self._socket.close()
        if self._monitor is not None:
            self._loop.remove_reader(self._monitor.FD)
            self._monitor.close()
        self._socket = self._monitor = None

    def close(self) -> None:
        """Lets go of everything; may be called twice."""
        self._shut()
        self._context.term()

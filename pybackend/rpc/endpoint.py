"""Where the RPC listens, and who may connect: one place for what differs between ipc, loopback and other addresses.

* `ipc://`: a socket that only its owner may open, in a directory of its own; no further mechanism.
* `tcp://127.0.0.1`: any local process could connect, so PLAIN with a random password.
* any other address: CURVE, with the keys of the clients that may come in.
"""

import contextlib
import os
import secrets
import socket as sockets
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import zmq
import zmq.auth.thread

USER: Final = "pybackend"
LONGEST_PATH: Final = 103
"""Bytes of an ipc path that every platform accepts."""

HIGH_WATER: Final = 10_000
"""Messages that may wait for one client. More are not sent; the client asks for them by `events.replay`."""


class EndpointError(Exception):
    """The endpoint cannot be used; the text says why."""


def _loopback(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    return host.startswith("127.") or host in ("localhost", "::1")


@contextlib.contextmanager
def _directory(endpoint: str) -> Iterator[str]:
    """The endpoint to bind; a fresh one where none was given."""
    if endpoint.startswith("ipc://"):
        if sys.platform == "win32":
            raise EndpointError("--endpoint: there is no ipc:// on Windows; use tcp://127.0.0.1:0")
        path = Path(endpoint.removeprefix("ipc://"))
        _check_path(path)
        yield endpoint
    elif endpoint or sys.platform == "win32":
        yield endpoint or "tcp://127.0.0.1:0"
    else:
        with tempfile.TemporaryDirectory(prefix="pybackend-") as directory:  # mode 0700
            yield f"ipc://{directory}/rpc"


def _check_path(path: Path) -> None:
    """A second bind would silently steal the first one's clients."""
    if str(path).startswith(("@", "*")):
        raise EndpointError("--endpoint: ipc:// needs the path of a socket, which only its owner may open")
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise EndpointError(f"--endpoint: the path is longer than {LONGEST_PATH} bytes")
    if not path.parent.is_dir():
        raise EndpointError(f"--endpoint: there is no directory {path.parent}")
    if not path.exists():
        return
    with sockets.socket(sockets.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return
    raise EndpointError(f"--endpoint: {path} is in use by another program")


class _Keys:
    """Which CURVE keys may come in."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = {key.encode() for key in allowed}

    def callback(self, _domain: str, key: bytes) -> bool:
        return key in self._allowed


def _secure(
    socket: "zmq.Socket[bytes]", endpoint: str, authenticator: zmq.auth.thread.ThreadAuthenticator, keys: Sequence[str]
) -> dict[str, Any]:
    """Sets the mechanism; returns the ready line's `auth`."""
    if endpoint.startswith("ipc://"):
        return {"mechanism": "NULL"}
    authenticator.start()
    if _loopback(endpoint):
        password = secrets.token_urlsafe(32)
        authenticator.configure_plain(domain="*", passwords={USER: password})
        socket.plain_server = True
        return {"mechanism": "PLAIN", "username": USER, "password": password}
    public, secret = zmq.curve_keypair()
    authenticator.configure_curve_callback(domain="*", credentials_provider=_Keys(keys))
    socket.curve_secretkey, socket.curve_publickey, socket.curve_server = secret, public, True
    return {"mechanism": "CURVE", "server_key": public.decode()}


@contextlib.contextmanager
def bound_router(
    endpoint: str, client_keys: Sequence[str]
) -> Iterator[tuple["zmq.Socket[bytes]", str, dict[str, Any]]]:
    """A bound ROUTER, its endpoint, and how to authenticate. Raises EndpointError."""
    with _directory(endpoint) as wanted, zmq.Context() as context:
        socket = context.socket(zmq.ROUTER)
        socket.linger = 0
        socket.sndhwm = socket.rcvhwm = HIGH_WATER
        socket.router_mandatory = True
        socket.maxmsgsize = 64 * 1024 * 1024
        authenticator = zmq.auth.thread.ThreadAuthenticator(context)
        try:
            auth = _secure(socket, wanted, authenticator, client_keys)
            _bind(socket, wanted)
            yield socket, socket.getsockopt_string(zmq.LAST_ENDPOINT), auth
        finally:
            socket.close(linger=200)  # what was said last still goes out
            if authenticator.is_alive():
                authenticator.stop()


def _bind(socket: "zmq.Socket[bytes]", endpoint: str) -> None:
    mask = os.umask(0o177)
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        raise EndpointError(f"--endpoint: {endpoint}: {error.strerror}") from None
    finally:
        os.umask(mask)

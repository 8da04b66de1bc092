"""Faults between two programs: `Cut` for a TCP connection such as the signalling WebSocket, `Loss` for UDP."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from typing import Any, Final, Self
from urllib.parse import urlsplit, urlunsplit

from pybackend.client.loop import LoopThread

PIECE: Final = 65_536
"""Bytes that are read before they are passed on: what one direction of a connection may hold back here."""


class _Relay:
    """One connection through the proxy, as two tasks."""

    def __init__(self, ends: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        self.ends = ends

    def abort(self) -> None:
        """Ends both sides at once, without a goodbye."""
        for end in self.ends:
            end.transport.abort()


class Cut:
    """A TCP proxy before `target` (a URL, or host and port) that can be cut, stalled, and closed. Usable from any thread.

    `url` is the target's URL by way of the proxy. A context manager.
    """

    def __init__(self, target: str | tuple[str, int]) -> None:
        parts = urlsplit(target if isinstance(target, str) else f"tcp://{target[0]}:{target[1]}")
        self._host, self._port = parts.hostname, parts.port
        self._relays: set[_Relay] = set()
        self._refusing = False
        self._loop = LoopThread("cut")
        self._flowing, self._server = self._loop.run(self._start())
        self.host, self.port = self._server.sockets[0].getsockname()[:2]
        self.url = urlunsplit(parts._replace(netloc=f"{self.host}:{self.port}"))

    async def _start(self) -> tuple[asyncio.Event, asyncio.Server]:
        flowing = asyncio.Event()
        flowing.set()
        return flowing, await asyncio.start_server(self._accept, "127.0.0.1", 0)

    @property
    def connections(self) -> int:
        """How many there are now."""
        return len(self._relays)

    def cut(self) -> int:
        """Breaks every connection, without a goodbye; new ones are welcome. Gives back how many there were."""
        return self._loop.run(self._cut())

    def refuse(self) -> None:
        """New connections are closed at once, until `accept`."""
        self._refusing = True

    def accept(self) -> None:
        """New connections are welcome again."""
        self._refusing = False

    def stall(self) -> None:
        """Nothing passes any more, though the connections stay; until `flow`."""
        self._loop.soon(self._flowing.clear)

    def flow(self) -> None:
        """What was held back passes, and all that comes after it."""
        self._loop.soon(self._flowing.set)

    def close(self) -> None:
        """Ends the proxy. May be called twice."""
        with suppress(ConnectionError):
            self._loop.run(self._close())
        self._loop.stop()

    async def _cut(self) -> int:
        relays = list(self._relays)
        for relay in relays:
            relay.abort()
        return len(relays)

    async def _close(self) -> None:
        self._server.close()
        await self._cut()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            writer.transport.abort()
            return
        relay = _Relay((writer, far_writer))
        self._relays.add(relay)
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            self._relays.discard(relay)
            relay.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                await self._flowing.wait()
                writer.write(piece)
                await writer.drain()
            writer.write_eof()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


Pattern = str | Callable[[int], bool]
"""Which packets are dropped: "0001" drops every fourth, over and over; a function gets the packet's number, from 0."""


def _dropped(pattern: Pattern) -> Iterator[bool]:
    if isinstance(pattern, str):
        yield from cycle(letter == "1" for letter in pattern or "0")
    else:
        number = 0
        while True:
            yield pattern(number)
            number += 1


class Loss:
    """A UDP relay before `target` that drops packets by a pattern, each way its own. Usable from any thread.

    Each sender gets a socket of its own towards the target, so that the target can tell them apart. A context manager.
    """

    def __init__(self, target: tuple[str, int], there: Pattern = "0", back: Pattern = "0") -> None:
        self._target = target
        self._there = _dropped(there)
        self._back = _dropped(back)
        self._upstream: dict[Any, socket.socket] = {}
        self.passed = self.dropped = 0
        self._loop = LoopThread("loss")
        self._front = self._open(self._forward)
        self.address: tuple[str, int] = self._front.getsockname()

    def change(self, there: Pattern | None = None, back: Pattern | None = None) -> None:
        """Other patterns from now on."""
        self._there = self._there if there is None else _dropped(there)
        self._back = self._back if back is None else _dropped(back)

    def close(self) -> None:
        """Ends the relay. May be called twice."""
        self._loop.stop()
        for end in (self._front, *self._upstream.values()):
            end.close()

    def _open(self, received: Callable[[bytes, Any], None]) -> socket.socket:
        end = socket.socket(type=socket.SOCK_DGRAM)
        end.setblocking(False)
        end.bind(("127.0.0.1", 0))

        def read() -> None:
            with suppress(OSError):
                while True:
                    received(*end.recvfrom(PIECE))

        self._loop.soon(self._loop.loop.add_reader, end, read)
        return end

    def _forward(self, data: bytes, sender: Any) -> None:
        if self._counted(next(self._there)):
            return
        if sender not in self._upstream:
            self._upstream[sender] = self._open(lambda answer, _: self._return(answer, sender))
        self._upstream[sender].sendto(data, self._target)

    def _return(self, data: bytes, sender: Any) -> None:
        if not self._counted(next(self._back)):
            self._front.sendto(data, sender)

    def _counted(self, drop: bool) -> bool:
        self.dropped += drop
        self.passed += not drop
        return drop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

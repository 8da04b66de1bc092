"""The one UDP socket: datagrams in are given to their transport, told apart by their first byte (RFC 7983).

Checks are routed by the name in them, all else by the sender's address; what comes from an unknown address costs one look
into a dictionary. One wake-up takes in at most `BURST` datagrams or `BURST_S` of time, so that commands and timers get
their turn. Nothing a peer sends can raise beyond `_readable`.
"""

import asyncio
import socket
import struct
import time
from typing import Final

from pybackend.rooms.sfu import stun
from pybackend.rooms.sfu.srtp import ROOM, PacketBuffer
from pybackend.rooms.sfu.stun import Address
from pybackend.rooms.sfu.transport import Traffic, Transport

BURST: Final = 64
BURST_S: Final = 0.004
SOCKET_BUFFER: Final = 4 << 20

_EXPECTED: Final = (ValueError, IndexError, struct.error)
"""What parsing a malformed datagram may raise."""


class Endpoint:
    """Owns the socket. Transports are added by whoever makes them and leave by closing."""

    def __init__(self, host: str, port: int) -> None:
        """Binds. Raises OSError."""
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(family, kind)
        self._socket.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self._socket.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
        self._socket.bind(address)
        self.host: str = self._socket.getsockname()[0]
        self.port: int = self._socket.getsockname()[1]
        self.inbound = PacketBuffer()
        self.outbound = PacketBuffer()
        self.strangers = Traffic()
        self.retired = Traffic()
        self._sendto = self._socket.sendto
        self._by_name: dict[str, Transport] = {}
        self._by_address: dict[Address, Transport] = {}

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.add_reader(self._socket.fileno(), self._readable)

    def close(self, loop: asyncio.AbstractEventLoop) -> None:
        for transport in self.transports:
            transport.close()
        loop.remove_reader(self._socket.fileno())
        self._socket.close()

    @property
    def transports(self) -> list[Transport]:
        return list(self._by_name.values())

    def traffic(self) -> Traffic:
        """The sum of all transports, past ones included."""
        total = Traffic()
        for part in (self.strangers, self.retired, *(transport.traffic for transport in self._by_name.values())):
            total.add(part)
        return total

    # -- what transports use ------------------------------------------------------------------------------------------

    def send(self, data: bytes | memoryview, address: Address) -> bool:
        """False if the datagram could not be sent; it is then lost, as datagrams are."""
        try:
            self._sendto(data, address)
        except OSError:  # no room, or an address that cannot be reached (any more)
            return False
        return True

    def add(self, transport: Transport) -> None:
        self._by_name[transport.credentials.ufrag] = transport

    def moved(self, transport: Transport, old: Address | None) -> None:
        self._drop_address(transport, old)
        if transport.address is not None:
            previous = self._by_address.get(transport.address)
            if previous is not None:
                previous.forget_address()
            self._by_address[transport.address] = transport

    def closed(self, transport: Transport) -> None:
        if self._by_name.pop(transport.credentials.ufrag, None) is not None:
            self.retired.add(transport.traffic)
        self._drop_address(transport, transport.address)

    def _drop_address(self, transport: Transport, address: Address | None) -> None:
        if address is not None and self._by_address.get(address) is transport:
            del self._by_address[address]

    # -- in ----------------------------------------------------------------------------------------------------------

    def _readable(self) -> None:
        receive, view = self._socket.recvfrom_into, self.inbound.view[:ROOM]
        until = time.monotonic() + BURST_S
        for _ in range(BURST):
            try:
                size, address = receive(view)
            except BlockingIOError:
                return
            except OSError:  # Windows: an earlier datagram met a closed port, or this one was too long
                continue
            now = time.monotonic()
            try:
                self._datagram(size, address, now)
            except _EXPECTED:
                self.strangers.refused += 1
            if now > until:
                return

    def _datagram(self, size: int, address: Address, now: float) -> None:
        first = self.inbound.view[0] if size else 255
        if first < 4:
            self._check(bytes(self.inbound.view[:size]), address, now)
            return
        transport = self._by_address.get(address)
        if transport is None:
            self.strangers.refused += 1
        elif 127 < first < 192:
            transport.srtp(size, now)
        elif 19 < first < 64:
            transport.dtls(bytes(self.inbound.view[:size]), now)
        else:
            transport.traffic.refused += 1

    def _check(self, datagram: bytes, address: Address, now: float) -> None:
        request = stun.parse(datagram)
        transport = self._by_name.get(request.username.partition(":")[0])
        if transport is None:
            self.strangers.refused += 1
        else:
            transport.check(request, address, now)

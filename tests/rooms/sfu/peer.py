"""A small WebRTC peer over a real socket: full ICE agent, DTLS client, SRTP; packets are whatever the test says.

It shares the SFU's protocol modules, which have tests of their own against aiortc's and aioice's.
"""

import asyncio
import secrets
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from pybackend.rooms.media import Source, StreamKind
from pybackend.rooms.sfu import EmbeddedSfu, rtcp, stun
from pybackend.rooms.sfu.dtls import Dtls, DtlsState, Identity
from pybackend.rooms.sfu.rtp import EXTENDED, EXTENDED_FLAGS, HEADER, ONE_BYTE, payload_bounds
from pybackend.rooms.sfu.sdp import ABS_SEND_TIME
from pybackend.rooms.sfu.srtp import PacketBuffer, Srtp

LONG_S = 10.0
"""How long a test waits for what must happen."""

VP8, H264, OPUS = 97, 99, 96
KEY_FRAME = b"\x10\x00" + bytes(50)
DELTA_FRAME = b"\x10\x01" + bytes(50)
_CODECS = {
    VP8: "VP8/90000",
    H264: "H264/90000",
    OPUS: "opus/48000/2",
}
_IDENTITY = Identity()


@dataclass(frozen=True)
class Received:
    payload_type: int
    marker: bool
    number: int
    timestamp: int
    ssrc: int
    payload: bytes


@dataclass
class Stream:
    """One m-line of the offer."""

    kind: str
    direction: str
    types: tuple[int, ...] = ()
    ssrc: int = field(default_factory=lambda: secrets.randbits(32))

    def __post_init__(self) -> None:
        self.types = self.types or ((OPUS,) if self.kind == "audio" else (VP8, H264))


class Peer(asyncio.DatagramProtocol):
    """`await Peer.open(streams)`, `offer`, `connect(answer)`, then `send` and `packets`; `close` at the end."""

    def __init__(self, streams: list[Stream]) -> None:
        self.streams = streams
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(12)
        self.packets: list[Received] = []
        self.messages: list[rtcp.Message] = []
        self.datagrams = 0
        self.dtls_sent = 0
        self.goodbye = False
        self.counting_only = False
        self.srtp: Srtp | None = None
        self.buffer = PacketBuffer()
        self._dtls: Dtls | None = None
        self._changed = asyncio.Event()
        self._bound = False
        self.transport: asyncio.DatagramTransport = None  # type: ignore[assignment]

    @classmethod
    async def open(cls, streams: list[Stream]) -> Self:
        peer = cls(streams)
        loop = asyncio.get_running_loop()
        peer.transport, _ = await loop.create_datagram_endpoint(lambda: peer, local_addr=("127.0.0.1", 0))
        peer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        return peer

    def close(self) -> None:
        self.transport.close()

    # -- negotiation -------------------------------------------------------------------------------------------------

    def offer(self) -> str:
        rows = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
        rows += ["a=group:BUNDLE " + " ".join(str(i) for i in range(len(self.streams)))]
        for mid, stream in enumerate(self.streams):
            rows += [f"m={stream.kind} 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, stream.types))}", f"a=mid:{mid}"]
            rows += [f"a={stream.direction}", "a=rtcp-mux", f"a=ice-ufrag:{self.ufrag}", f"a=ice-pwd:{self.password}"]
            rows += [f"a=fingerprint:sha-256 {_IDENTITY.fingerprint}", "a=setup:actpass"]
            rows += [f"a=extmap:3 {ABS_SEND_TIME}"] if stream.kind == "video" else []
            rows += [f"a=ssrc:{stream.ssrc} cname:x"] if stream.direction == "sendonly" else []
            for kind in stream.types:
                rows += [f"a=rtpmap:{kind} {_CODECS[kind]}"]
                if stream.kind == "video":
                    rows += [f"a=rtcp-fb:{kind} {f}" for f in ("nack", "nack pli", "goog-remb")]
                if kind == H264:
                    rows += [f"a=fmtp:{kind} packetization-mode=1;profile-level-id=42e01f"]
        return "\r\n".join([*rows, ""])

    async def connect(self, answer: str, heard: type[rtcp.Message] | None = None) -> None:
        """Checks, handshakes, and returns when SRTP is ready, or also a first message of a kind has come."""
        values = dict(line[2:].partition(":")[::2] for line in answer.splitlines() if line.startswith("a="))
        self.slots = {
            i: int(line[7:].split()[0])
            for i, part in enumerate(answer.split("m=")[1:])
            for line in part.splitlines()
            if line.startswith("a=ssrc:")
        }
        self.candidate = values["candidate"].split()
        self.address = (self.candidate[4], int(self.candidate[5]))
        self.username, self.remote_password = f"{values['ice-ufrag']}:{self.ufrag}", values["ice-pwd"]
        algorithm, fingerprint = values["fingerprint"].split()
        self._dtls = Dtls(_IDENTITY, {algorithm: fingerprint}, server=False)
        self.check()
        await self.until(lambda: self._bound)
        for flight in self._dtls.start():
            self._send_dtls(flight)
        await self.until(lambda: self.srtp is not None or self.dtls_state is DtlsState.FAILED)
        await self.until(lambda: heard is None or self.heard(heard))

    @property
    def dtls_state(self) -> DtlsState:
        assert self._dtls is not None
        return self._dtls.state

    def check(self) -> None:
        self.transport.sendto(stun.request(secrets.token_bytes(12), self.username, self.remote_password), self.address)

    def leave(self) -> None:
        """Says goodbye by DTLS."""
        assert self._dtls is not None
        for datagram in self._dtls.close():
            self.transport.sendto(datagram, self.address)

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(LONG_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    # -- media ---------------------------------------------------------------------------------------------------------

    def protected(
        self,
        mid: int,
        number: int,
        timestamp: int,
        payload: bytes,
        *,
        marker: bool = True,
        extension: int = 3 << 28 | 2 << 24,
    ) -> bytes:
        """`extension` is the word of a video packet's header extension: abs-send-time, if nothing else is said."""
        assert self.srtp is not None
        stream = self.streams[mid]
        kind = stream.types[0] | marker << 7
        number, timestamp = number & 0xFFFF, timestamp & 0xFFFFFFFF
        if stream.kind == "video":
            head = EXTENDED.pack(EXTENDED_FLAGS, kind, number, timestamp, stream.ssrc, ONE_BYTE, 1, extension)
        else:
            head = HEADER.pack(0x80, kind, number, timestamp, stream.ssrc)
        packet = head + payload
        self.buffer.view[: len(packet)] = packet
        return bytes(self.buffer.view[: self.srtp.protect_rtp(self.buffer, len(packet))])

    def send(self, mid: int, number: int, timestamp: int, payload: bytes, **more: Any) -> None:
        self.transport.sendto(self.protected(mid, number, timestamp, payload, **more), self.address)

    def send_rtcp(self, *parts: bytes) -> None:
        assert self.srtp is not None
        compound = rtcp.receiver_report(1) + rtcp.sdes([1], "peer") + b"".join(parts)
        self.buffer.view[: len(compound)] = compound
        size = self.srtp.protect_rtcp(self.buffer, len(compound))
        self.transport.sendto(self.buffer.view[:size], self.address)

    def received(self, slot: int) -> list[Received]:
        return [packet for packet in self.packets if packet.ssrc == self.slots[slot]]

    async def received_count(self, count: int) -> None:
        await self.until(lambda: len(self.packets) == count)

    def heard(self, kind: type[rtcp.Message]) -> list[Any]:
        return [message for message in self.messages if isinstance(message, kind)]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.datagrams += 1
        if self.counting_only:
            return
        if data[0] < 4:
            self._bound = True
        elif data[0] < 64:
            self._on_dtls(data)
        elif self.srtp is not None:
            self._on_media(data, self.srtp)
        self._changed.set()

    def _on_dtls(self, data: bytes) -> None:
        assert self._dtls is not None
        for flight in self._dtls.feed(data):
            self._send_dtls(flight)
        if self._dtls.state is DtlsState.OPEN and self._dtls.keys is not None:
            self.srtp = Srtp(self._dtls.keys)
            self._dtls.keys = None
        self.goodbye = self._dtls.state is DtlsState.CLOSED

    def _send_dtls(self, flight: bytes) -> None:
        self.dtls_sent += 1
        self.transport.sendto(flight, self.address)

    def _on_media(self, data: bytes, srtp: Srtp) -> None:
        view = self.buffer.view
        view[: len(data)] = data
        if 192 <= data[1] <= 223:
            size = srtp.open_rtcp(self.buffer, len(data))
            assert size > 0
            self.messages += rtcp.parse(bytes(view[:size]))
            return
        size = srtp.open_rtp(self.buffer, len(data))
        if size < 0:
            return  # a repetition of what was received
        _, kind, number, timestamp, ssrc = HEADER.unpack_from(view)
        start, end = payload_bounds(view, size)
        self.packets.append(Received(kind & 127, kind > 127, number, timestamp, ssrc, bytes(view[start:end])))


class Room:
    """Peers around one engine."""

    def __init__(self, sfu: Any) -> None:
        self.sfu = sfu
        self.peers: list[Peer] = []

    async def publisher(self, session: str, kinds: tuple[StreamKind, ...], types: tuple[int, ...] = ()) -> Peer:
        media = ["audio" if kind is StreamKind.AUDIO else "video" for kind in kinds]
        peer = await Peer.open([Stream(m, "sendonly", types if m == "video" else ()) for m in media])
        self.peers.append(peer)
        await peer.connect(
            await self.sfu.publish(session, peer.offer(), {str(i): kind for i, kind in enumerate(kinds)})
        )
        return peer

    async def subscriber(
        self, session: str, media: tuple[str, ...], slots: dict[int, Source | None] | None = None
    ) -> Peer:
        peer = await Peer.open([Stream(m, "recvonly") for m in media])
        self.peers.append(peer)
        answer = await self.sfu.subscribe(session, peer.offer())
        if slots:
            await self.sfu.assign(session, {str(mid): source for mid, source in slots.items()})
        await peer.connect(answer)
        return peer

    def close(self) -> None:
        for peer in self.peers:
            peer.close()


@contextmanager
def room(sfu: Any) -> Iterator[Room]:
    """Closes the peers at the end."""
    here = Room(sfu)
    try:
        yield here
    finally:
        here.close()


@asynccontextmanager
async def running(sfu: EmbeddedSfu) -> Any:
    await sfu.start()
    try:
        yield sfu
    finally:
        await sfu.stop()


def number_of(payload: bytes) -> int:
    """The count that `numbered` wrote."""
    return int(struct.unpack(">I", payload[2:6])[0])


def numbered(frame: bytes, number: int) -> bytes:
    return frame[:2] + struct.pack(">I", number) + frame[6:]

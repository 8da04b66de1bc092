"""One peer's connection: ICE-lite, then DTLS, then SRTP, all through the endpoint's single socket.

A transport is found by the name in a check (`credentials.ufrag`) until a check with a right signature showed where its
peer is; from then on by that address. The address moves when a later valid check nominates another one, or comes from
elsewhere while the old one has been silent. No valid check for `Timings.consent_s` means that the peer is gone (RFC 7675).
Nothing is sent to an address that has not proved itself, and nothing at all after `close`.

What the connection carries is the business of its owner, an `Uplink` or a `Downlink`.
"""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Protocol

from pybackend.rooms.sfu import rtcp, stun
from pybackend.rooms.sfu.dtls import Dtls, DtlsState, Identity
from pybackend.rooms.sfu.sdp import Credentials
from pybackend.rooms.sfu.srtp import PacketBuffer, Srtp
from pybackend.rooms.sfu.stun import Address

log = logging.getLogger(__name__)

SSRC_OFFSET: Final = 8
MAX_RTCP_SENDERS: Final = 64
"""Sources of RTCP known per transport; libsrtp keeps state for each."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds."""

    connect_s: float = 30.0
    """From the answer to the first valid check, and from there to the end of the handshake."""
    consent_s: float = 15.0
    """Without a valid check."""
    silent_s: float = 3.0
    """After which another address may take over without being nominated."""


@dataclass(slots=True)
class Traffic:
    """Counters of one transport, or the sum of many."""

    packets_in: int = 0
    packets_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    refused: int = 0
    """Datagrams in that were malformed, unknown or failed their check."""
    dropped: int = 0
    """Datagrams out that the socket had no room for, or libsrtp refused."""

    def add(self, other: "Traffic") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Ending(Enum):
    """Why a transport ended by itself."""

    CONSENT = auto()
    PEER = auto()
    HANDSHAKE = auto()


class Owner(Protocol):
    """Who uses a transport. Its methods are called from the socket's callback and must not block."""

    def connected(self, now: float) -> None: ...

    def ended(self, why: Ending) -> None: ...

    def accepts(self, ssrc: int) -> bool:
        """Whether RTP of this source is worth opening."""
        ...

    def rtp(self, view: memoryview, size: int, now: float) -> None:
        """An opened packet, valid during the call. May raise ValueError or IndexError for a malformed one."""
        ...

    def rtcp(self, messages: list[rtcp.Message], now: float) -> None: ...


class Wire(Protocol):
    """What a transport needs of the endpoint."""

    inbound: PacketBuffer
    outbound: PacketBuffer

    def send(self, data: bytes | memoryview, address: Address) -> bool:
        """False if the datagram could not be sent."""
        ...

    def moved(self, transport: "Transport", old: Address | None) -> None:
        """`transport.address` has changed."""
        ...

    def closed(self, transport: "Transport") -> None: ...


class Transport:
    """See the module. Made for the answer to an offer; `close` or `Owner.ended` ends it."""

    def __init__(
        self, wire: Wire, identity: Identity, fingerprints: Mapping[str, str], owner: Owner, now: float
    ) -> None:
        self.credentials = Credentials(secrets.token_hex(8), secrets.token_hex(16))
        self.address: Address | None = None
        self.traffic = Traffic()
        self.timings = Timings()
        self._wire = wire
        self._owner = owner
        self._dtls = Dtls(identity, fingerprints)
        self._srtp: Srtp | None = None
        self._since = self._checked = now
        self._rtcp_senders: set[int] = set()
        self._closed = False

    @property
    def connected(self) -> bool:
        return self._srtp is not None

    # -- in ----------------------------------------------------------------------------------------------------------

    def check(self, request: stun.BindingRequest, source: Address, now: float) -> None:
        """A binding request with our name; it counts if it is signed with our password."""
        password = self.credentials.password
        if not request.verify(password):
            self.traffic.refused += 1
            return
        if request.peer_is_controlled:
            self._wire.send(stun.role_conflict(request, password), source)
            return
        if source != self.address and (
            self.address is None or request.use_candidate or now - self._checked > self.timings.silent_s
        ):
            old, self.address = self.address, source
            self._wire.moved(self, old)
        if source == self.address:
            self._checked = now
        self._wire.send(stun.success(request, source, password), source)

    def forget_address(self) -> None:
        """The address now belongs to another transport."""
        self.address = None

    def dtls(self, datagram: bytes, now: float) -> None:
        self._send_all(self._dtls.feed(datagram))
        self._follow_dtls(now)

    def srtp(self, size: int, now: float) -> None:
        """A datagram in `wire.inbound` that looks like RTP or RTCP. May raise ValueError or IndexError."""
        if self._srtp is None or size < 12:
            self.traffic.refused += 1
            return
        buffer = self._wire.inbound
        view = buffer.view
        if 192 <= view[1] <= 223:
            self._rtcp(size, self._srtp, now)
            return
        if not self._owner.accepts(int.from_bytes(view[SSRC_OFFSET : SSRC_OFFSET + 4], "big")):
            self.traffic.refused += 1
            return
        opened = self._srtp.open_rtp(buffer, size)
        if opened < 0:
            self.traffic.refused += 1
            return
        self.traffic.packets_in += 1
        self.traffic.bytes_in += size
        self._owner.rtp(view, opened, now)

    def _rtcp(self, size: int, srtp: Srtp, now: float) -> None:
        sender = int.from_bytes(self._wire.inbound.view[4:8], "big")
        if sender not in self._rtcp_senders and len(self._rtcp_senders) >= MAX_RTCP_SENDERS:
            self.traffic.refused += 1
            return
        opened = srtp.open_rtcp(self._wire.inbound, size)
        if opened < 0:
            self.traffic.refused += 1
            return
        self._rtcp_senders.add(sender)
        self._owner.rtcp(rtcp.parse(bytes(self._wire.inbound.view[:opened])), now)

    # -- out ---------------------------------------------------------------------------------------------------------

    def send_rtp(self, size: int) -> None:
        """Protects and sends the packet that lies in `wire.outbound`."""
        if self._srtp is None or self.address is None:
            return
        buffer = self._wire.outbound
        protected = self._srtp.protect_rtp(buffer, size)
        traffic = self.traffic
        if protected > 0 and self._wire.send(buffer.view[:protected], self.address):
            traffic.packets_out += 1
            traffic.bytes_out += protected
        else:
            traffic.dropped += 1

    def send_rtcp(self, compound: bytes) -> None:
        if self._srtp is None or self.address is None:
            return
        buffer = self._wire.outbound
        buffer.view[: len(compound)] = compound
        protected = self._srtp.protect_rtcp(buffer, len(compound))
        if protected < 0 or not self._wire.send(buffer.view[:protected], self.address):
            self.traffic.dropped += 1

    # -- time and end ------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """To be called some 50 times a second."""
        if not self.connected:
            self._send_all(self._dtls.tick())
            self._follow_dtls(now)
            if not self.connected and not self._closed and now - self._since > self.timings.connect_s:
                self._end(Ending.HANDSHAKE)
        elif now - self._checked > self.timings.consent_s:
            self._end(Ending.CONSENT)

    def close(self) -> None:
        """Says goodbye to the peer, and then never sends nor receives anything again."""
        if self._closed:
            return
        self._send_all(self._dtls.close())
        self._closed = True
        self._srtp = None
        self._wire.closed(self)
        self.address = None

    def _follow_dtls(self, now: float) -> None:
        if self._dtls.state is DtlsState.OPEN and self._dtls.keys is not None and self._srtp is None:
            self._srtp = Srtp(self._dtls.keys)
            self._dtls.keys = None
            self._owner.connected(now)
        elif self._dtls.state is DtlsState.FAILED:
            self._end(Ending.HANDSHAKE)
        elif self._dtls.state is DtlsState.CLOSED:
            self._end(Ending.PEER)

    def _end(self, why: Ending) -> None:
        if self._closed:
            return
        self.close()
        self._owner.ended(why)

    def _send_all(self, datagrams: list[bytes]) -> None:
        if self.address is not None:
            for datagram in datagrams:
                self._wire.send(datagram, self.address)

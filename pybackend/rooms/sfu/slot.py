"""One m-line of a downlink: a stream of its own (constant SSRC, unbroken sequence numbers and timestamps) that carries
one published track after another.

While a slot carries a track, its numbers are the track's plus a shift that stays the same for that *span*. So a packet
that arrives late takes its right place by itself, a packet lost on the way up leaves a hole that its repetition fills, and
an answer to a NACK is built from the track's history without anything being kept per slot. A new span starts one number
after the last that was sent, and as much later in time as the clock says. The last few spans are remembered for NACKs.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pybackend.rooms.media import Source
from pybackend.rooms.sfu import rtcp
from pybackend.rooms.sfu.reception import History
from pybackend.rooms.sfu.rtp import EXTENDED, EXTENDED_FLAGS, HEADER, ONE_BYTE, PLAIN_FLAGS, Packet, unwrap
from pybackend.rooms.sfu.sdp import Codec
from pybackend.rooms.sfu.track import Track
from pybackend.rooms.sfu.transport import Transport

REPEATS_PER_REPORT: Final = 1000
"""Packets that one subscriber may ask for again between two reports (about a second), per slot."""

PAST_S: Final = 2.0
"""For so long after a switch packets of before it are sent again."""

_SPANS: Final = 4
_MASK: Final = 0xFFFFFFFF


@dataclass(slots=True)
class Span:
    """A stretch of one track in one slot: what to add to its indices and timestamps, from index `first` on."""

    track: Track
    history: History
    first: int
    shift: int
    time_shift: int
    payload_type: int


class Slot:
    """Made by the downlink's negotiation; `source` is what the slot should carry, `track` what it is attached to."""

    def __init__(self, mid: str, ssrc: int, transport: Transport, view: memoryview) -> None:
        """`view` is where the transport takes packets from. `negotiate` has to follow."""
        self.mid = mid
        self.ssrc = ssrc
        self.source: Source | None = None
        self.track: Track | None = None
        self.remb = (0.0, float("-inf"))
        self.fraction_lost = 0.0
        self.packets = self.octets = self.repeated = 0
        self._transport = transport
        self._view = view
        self._codecs: Sequence[Codec] = ()
        self._extension = 0
        self._span: Span | None = None
        self._past: deque[Span] = deque(maxlen=_SPANS)
        self._highest = ssrc & 0x7FFF  # any start will do; the lower half is kinder to SRTP's roll-over counter
        self._last_timestamp = ssrc * 7 & _MASK
        self._last_sent = self._switched = 0.0
        self._budget = REPEATS_PER_REPORT

    def negotiate(self, codecs: Sequence[Codec], extension: tuple[int, int]) -> None:
        """What the subscriber takes: codecs, and id and length in bytes of the one header extension we write (0: none)."""
        ident, length = extension
        self._codecs = codecs
        self._extension = (ident << 28 | (length - 1) << 24) if ident else 0

    @property
    def connected(self) -> bool:
        return self._transport.connected

    # -- what the router does ------------------------------------------------------------------------------------------

    def carry(self, track: Track | None, now: float) -> None:
        """Attaches to `track` if it can be sent here, and lets go of what was carried before."""
        if track is not None and self._payload_type(track.codec) is None:
            track = None
        if track is self.track:
            return
        if self.track is not None:
            self.track.detach(self)
        self.track = track
        self.remb = (0.0, float("-inf"))
        if track is not None:
            track.attach(self, now)

    def _payload_type(self, codec: Codec) -> int | None:
        """The subscriber's number for what the publisher sends: the same H.264 profile if there is one, else any."""
        same = [own for own in self._codecs if own.name == codec.name]
        exact = [own for own in same if own.profile == codec.profile]
        return next((own.payload_type for own in exact + same), None)

    # -- what the track does -------------------------------------------------------------------------------------------

    def begin(self, track: Track, packet: Packet, now: float) -> None:
        elapsed = now - self._last_sent if self._last_sent else 0.0
        timestamp = (self._last_timestamp + max(1, int(elapsed * track.codec.clock))) & _MASK
        self._switched = now
        self._span = Span(
            track,
            track.history,
            packet.index,
            self._highest + 1 - packet.index,
            timestamp - packet.timestamp,
            self._payload_type(track.codec) or 0,
        )
        self.forward(packet, now)

    def end(self) -> None:
        if self._span is not None:
            self._past.append(self._span)
        self._span = None

    def forward(self, packet: Packet, now: float) -> None:
        span = self._span
        if span is None or packet.index < span.first:
            return
        index = packet.index + span.shift
        if index > self._highest:
            self._highest = index
            self._last_timestamp = packet.timestamp + span.time_shift
            self._last_sent = now
        self.packets += 1
        self.octets += len(packet.payload)
        self._send(packet, span)

    def _send(self, packet: Packet, span: Span) -> None:
        view, payload = self._view, packet.payload
        kind = packet.marker | span.payload_type
        number = packet.index + span.shift & 0xFFFF
        timestamp = packet.timestamp + span.time_shift & _MASK
        if self._extension:
            word = self._extension | packet.word
            EXTENDED.pack_into(view, 0, EXTENDED_FLAGS, kind, number, timestamp, self.ssrc, ONE_BYTE, 1, word)
            start = 20
        else:
            HEADER.pack_into(view, 0, PLAIN_FLAGS, kind, number, timestamp, self.ssrc)
            start = 12
        end = start + len(payload)
        view[start:end] = payload
        self._transport.send_rtp(end)

    # -- what the subscriber does --------------------------------------------------------------------------------------

    def handle(self, message: rtcp.Message, now: float) -> None:
        """A report or feedback about this slot."""
        match message:
            case rtcp.Nack(numbers=numbers):
                self._repeat(numbers)
            case rtcp.KeyRequest() if self.track is not None:
                self.track.request_key_frame(now)
            case rtcp.Remb(bitrate=bitrate, ssrcs=ssrcs):
                self.remb = (bitrate / len(ssrcs), now)
                if self.track is not None:
                    self.track.remb_changed(self.remb[0], now)
            case rtcp.ReportBlock(fraction=fraction):
                self.fraction_lost = fraction / 256
            case _:
                pass

    def _repeat(self, numbers: tuple[int, ...]) -> None:
        for number in numbers:
            index = unwrap(number, self._highest)
            span = self._span_of(index)
            packet = span.history.get(index - span.shift) if span is not None else None
            if span is not None and packet is not None and self._budget > 0:
                self._budget -= 1
                self.repeated += 1
                self._send(packet, span)

    def _span_of(self, index: int) -> Span | None:
        if index > self._highest:
            return None
        spans = (*self._past, self._span)
        return next((span for span in reversed(spans) if span and index >= span.first + span.shift), None)

    # -- reports -------------------------------------------------------------------------------------------------------

    def report(self, now_ntp: int, now: float) -> bytes | None:
        """A sender report that says when, on our clock, the publisher captured what this slot carries. None before the
        publisher has said so itself."""
        self._budget = REPEATS_PER_REPORT
        if self._past and now - self._switched > PAST_S:
            self._past.clear()
        span = self._span
        heard = span.track.reception.sender_report if span is not None else None
        if span is None or heard is None:
            return None
        elapsed = now_ntp - (heard.ntp + span.track.clock_offset)
        rtp = heard.rtp + (elapsed * span.track.codec.clock >> 32) + span.time_shift
        return rtcp.sender_report(self.ssrc, now_ntp, rtp, self.packets, self.octets)

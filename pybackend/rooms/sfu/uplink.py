"""The connection a session publishes by: takes packets in, gives each to its track, reports to the publisher.

A track is found by SSRC, as announced in the offer; a source that was not announced is recognised by the mid that its
packets carry (RFC 9143 §9.2), for at most `MAX_STRANGERS` of them.
"""

import random
from collections.abc import Callable, Mapping
from typing import Final

from pybackend.core import clock
from pybackend.rooms.media import MediaError, StreamKind
from pybackend.rooms.sfu import rtcp
from pybackend.rooms.sfu.dtls import Identity
from pybackend.rooms.sfu.rtp import HEADER, extension, payload_bounds
from pybackend.rooms.sfu.sdp import ABS_SEND_TIME, AUDIO_LEVEL, MID, Codec, Credentials, Line, Offer
from pybackend.rooms.sfu.track import Track
from pybackend.rooms.sfu.transport import Ending, Transport, Wire

MAX_STRANGERS: Final = 8
SILENCE: Final = 127 << 16
"""The audio level of those who do not say theirs."""

_EXTENSIONS: Final = (MID, ABS_SEND_TIME, AUDIO_LEVEL)
_DRIFT: Final = (1 << 32) // 1000
"""The publisher's clock may be found to run so much slower per report, in NTP units: 1 ms."""


class Uplink:
    """Made for an offer; a renewed offer (same ICE credentials) only changes the tracks."""

    def __init__(
        self,
        wire: Wire,
        identity: Identity,
        offer: Offer,
        on_end: Callable[[Ending], None],
        now: float,
    ) -> None:
        self.remote: Credentials = offer.ice
        self.transport = Transport(wire, identity, offer.fingerprints, self, now)
        self.tracks: dict[StreamKind, Track] = {}
        self.ssrc = random.getrandbits(32)
        self.clock_offset = 0
        self._on_end = on_end
        self._by_mid: dict[str, Track] = {}
        self._by_ssrc: dict[int, Track] = {}
        self._strangers: set[int] = set()
        self._mid_id = 0
        self._level_id = 0
        self._description = rtcp.sdes([self.ssrc], "sfu")
        self._report_at = 0.0
        self._heard = False

    def negotiate(self, offer: Offer, kinds: Mapping[str, StreamKind]) -> dict[str, Line]:
        """Takes on the tracks of the offer that `kinds` names. Returns what to answer, by mid. Raises MediaError."""
        lines: dict[str, Line] = {}
        by_mid: dict[str, Track] = {}
        tracks: dict[StreamKind, Track] = {}
        for media in offer.media:
            kind = kinds.get(media.mid)
            if kind is None or not media.sends:
                continue
            if (kind is StreamKind.AUDIO) != (media.kind == "audio") or kind in tracks:
                raise MediaError("bad-sdp")
            codec = next(codec for codec in media.codecs if codec.forwardable)
            tracks[kind] = by_mid[media.mid] = self._track(self._by_mid.get(media.mid), codec, media.ssrc or 0)
            self._mid_id = media.extensions.get(MID, self._mid_id)
            self._level_id = media.extensions.get(AUDIO_LEVEL, self._level_id)
            uris = [uri for uri in _EXTENSIONS if uri in media.extensions]
            lines[media.mid] = Line([codec], "recvonly", uris)
        self._by_mid, self.tracks = by_mid, tracks
        self._by_ssrc = {track.ssrc: track for track in self.tracks.values() if track.ssrc}
        return lines

    def _track(self, known: Track | None, codec: Codec, ssrc: int) -> Track:
        if known is not None and known.codec == codec and ssrc in (0, known.ssrc):
            return known
        return Track(codec, ssrc, self)

    def close(self) -> None:
        self.transport.close()

    # -- the transport's owner -----------------------------------------------------------------------------------------

    def connected(self, now: float) -> None:
        for track in self.tracks.values():
            track.connected(now)

    def ended(self, why: Ending) -> None:
        self._on_end(why)

    def accepts(self, ssrc: int) -> bool:
        return ssrc in self._by_ssrc or (bool(self._mid_id) and len(self._strangers | {ssrc}) <= MAX_STRANGERS)

    def rtp(self, view: memoryview, size: int, now: float) -> None:
        _, kind, number, timestamp, ssrc = HEADER.unpack_from(view)
        track = self._by_ssrc.get(ssrc) or self._recognise(ssrc, view, size)
        if track is None or kind & 0x7F != track.codec.payload_type:
            return
        start, end = payload_bounds(view, size)
        if track.is_video:
            word = (clock.now_us() << 18) // 1_000_000 & 0xFFFFFF  # 6.18 fixed point seconds
        else:
            level = extension(view, size, self._level_id) if self._level_id else None
            word = level[0] << 16 if level else SILENCE
        track.receive(number, timestamp, kind & 0x80, bytes(view[start:end]), word, now)

    def _recognise(self, ssrc: int, view: memoryview, size: int) -> Track | None:
        self._strangers.add(ssrc)
        mid = extension(view, size, self._mid_id)
        track = self._by_mid.get(mid.decode("ascii")) if mid else None
        if track is not None:
            self._by_ssrc = {known: other for known, other in self._by_ssrc.items() if other is not track}
            self._by_ssrc[ssrc] = track
            track.restart(ssrc)
        return track

    def rtcp(self, messages: list[rtcp.Message], now: float) -> None:
        for message in messages:
            if isinstance(message, rtcp.SenderReport) and message.ntp and (track := self._by_ssrc.get(message.ssrc)):
                track.reception.heard(message, now)
                ahead = rtcp.ntp(clock.now_us()) - message.ntp
                self.clock_offset = min(ahead, self.clock_offset + _DRIFT) if self._heard else ahead
                self._heard = True

    # -- out -----------------------------------------------------------------------------------------------------------

    def send(self, packet: bytes) -> None:
        """Feedback travels behind an empty report, so that the compound is a valid one."""
        self.transport.send_rtcp(rtcp.receiver_report(self.ssrc) + self._description + packet)

    def tick(self, now: float) -> None:
        self.transport.tick(now)
        if not self.transport.connected:
            return
        for track in self.tracks.values():
            track.tick(now)
        if now >= self._report_at:
            self._report_at = now + random.uniform(0.8, 1.2)
            blocks = [block for track in self.tracks.values() if (block := track.report(now)) is not None]
            if blocks:
                self.transport.send_rtcp(rtcp.receiver_report(self.ssrc, blocks) + self._description)

    @property
    def lost(self) -> int:
        return sum(track.lost for track in self.tracks.values())

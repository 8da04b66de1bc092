"""The connection a session receives by: a row of slots on one transport, reports to the subscriber, feedback from it."""

import random
from collections.abc import Callable, Iterator
from typing import Final

from pybackend.core import clock
from pybackend.rooms.sfu import rtcp
from pybackend.rooms.sfu.dtls import Identity
from pybackend.rooms.sfu.sdp import ABS_SEND_TIME, AUDIO_LEVEL, Credentials, Line, Media, Offer, cname
from pybackend.rooms.sfu.slot import Slot
from pybackend.rooms.sfu.transport import Ending, Transport, Wire

REPORTS_PER_COMPOUND: Final = 15
_EXTENSION: Final = {"video": (ABS_SEND_TIME, 3), "audio": (AUDIO_LEVEL, 1)}
"""The header extension that a slot writes, and its length in bytes."""


class Downlink:
    """Made for an offer; a renewed offer (same ICE credentials) adds slots and leaves those that are there alone."""

    def __init__(
        self,
        wire: Wire,
        identity: Identity,
        offer: Offer,
        on_connect: Callable[["Downlink", float], None],
        on_end: Callable[[Ending], None],
        now: float,
    ) -> None:
        self.remote: Credentials = offer.ice
        self.transport = Transport(wire, identity, offer.fingerprints, self, now)
        self.slots: dict[str, Slot] = {}
        self._view = wire.outbound.view
        self._on_connect = on_connect
        self._on_end = on_end
        self._by_ssrc: dict[int, Slot] = {}
        self._report_at = 0.0

    def negotiate(self, offer: Offer) -> dict[str, Line]:
        """Makes a slot of every m-line that receives. Returns what to answer, by mid."""
        lines: dict[str, Line] = {}
        for media in offer.media:
            if not media.usable:
                continue
            slot = self._slot(media)
            codecs = [codec for codec in media.codecs if codec.forwardable]
            uri, length = _EXTENSION[media.kind]
            slot.negotiate(codecs, (media.extensions.get(uri, 0), length))
            uris = [uri] if uri in media.extensions else []
            lines[media.mid] = Line(codecs, "sendonly" if media.receives else "inactive", uris, slot.ssrc)
        return lines

    def _slot(self, media: Media) -> Slot:
        slot = self.slots.get(media.mid)
        if slot is None:
            ssrc = random.randrange(1, 1 << 32)
            while ssrc in self._by_ssrc:
                ssrc = random.randrange(1, 1 << 32)
            slot = self.slots[media.mid] = self._by_ssrc[ssrc] = Slot(media.mid, ssrc, self.transport, self._view)
        return slot

    def close(self) -> None:
        for slot in self.slots.values():
            slot.carry(None, 0.0)
        self.transport.close()

    @property
    def repeated(self) -> int:
        return sum(slot.repeated for slot in self.slots.values())

    # -- the transport's owner -----------------------------------------------------------------------------------------

    def connected(self, now: float) -> None:
        self._on_connect(self, now)

    def ended(self, why: Ending) -> None:
        self._on_end(why)

    def accepts(self, ssrc: int) -> bool:
        return False

    def rtp(self, view: memoryview, size: int, now: float) -> None:
        """Never called: nothing is accepted."""

    def rtcp(self, messages: list[rtcp.Message], now: float) -> None:
        for message in messages:
            for ssrc in message.ssrcs if isinstance(message, rtcp.Remb) else (message.ssrc,):
                slot = self._by_ssrc.get(ssrc)
                if slot is not None:
                    slot.handle(message, now)

    # -- time ----------------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        self.transport.tick(now)
        if self.transport.connected and now >= self._report_at:
            self._report_at = now + random.uniform(0.8, 1.2)
            for compound in self._reports(now):
                self.transport.send_rtcp(compound)

    def _reports(self, now: float) -> Iterator[bytes]:
        time = rtcp.ntp(clock.now_us())
        reports = [(slot, report) for slot in self.slots.values() if (report := slot.report(time, now)) is not None]
        for at in range(0, len(reports), REPORTS_PER_COMPOUND):
            part = reports[at : at + REPORTS_PER_COMPOUND]
            names = b"".join(rtcp.sdes([slot.ssrc], cname(slot.mid)) for slot, _ in part)
            yield b"".join(report for _, report in part) + names

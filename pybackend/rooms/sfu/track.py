"""A published stream and the slots that carry it: every packet that arrives is handed to every slot, once.

Slots of a video stream that have just been given it wait for a key frame, which the track asks the publisher for. Requests
(of waiting slots and by subscribers' PLI) go up at most once per `KEY_GAP_S`, later ones are kept until then: none is lost,
and none is multiplied by the number of subscribers. While slots wait, the request is repeated each `KEY_REPEAT_S`.
"""

from typing import Final, Protocol

from pybackend.rooms.sfu import rtcp
from pybackend.rooms.sfu.bitrate import Bitrate
from pybackend.rooms.sfu.reception import MAX_GAP, History, Losses, Reception
from pybackend.rooms.sfu.rtp import Packet, starts_key_frame
from pybackend.rooms.sfu.sdp import Codec

KEY_GAP_S: Final = 0.3
KEY_REPEAT_S: Final = 0.5


class Carrier(Protocol):
    """A slot, as its track sees it."""

    remb: tuple[float, float]

    def begin(self, track: "Track", packet: Packet, now: float) -> None:
        """`packet` is the first of this track that the slot forwards."""
        ...

    def end(self) -> None:
        """The stream stops here, for now."""
        ...

    def forward(self, packet: Packet, now: float) -> None: ...


class Publisher(Protocol):
    """The connection a track comes by."""

    ssrc: int
    """As which we report and ask."""
    clock_offset: int
    """Our clock minus the publisher's, in NTP units."""

    def send(self, packet: bytes) -> None:
        """Sends an RTCP packet to the publisher."""
        ...


class Track:
    """See the module. An `ssrc` of 0 is not known yet."""

    def __init__(self, codec: Codec, ssrc: int, publisher: "Publisher") -> None:
        self.codec = codec
        self.is_video = codec.clock == 90_000
        self._publisher = publisher
        self._nacks = "nack" in codec.feedback
        self._live: list[Carrier] = []
        self._waiting: list[Carrier] = []
        self._key_wanted = False
        self._key_asked = -KEY_REPEAT_S
        self._bitrate = Bitrate()
        self._reported = (0, 0.0)
        self._lost_before = 0
        self._begin(ssrc)

    def _begin(self, ssrc: int) -> None:
        self.reception = Reception(ssrc, self.codec.clock)
        self.history = History()
        self._losses = Losses()
        self._last_timestamp = -1

    def restart(self, ssrc: int) -> None:
        """The publisher begins anew, maybe with another SSRC: slots have to wait for a key frame again."""
        self._lost_before = self.lost
        self._begin(ssrc)
        for slot in self._live:
            slot.end()
        self._waiting += self._live
        self._live = []

    @property
    def ssrc(self) -> int:
        return self.reception.ssrc

    @property
    def clock_offset(self) -> int:
        return self._publisher.clock_offset

    @property
    def lost(self) -> int:
        return self._lost_before + max(0, self.reception.lost)

    # -- slots -------------------------------------------------------------------------------------------------------

    def attach(self, slot: Carrier, now: float) -> None:
        self._waiting.append(slot)
        self.request_key_frame(now)

    def detach(self, slot: Carrier) -> None:
        for slots in (self._live, self._waiting):
            if slot in slots:
                slots.remove(slot)
        slot.end()

    def connected(self, now: float) -> None:
        """The publisher can hear us: what was asked before, was not heard."""
        self._key_asked = -KEY_REPEAT_S
        if self._waiting:
            self.request_key_frame(now)

    def request_key_frame(self, now: float) -> None:
        self._key_wanted = self.is_video
        self._ask_for_key_frame(now)

    # -- packets -----------------------------------------------------------------------------------------------------

    def receive(self, number: int, timestamp: int, marker: int, payload: bytes, word: int, now: float) -> None:
        """A packet of the publisher, authentic and not a copy of an earlier one."""
        index = self._index(number, now)
        packet = Packet(index, timestamp, marker, payload, word)
        newest = index >= self.reception.highest
        self.reception.add(index, timestamp, len(payload), now)
        self.history.put(packet)
        for slot in self._live:
            slot.forward(packet, now)
        if self._waiting and newest and self._can_start(packet):
            started, self._waiting = self._waiting, []
            self._live += started
            for slot in started:
                slot.begin(self, packet, now)
        if newest:
            self._last_timestamp = timestamp

    def _index(self, number: int, now: float) -> int:
        reception = self.reception
        before = reception.highest
        index = reception.index_of(number)
        ahead = index - before
        if ahead < 0:
            self._losses.arrived(index, now)
        if before < 0 or -MAX_GAP * 4 < ahead <= 1:
            return index
        if abs(ahead) > MAX_GAP:
            self.restart(self.ssrc)
            self.request_key_frame(now)
            return self.reception.index_of(number)
        if self._nacks:
            self._losses.gap(before + 1, index, now)
            self._nack(range(before + 1, index))
        return index

    def _can_start(self, packet: Packet) -> bool:
        if not self.is_video:
            return True
        return packet.timestamp != self._last_timestamp and starts_key_frame(self.codec.name, packet.payload)

    # -- time --------------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Some 50 times a second: repeats what has to be repeated."""
        again = self._losses.due(now)
        if again:
            self._nack(again)
        if self._losses.gave_up:
            self._losses.gave_up = False
            if self._live:
                self.request_key_frame(now)
        if self._waiting and self.is_video and now - self._key_asked >= KEY_REPEAT_S:
            self._key_wanted = True
        if self._key_wanted:
            self._ask_for_key_frame(now)

    def report(self, now: float) -> rtcp.ReportBlock | None:
        """About once a second, for the receiver report. Also sends a new REMB, if there is something to say."""
        if not self.reception.received:
            return None
        block = self.reception.report(now)
        octets, since = self._reported
        self._reported = (self.reception.octets, now)
        if since and now > since:
            self._bitrate.loss(block.fraction / 256, max(0, self.reception.octets - octets) * 8 / (now - since))
            self._advise(now)
        return block

    def remb_changed(self, bits: float, now: float) -> None:
        """A slot of ours has a new `remb`."""
        if self._bitrate.is_exceeded(bits):
            self._advise(now)

    def _advise(self, now: float) -> None:
        advice = self._bitrate.advise((slot.remb for slot in self._live), now) if self.is_video else None
        if advice is not None and "goog-remb" in self.codec.feedback:
            self._publisher.send(rtcp.remb(self._publisher.ssrc, advice, [self.ssrc]))

    def _ask_for_key_frame(self, now: float) -> None:
        if self._key_wanted and self.ssrc and now - self._key_asked >= KEY_GAP_S:
            self._key_wanted = False
            self._key_asked = now
            self._publisher.send(rtcp.pli(self._publisher.ssrc, self.ssrc))

    def _nack(self, indices: range | list[int]) -> None:
        self._publisher.send(rtcp.nack(self._publisher.ssrc, self.ssrc, [index & 0xFFFF for index in indices]))

"""Who receives whom: sessions with their connections, and the links between published tracks and slots.

Every change (a publish, an assignment, a block, a connection that comes or goes) ends in `_link`, which says for one slot
what it should carry now: the track of its source, if that is published, not blocked, and the subscriber is connected.
What a slot wants outlives the publisher's connections, so that a source that publishes late, or anew, is simply there.

Synchronous, called from the loop alone. Raises MediaError as `rooms.media` describes it.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from pybackend.rooms.media import MediaError, Source, StreamKind
from pybackend.rooms.sfu import sdp
from pybackend.rooms.sfu.downlink import Downlink
from pybackend.rooms.sfu.dtls import Identity
from pybackend.rooms.sfu.endpoint import Endpoint
from pybackend.rooms.sfu.slot import Slot
from pybackend.rooms.sfu.transport import Ending, Timings, Transport
from pybackend.rooms.sfu.uplink import Uplink

log = logging.getLogger(__name__)

ENDINGS_KEPT: Final = 1024
"""Connections that ended by themselves and of which nobody has asked yet; the oldest are forgotten."""


@dataclass(slots=True)
class Session:
    """One member's stay."""

    uplink: Uplink | None = None
    downlink: Downlink | None = None
    audio_blocked: bool = False
    video_blocked: bool = False

    def blocks(self, kind: StreamKind) -> bool:
        return self.audio_blocked if kind is StreamKind.AUDIO else self.video_blocked


class Router:
    def __init__(
        self,
        endpoint: Endpoint,
        address: str,
        timings: Timings,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`address` is what answers tell peers to send to."""
        self.endings: deque[tuple[str, str, str]] = deque(maxlen=ENDINGS_KEPT)
        self._endpoint = endpoint
        self._address = address
        self._timings = timings
        self._now = now
        self._identity = Identity()
        self._sessions: dict[str, Session] = {}
        self._wanted: dict[Source, set[Slot]] = {}
        self._version = 0
        self._past = {"lost": 0, "retransmitted": 0}

    # -- commands ------------------------------------------------------------------------------------------------------

    def publish(self, session: str, text: str, tracks: Mapping[str, StreamKind]) -> str:
        offer = sdp.parse_offer(text)
        known = self._sessions.get(session, Session()).uplink
        if known is not None and known.remote == offer.ice:
            uplink = known
        else:
            ended = partial(self._uplink_ended, session)
            uplink = Uplink(self._endpoint, self._identity, offer, ended, self._now())
        lines = uplink.negotiate(offer, tracks)
        if uplink is not known:
            owner = self._sessions.setdefault(session, Session())
            self._close_uplink(owner)
            owner.uplink = uplink
            self._admit(uplink.transport)
        self._link_all(session)
        return self._answer(offer, lines, uplink.transport)

    def subscribe(self, session: str, text: str) -> str:
        offer = sdp.parse_offer(text)
        owner = self._sessions.setdefault(session, Session())
        downlink = owner.downlink
        if downlink is None or downlink.remote != offer.ice:
            self._close_downlink(owner)
            downlink = owner.downlink = Downlink(
                self._endpoint,
                self._identity,
                offer,
                lambda down, now: self._link_each(down.slots.values(), now),
                partial(self._downlink_ended, session),
                self._now(),
            )
            self._admit(downlink.transport)
        return self._answer(offer, downlink.negotiate(offer), downlink.transport)

    def assign(self, session: str, slots: Mapping[str, Source | None]) -> None:
        owner = self._sessions.get(session)
        if owner is None or owner.downlink is None:
            raise MediaError("no-session")
        mine = owner.downlink.slots
        if not slots.keys() <= mine.keys():
            raise MediaError("no-slot")
        now = self._now()
        for mid, source in slots.items():
            self._want(mine[mid], source)
            self._link(mine[mid], now)

    def block(self, session: str, *, audio: bool, video: bool) -> None:
        owner = self._sessions.setdefault(session, Session())
        owner.audio_blocked, owner.video_blocked = audio, video
        self._link_all(session)
        self._drop_if_empty(session)

    def close_session(self, session: str) -> None:
        owner = self._sessions.pop(session, None)
        if owner is not None:
            self._close_downlink(owner)
            self._close_uplink(owner)
            self._link_all(session)

    def close(self) -> None:
        for session in list(self._sessions):
            self.close_session(session)

    def tick(self) -> None:
        now = self._now()
        for owner in list(self._sessions.values()):
            for connection in (owner.uplink, owner.downlink):
                if connection is not None:
                    self._tick(connection, now)

    def _tick(self, connection: Uplink | Downlink, now: float) -> None:
        try:
            connection.tick(now)
        except Exception:  # one connection's trouble must not stop the others' timers
            log.exception("a connection's timer failed")

    # -- links ---------------------------------------------------------------------------------------------------------

    def _want(self, slot: Slot, source: Source | None) -> None:
        if slot.source is not None:
            others = self._wanted[slot.source]
            others.discard(slot)
            if not others:
                del self._wanted[slot.source]
        slot.source = source
        if source is not None:
            self._wanted.setdefault(source, set()).add(slot)

    def _link_all(self, session: str) -> None:
        """Anew, whoever wants something of the session."""
        for kind in StreamKind:
            self._link_each(self._wanted.get(Source(session, kind), ()), self._now())

    def _link_each(self, slots: Iterable[Slot], now: float) -> None:
        for slot in slots:
            self._link(slot, now)

    def _link(self, slot: Slot, now: float) -> None:
        source = slot.source
        publisher = self._sessions.get(source.session) if source is not None else None
        track = None
        if source is not None and publisher is not None and publisher.uplink is not None and slot.connected:
            track = None if publisher.blocks(source.kind) else publisher.uplink.tracks.get(source.kind)
        slot.carry(track, now)

    # -- connections ---------------------------------------------------------------------------------------------------

    def _admit(self, transport: Transport) -> None:
        transport.timings = self._timings
        self._endpoint.add(transport)

    def _close_uplink(self, owner: Session) -> None:
        uplink, owner.uplink = owner.uplink, None
        if uplink is not None:
            self._past["lost"] += uplink.lost
            uplink.close()

    def _close_downlink(self, owner: Session) -> None:
        downlink, owner.downlink = owner.downlink, None
        if downlink is not None:
            self._past["retransmitted"] += downlink.repeated
            for slot in downlink.slots.values():
                self._want(slot, None)
            downlink.close()

    def _uplink_ended(self, session: str, why: Ending) -> None:
        owner = self._sessions[session]
        self.endings.append((session, "uplink", why.name.lower()))
        self._close_uplink(owner)
        self._link_all(session)
        self._drop_if_empty(session)

    def _downlink_ended(self, session: str, why: Ending) -> None:
        owner = self._sessions[session]
        self.endings.append((session, "downlink", why.name.lower()))
        self._close_downlink(owner)
        self._drop_if_empty(session)

    def _drop_if_empty(self, session: str) -> None:
        if self._sessions[session] == Session():
            del self._sessions[session]

    def _answer(self, offer: sdp.Offer, lines: Mapping[str, sdp.Line], transport: Transport) -> str:
        self._version += 1
        local = sdp.Local(transport.credentials, self._identity.fingerprint, self._address, self._endpoint.port)
        return sdp.answer(offer, lines, local, self._version)

    # -- counters ------------------------------------------------------------------------------------------------------

    def statistics(self) -> dict[str, float]:
        traffic = self._endpoint.traffic()
        uplinks = [owner.uplink for owner in self._sessions.values() if owner.uplink is not None]
        downlinks = [owner.downlink for owner in self._sessions.values() if owner.downlink is not None]
        return {
            **{name: getattr(traffic, name) for name in traffic.__slots__},
            "lost": self._past["lost"] + sum(uplink.lost for uplink in uplinks),
            "retransmitted": self._past["retransmitted"] + sum(downlink.repeated for downlink in downlinks),
            "transports": len(uplinks) + len(downlinks),
            "sessions": len(self._sessions),
            "cpu_seconds": time.process_time(),
        }

    def session_statistics(self, session: str) -> dict[str, float]:
        """Raises MediaError("no-session")."""
        owner = self._sessions.get(session)
        if owner is None:
            raise MediaError("no-session")
        up, down = owner.uplink, owner.downlink
        values: dict[str, float] = {}
        if up is not None:
            traffic = up.transport.traffic
            values |= {"packets_in": traffic.packets_in, "bytes_in": traffic.bytes_in, "lost": up.lost}
        if down is not None:
            traffic = down.transport.traffic
            losses = [slot.fraction_lost for slot in down.slots.values()]
            values |= {"packets_out": traffic.packets_out, "bytes_out": traffic.bytes_out}
            values |= {"retransmitted": down.repeated, "fraction_lost": max(losses, default=0.0)}
        return values

"""What is known of a stream that arrives: how much of it, what is missing, and what was kept of it.

`Reception` counts for receiver reports (RFC 3550 §6.4, A.8). `Losses` decides which packets to ask for again, and when.
`History` keeps the last packets for those who ask us. All three count sequence numbers on beyond 16 bits ("index").
"""

from dataclasses import dataclass
from typing import Final

from pybackend.rooms.sfu.rtcp import ReportBlock, SenderReport
from pybackend.rooms.sfu.rtp import Packet, unwrap

HISTORY: Final = 1024
"""Packets kept per stream: about a second of video at 8 Mb/s. A power of two."""

MAX_GAP: Final = 256
"""A jump of more sequence numbers than this is a new beginning, not a loss."""


class Reception:
    """Counters of one SSRC. `index_of` first, then `add` for every packet."""

    def __init__(self, ssrc: int, clock: int) -> None:
        self.ssrc = ssrc
        self.highest = -1
        self.received = 0
        self.octets = 0
        self.sender_report: SenderReport | None = None
        self._clock = clock
        self._base = 0
        self._jitter = 0.0
        self._transit = 0.0
        self._reported = (0, 0)
        self._report_at = 0.0

    def index_of(self, number: int) -> int:
        if self.highest < 0:
            self._base = self.highest = number + 0x10000  # so that a packet before the first has a count above 0
            return self._base
        return unwrap(number, self.highest)

    def add(self, index: int, timestamp: int, size: int, now: float) -> None:
        self.received += 1
        self.octets += size
        if index < self.highest:
            self._base = min(self._base, index)
            return
        self.highest = index
        transit = now * self._clock - timestamp
        change = abs(transit - self._transit)
        if self.received > 1 and change < 10 * self._clock:  # not when timestamps begin anew
            self._jitter += (change - self._jitter) / 16
        self._transit = transit

    @property
    def expected(self) -> int:
        return self.highest - self._base + 1

    @property
    def lost(self) -> int:
        return self.expected - self.received if self.received else 0

    def heard(self, report: SenderReport, now: float) -> None:
        self.sender_report, self._report_at = report, now

    def report(self, now: float) -> ReportBlock:
        """What goes to the sender now; the fraction counts since the last call."""
        expected, received = self.expected - self._reported[0], self.received - self._reported[1]
        self._reported = (self.expected, self.received)
        fraction = max(0, expected - received) * 256 // expected if expected > 0 else 0
        last = delay = 0
        if self.sender_report is not None:
            last = self.sender_report.ntp >> 16 & 0xFFFFFFFF
            delay = int((now - self._report_at) * 65536) & 0xFFFFFFFF
        highest = self.highest - 0x10000
        return ReportBlock(self.ssrc, min(fraction, 255), self.lost, highest, int(self._jitter), last, delay)


@dataclass(frozen=True, slots=True)
class RepeatPolicy:
    """How often, and how long, a lost packet is asked for. Seconds."""

    shortest_s: float = 0.02
    longest_s: float = 0.12
    tries: int = 10
    give_up_s: float = 1.0


@dataclass(slots=True)
class _Missing:
    since: float
    asked: float
    tries: int


class Losses:
    """Packets that are missing. The interval between requests follows the measured time from request to packet."""

    def __init__(self, policy: RepeatPolicy | None = None) -> None:
        self._policy = policy or RepeatPolicy()
        self._missing: dict[int, _Missing] = {}
        self._round_trip = 0.03
        self.gave_up = False
        """A packet will not come any more; whoever reads this clears it."""

    def gap(self, first: int, end: int, now: float) -> None:
        """The packets from `first` up to, not including, `end` were skipped and are asked for."""
        for index in range(first, end):
            self._missing[index] = _Missing(now, now, 1)
        while len(self._missing) > MAX_GAP:
            del self._missing[next(iter(self._missing))]
            self.gave_up = True

    def arrived(self, index: int, now: float) -> None:
        missing = self._missing.pop(index, None)
        if missing is not None and missing.tries == 1:
            self._round_trip += (now - missing.asked - self._round_trip) / 8

    def due(self, now: float) -> list[int]:
        """Which to ask for again now, in order; they count as asked."""
        if not self._missing:
            return []
        policy = self._policy
        interval = max(policy.shortest_s, min(1.5 * self._round_trip, policy.longest_s))
        again = []
        for index, missing in list(self._missing.items()):
            if missing.tries >= policy.tries or now - missing.since > policy.give_up_s:
                del self._missing[index]
                self.gave_up = True
            elif now - missing.asked >= interval:
                missing.asked = now
                missing.tries += 1
                again.append(index)
        return again


class History:
    """The last `HISTORY` packets of a stream, by index; older ones are overwritten."""

    __slots__ = ("_ring",)

    def __init__(self) -> None:
        self._ring: list[Packet | None] = [None] * HISTORY

    def put(self, packet: Packet) -> None:
        self._ring[packet.index & (HISTORY - 1)] = packet

    def get(self, index: int) -> Packet | None:
        packet = self._ring[index & (HISTORY - 1)]
        return packet if packet is not None and packet.index == index else None

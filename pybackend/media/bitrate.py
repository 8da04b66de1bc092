"""Decides the bit rate of an encoder from its ceiling and from what the receiving side says it can take (REMB).

The receiving side's estimate follows what arrives (about 1.5 times of it): when little is sent because little moves, it is
low without meaning anything. So an estimate counts only if it is close to what is sent; otherwise the target climbs back.
"""

from typing import Final

FLOOR_BPS: Final = 50_000
"""No encoder is asked for less: below, the picture says nothing any more."""

_MEANT: Final = 1.3  # an estimate above this multiple of what is sent is no limit
_CLIMB: Final = 1.3  # factor per step upwards
_CLIMB_EVERY_S: Final = 2.0  # each step upwards costs a key frame
_IGNORE: Final = 0.9  # estimates that would lower the target by less than this are not worth a key frame


class BitrateControl:
    """Pure: times are handed in, in seconds of any steady clock."""

    def __init__(self, ceiling_bps: int, floor_bps: int = 0) -> None:
        self._changed_s = float("-inf")
        self.configure(ceiling_bps, floor_bps)

    def configure(self, ceiling_bps: int, floor_bps: int) -> None:
        """Starts again from a new ceiling."""
        self._ceiling = max(ceiling_bps, FLOOR_BPS)
        self._floor = min(max(floor_bps, FLOOR_BPS), self._ceiling)
        self.target_bps = self._ceiling

    def estimate(self, remb_bps: int, sent_bps: float, now_s: float) -> None:
        """The receiving side says what it can take, while we send `sent_bps`."""
        if remb_bps > sent_bps * _MEANT:
            if now_s - self._changed_s >= _CLIMB_EVERY_S:
                self._move(min(self._ceiling, int(self.target_bps * _CLIMB)), now_s)
        elif remb_bps < self.target_bps * _IGNORE:
            self._move(max(self._floor, min(remb_bps, self._ceiling)), now_s)

    def _move(self, target_bps: int, now_s: float) -> None:
        if target_bps != self.target_bps:
            self.target_bps = target_bps
            self._changed_s = now_s

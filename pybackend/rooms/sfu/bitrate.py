"""How much a publisher may send: the least of what its subscribers can take and of what gets through to us.

Subscribers say so by REMB, each for its slot. A value counts for `EXPIRY_S`; the result falls at once and rises by at most
a quarter per report, so that one estimate that comes and goes does not make the picture breathe. Of the way up we know the
loss alone; it is judged as in Google's congestion control: more than 10 % lost cuts back, less than 2 % lets it rise.
"""

from collections.abc import Iterable
from typing import Final

EXPIRY_S: Final = 5.0
FLOOR: Final = 100_000
CEILING: Final = 30_000_000
_RISE: Final = 1.25


class Bitrate:
    """Of one published stream, in bits per second."""

    def __init__(self) -> None:
        self._told = 0.0
        self._way_up = float(CEILING)

    def loss(self, fraction: float, received: float) -> None:
        """With every report: the share that was lost since the last, and the bits per second that arrived."""
        if fraction > 0.1:
            self._way_up = max(FLOOR, received * (1 - fraction / 2))
        elif fraction < 0.02:
            self._way_up = min(CEILING, self._way_up * 1.08)

    def advise(self, subscribers: Iterable[tuple[float, float]], now: float) -> int | None:
        """What to tell the publisher, given each subscriber's last (bits per second, time). None: nothing is known."""
        live = [bits for bits, at in subscribers if now - at < EXPIRY_S]
        if not live and self._way_up >= CEILING:
            self._told = 0.0
            return None
        least = min([*live, self._way_up])
        if self._told:
            least = min(least, self._told * _RISE)
        self._told = max(FLOOR, least)
        return int(self._told)

    def is_exceeded(self, bits: float) -> bool:
        """Whether a subscriber's new value is so low that the publisher should hear of it at once."""
        return bool(self._told) and bits < 0.97 * self._told

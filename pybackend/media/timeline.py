"""When something received was captured, on our own clock."""

from collections.abc import Callable
from typing import Final

from pybackend.core.clock import now_us

_LOST_US: Final = 500_000
_DRIFT: Final = 500


class Timeline:
    """Maps RTP time stamps to `clock.now_us`: as evenly spaced as the sender captured, as early as the fastest packets allow.

    The way from the sender is not known and counts as zero. A source that pauses, jumps or is another one starts anew.
    """

    def __init__(self, clock_rate: int, clock: Callable[[], int] = now_us) -> None:
        self._rate = clock_rate
        self._clock = clock
        self._offset_us: int | None = None

    def map(self, pts: int) -> int:
        """Microseconds since 1970 of the frame that just came out of the decoder."""
        now = self._clock()
        captured = pts * 1_000_000 // self._rate
        if self._offset_us is None:
            self._offset_us = now - captured
        late = now - captured - self._offset_us
        if late < 0 or late > _LOST_US:
            self._offset_us += late
        else:
            self._offset_us += late // _DRIFT
        return captured + self._offset_us

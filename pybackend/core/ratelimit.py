"""A token bucket: so much per second, with so much saved up."""

import time
from collections.abc import Callable


class RateLimit:
    """Allows `rate` units per second and at most `burst` at once; the clock counts seconds and is injected in tests."""

    def __init__(self, *, rate: float, burst: float, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._now = now
        self._tokens = burst
        self._at = now()

    def take(self, units: float = 1) -> bool:
        """Whether so many units may pass now; if not, nothing is taken."""
        now = self._now()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if units > self._tokens:
            return False
        self._tokens -= units
        return True

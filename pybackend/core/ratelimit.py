"""How often something may happen."""

import time
from collections.abc import Callable


class RateLimit:
    """A token bucket: holds up to `burst` units (by default one second's worth) and gains `rate` units per second.

    Units are whatever the caller counts: calls, messages, bytes. `now` is a monotonic clock in seconds.
    """

    def __init__(self, rate: float, burst: float | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = rate if burst is None else burst
        self._now = now
        self._units = self._burst
        self._seen = now()

    def allows(self, units: float = 1) -> bool:
        """Whether `take` would succeed; takes nothing, so that several limits can be asked before any is charged."""
        now = self._now()
        self._units = min(self._burst, self._units + (now - self._seen) * self._rate)
        self._seen = now
        return units <= self._units

    def take(self, units: float = 1) -> bool:
        """Takes the units and says True; or takes nothing and says False."""
        allowed = self.allows(units)
        if allowed:
            self._units -= units
        return allowed

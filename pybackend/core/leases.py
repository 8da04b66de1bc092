"""Who was heard of lately. A holder that stays silent for its lease is gone."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Holder = TypeVar("Holder", bound=Hashable)


class Leases(Generic[Holder]):
    """Leases by holder, on an injected monotonic clock (seconds)."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._ends: dict[Holder, tuple[float, float]] = {}

    def grant(self, holder: Holder, length_s: float) -> None:
        """Begins a lease, or changes its length."""
        self._ends[holder] = (self._now() + length_s, length_s)

    def renew(self, holder: Holder) -> None:
        """The holder was heard of; those without a lease are fine."""
        if holder in self._ends:
            self.grant(holder, self._ends[holder][1])

    def end(self, holder: Holder) -> None:
        """The holder gave its lease back."""
        self._ends.pop(holder, None)

    def expired(self) -> list[Holder]:
        """Takes out those whose lease has run out."""
        now = self._now()
        gone = [holder for holder, (end, _) in self._ends.items() if end <= now]
        for holder in gone:
            del self._ends[holder]
        return gone

    def next_end_s(self) -> float | None:
        """Seconds until the next lease runs out (not below 0); None when there is none."""
        if not self._ends:
            return None
        return max(0.0, min(end for end, _ in self._ends.values()) - self._now())

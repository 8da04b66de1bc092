"""Which slot of the downlink carries whose stream: a decision without I/O.

A slot that was taken from somebody rests before it is given to another, so that a late packet is never shown under the
wrong name. When the free slots run out, `short` says how many there should be.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

REST_S: Final = 1.0
MOST: Final = 64


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream of another member: `kind` is `audio`, `video`, `small` or `sub`; `session` tells two stays apart."""

    user: str
    session: str
    kind: str


class Slots:
    """The slots of one medium (audio or video) by mid."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._carries: dict[str, Stream | None] = {}
        self._rests_until: dict[str, float] = {}

    def set_mids(self, mids: Iterable[str]) -> None:
        """The slots that there are; those that carry something go on."""
        for mid in mids:
            self._carries.setdefault(mid, None)

    def assign(self, wanted: Iterable[Stream]) -> dict[str, Stream | None]:
        """Gives slots to what is wanted, in its order, and takes them from what is not. Returns the changes by mid."""
        wishes = list(dict.fromkeys(wanted))
        changes: dict[str, Stream | None] = {}
        for mid, stream in self._carries.items():
            if stream is not None and stream not in wishes:
                self._carries[mid] = changes[mid] = None
                self._rests_until[mid] = self._now() + REST_S
        missing = [stream for stream in wishes if stream not in self._carries.values()]
        for mid, stream in zip(self._free(), missing, strict=False):
            self._carries[mid] = changes[mid] = stream
        return changes

    def _free(self) -> list[str]:
        now = self._now()
        return [
            mid for mid, stream in self._carries.items() if stream is None and self._rests_until.get(mid, 0.0) <= now
        ]

    def carried(self, mid: str) -> Stream | None:
        """Whose stream arrives there."""
        return self._carries.get(mid)

    def mid_of(self, stream: Stream) -> str | None:
        """Where a stream arrives."""
        return next((mid for mid, carried in self._carries.items() if carried == stream), None)

    def items(self) -> list[tuple[str, Stream]]:
        """The slots in use."""
        return [(mid, stream) for mid, stream in self._carries.items() if stream is not None]

    def short(self, wanted: int) -> int:
        """How many slots there should be for so many streams; the present number when that is enough."""
        have = len(self._carries)
        return have if wanted <= have else min(max(2 * have, wanted), MOST)

    @property
    def rest_s(self) -> float | None:
        """Seconds until a resting slot is free; None when none rests."""
        now = self._now()
        waits = [
            self._rests_until[mid] - now
            for mid, stream in self._carries.items()
            if stream is None and mid in self._rests_until
        ]
        waiting = [wait for wait in waits if wait > 0]
        return min(waiting) if waiting else None

    def __len__(self) -> int:
        return len(self._carries)

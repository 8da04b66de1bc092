"""Puts the events of a backend in order by their number: none twice, and none missing if the backend still has it.

Decisions only; `Connection` asks for the replay. While one is under way, what arrives live is held back.
"""

from collections.abc import Iterable
from typing import Final

from .event import CloudEvent, Gap

HELD: Final = 10_000
"""Events held back during a replay; beyond that the oldest are forgotten, which shows as a gap."""


class Sequence:
    """`last` is the number of the event delivered last."""

    def __init__(self) -> None:
        self.last = 0
        self.holding = False
        self._forgot = False
        self._held: dict[int, CloudEvent] = {}

    def restart(self, last: int) -> None:
        """Another backend, or the first contact: what came before `last` is none of our business."""
        self.last = last
        self._held.clear()

    def offer(self, event: CloudEvent) -> list[CloudEvent]:
        """Takes an event that arrived; gives back what may be delivered. `holding` turns true at a missing number."""
        if event.seq <= self.last:
            return []
        if not self.holding and event.seq == self.last + 1:
            self.last = event.seq
            return [event]
        self.holding = True
        self._held[event.seq] = event
        if len(self._held) > HELD:
            del self._held[next(iter(self._held))]
            self._forgot = True
        return []

    def replayed(self, events: Iterable[CloudEvent], complete: bool) -> tuple[list[CloudEvent], Gap | None]:
        """Takes the answer to a replay; gives back what may be delivered, and what is lost.

        What the answer does not reach up to is not lost yet: `holding` stays true, and the next replay will tell. An
        answer without events, or an incomplete one, is final.
        """
        answered = {event.seq: event for event in events}
        settled = max(answered) if answered and complete else max(self._held, default=0)
        found = answered | self._held
        ready: list[CloudEvent] = []
        for seq in sorted(seq for seq in found if seq > self.last):
            if seq > settled and seq != (ready[-1].seq if ready else self.last) + 1:
                break
            ready.append(found[seq])
        gap = None if complete and not self._forgot else Gap(self.last, ready[0].seq if ready else self.last)
        self.last = ready[-1].seq if ready else self.last
        self._held = {seq: event for seq, event in self._held.items() if seq > self.last}
        self.holding, self._forgot = bool(self._held), False
        return ready, gap

"""The events of a backend, numbered and remembered, so that a client that lost its connection misses nothing."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from . import clock

KEPT: Final = 4096

REPEATING: Final = frozenset(
    {
        "onUserVoiceVolume",
        "onStatistics",
        "onNetworkQuality",
        "onLocalRecording",
        "onTestMicVolume",
        "onTestSpeakerVolume",
    }
)
"""Events that only repeat a measurement; they are remembered apart, and never push others out."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the surface. `args` are the SDK's arguments in its order; `ts` is Unix milliseconds."""

    name: str
    cloud: int
    seq: int
    session: str | None
    ts: int
    args: tuple[Any, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict)

    def notification(self) -> dict[str, Any]:
        """As it travels."""
        params = {
            "cloud": self.cloud,
            "seq": self.seq,
            "session": self.session,
            "ts": self.ts,
            "args": list(self.args),
            "detail": self.detail,
        }
        return {"jsonrpc": "2.0", "method": self.name, "params": params}


class Journal:
    """Numbers events from 1 and keeps the last ones; the oldest are forgotten first."""

    def __init__(self, kept: int = KEPT, repeating: Iterable[str] = REPEATING) -> None:
        self._repeating_names = frozenset(repeating)
        self._lasting: deque[Event] = deque(maxlen=kept)
        self._repeating: deque[Event] = deque(maxlen=kept)
        self._forgotten = 0
        self.seq = 0

    def record(
        self, name: str, cloud: int, session: str | None, args: tuple[Any, ...], detail: dict[str, Any]
    ) -> Event:
        """Makes an event of it, with the next number and the time."""
        self.seq += 1
        event = Event(name, cloud, self.seq, session, clock.now_ms(), args, detail)
        if name in self._repeating_names:
            self._repeating.append(event)
        else:
            if len(self._lasting) == self._lasting.maxlen:
                self._forgotten = self._lasting[0].seq
            self._lasting.append(event)
        return event

    def since(self, seq: int) -> tuple[list[Event], bool]:
        """The events after number `seq`, and whether none of them (repeating ones aside) was forgotten."""
        found = [event for ring in (self._lasting, self._repeating) for event in ring if event.seq > seq]
        return sorted(found, key=lambda event: event.seq), seq >= self._forgotten

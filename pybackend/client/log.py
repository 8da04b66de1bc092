"""The events that a cloud has received, kept for whoever asks later, and those who wait for one."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final

from .event import CloudEvent

KEPT: Final = 10_000
"""Events; the oldest are forgotten first."""

Predicate = Callable[..., object]
"""Takes the event's arguments."""


@dataclass(slots=True)
class Wanted:
    """An event that somebody waits for."""

    name: str
    predicate: Predicate | None
    since: int
    found: "Future[CloudEvent]" = field(default_factory=Future)

    def matches(self, event: CloudEvent) -> bool:
        """Whether it is that one; a predicate's error is the waiter's."""
        if event.name != self.name or event.seq <= self.since:
            return False
        return self.predicate is None or bool(self.predicate(*event.args))


class EventLog:
    """Written by the connection, read from any thread. Iterating gives the events in their order."""

    def __init__(self) -> None:
        self._events: deque[CloudEvent] = deque(maxlen=KEPT)
        self._returned: set[int] = set()
        self._wanted: list[Wanted] = []
        self._lock = threading.Lock()
        self._ended: Exception | None = None
        self.seq = 0
        """The number of the last event: a mark for `since`."""

    def __iter__(self) -> Iterator[CloudEvent]:
        with self._lock:
            return iter(list(self._events))

    def __len__(self) -> int:
        return len(self._events)

    def names(self, since: int = 0) -> list[str]:
        """The names of the events after number `since`, in their order."""
        return [event.name for event in self if event.seq > since]

    def of(self, name: str, since: int = 0) -> list[CloudEvent]:
        """The events of one name after number `since`."""
        return [event for event in self if event.name == name and event.seq > since]

    def clear(self) -> None:
        """Forgets everything so far."""
        with self._lock:
            self._events.clear()
            self._returned.clear()

    def want(self, name: str, predicate: Predicate | None, since: int | None) -> Wanted:
        """Promises the first matching event: of those after `since`, or, without it, of those that no wait has returned yet."""
        wanted = Wanted(name, predicate, 0 if since is None else since)
        with self._lock:
            for event in self._events:
                if (since is not None or event.seq not in self._returned) and self._try(wanted, event):
                    return wanted
            if self._ended is not None:
                wanted.found.set_exception(self._ended)
            else:
                self._wanted.append(wanted)
        return wanted

    def forget(self, wanted: Wanted) -> None:
        """Nobody waits for it any more."""
        with self._lock:
            if wanted in self._wanted:
                self._wanted.remove(wanted)

    def append(self, event: CloudEvent) -> None:
        """An event arrived."""
        with self._lock:
            if len(self._events) == KEPT:
                self._returned.discard(self._events[0].seq)
            self._events.append(event)
            self.seq = event.seq
            self._wanted = [wanted for wanted in self._wanted if not self._try(wanted, event)]

    def end(self, error: Exception) -> None:
        """No more events will come."""
        with self._lock:
            self._ended = error
            for wanted in self._wanted:
                wanted.found.set_exception(error)
            self._wanted.clear()

    def _try(self, wanted: Wanted, event: CloudEvent) -> bool:
        if wanted.found.done():
            return True
        try:
            if not wanted.matches(event):
                return False
            self._returned.add(event.seq)
            wanted.found.set_result(event)
        except Exception as error:
            wanted.found.set_exception(error)
        return True

    def describe(self, wanted: Wanted, seconds: float) -> str:
        """Why a wait was in vain."""
        came: list[Any] = [f"{event.name}{event.args}" for event in self if event.seq > wanted.since][-20:]
        return f"{wanted.name} did not come within {seconds:g} s; what came: {', '.join(came) or 'nothing'}"

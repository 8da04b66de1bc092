"""Listeners by event. They are called in the order of registration, and one that raises does not stop the others."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from .event import CloudEvent

logger: Final = logging.getLogger(__name__)

Listener = Callable[..., object]


@dataclass(frozen=True, slots=True)
class _Entry:
    event: str | None
    listener: Listener
    once: bool = False


class Emitter:
    """`None` as an event's name stands for all of them; such listeners get the whole `CloudEvent`."""

    def __init__(self) -> None:
        self._entries: tuple[_Entry, ...] = ()

    def add(self, event: str | None, listener: Listener, once: bool = False) -> Callable[[], None]:
        """Registers a listener; gives back what takes exactly this registration away again."""
        entry = _Entry(event, listener, once)
        self._entries += (entry,)

        def remove() -> None:
            self._entries = tuple(known for known in self._entries if known is not entry)

        return remove

    def remove(self, event: str, listener: Listener) -> None:
        """Takes the latest registration of this listener away; nothing happens if there is none."""
        for entry in reversed(self._entries):
            if entry.event == event and entry.listener == listener:
                self._entries = tuple(known for known in self._entries if known is not entry)
                return

    def clear(self, event: str | None = None) -> None:
        """Takes away all listeners of an event, or of every event."""
        self._entries = tuple(entry for entry in self._entries if event is not None and entry.event != event)

    def fire(self, event: CloudEvent) -> Iterator[object]:
        """Calls the listeners, one by one as it is iterated; gives what each returned."""
        for entry in self._entries:
            if entry.event not in (None, event.name):
                continue
            if entry.once:
                self._entries = tuple(known for known in self._entries if known is not entry)
            try:
                yield entry.listener(event) if entry.event is None else entry.listener(*event.args)
            except Exception:
                logger.exception("a listener of %s failed", event.name)

"""What the sync and the async cloud have in common: their listeners, their log, and the clouds of one connection."""

import asyncio
import logging
import queue
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, Self, TypeVar

from .connection import Call, Params
from .emitter import Emitter, Listener
from .event import CloudEvent, Gap
from .events_generated import EventMethods, EventName
from .log import EventLog

logger: Final = logging.getLogger(__name__)

GAP: Final = "client.gap"

MAILBOX: Final = 10_000
"""Events that wait for slow listeners; beyond that the oldest are dropped (the log still has them)."""


class CloudBase(EventMethods):
    """One cloud of a backend: 0 is the share instance, others are sub clouds."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.events = EventLog()
        """Every event of this cloud, as soon as it arrives, before any listener runs."""
        self._emitter = Emitter()

    def off(self, event: EventName, listener: Listener) -> Self:
        """Takes a listener away."""
        self._emitter.remove(event, listener)
        return self

    def removeAllListeners(self, event: EventName | None = None) -> Self:
        """Takes away all listeners of an event, or of every event."""
        self._emitter.clear(event)
        return self

    def on_event(self, listener: Callable[[CloudEvent], object]) -> Callable[[], None]:
        """Calls the listener with every event, whole; gives back what takes it away again."""
        return self._emitter.add(None, listener)

    def on_gap(self, listener: Callable[[Gap], object]) -> Callable[[], None]:
        """Calls the listener when events are lost for good; gives back what takes it away again."""
        return self._emitter.add(GAP, listener)

    def _listen(self, event: str, listener: Listener, once: bool) -> None:
        self._emitter.add(event, listener, once)

    def _params(self, params: Params) -> Params:
        return {**params, "cloud": self.number} if self.number and isinstance(params, Mapping) else params

    def _calls(self, calls: Sequence[Call]) -> list[Call]:
        return [Call(call.method, self._params(call.params)) for call in calls]


Cloud = TypeVar("Cloud", bound=CloudBase)


class Clouds(Generic[Cloud]):
    """The clouds of one connection by number. One that is heard of first by an event exists from then on."""

    def __init__(self, make: Callable[[int], Cloud]) -> None:
        self._make = make
        self._known: dict[int, Cloud] = {}

    def __getitem__(self, number: int) -> Cloud:
        if number not in self._known:
            self._known[number] = self._make(number)
        return self._known[number]

    def receive(self, event: CloudEvent) -> None:
        """An event arrived; its listeners are called later, by whoever has the mailbox."""
        self[event.cloud].events.append(event)

    def losses(self, gap: Gap) -> list[CloudEvent]:
        """A gap as an event of every cloud."""
        return [CloudEvent(GAP, (gap,), number, gap.until) for number in list(self._known)]

    def end(self, error: Exception) -> None:
        """No more events will come."""
        for cloud in list(self._known.values()):
            cloud.events.end(error)

    def fire(self, event: CloudEvent) -> Any:
        """Calls the listeners while it is iterated; gives what they return."""
        return self[event.cloud]._emitter.fire(event)


Item = TypeVar("Item")


def post(mailbox: "queue.Queue[Item] | asyncio.Queue[Item]", item: Item) -> None:
    """Puts something into a bounded mailbox; when it is full, the oldest goes."""
    while True:
        try:
            mailbox.put_nowait(item)
        except (queue.Full, asyncio.QueueFull):
            logger.error("listeners are too slow: %s is dropped", mailbox.get_nowait())
        else:
            return

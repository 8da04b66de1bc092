"""The bounded queue between a device's thread and whoever encodes: the oldest item is dropped, `put` never waits."""

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Thread-safe. With a capacity of 1, the latest wins."""

    def __init__(self, capacity: int) -> None:
        self._items: deque[T] = deque(maxlen=capacity)
        self._changed = threading.Condition()
        self._closed = False
        self._nudged = False
        self.dropped = 0

    @property
    def closed(self) -> bool:
        """Stays true once `close` was called."""
        return self._closed

    def put(self, item: T) -> None:
        """After `close`, the item is forgotten."""
        with self._changed:
            if self._closed:
                return
            self.dropped += len(self._items) == self._items.maxlen
            self._items.append(item)
            self._changed.notify()

    def nudge(self) -> None:
        """Lets a waiting `take` return without an item."""
        with self._changed:
            self._nudged = True
            self._changed.notify()

    def take(self, timeout_s: float | None = None) -> T | None:
        """Waits for an item; None after a nudge, the timeout or `close`."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed or self._nudged, timeout_s)
            self._nudged = False
            return self._items.popleft() if self._items else None

    def clear(self) -> None:
        """Forgets what waits."""
        with self._changed:
            self._items.clear()

    def close(self) -> None:
        """Forgets what waits, and wakes whoever waits for more."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

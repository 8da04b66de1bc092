"""Hands local and remote pictures to whoever wants them: the latest wins, nothing is copied, nobody waits for anybody."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import NamedTuple

from pybackend.core.frames import Picture

from .statistics import Meter

logger = logging.getLogger(__name__)


class FrameKey(NamedTuple):
    """Where a picture belongs: `user` "" is the local one, `stream` a TRTCVideoStreamType (3 = camera test)."""

    cloud: int
    user: str
    stream: int


@dataclass(frozen=True, slots=True)
class FrameStatistics:
    """Of one key: what was published; and by how many subscriptions it is read."""

    width: int
    height: int
    fps: float
    published: int
    subscribers: int


class Subscription:
    """One reader of one key. Read it by a callback (see `FrameHub.subscribe`), by `async for`, or with `take` at any time.

    Holds one picture: what the reader was too slow for is replaced by what is newer, and counted in `dropped`.
    """

    def __init__(self, hub: "FrameHub", key: FrameKey, callback: Callable[[Picture], None] | None) -> None:
        self.key = key
        self.delivered = 0
        self.dropped = 0
        self._hub = hub
        self._callback = callback
        self._picture: Picture | None = None
        self._fresh = asyncio.Event()
        self._closed = False

    def take(self) -> Picture | None:
        """The picture that is newer than the last one taken, if there is one."""
        picture, self._picture = self._picture, None
        self._fresh.clear()
        self.delivered += picture is not None
        return picture

    async def __aiter__(self) -> AsyncIterator[Picture]:
        while not self._closed:
            await self._fresh.wait()
            if (picture := self.take()) is not None:
                yield picture

    def close(self) -> None:
        """Ends an `async for`; no callback comes any more. Idempotent; on the loop."""
        self._closed = True
        self._picture = None
        self._fresh.set()
        self._hub._forget(self)

    def _offer(self, picture: Picture) -> None:
        if self._closed:
            return
        self.dropped += self._picture is not None
        self._picture = picture
        self._fresh.set()
        if self._callback is not None and (taken := self.take()) is not None:
            self._callback(taken)


class FrameHub:
    """Made on the loop on which subscriptions are read; `publish`, `latest` and `drop` may be called from any thread.

    However many pictures are published while the loop is busy, one per key waits for it.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._latest: dict[FrameKey, Picture] = {}
        self._meters: dict[FrameKey, Meter] = {}
        self._undelivered: dict[FrameKey, Picture] = {}
        self._subscriptions: dict[FrameKey, list[Subscription]] = {}

    def publish(self, key: tuple[int, str, int], picture: Picture) -> None:
        """`picture` is the newest of `key`."""
        key = FrameKey(*key)
        with self._lock:
            self._latest[key] = picture
            self._meters.setdefault(key, Meter()).add(0)
            if key not in self._subscriptions or self._loop.is_closed():
                return
            scheduled = bool(self._undelivered)
            self._undelivered[key] = picture
        if not scheduled:
            self._loop.call_soon_threadsafe(self._deliver)

    def latest(self, key: tuple[int, str, int]) -> Picture | None:
        """The newest picture, for a snapshot."""
        with self._lock:
            return self._latest.get(FrameKey(*key))

    def drop(self, key: tuple[int, str, int]) -> None:
        """The source ended: its last picture is forgotten. Subscriptions stay and wait."""
        key = FrameKey(*key)
        with self._lock:
            for pictures in (self._latest, self._meters, self._undelivered):
                pictures.pop(key, None)

    def subscribe(self, key: tuple[int, str, int], callback: Callable[[Picture], None] | None = None) -> Subscription:
        """On the loop. `callback` is called there for each picture from now on; it has to be quick."""
        key = FrameKey(*key)
        subscription = Subscription(self, key, callback)
        with self._lock:
            self._subscriptions.setdefault(key, []).append(subscription)
        return subscription

    def statistics(self) -> dict[FrameKey, FrameStatistics]:
        """Of all keys that have a picture."""
        with self._lock:
            return {
                key: FrameStatistics(
                    picture.width,
                    picture.height,
                    self._meters[key].rates()[0],
                    self._meters[key].count,
                    len(self._subscriptions.get(key, ())),
                )
                for key, picture in self._latest.items()
            }

    def _deliver(self) -> None:
        with self._lock:
            undelivered, self._undelivered = self._undelivered, {}
            readers = [
                (reader, picture) for key, picture in undelivered.items() for reader in self._subscriptions.get(key, ())
            ]
        for reader, picture in readers:
            try:
                reader._offer(picture)
            except Exception:
                logger.exception("a reader of %s failed", reader.key)

    def _forget(self, subscription: Subscription) -> None:
        with self._lock:
            readers = self._subscriptions.get(subscription.key, [])
            if subscription in readers:
                readers.remove(subscription)
            if not readers:
                self._subscriptions.pop(subscription.key, None)

"""Delivers messages over HTTP, in order within a queue, queues independent of each other.

Each queue has at most one message under way. A message that fails is sent again at once, then at intervals, and is given
up when it fails at an age beyond the limit; every message is tried at least once. What waits in a queue is bounded:
a full queue loses its oldest message, since what happened last matters most to the receiver.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Final, Self

import aiohttp

from pybackend.core.tasks import Tasks

logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WebhookPolicy:
    """Times in seconds. `waiting` is messages per queue, beside the one under way; `at_once` is requests
    under way, over all queues."""

    timeout_s: float = 5.0
    retry_s: float = 10.0
    max_age_s: float = 60.0
    close_s: float = 5.0
    waiting: int = 256
    at_once: int = 100


@dataclass(frozen=True, slots=True)
class Message:
    """A request to be. `build` makes headers and body just before the first try; later tries send the same."""

    label: str
    build: Callable[[], tuple[Mapping[str, str], bytes]]
    posted: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class Counts:
    """What became of messages: `failed` counts tries, the others messages."""

    posted: int = 0
    delivered: int = 0
    failed: int = 0
    given_up: int = 0
    dropped: int = 0


class Outbox:
    """Sends what is posted to one URL. Used as `async with`; at its end `close` gives what waits a last chance."""

    def __init__(self, url: str, policy: WebhookPolicy) -> None:
        self._url = url
        self._policy = policy
        self._queues: dict[Hashable, deque[Message]] = {}
        self._senders = Tasks("webhook delivery")
        self._slots = asyncio.Semaphore(policy.at_once)
        self._closing = asyncio.Event()
        self._counts = Counts()
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._policy.at_once),
            timeout=aiohttp.ClientTimeout(total=self._policy.timeout_s),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def post(self, queue: Hashable, message: Message) -> None:
        """Queues a message. After `close` began it is counted as dropped."""
        self._counts.posted += 1
        if self._http is None or self._closing.is_set():
            self._drop(message)
            return
        waiting = self._queues.get(queue)
        if waiting is None:
            waiting = self._queues[queue] = deque()
            self._senders.spawn(self._drain(queue, waiting, self._http))
        elif len(waiting) > self._policy.waiting:
            self._drop(waiting[1])
            del waiting[1]
        waiting.append(message)

    def _drop(self, message: Message) -> None:
        self._counts.dropped += 1
        logger.warning("webhook dropped: %s", message.label)

    async def _drain(self, queue: Hashable, waiting: deque[Message], http: aiohttp.ClientSession) -> None:
        """The owner of one queue, until it is empty. The message under way stays at its head."""
        try:
            while waiting:
                await self._deliver(waiting[0], http)
                waiting.popleft()
        finally:
            self._discard(queue)

    def _discard(self, queue: Hashable) -> None:
        for message in self._queues.pop(queue):
            self._drop(message)

    async def _deliver(self, message: Message, http: aiohttp.ClientSession) -> None:
        headers, body = message.build()
        tries = 0
        while True:
            last = self._closing.is_set()
            if await self._try(message, headers, body, http):
                self._counts.delivered += 1
                return
            tries += 1
            if last or time.monotonic() - message.posted > self._policy.max_age_s:
                self._counts.given_up += 1
                logger.warning("webhook given up after %d tries: %s", tries, message.label)
                return
            if tries > 1:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), self._policy.retry_s)

    async def _try(
        self, message: Message, headers: Mapping[str, str], body: bytes, http: aiohttp.ClientSession
    ) -> bool:
        try:
            async with (
                self._slots,
                http.post(self._url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                if answer.status == 200:
                    return True
                fault = f"HTTP {answer.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            fault = type(error).__name__
        self._counts.failed += 1
        logger.info("webhook failed (%s): %s", fault, message.label)
        return False

    async def close(self, deadline_s: float | None = None) -> None:
        """Takes nothing more, tries what waits once more, and ends at the deadline (by default the policy's)."""
        self._closing.set()
        limit = self._policy.close_s if deadline_s is None else deadline_s
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._senders.finished(), limit)
        await self._senders.cancel()
        for queue in list(self._queues):
            self._discard(queue)
        if self._http is not None:
            await self._http.close()
            self._http = None

    def statistics(self) -> dict[str, int]:
        """What became of messages so far, and how many wait."""
        return {**asdict(self._counts), "waiting": sum(map(len, self._queues.values()))}

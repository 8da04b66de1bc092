"""Tasks with an owner: none is forgotten, none fails in silence, all end with whoever started them."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final

logger: Final = logging.getLogger(__name__)


class Tasks:
    """The running tasks of one owner."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._running: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Starts work; if it fails, that is logged."""
        task = asyncio.get_running_loop().create_task(work, name=self._owner)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("%s failed", self._owner, exc_info=error)

    async def finished(self) -> None:
        """Waits until all that runs now has ended; failures were logged and are not raised."""
        if self._running:
            await asyncio.wait(set(self._running))

    def stop(self) -> None:
        """Has everything end; does not wait for it."""
        for task in self._running:
            task.cancel()

    async def cancel(self) -> None:
        """Ends everything and waits for it. The caller's own task, if it is one of these, is spared."""
        others = self._running - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)

    def __len__(self) -> int:
        return len(self._running)

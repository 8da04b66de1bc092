"""An event loop in a thread of its own, for those who have none."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from .errors import ConnectionLost

Result = TypeVar("Result")


class LoopThread:
    """Runs until `stop`. The loop can watch sockets on every platform."""

    def __init__(self, name: str) -> None:
        self._started: Future[asyncio.AbstractEventLoop] = Future()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        self.loop = self._started.result()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        self._stopping = loop.create_future()
        self._started.set_result(loop)
        await self._stopping

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Runs a coroutine there and waits for it; not from the loop's own thread. Raises ConnectionLost after `stop`."""
        if self._over.is_set():
            work.close()
            raise ConnectionLost("the client is closed")
        try:
            return asyncio.run_coroutine_threadsafe(work, self.loop).result()
        except CancelledError:
            raise ConnectionLost("the client was closed during the call") from None

    def soon(self, function: Callable[..., object], *args: Any) -> None:
        """Calls a function there; nothing happens after `stop`."""
        if not self._over.is_set():
            self.loop.call_soon_threadsafe(function, *args)

    def stop(self) -> None:
        """Ends the loop and what runs on it. May be called twice."""
        if not self._over.is_set():
            self.loop.call_soon_threadsafe(self._stopping.set_result, None)
            self._over.set()
            self._thread.join()

"""The parent's end of stdin: its first line is a JSON object, its end means that the parent is gone."""

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from typing import Any

GREETING_S = 30.0


class ParentError(Exception):
    """The parent did not say what it should."""


class Parent:
    """Reads stdin in a thread, which works on every platform. Unbuffered: nobody could take the buffer's lock from a thread
    that waits, and the interpreter wants it when it ends."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._greeting: asyncio.Future[str] = self._loop.create_future()
        self._gone: Callable[[], None] = lambda: None
        self._is_gone = False
        threading.Thread(target=self._read, name="parent watch", daemon=True).start()

    def _read(self) -> None:
        with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as stream:
            self._tell(self._greeted, stream.readline().decode(errors="replace"))
            while stream.read(4096):
                pass
        self._tell(self._ended)

    def _tell(self, callback: Callable[..., None], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:
            return  # the loop is closed: nobody needs to know any more

    def _greeted(self, line: str) -> None:
        if not self._greeting.done():
            self._greeting.set_result(line)

    def _ended(self) -> None:
        self._is_gone = True
        self._gone()

    async def greeting(self) -> dict[str, Any]:
        """The first line; raises ParentError when it does not come, or is not an object."""
        try:
            line = await asyncio.wait_for(self._greeting, GREETING_S)
        except TimeoutError:
            raise ParentError(f"--parent-watch: no line on stdin within {GREETING_S:.0f} s") from None
        try:
            greeting = json.loads(line)
        except ValueError:
            greeting = None
        if not isinstance(greeting, dict):
            raise ParentError("--parent-watch: the first line on stdin has to be a JSON object, {} for instance")
        keys = greeting.get("clientKeys", [])
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise ParentError("--parent-watch: clientKeys: an array of strings expected")
        return greeting

    def on_gone(self, callback: Callable[[], None]) -> None:
        """`callback` is called when the parent is gone; at once, when it is already."""
        self._gone = callback
        if self._is_gone:
            callback()

"""Running a program of ours: its loop, its log, its ready line, its orderly end."""

import asyncio
import contextlib
import ctypes
import json
import logging
import signal
import sys
from collections.abc import Coroutine
from typing import Any, Final

_M_ARENA_MAX: Final = -8


def log_to_stderr() -> None:
    """Warnings and what the programs tell of themselves; stdout is for the ready line."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("aiortc", "aioice", "libav"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def few_arenas() -> None:
    """glibc gives every thread a heap of its own and never takes them back; two keep memory flat through hundreds of calls."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # not there in musl
        if mallopt is not None:
            mallopt(_M_ARENA_MAX, 2)


def say_ready(line: dict[str, Any]) -> None:
    """The one line on stdout."""
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def fail(text: str) -> int:
    """Bad arguments: one clear line, status 2."""
    sys.stderr.write(f"pybackend: {text}\n")
    return 2


def run(main: Coroutine[Any, Any, int], *, watches_descriptors: bool = False) -> int:
    """Runs to the end. ZeroMQ needs a loop that watches descriptors; on Windows that one cannot run programs."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop if watches_descriptors else None) as runner:
        try:
            return runner.run(main)
        except KeyboardInterrupt:
            return 130


def stop_event() -> asyncio.Event:
    """Set by SIGINT and SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop


async def first(*events: asyncio.Event) -> None:
    """Waits until one of the events is set."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*waits)

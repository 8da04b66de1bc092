"""The exit ladder: the rungs between the decision to leave and `onExitRoom`, each with its deadline.

Intake is stopped at once, without waiting. Then, side by side, the room service is told, the peer connections are
closed (then their tracks), and every device is released: an unreachable room service keeps no camera open. When all
three are done the events that are still on their way are flushed. A rung that overruns is reported with what hung,
and the ladder goes on: an exit always ends.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from types import FrameType
from typing import Any, Final

from .tasks import Tasks

logger: Final = logging.getLogger(__name__)


class Rung(StrEnum):
    """The parts of an exit."""

    GOODBYE = "goodbye"
    MEDIA = "media"
    DEVICES = "devices"
    FLUSH = "flush"


@dataclass(frozen=True, slots=True)
class ExitDeadlines:
    """Seconds that each rung may take."""

    goodbye_s: float = 1.0
    media_s: float = 2.0
    devices_s: float = 3.0
    flush_s: float = 0.5

    def of(self, rung: Rung) -> float:
        """The deadline of one rung."""
        return float(getattr(self, f"{rung}_s"))


class RungResult(StrEnum):
    """How a rung ended. Only DONE is polite; the others were passed by."""

    DONE = "done"
    UNFINISHED = "unfinished"
    OVERRUN = "overrun"
    FAILED = "failed"


@dataclass(slots=True)
class ExitReport:
    """What the ladder did: how each rung ended, and the milliseconds it took."""

    results: dict[Rung, RungResult] = field(default_factory=dict)
    took_ms: dict[Rung, float] = field(default_factory=dict)

    @property
    def polite(self) -> bool:
        """Whether every rung was finished in its time."""
        return all(result is RungResult.DONE for result in self.results.values())


Step = Callable[[], Awaitable[bool]]
"""One rung's work. It answers whether it was finished. At its deadline it is cancelled, and not waited for any more."""


def _where(task: asyncio.Task[RungResult]) -> str:
    """The innermost place that a task waits at."""
    frame: FrameType | None = None
    inner: Any = task.get_coro()
    while (deeper := getattr(inner, "cr_frame", None)) is not None:
        frame, inner = deeper, inner.cr_await
    return f"{frame.f_code.co_qualname}, line {frame.f_lineno}" if frame is not None else "an unknown place"


async def _work(rung: Rung, step: Step) -> RungResult:
    try:
        return RungResult.DONE if await step() else RungResult.UNFINISHED
    except Exception:
        logger.exception("leaving the room: %s failed", rung)
        return RungResult.FAILED


async def _climb(rung: Rung, step: Step, deadline_s: float, report: ExitReport, tasks: Tasks) -> None:
    started = time.monotonic()
    result, hangs = RungResult.FAILED, ""
    task = tasks.spawn(_work(rung, step))
    try:
        await asyncio.wait([task], timeout=deadline_s)
        if not task.done():
            result, hangs = RungResult.OVERRUN, f"; it hangs in {_where(task)}"
        elif not task.cancelled():
            result = task.result()
    finally:
        task.cancel()
    report.results[rung] = result
    report.took_ms[rung] = (time.monotonic() - started) * 1000
    if result is not RungResult.DONE:
        logger.warning("leaving the room: %s %s after %.0f ms%s", rung, result, report.took_ms[rung], hangs)


async def climb(goodbye: Step, media: Step, devices: Step, flush: Step, deadlines: ExitDeadlines) -> ExitReport:
    """Runs the ladder to its top; it never raises and never takes longer than its deadlines allow."""
    report, tasks = ExitReport(), Tasks("leaving the room")
    beside = {Rung.GOODBYE: goodbye, Rung.MEDIA: media, Rung.DEVICES: devices}
    await asyncio.gather(*(_climb(rung, step, deadlines.of(rung), report, tasks) for rung, step in beside.items()))
    await _climb(Rung.FLUSH, flush, deadlines.flush_s, report, tasks)
    return report

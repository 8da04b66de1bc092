import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import pytest

from pybackend.core.ladder import ExitDeadlines, Rung, RungResult, climb

SHORT = ExitDeadlines(goodbye_s=0.05, media_s=0.1, devices_s=0.15, flush_s=0.05)

Step = Callable[[], Awaitable[bool]]


class Steps:
    """Rungs that keep a log of who begins and who ends."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def takes(self, name: str, seconds: float = 0.0, *, answer: bool = True) -> Step:
        async def step() -> bool:
            self.log.append(f"{name} begins")
            await asyncio.sleep(seconds)
            self.log.append(f"{name} ends")
            return answer

        return step


async def hang() -> bool:
    await asyncio.Event().wait()
    return True


async def test_three_rungs_beside_each_other_then_the_flush() -> None:
    steps = Steps()
    goodbye, media, devices, flush = (steps.takes(rung, 0.01) for rung in Rung)
    report = await climb(goodbye, media, devices, flush, ExitDeadlines())
    assert steps.log[:3] == ["goodbye begins", "media begins", "devices begins"]
    assert steps.log[-2:] == ["flush begins", "flush ends"]
    assert report.polite
    assert set(report.results) == set(report.took_ms) == set(Rung)
    assert all(report.took_ms[rung] >= 9 for rung in Rung)


@pytest.mark.parametrize("slow", Rung)
async def test_a_rung_that_overruns_is_passed_by_and_named(slow: Rung, caplog: pytest.LogCaptureFixture) -> None:
    """P8: the log says what hangs, and the exit goes on."""
    steps = Steps()
    goodbye, media, devices, flush = (hang if rung is slow else steps.takes(rung) for rung in Rung)
    report = await climb(goodbye, media, devices, flush, SHORT)
    assert report.results == {rung: RungResult.OVERRUN if rung is slow else RungResult.DONE for rung in Rung}
    assert not report.polite
    assert SHORT.of(slow) * 900 <= report.took_ms[slow] < SHORT.of(slow) * 1000 + 1000
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert f"{slow} overrun" in record.getMessage()
    assert "Event.wait" in record.getMessage()
    if slow is not Rung.FLUSH:
        assert steps.log[-1] == "flush ends"


async def test_a_rung_that_ignores_its_cancellation_holds_up_nothing() -> None:
    free = asyncio.Event()

    async def stubborn() -> bool:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue
        return True

    steps = Steps()
    started = time.monotonic()
    report = await climb(stubborn, steps.takes("media"), steps.takes("devices"), steps.takes("flush"), SHORT)
    assert report.results[Rung.GOODBYE] is RungResult.OVERRUN
    assert time.monotonic() - started < 5
    free.set()


async def cancelled() -> bool:
    raise asyncio.CancelledError


async def fails() -> bool:
    raise ValueError("a driver's own mistake")


@pytest.mark.parametrize("broken", [cancelled, fails])
async def test_a_rung_that_fails_raises_nothing(broken: Step) -> None:
    steps = Steps()
    report = await climb(broken, steps.takes("media"), broken, steps.takes("flush"), SHORT)
    assert report.results == {
        Rung.GOODBYE: RungResult.FAILED,
        Rung.MEDIA: RungResult.DONE,
        Rung.DEVICES: RungResult.FAILED,
        Rung.FLUSH: RungResult.DONE,
    }


async def test_a_rung_may_say_that_it_is_not_finished() -> None:
    steps = Steps()
    report = await climb(
        steps.takes("goodbye", answer=False), steps.takes("media"), steps.takes("devices"), steps.takes("flush"), SHORT
    )
    assert report.results[Rung.GOODBYE] is RungResult.UNFINISHED
    assert not report.polite

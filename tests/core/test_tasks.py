import asyncio
import logging

import pytest

from pybackend.core.tasks import Tasks


async def test_what_fails_is_logged_under_its_owner(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("reason")

    tasks = Tasks("somebody")
    tasks.spawn(fail())
    await tasks.finished()
    (record,) = caplog.records
    assert (record.getMessage(), record.levelno) == ("somebody failed", logging.ERROR)
    assert len(tasks) == 0


async def test_cancel_waits_for_the_end_and_spares_the_caller() -> None:
    tasks, log = Tasks("somebody"), list[str]()

    async def works() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            log.append("ended")

    async def ends_all() -> None:
        await asyncio.sleep(0)
        await tasks.cancel()
        log.append("spared")

    tasks.spawn(works())
    await tasks.spawn(ends_all())
    assert log == ["ended", "spared"]
    await tasks.cancel()
    await tasks.finished()


async def test_stop_does_not_wait() -> None:
    tasks = Tasks("somebody")
    task = tasks.spawn(asyncio.Event().wait())
    tasks.stop()
    assert not task.done()
    await tasks.finished()
    assert task.cancelled()

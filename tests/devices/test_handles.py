"""The registry: opening, sharing, closing, cancelling, in every order and with drivers that hang."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pybackend.core.frames import Picture
from pybackend.devices import (
    CameraFormat,
    Catalog,
    DeviceError,
    DeviceFailure,
    DeviceKind,
    Lease,
    OpenDevice,
    Registry,
)
from tests.devices.conftest import DEADLINES, Bench, until

FORMAT = CameraFormat(320, 240, 30)
CAM = "fake:cam"


def ignore(_: Any) -> None:
    pass


async def camera(
    registry: Registry,
    owner: str = "me",
    on_picture: Callable[[Picture], None] = ignore,
    on_lost: Callable[[DeviceError], None] = ignore,
) -> Lease:
    return await registry.open_camera(owner, CAM, FORMAT, on_picture, on_lost)


def error(failure: DeviceFailure) -> DeviceError:
    return DeviceError(failure, DeviceKind.CAMERA, CAM, "as told")


async def test_opens_with_the_first_picture_and_closes(registry: Registry, bench: Bench) -> None:
    """P12: open is said only when there is a picture."""
    bench.may_deliver.clear()
    opening = asyncio.create_task(camera(registry))
    await until(lambda: bench.log)
    assert not opening.done()
    bench.may_deliver.set()
    lease = await opening
    assert registry.open_devices() == [OpenDevice(DeviceKind.CAMERA, CAM, ("me",))]
    assert await registry.close(lease)
    assert registry.open_devices() == []
    assert bench.log == ["open", "close"]
    assert await registry.close(lease)


async def test_exit_while_opening(registry: Registry, bench: Bench) -> None:
    """P1, P2: the owner leaves while the driver opens; the late success is closed at once, and delivers nothing."""
    bench.may_open.clear()
    pictures: list[Picture] = []
    opening = asyncio.create_task(camera(registry, on_picture=pictures.append))
    await until(lambda: bench.log)
    closing = asyncio.create_task(registry.close_owner("me"))
    with pytest.raises(DeviceError) as caught:
        await opening
    assert caught.value.failure is DeviceFailure.CLOSED
    assert registry.open_devices() == [OpenDevice(DeviceKind.CAMERA, CAM, ("me",))]
    bench.may_open.set()
    assert await closing
    assert bench.now_open == 0
    assert pictures == []


async def test_cancelled_while_opening(registry: Registry, bench: Bench) -> None:
    """P1, P7: cancelling ends the call at once, the device is listed until its driver has returned."""
    bench.may_open.clear()
    opening = asyncio.create_task(camera(registry))
    await until(lambda: bench.log)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert len(registry.open_devices()) == 1
    bench.may_open.set()
    await until(lambda: not registry.open_devices())
    assert bench.log == ["open", "close"]


async def test_reopened_while_closing(registry: Registry, bench: Bench) -> None:
    """P4, P7: who opens at once after closing waits for the old handle; there are never two."""
    lease = await camera(registry)
    bench.may_close.clear()
    closing = asyncio.create_task(registry.close(lease))
    await asyncio.sleep(0)
    opening = asyncio.create_task(camera(registry))
    await asyncio.sleep(0.05)
    assert not opening.done()
    bench.may_close.set()
    assert await closing
    await registry.close(await opening)
    assert bench.log == ["open", "close"] * 2
    assert bench.most_open == 1


async def test_borrowers_share_one_handle(registry: Registry, bench: Bench) -> None:
    seen: dict[str, int] = {"a": 0, "b": 0}

    def count(name: str) -> Callable[[Picture], None]:
        return lambda _: seen.__setitem__(name, seen[name] + 1)

    a, b = await asyncio.gather(camera(registry, "a", count("a")), camera(registry, "b", count("b")))
    await until(lambda: seen["a"] > 2 and seen["b"] > 2)
    assert registry.open_devices() == [OpenDevice(DeviceKind.CAMERA, CAM, ("a", "b"))]
    assert await registry.close(a)
    before = dict(seen)
    await until(lambda: seen["b"] > before["b"] + 2)
    assert seen["a"] <= before["a"] + 1
    assert await registry.close(b)
    assert bench.log == ["open", "close"]


async def test_one_of_two_openers_cancelled(registry: Registry, bench: Bench) -> None:
    bench.may_open.clear()
    first, second = asyncio.create_task(camera(registry, "a")), asyncio.create_task(camera(registry, "b"))
    await until(lambda: bench.log)
    first.cancel()
    bench.may_open.set()
    lease = await second
    assert registry.open_devices()[0].owners == ("b",)
    assert await registry.close(lease)
    assert bench.log == ["open", "close"]


async def test_hanging_close(registry: Registry, bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """P8, P11: a driver that hangs costs the deadline and a line in the log; the device stays listed as long as it hangs."""
    lease = await camera(registry)
    bench.may_close.clear()
    start = time.monotonic()
    assert not await registry.close(lease)
    assert DEADLINES.close_s <= time.monotonic() - start < DEADLINES.close_s + 1
    assert "may_close.wait" in caplog.text
    assert len(registry.open_devices()) == 1
    with pytest.raises(DeviceError) as caught:
        await camera(registry)
    assert caught.value.failure is DeviceFailure.BUSY
    bench.may_close.set()
    await until(lambda: not registry.open_devices())
    assert await registry.close(lease)
    assert await registry.close(await camera(registry))


async def test_no_picture_in_time(registry: Registry, bench: Bench) -> None:
    bench.may_deliver.clear()
    with pytest.raises(DeviceError) as caught:
        await camera(registry)
    assert caught.value.failure is DeviceFailure.START_FAILED
    await until(lambda: not registry.open_devices())


@pytest.mark.parametrize("failure", [DeviceFailure.NOT_FOUND, DeviceFailure.NOT_AUTHORIZED])
async def test_failure_to_open(registry: Registry, bench: Bench, failure: DeviceFailure) -> None:
    bench.failures.append(error(failure))
    with pytest.raises(DeviceError) as caught:
        await camera(registry)
    assert caught.value.failure is failure
    await until(lambda: not registry.open_devices())


async def test_busy_is_tried_again(registry: Registry, bench: Bench) -> None:
    """P7: another program may just be letting go of the camera."""
    bench.failures += [error(DeviceFailure.BUSY)] * 2
    await registry.close(await camera(registry))
    assert bench.log == ["open", "close"] * 3
    bench.failures += [error(DeviceFailure.BUSY)] * 20
    with pytest.raises(DeviceError):
        await camera(registry)


async def test_stalled_device_is_reopened(registry: Registry, bench: Bench) -> None:
    """P14: silence is noticed, the borrower just sees pictures again."""
    numbers: list[int] = []
    lost: list[DeviceError] = []
    lease = await camera(registry, on_picture=lambda picture: numbers.append(picture.number), on_lost=lost.append)
    bench.may_deliver.clear()
    await until(lambda: bench.log.count("open") == 2)
    bench.may_deliver.set()
    count = len(numbers)
    await until(lambda: len(numbers) > count + 2)
    assert lost == []
    assert await registry.close(lease)
    assert bench.most_open == 1


async def test_unplugged(registry: Registry, bench: Bench) -> None:
    """P14: what cannot be reopened is lost: all borrowers hear it once, on the loop, and the device is free."""
    loop, lost = asyncio.get_running_loop(), list[DeviceError]()

    def on_lost(failure: DeviceError) -> None:
        assert asyncio.get_running_loop() is loop
        lost.append(failure)

    leases = [await camera(registry, "a", on_lost=on_lost), await camera(registry, "b", on_lost=on_lost)]
    bench.failures.append(error(DeviceFailure.NOT_FOUND))
    bench.broken.append(error(DeviceFailure.LOST))
    await until(lambda: lost)
    assert [failure.failure for failure in lost] == [DeviceFailure.LOST] * 2
    await until(lambda: not registry.open_devices())
    assert all([await registry.close(lease) for lease in leases])


async def test_device_that_keeps_breaking(registry: Registry, bench: Bench) -> None:
    lost, seen = list[DeviceError](), list[Picture]()
    await camera(registry, on_picture=seen.append, on_lost=lost.append)
    for _ in range(DEADLINES.reopen_limit + 1):
        count = len(seen)
        await until(lambda count=count: len(seen) > count)  # type: ignore[misc]
        bench.broken.append(error(DeviceFailure.LOST))
        await until(lambda: not bench.broken)
    await until(lambda: lost)
    assert bench.log.count("open") == DEADLINES.reopen_limit + 1


async def test_closed_while_reopening(registry: Registry, bench: Bench) -> None:
    """P2: a device that is being reopened is closed like any other."""
    lost: list[DeviceError] = []
    await camera(registry, on_lost=lost.append)
    bench.may_open.clear()
    bench.broken.append(error(DeviceFailure.LOST))
    await until(lambda: bench.log.count("open") == 2)
    closing = asyncio.create_task(registry.close_owner("me"))
    await asyncio.sleep(0)
    bench.may_open.set()
    assert await closing
    assert lost == []


async def test_driver_with_a_bug(bench: Bench, registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    bench.failures.append(ValueError("oops"))  # type: ignore[arg-type]
    with pytest.raises(DeviceError) as caught:
        await camera(registry)
    assert caught.value.failure is DeviceFailure.START_FAILED
    assert "ValueError" in caught.value.hint
    assert "oops" in caplog.text


async def test_callback_with_a_bug(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    """P34: it is logged, once a second, and ends nothing; the other borrower sees everything."""
    calls, seen = [0], list[Picture]()

    def bad(_: Picture) -> None:
        calls[0] += 1
        raise ValueError("mine")

    with caplog.at_level(logging.ERROR):
        lease = await camera(registry, "a", bad)
        await camera(registry, "b", seen.append)
        await until(lambda: calls[0] > 20 and len(seen) > 20)
        assert 1 <= sum("a callback of" in record.message for record in caplog.records) <= 3
    assert await registry.close(lease)


async def test_speakers_borrowers_are_mixed(registry: Registry) -> None:
    """And clipped, and a block of the wrong size is left out."""

    def pull(value: int) -> Callable[[int], bytes]:
        return lambda samples: np.full(samples, value, "<i2").tobytes()

    for owner, source in (("a", pull(20_000)), ("b", pull(5_000)), ("c", lambda _: b"xx")):
        await registry.open_speaker(owner, "virtual:speaker", source, ignore)
    await until(lambda: registry.played.samples()[-1:].tolist() == [25_000])
    await registry.open_speaker("d", "virtual:speaker", pull(20_000), ignore)
    await until(lambda: registry.played.samples()[-1:].tolist() == [32_767])
    assert await registry.close_owner("a")
    await until(lambda: registry.played.samples()[-1:].tolist() == [25_000])


async def test_what_is_not_listed_is_not_opened(registry: Registry) -> None:
    """No client reads files by naming them a camera, or reaches real devices of a virtual backend."""
    for device_id in ("file:/etc/passwd", "virtual:other", "ALSA:default", ""):
        with pytest.raises(DeviceError) as caught:
            await registry.open_camera("me", device_id, FORMAT, ignore, ignore)
        assert caught.value.failure is DeviceFailure.NOT_FOUND
    assert registry.open_devices() == []


async def test_shutdown(registry: Registry, bench: Bench) -> None:
    await camera(registry)
    await registry.open_mic("you", "fake:mic", ignore, ignore)
    await registry.shutdown()
    assert bench.now_open == 0
    with pytest.raises(DeviceError) as caught:
        await camera(registry)
    assert caught.value.failure is DeviceFailure.CLOSED


Step = tuple[str, str]
steps = st.lists(
    st.tuples(
        st.sampled_from(["open", "cancel", "close", "leave", "hold", "go", "break", "tick"]), st.sampled_from("ab")
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_any_interleaving(sequence: list[Step]) -> None:
    """P1, P2, P4, P5, P7: whatever was done in whatever order, one handle at a time, and none when both owners have left."""
    asyncio.run(_interleave(sequence))


async def _interleave(sequence: list[Step]) -> None:
    bench = Bench()
    registry = Registry(Catalog(virtual=True, camera_files=[]), deadlines=DEADLINES, openers={"fake:": bench.opener})
    tasks: dict[str, asyncio.Task[Any]] = {}
    every: list[asyncio.Task[Any]] = []
    for verb, owner in sequence:
        match verb:
            case "open":
                tasks[owner] = asyncio.create_task(camera(registry, owner))
                every.append(tasks[owner])
            case "cancel" if owner in tasks:
                tasks[owner].cancel()
            case "close" if (
                owner in tasks and tasks[owner].done() and not tasks[owner].cancelled() and not tasks[owner].exception()
            ):
                every.append(asyncio.create_task(registry.close(tasks[owner].result())))
            case "leave":
                every.append(asyncio.create_task(registry.close_owner(owner)))
            case "hold":
                bench.may_open.clear()
            case "go":
                bench.may_open.set()
            case "break":
                bench.broken.append(error(DeviceFailure.LOST))
            case _:
                await asyncio.sleep(0.012)
        await asyncio.sleep(0)
    bench.release()
    for owner in "ab":
        assert await registry.close_owner(owner)
    await asyncio.gather(*every, return_exceptions=True)
    for owner in "ab":
        assert await registry.close_owner(owner)
    await until(lambda: not registry.open_devices())
    assert bench.now_open == 0
    assert bench.most_open <= 1
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

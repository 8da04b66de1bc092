"""The hub: latest wins, nothing is copied, slow readers hold nobody up."""

import asyncio
import threading

import numpy as np

from pybackend.core.frames import Picture
from pybackend.media import FrameHub
from tests.media.peer import picture, until

KEY = (0, "ann", 0)
OTHER = (0, "bob", 0)


def shot(number: int) -> Picture:
    return picture(np.zeros((16, 16), np.uint8), number=number)


async def test_hands_the_very_same_picture_to_every_reader_of_its_key() -> None:
    hub, seen, other = FrameHub(), list[Picture](), list[Picture]()
    subscriptions = [
        hub.subscribe(KEY, seen.append),
        hub.subscribe(KEY, seen.append),
        hub.subscribe(OTHER, other.append),
    ]
    shown = shot(1)
    hub.publish(KEY, shown)
    await until(lambda: len(seen) == 2)
    assert all(one is shown for one in seen)
    assert hub.latest(KEY) is shown
    assert not other
    for subscription in subscriptions:
        subscription.close()
        subscription.close()
    hub.publish(KEY, shot(2))
    await asyncio.sleep(0.01)
    assert len(seen) == 2


async def test_a_slow_reader_gets_the_newest_and_the_count_of_what_it_missed() -> None:
    hub = FrameHub()
    subscription = hub.subscribe(KEY)
    numbers: list[int] = []

    async def read() -> None:
        async for shown in subscription:
            numbers.append(shown.number)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(read())
    for number in range(1, 101):
        hub.publish(KEY, shot(number))
        await asyncio.sleep(0.002)
    await until(lambda: numbers and numbers[-1] == 100)
    assert numbers == sorted(numbers)
    assert len(numbers) < 30
    assert subscription.dropped + len(numbers) <= 100
    subscription.close()
    await task


async def test_a_busy_loop_finds_one_picture_not_all_of_them() -> None:
    """P61."""
    hub, seen = FrameHub(), list[int]()
    subscription = hub.subscribe(KEY, lambda shown: seen.append(shown.number))

    def publish() -> None:
        for number in range(1000):
            hub.publish(KEY, shot(number))

    thread = threading.Thread(target=publish)
    thread.start()
    thread.join()  # on the loop, on purpose
    await until(lambda: seen)
    await asyncio.sleep(0.01)
    assert seen == [999]
    subscription.close()


async def test_a_dropped_key_is_forgotten_but_its_readers_stay() -> None:
    hub, seen = FrameHub(), list[int]()
    subscription = hub.subscribe(KEY, lambda shown: seen.append(shown.number))
    hub.publish(KEY, shot(1))
    assert hub.statistics()[KEY].published == 1  # type: ignore[index]
    assert hub.statistics()[KEY].subscribers == 1  # type: ignore[index]
    hub.drop(KEY)
    assert hub.latest(KEY) is None
    assert hub.statistics() == {}
    hub.publish(KEY, shot(2))
    await until(lambda: seen)
    assert seen == [2]
    subscription.close()


async def test_take_gives_each_picture_once() -> None:
    hub = FrameHub()
    subscription = hub.subscribe(KEY)
    hub.publish(KEY, shot(1))
    await asyncio.sleep(0.01)
    taken = subscription.take()
    assert taken is not None
    assert taken.number == 1
    assert subscription.take() is None
    subscription.close()

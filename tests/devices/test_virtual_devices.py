"""Virtual devices: their beat, and that sound and picture of one moment belong together."""

import asyncio

import numpy as np

from pybackend.core.frames import Picture, Sound
from pybackend.devices import CameraFormat, Registry, pattern, virtual
from tests.devices.conftest import until
from tests.sound import pitch


async def test_camera(registry: Registry) -> None:
    pictures: list[Picture] = []
    lease = await registry.open_camera("me", virtual.CAMERA, CameraFormat(320, 180, 25), pictures.append, print)
    await until(lambda: len(pictures) > 20)
    assert await registry.close(lease)
    assert [picture.number for picture in pictures] == list(range(len(pictures)))
    assert {(picture.width, picture.height) for picture in pictures} == {(320, 180)}
    assert {np.diff([picture.time_us for picture in pictures]).max()} == {40_000}, "no drift, no gap"
    for picture in pictures:
        assert pattern.read(picture) == pattern.PatternStamp(
            picture.number, picture.time_us // 1000, picture.time_us % 1_000_000 < pattern.FLASH_US
        )


async def test_mic_beeps_on_the_second(registry: Registry) -> None:
    """The first sample of a beep is that of a whole second; before it there is the tone alone."""
    blocks: list[Sound] = []
    lease = await registry.open_mic("me", virtual.MIC, blocks.append, print)
    await until(lambda: len(blocks) > 1 and len({block.time_us // 1_000_000 for block in blocks[:-10]}) > 1)
    assert await registry.close(lease)
    assert np.all(np.diff([block.time_us for block in blocks]) == 20_000)
    assert {(block.channels, len(block.samples)) for block in blocks} == {(1, 1920)}
    whole = next(index for index, block in enumerate(blocks) if index and block.time_us % 1_000_000 == 0)
    samples = np.frombuffer(b"".join(block.samples for block in blocks), "<i2")
    start = whole * 960
    before, after = samples[max(0, start - 4800) : start], samples[start : start + 2400]
    if len(before) > 960:
        assert abs(pitch(before) - virtual.TONE_HZ) < 10
    assert abs(pitch(after) - virtual.BEEP_HZ) < 20
    assert np.abs(after).max() > 3 * 3276


async def test_speaker_keeps_what_it_played(registry: Registry) -> None:
    count = 0

    def pull(samples: int) -> bytes:
        nonlocal count
        count += samples
        t = np.arange(count - samples, count) / 48_000
        return (8192 * np.sin(2 * np.pi * 1000 * t)).astype("<i2").tobytes()

    lease = await registry.open_speaker("me", virtual.SPEAKER, pull, print)
    await until(lambda: count > 24_000)
    assert await registry.close(lease)
    played = registry.played
    assert abs(pitch(played.samples()) - 1000) < 2
    assert abs(played.peak() - 0.25) < 0.01
    assert abs(played.level_db() + 15.05) < 0.2
    assert {int(step) for step in np.diff([time_us for time_us, _ in played.blocks()])} == {20_000}
    played.clear()
    assert played.peak() == 0
    assert played.level_db() == float("-inf")


async def test_a_second_of_each_at_once(registry: Registry) -> None:
    """Three owners, three devices; closing them all takes no longer than one of them."""
    pictures: list[Picture] = []
    await asyncio.gather(
        registry.open_camera("me", virtual.CAMERA, CameraFormat(), pictures.append, print),
        registry.open_mic("me", virtual.MIC, lambda _: None, print),
        registry.open_speaker("me", virtual.SPEAKER, lambda samples: bytes(2 * samples), print),
    )
    assert len(registry.open_devices()) == 3
    assert await registry.close_owner("me")
    assert registry.open_devices() == []

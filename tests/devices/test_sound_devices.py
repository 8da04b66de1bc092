"""Real sound through PortAudio and a private PulseAudio: what goes in comes out, and nothing is held after closing."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from pybackend.core import clock
from pybackend.core.frames import Sound
from pybackend.devices import Catalog, DeviceError, DeviceFailure, DeviceKind, Level, Levels, Registry
from tests.devices.conftest import until
from tests.sound import SoundServer, pitch, sound_server, tone

pytestmark = pytest.mark.sound
MIC, SPEAKER = "PulseAudio:mic", "PulseAudio:spk"


class Siren:
    """A source of sound for a speaker."""

    def __init__(self, frequency: float) -> None:
        self.frequency = frequency
        self.count = 0

    def pull(self, samples: int) -> bytes:
        t = np.arange(self.count, self.count + samples) / 48_000
        self.count += samples
        return (8000 * np.sin(2 * np.pi * self.frequency * t)).astype("<i2").tobytes()


@pytest.fixture
async def real(sound: SoundServer) -> AsyncIterator[Registry]:
    del sound
    registry = Registry(Catalog(virtual=False, camera_files=[]))
    yield registry
    await registry.shutdown()
    await until(lambda: not registry.open_devices())


async def test_capture(real: Registry, sound: SoundServer, tmp_path: Path) -> None:
    """440 Hz in, 440 Hz out; `pactl` shows the stream while it is open and none afterwards."""
    blocks: list[Sound] = []
    late: list[int] = []

    def hear(block: Sound) -> None:
        late.append(clock.now_us() - block.time_us)
        blocks.append(block)

    with sound.heard(tone(tmp_path / "a.wav")):
        lease = await real.open_mic("me", MIC, hear, print)
        await until(lambda: len(blocks) > 75)
        assert len(await asyncio.to_thread(sound.source_outputs)) == 1
    assert await real.close(lease)
    assert await asyncio.to_thread(sound.source_outputs) == []
    assert {(block.channels, len(block.samples)) for block in blocks} == {(1, 1920)}
    samples = np.frombuffer(b"".join(block.samples for block in blocks[-50:]), "<i2")
    assert abs(pitch(samples) - 440) < 3
    assert 20_000 <= np.median(late) < 200_000


async def test_playout(real: Registry, sound: SoundServer) -> None:
    siren = Siren(440)
    lease = await real.open_speaker("me", SPEAKER, siren.pull, print)
    heard = await asyncio.to_thread(sound.record, 1.0)
    assert abs(pitch(heard[12_000:]) - 440) < 3
    assert len(await asyncio.to_thread(sound.sink_inputs)) == 1
    assert await real.close(lease)
    assert await asyncio.to_thread(sound.sink_inputs) == []
    count = siren.count
    await asyncio.sleep(0.05)
    assert siren.count == count


async def test_opened_again_and_again(real: Registry, sound: SoundServer) -> None:
    """P4, P7: no handle and no descriptor is left behind."""

    async def both() -> None:
        await real.open_mic("me", MIC, lambda _: None, print)
        await real.open_speaker("me", SPEAKER, Siren(300).pull, print)
        assert await real.close_owner("me")

    await both()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(8):
        await both()
    assert len(os.listdir("/proc/self/fd")) <= before + 2
    assert not await asyncio.to_thread(sound.source_outputs)
    assert not await asyncio.to_thread(sound.sink_inputs)


async def test_device_that_is_plugged_in_later(real: Registry, sound: SoundServer) -> None:
    """P13: it appears in the list and plays, while the stream that ran before runs on."""
    catalog = Catalog(virtual=False, camera_files=[])
    await catalog.refresh()
    assert catalog.devices(DeviceKind.SPEAKER)[0].id == SPEAKER
    assert [info.id for info in catalog.devices(DeviceKind.MIC)] == [MIC]
    beats: list[float] = []
    await real.open_mic("me", MIC, lambda _: beats.append(time.monotonic()), print)
    module = await asyncio.to_thread(sound.load, "module-null-sink", "sink_name=headset", "rate=48000", "norewinds=1")
    try:
        changes = await catalog.refresh()
        assert [(change.info.id, change.added) for change in changes] == [("PulseAudio:headset", True)]
        lease = await real.open_speaker("me", "PulseAudio:headset", Siren(700).pull, print)
        heard = await asyncio.to_thread(sound.record, 0.6, "headset.monitor")
        assert abs(pitch(heard[9_600:]) - 700) < 5
        assert await real.close(lease)
    finally:
        await asyncio.to_thread(sound.unload, module)
    changes = await catalog.refresh()
    assert [(change.info.id, change.added) for change in changes] == [("PulseAudio:headset", False)]
    assert max(np.diff(beats)) < 0.5, "the other stream was disturbed"


async def test_unplugged_while_playing(real: Registry, sound: SoundServer) -> None:
    """P14: the sound server moves the stream to another device, or, if it cannot, the borrower is told. It never hangs."""
    module = await asyncio.to_thread(sound.load, "module-null-sink", "sink_name=usb", "rate=48000", "norewinds=1")
    lost: list[DeviceError] = []
    siren = Siren(500)
    lease = await real.open_speaker("me", "PulseAudio:usb", siren.pull, lost.append)
    await asyncio.to_thread(sound.unload, module)
    count = siren.count
    await until(lambda: lost or siren.count > count + 24_000)
    assert [error.failure for error in lost] in ([], [DeviceFailure.LOST])
    assert await real.close(lease)
    await until(lambda: not real.open_devices())
    assert await asyncio.to_thread(sound.sink_inputs) == []


async def test_sound_server_that_dies(real: Registry) -> None:
    """P14: both streams are lost, each borrower is told once, and nothing stays open."""
    lost: list[DeviceError] = []
    with sound_server() as server, server.entered():
        await real.open_mic("me", MIC, lambda _: None, lost.append)
        await real.open_speaker("me", SPEAKER, Siren(500).pull, lost.append)
        await asyncio.to_thread(server.pactl, "exit")
        await until(lambda: len(lost) == 2)
    assert {(error.kind, error.failure) for error in lost} == {
        (DeviceKind.MIC, DeviceFailure.LOST),
        (DeviceKind.SPEAKER, DeviceFailure.LOST),
    }
    await until(lambda: not real.open_devices())


async def test_unknown(real: Registry) -> None:
    for device_id in ("PulseAudio:nobody", "ALSA:nobody", "nobody"):
        with pytest.raises(DeviceError) as caught:
            await real.open_mic("me", device_id, lambda _: None, print)
        assert caught.value.failure is DeviceFailure.NOT_FOUND


async def test_new_alsa_device_while_another_runs(real: Registry, sound: SoundServer) -> None:
    """P13: PortAudio is initialised anew for it; the running stream pauses and goes on, its borrower keeps the lease."""
    blocks: list[Sound] = []
    lost: list[DeviceError] = []
    await real.open_mic("me", "ALSA:mic", blocks.append, lost.append)
    config = sound.folder / "asound.conf"
    config.write_text(
        config.read_text() + 'pcm.later { type pulse device "spk" hint { show on description "Later" } }\n'
    )
    siren = Siren(440)
    await real.open_speaker("me", "ALSA:later", siren.pull, print)
    count = len(blocks)
    await until(lambda: len(blocks) > count + 10 and siren.count > 9600)
    assert lost == []


async def test_levels(sound: SoundServer) -> None:
    levels = Levels()
    assert levels.get(DeviceKind.SPEAKER, SPEAKER) == Level(100, muted=False)
    await levels.set(DeviceKind.SPEAKER, SPEAKER, volume=40)
    await levels.set(DeviceKind.SPEAKER, SPEAKER, muted=True)
    await levels.set(DeviceKind.MIC, MIC, volume=150)
    other = Levels()
    await other.refresh(DeviceKind.SPEAKER)
    assert other.get(DeviceKind.SPEAKER, SPEAKER) == levels.get(DeviceKind.SPEAKER, SPEAKER) == Level(40, muted=True)
    assert levels.get(DeviceKind.MIC, MIC).volume == 100
    assert levels.gain(DeviceKind.SPEAKER, SPEAKER) == 1.0, "the system does it"
    await levels.set(DeviceKind.SPEAKER, SPEAKER, volume=100, muted=False)
    assert "100%" in await asyncio.to_thread(sound.pactl, "get-sink-volume", "spk")


async def test_levels_without_a_system() -> None:
    levels = Levels()
    await levels.set(DeviceKind.MIC, "virtual:mic", volume=30)
    assert levels.gain(DeviceKind.MIC, "virtual:mic") == 0.3
    await levels.set(DeviceKind.MIC, "virtual:mic", muted=True)
    assert levels.gain(DeviceKind.MIC, "virtual:mic") == 0
    assert levels.get(DeviceKind.MIC, "virtual:mic") == Level(30, muted=True)
    assert levels.gain(DeviceKind.MIC, "virtual:other") == 1

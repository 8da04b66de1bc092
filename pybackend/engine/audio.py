"""The local microphone: what of it is sent, how loud it is, and the microphone test."""

import asyncio
from collections.abc import Callable
from typing import Final

import numpy as np

from pybackend.core.frames import Sound
from pybackend.core.tasks import Tasks
from pybackend.devices import DeviceError, DeviceKind, Lease, Levels
from pybackend.media import AudioFormat, level

from .context import Context
from .faults import device_code
from .wanted import WantedDevice

QUALITIES: Final = {1: AudioFormat(16, 1), 2: AudioFormat(50, 1), 3: AudioFormat(128, 2)}
"""TRTCAudioQuality → what is sent."""


def amplify(sound: Sound, gain: float) -> Sound:
    """Louder or softer, clipped."""
    if gain == 1.0:
        return sound
    samples = np.frombuffer(sound.samples, np.int16).astype(np.float32) * gain
    return Sound(np.clip(samples, -32768, 32767).astype(np.int16).tobytes(), sound.channels, sound.time_us)


class LocalAudio:
    """The microphone. `changed` is called whenever `sending` may have changed."""

    def __init__(
        self, context: Context, levels: Levels, current: Callable[[DeviceKind], str], changed: Callable[[], None]
    ) -> None:
        self._context = context
        self._levels = levels
        self._current = current
        self._changed = changed
        self._quality = 2
        self.volume = 100
        self.muted = False
        self.level = 0
        self.sink: Callable[[Sound], None] | None = None
        self.mic = WantedDevice(context.registry, self._open, self._ready, self._fault)
        self.test_mic = WantedDevice(context.registry, self._open_test, _nothing, self._fault)
        self._test_level = 0
        self._tasks = Tasks("microphone test")

    @property
    def format(self) -> AudioFormat:
        """What the quality asks for."""
        return QUALITIES[self._quality]

    @property
    def capturing(self) -> bool:
        """Whether there is sound to send, muted or not: a muted microphone sends silence."""
        return self.mic.open

    @property
    def sending(self) -> bool:
        """Whether the others hear anything."""
        return self.mic.open and not self.muted

    def start(self, quality: int | None) -> None:
        """startLocalAudio."""
        if quality is not None:
            self.set_quality(quality)
        self.mic.want(self._current(DeviceKind.MIC))

    def stop(self) -> None:
        """stopLocalAudio."""
        self.mic.want(None)
        self.level = 0
        self._changed()

    def mute(self, muted: bool) -> None:
        """muteLocalAudio: silence is sent; the microphone stays open."""
        self.muted = muted
        self._changed()

    def set_quality(self, quality: int) -> None:
        """setAudioQuality; an unknown one is the default."""
        self._quality = quality if quality in QUALITIES else 2
        self._changed()

    def set_volume(self, volume: float) -> None:
        """setAudioCaptureVolume, 0 to 100."""
        self.volume = int(min(max(volume, 0), 100))

    def start_test(self, interval_ms: float) -> None:
        """startMicDeviceTest: onTestMicVolume every so often; a second start only changes the interval."""
        self.test_mic.want(self._current(DeviceKind.MIC))
        self._tasks.stop()
        self._tasks.spawn(self._report(max(interval_ms, 50) / 1000))

    def stop_test(self) -> None:
        """stopMicDeviceTest."""
        self.test_mic.want(None)
        self._tasks.stop()

    async def _report(self, interval_s: float) -> None:
        while True:
            await asyncio.sleep(interval_s)
            if self.test_mic.open:
                self._context.emit("onTestMicVolume", self._test_level)

    async def _open(self, device: str) -> Lease:
        context = self._context
        return await context.registry.open_mic(context.owner, device, self._sound, self.mic.lost)

    async def _open_test(self, device: str) -> Lease:
        context = self._context
        return await context.registry.open_mic(context.owner, device, self._test_sound, self.test_mic.lost)

    def _gain(self) -> float:
        return self._levels.gain(DeviceKind.MIC, self._current(DeviceKind.MIC))

    def _sound(self, sound: Sound) -> None:
        heard = amplify(sound, self._gain() * self.volume / 100)
        self.level = level(heard.samples)
        if (sink := self.sink) is not None:
            sink(heard)

    def _test_sound(self, sound: Sound) -> None:
        self._test_level = level(amplify(sound, self._gain()).samples)

    def _ready(self) -> None:
        self._context.emit("onMicDidReady")
        self._changed()

    def _fault(self, error: DeviceError) -> None:
        self.level = 0
        self._context.emit("onError", device_code(error), error.hint, detail={"failure": error.failure})
        self._changed()

    def renew(self) -> None:
        """Another microphone was chosen."""
        for device in (self.mic, self.test_mic):
            if device.wanted:
                device.want(self._current(DeviceKind.MIC))

    def hold(self) -> None:
        """A room is being left: no microphone, until `resume`."""
        self.stop_test()
        self.level = 0
        for device in (self.mic, self.test_mic):
            device.hold()

    def resume(self) -> None:
        """The room is left; wishes of meanwhile come true, and nothing is muted."""
        self.muted = False
        for device in (self.mic, self.test_mic):
            device.resume()


def _nothing() -> None:
    """Nobody is told."""

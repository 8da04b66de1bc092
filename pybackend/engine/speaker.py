"""What is heard of the others: the mixer, and the speaker it plays on while there is something to hear."""

from collections.abc import Callable

import numpy as np

from pybackend.core.frames import Sound
from pybackend.devices import DeviceError, DeviceKind, Lease, Levels
from pybackend.media import Playout

from .context import Context
from .faults import device_code
from .wanted import WantedDevice


class Speaker:
    """The speaker of one cloud. It is opened with the first sound that is wanted, and closed when the room is left."""

    def __init__(self, context: Context, levels: Levels, current: Callable[[DeviceKind], str]) -> None:
        self._context = context
        self._levels = levels
        self._current = current
        self.mixer = Playout()
        self.device = WantedDevice(context.registry, self._open, _nothing, self._fault)

    def need(self) -> None:
        """Somebody can be heard."""
        if not self.device.wanted:
            self.device.want(self._current(DeviceKind.SPEAKER))

    def hear(self, user: str, sound: Sound) -> None:
        """A piece of somebody's sound."""
        self.mixer.feed(user, sound)

    def set_volume(self, volume: float) -> None:
        """setAudioPlayoutVolume, 0 to 100."""
        self.mixer.volume = int(min(max(volume, 0), 100))

    def set_user_volume(self, user: str, volume: float) -> None:
        """setRemoteAudioVolume, 0 to 100."""
        self.mixer.set_user_volume(user, int(min(max(volume, 0), 100)))

    async def _open(self, device: str) -> Lease:
        context = self._context
        return await context.registry.open_speaker(context.owner, device, self._pull, self.device.lost)

    def _pull(self, samples: int) -> bytes:
        gain = self._levels.gain(DeviceKind.SPEAKER, self._current(DeviceKind.SPEAKER))
        mixed = self.mixer.pull(samples)
        if gain == 1.0:
            return mixed
        return (np.frombuffer(mixed, np.int16) * gain).astype(np.int16).tobytes()

    def _fault(self, error: DeviceError) -> None:
        self._context.emit("onError", device_code(error), error.hint, detail={"failure": error.failure})

    def renew(self) -> None:
        """Another speaker was chosen."""
        if self.device.wanted:
            self.device.want(self._current(DeviceKind.SPEAKER))

    def hold(self) -> None:
        """A room is being left: silence."""
        self.device.hold()
        self.mixer.clear()

    def resume(self) -> None:
        """The room is left."""
        self.device.resume()


def _nothing() -> None:
    """Nobody is told."""

"""enableAudioVolumeEvaluation: who is how loud, told at an interval."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from pybackend.core.tasks import Tasks

LEAST_MS: Final = 100
SPEECH: Final = 10
"""The level from which on a local voice counts as active (`vad`)."""


def volume_info(user: str, volume: int, *, vad: bool = False) -> dict[str, Any]:
    """TRTCVolumeInfo; pitch and spectrum are not computed."""
    return {
        "userId": user,
        "volume": volume,
        "vad": int(vad),
        "pitch": 0,
        "spectrumData": [],
        "spectrumDataLength": 0,
    }


class VolumeMeter:
    """Emits onUserVoiceVolume while it is switched on, in silence as well."""

    def __init__(
        self, emit: Callable[..., None], local: Callable[[], int | None], remote: Callable[[], dict[str, int]]
    ) -> None:
        self._emit = emit
        self._local = local
        self._remote = remote
        self._tasks = Tasks("volume evaluation")

    def set_interval(self, interval_ms: float) -> None:
        """0 or less switches it off; the shortest interval is 100 ms."""
        self._tasks.stop()
        if interval_ms > 0:
            self._tasks.spawn(self._run(max(interval_ms, LEAST_MS) / 1000))

    def stop(self) -> None:
        """Switches it off."""
        self.set_interval(0)

    async def _run(self, interval_s: float) -> None:
        while True:
            await asyncio.sleep(interval_s)
            local, remote = self._local(), self._remote()
            volumes = [] if local is None else [volume_info("", local, vad=local >= SPEECH)]
            volumes += [volume_info(user, volume) for user, volume in remote.items()]
            self._emit("onUserVoiceVolume", volumes, len(volumes), max(remote.values(), default=0))

"""Thins a stream of pictures out to a number of pictures per second, by their time stamps."""

from typing import Final

_RESTART_US: Final = 1_000_000


class Pacer:
    """A source slower than `fps` passes untouched; from a faster one, `fps` pictures a second pass on average."""

    def __init__(self, fps: int) -> None:
        self._interval_us = 1_000_000 // max(1, fps)
        self._due_us = 0

    def admit(self, time_us: int) -> bool:
        """Whether the picture captured at `time_us` is to be sent."""
        if abs(time_us - self._due_us) > _RESTART_US:  # the first, or the clock of another source
            self._due_us = time_us
        if time_us < self._due_us - self._interval_us // 4:
            return False
        self._due_us = max(self._due_us + self._interval_us, time_us)
        return True

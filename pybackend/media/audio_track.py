"""Sound out: blocks of 20 ms, encoded in a thread of their own."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from pybackend.core.frames import BLOCK_SAMPLES, SAMPLE_RATE, Sound

from .audio_encoder import AudioEncoder, Samples, in_channels
from .formats import AudioFormat
from .sending import Encoded, SendingTrack
from .statistics import StreamStatistics

_QUEUED: Final = 10  # pieces of sound, 200 ms
_GAP_US: Final = 60_000
"""A source that is ahead of its samples by more has paused: the time stamps pause with it."""


class AudioTrack(SendingTrack[Sound]):
    """Sends nothing until it has a format."""

    clock_rate = SAMPLE_RATE

    def __init__(self) -> None:
        super().__init__("audio", capacity=_QUEUED)
        self._format: AudioFormat | None = None
        self.muted = False
        """Silence is sent in place of the sound."""
        # of the encoder's thread
        self._encoder: AudioEncoder | None = None
        self._pending: Samples = np.empty((0, 1), np.int16)
        self._pts = 0  # of the first pending sample
        self._origin_us: int | None = None

    @property
    def statistics(self) -> StreamStatistics:
        """Rate and amount of what was sent."""
        fps, bytes_per_s = self.meter.rates()
        return StreamStatistics(0, 0, fps, bytes_per_s * 8 / 1000, self.meter.count, bytes=self.meter.total)

    def set_format(self, audio: AudioFormat | None) -> None:
        """From the next block on; None sends nothing."""
        if audio is None:
            self._mailbox.clear()
        elif self._format is None:
            self._arm()
        self._format = audio

    def _start(self) -> None:
        self._mailbox.clear()  # what waited for the connection is too old to be heard
        super()._start()

    def _encode(self, item: Sound | None) -> Sequence[Encoded]:
        audio = self._format
        if audio is None or item is None:
            self._pending = self._pending[:0]
            return ()
        if self._encoder is None or self._encoder.format != audio:
            self._encoder = AudioEncoder(audio)
        samples = in_channels(item.samples, item.channels, audio.channels)
        self._follow(item.time_us, audio.channels)
        self._pending = np.concatenate((self._pending, np.zeros_like(samples) if self.muted else samples))
        packets: list[Encoded] = []
        while len(self._pending) >= BLOCK_SAMPLES:
            packet = self._encoder.encode(self._pending[:BLOCK_SAMPLES], self._pts)
            if packet is not None:
                packets.append((packet, self._time_us(self._pts)))
            self._pending = self._pending[BLOCK_SAMPLES:]
            self._pts += BLOCK_SAMPLES
        return packets

    def _follow(self, time_us: int, channels: int) -> None:
        """Keeps the count of samples in step with the capture times, across pauses and changes of channels."""
        if self._origin_us is None:
            self._origin_us = time_us
        ahead_us = time_us - self._time_us(self._pts + len(self._pending))
        if ahead_us > _GAP_US:
            self._pts += len(self._pending) + ahead_us * SAMPLE_RATE // 1_000_000
            self._pending = self._pending[:0]
        if self._pending.shape[1] != channels:
            self._pending = np.empty((0, channels), np.int16)

    def _time_us(self, pts: int) -> int:
        return (self._origin_us or 0) + pts * 1_000_000 // SAMPLE_RATE

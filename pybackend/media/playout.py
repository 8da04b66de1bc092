"""The mixer between what the network brings and what the speaker plays: a small jitter buffer per source, volumes, levels.

Every source waits until it has gathered its *target* (40 ms at first) before it is heard. If it then runs dry, its target rises;
after quiet seconds it sinks again. A source that gathered much more than it needs loses a block, with a short cross-fade: this
keeps the delay low and follows a sender whose clock runs faster than ours.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pybackend.core.frames import BLOCK_SAMPLES, SAMPLE_RATE, Sound

from .audio_encoder import Samples, in_channels
from .level import level

_TARGET: Final = 2 * BLOCK_SAMPLES
_HIGHEST_TARGET: Final = 6 * BLOCK_SAMPLES
_MOST: Final = 10 * BLOCK_SAMPLES
"""200 ms: beyond, the oldest is dropped down to the target."""

_CALM_SAMPLES: Final = 3 * SAMPLE_RATE
"""Heard without running dry for so long: the target sinks by a block, or spare blocks are dropped."""

_FADE: Final = 120  # samples, 2.5 ms
_CONCEALED: Final = 5 * BLOCK_SAMPLES  # longer gaps are pauses
_LEVEL_LASTS_S: Final = 0.3


class Playout:
    """Thread-safe: `feed` comes from the loop, `pull` from the speaker's thread. Volumes are 0..100, 100 as it came.

    A source is whatever has a name of its own: a user, a piece of music. Volume and mute of a name may be set before its first
    sound, and stay until `drop_user`.
    """

    def __init__(self, channels: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self._channels = channels
        self._clock = clock
        self._lock = threading.Lock()
        self._sources: dict[str, _Source] = {}
        self._mixed = _Loudness(clock)
        self.volume = 100
        """Of the whole mix."""
        self.muted = False
        """All sources, present and future."""

    def feed(self, user_id: str, sound: Sound) -> None:
        """More to be heard of a source. Lost pieces (gaps in `time_us` up to 100 ms) are filled: the rest stays in time."""
        samples = in_channels(sound.samples, sound.channels, self._channels)
        loudness = level(samples)
        with self._lock:
            source = self._source(user_id)
            source.loudness.hear(loudness)
            source.feed(samples, sound.time_us)

    def pull(self, samples: int) -> bytes:
        """The mix of the next `samples` (per channel), 16-bit, interleaved; silence if there is nothing."""
        mix = np.zeros((samples, self._channels), np.int32)
        with self._lock:
            for source in self._sources.values():
                piece = source.pull(samples)
                if piece is not None and not source.muted and not self.muted:
                    mix[: len(piece)] += (
                        piece if source.volume == 100 else piece.astype(np.int32) * source.volume // 100
                    )
            if self.volume != 100:
                mix = mix * self.volume // 100
            played = np.clip(mix, -32768, 32767).astype(np.int16)
            self._mixed.hear(level(played))
        return played.tobytes()

    def set_user_volume(self, user_id: str, volume: int) -> None:
        """0..100; others are cut to that range."""
        with self._lock:
            self._source(user_id).volume = min(100, max(0, volume))

    def mute_user(self, user_id: str, muted: bool) -> None:
        """Its sound is taken, and its level told, but it is not heard."""
        with self._lock:
            self._source(user_id).muted = muted

    def drop_user(self, user_id: str) -> None:
        """Forgets a source with its volume and mute; unknown ones are fine."""
        with self._lock:
            self._sources.pop(user_id, None)

    def clear(self) -> None:
        """Forgets all sources."""
        with self._lock:
            self._sources.clear()

    def levels(self) -> Mapping[str, int]:
        """0..100 of each source that was heard of lately or is silent, before its volume."""
        with self._lock:
            return {name: source.loudness.value for name, source in self._sources.items()}

    @property
    def level(self) -> int:
        """0..100 of what is played."""
        return self._mixed.value

    def delay_ms(self, user_id: str) -> float:
        """How much of a source waits to be played."""
        with self._lock:
            source = self._sources.get(user_id)
            return source.buffered * 1000 / SAMPLE_RATE if source else 0.0

    def _source(self, user_id: str) -> "_Source":
        source = self._sources.get(user_id)
        if source is None:
            source = self._sources[user_id] = _Source(self._channels, self._clock)
        return source


class _Loudness:
    """The loudest of late: rises at once, sinks with each quieter piece."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._value = 0.0
        self._heard_s = float("-inf")

    def hear(self, value: int) -> None:
        self._value = max(value, self._value * 0.8)
        self._heard_s = self._clock()

    @property
    def value(self) -> int:
        return round(self._value) if self._clock() - self._heard_s < _LEVEL_LASTS_S else 0


class _Source:
    """The jitter buffer of one source."""

    def __init__(self, channels: int, clock: Callable[[], float]) -> None:
        self.volume = 100
        self.muted = False
        self.buffered = 0
        self.loudness = _Loudness(clock)
        self._pieces: deque[Samples] = deque()
        self._channels = channels
        self._target = _TARGET
        self._waiting = True
        self._expected_us: int | None = None
        self._calm = 0
        self._spare = _MOST  # the least that was left over since the last look

    def feed(self, samples: Samples, time_us: int) -> None:
        gap = 0 if self._expected_us is None else (time_us - self._expected_us) * SAMPLE_RATE // 1_000_000
        self._expected_us = time_us + len(samples) * 1_000_000 // SAMPLE_RATE
        if BLOCK_SAMPLES // 2 < gap <= _CONCEALED and self.buffered:
            self._append(self._filler(gap))
        self._append(samples)
        if self.buffered > _MOST:
            self._drop(self.buffered - self._target)

    def pull(self, wanted: int) -> NDArray[np.int16] | None:
        if self._waiting and self.buffered < max(self._target, wanted):
            return None
        self._waiting = False
        piece = self._remove(min(wanted, self.buffered))
        if len(piece) < wanted:
            self._ran_dry(piece)
        else:
            self._kept_up(wanted)
        return piece

    def _ran_dry(self, last: Samples) -> None:
        self._waiting = True
        self._target = min(_HIGHEST_TARGET, self._target + BLOCK_SAMPLES // 2)
        self._calm, self._spare = 0, _MOST
        fade = min(_FADE, len(last))
        if fade:
            last[-fade:] = (last[-fade:] * np.linspace(1.0, 0.0, fade)[:, None]).astype(np.int16)

    def _kept_up(self, played: int) -> None:
        self._calm += played
        self._spare = min(self._spare, self.buffered)
        if self._calm < _CALM_SAMPLES:
            return
        if self._spare >= self._target:
            self._drop(BLOCK_SAMPLES)
        self._target = max(_TARGET, self._target - BLOCK_SAMPLES // 2)
        self._calm, self._spare = 0, _MOST

    def _append(self, samples: Samples) -> None:
        self._pieces.append(samples)
        self.buffered += len(samples)

    def _remove(self, count: int) -> Samples:
        """The oldest `count` samples, as a copy."""
        taken = []
        self.buffered -= count
        while count:
            piece = self._pieces.popleft()
            if len(piece) > count:
                self._pieces.appendleft(piece[count:])
                piece = piece[:count]
            taken.append(piece)
            count -= len(piece)
        return np.concatenate(taken) if taken else np.empty((0, self._channels), np.int16)

    def _drop(self, count: int) -> None:
        """Leaves out the oldest `count` samples; what follows fades in from what would have been heard."""
        fade = min(_FADE, count, self.buffered - count)
        before = self._remove(count)[:fade].astype(np.float32)
        after = self._remove(fade).astype(np.float32)
        weight = np.linspace(0.0, 1.0, fade, dtype=np.float32)[:, None]
        self._pieces.appendleft((before * (1 - weight) + after * weight).astype(np.int16))
        self.buffered += fade

    def _filler(self, count: int) -> Samples:
        """In place of a lost piece: the last block backwards, fading to silence."""
        last = self._pieces[-1][::-1][:count]
        filler = np.zeros((count, self._channels), np.int16)
        filler[: len(last)] = (last * np.linspace(1.0, 0.0, len(last))[:, None]).astype(np.int16)
        return filler

"""The mixer: volumes, mute, saturation, jitter, levels."""

import threading
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pybackend.core.frames import BLOCK_SAMPLES, Sound
from pybackend.media import Playout, level
from tests.media.peer import tone_block
from tests.sound import pitch


class Speaker:
    """Feeds and pulls by hand, with a clock of its own."""

    def __init__(self, channels: int = 1) -> None:
        self.now = 0.0
        self.playout = Playout(channels, clock=lambda: self.now)
        self._fed: dict[str, int] = {}

    def feed(self, user: str, value: int | NDArray[np.int16], blocks: int = 1, skipped: int = 0) -> None:
        for _ in range(blocks):
            number = self._fed.get(user, 0) + skipped
            self._fed[user] = number + 1
            samples = np.full(BLOCK_SAMPLES, value, np.int16) if isinstance(value, int) else value
            self.playout.feed(user, Sound(samples, 1, number * 20_000))

    def pull(self, samples: int = BLOCK_SAMPLES) -> NDArray[np.int16]:
        self.now += samples / 48_000
        return np.frombuffer(self.playout.pull(samples), np.int16)


def test_is_silent_without_sources_and_waits_until_one_has_gathered_enough() -> None:
    speaker = Speaker()
    assert not speaker.pull().any()
    speaker.feed("ann", 1000)
    assert not speaker.pull().any()
    speaker.feed("ann", 1000)
    assert np.all(speaker.pull() == 1000)


def test_adds_sources_with_their_volumes_and_saturates() -> None:
    speaker = Speaker()
    speaker.playout.set_user_volume("ann", 50)
    for user in ("ann", "bob"):
        speaker.feed(user, 10_000, 3)
    assert np.all(speaker.pull() == 15_000)
    speaker.playout.volume = 10
    assert np.all(speaker.pull() == 1_500)
    speaker = Speaker()
    for user in ("ann", "bob"):
        speaker.feed(user, 30_000, 2)
    assert np.all(speaker.pull() == 32_767)


def test_muted_users_are_taken_but_not_heard_and_dropped_ones_forgotten() -> None:
    speaker = Speaker()
    speaker.playout.mute_user("ann", True)
    for user in ("ann", "bob"):
        speaker.feed(user, 1_000, 4)
    assert np.all(speaker.pull() == 1_000)
    assert speaker.playout.levels()["ann"] > 0
    speaker.playout.mute_user("ann", False)
    assert np.all(speaker.pull() == 2_000)
    speaker.playout.muted = True
    assert not speaker.pull().any()
    speaker.playout.muted = False
    speaker.playout.drop_user("bob")
    assert np.all(speaker.pull() == 1_000)
    assert list(speaker.playout.levels()) == ["ann"]
    speaker.playout.clear()
    assert speaker.playout.levels() == {}


def test_a_source_that_runs_dry_gathers_more_before_it_goes_on() -> None:
    speaker = Speaker()
    speaker.feed("ann", 1_000, 2)
    speaker.pull(2 * BLOCK_SAMPLES)
    last = speaker.pull()
    assert not last.any()
    speaker.feed("ann", 1_000, 2)
    assert not speaker.pull().any()
    speaker.feed("ann", 1_000)
    assert np.all(speaker.pull() == 1_000)


def test_a_source_that_is_ahead_is_bounded_and_its_oldest_sound_dropped() -> None:
    speaker = Speaker()
    speaker.feed("ann", 1_000, 50)
    assert speaker.playout.delay_ms("ann") <= 200


def test_spare_delay_is_given_back_in_calm_times() -> None:
    speaker = Speaker()
    speaker.feed("ann", 1_000, 9)
    for _ in range(50 * 30):
        speaker.feed("ann", 1_000)
        assert np.all(np.abs(speaker.pull() - 1_000) <= 1)
    assert speaker.playout.delay_ms("ann") <= 60


def test_a_lost_piece_is_filled_so_that_the_rest_stays_in_time() -> None:
    speaker = Speaker()
    speaker.feed("ann", 1_000, 2)
    speaker.feed("ann", 1_000, skipped=1)
    assert speaker.playout.delay_ms("ann") == 80


@pytest.mark.parametrize("seed", range(3))
def test_jitter_of_40_ms_is_smoothed_out(seed: int) -> None:
    """Pieces arrive up to 40 ms late, the speaker pulls 10 ms at a time: after the first second hardly anything is missing."""
    speaker, random = Speaker(), np.random.default_rng(seed)
    arrivals = sorted((number * 20 + random.uniform(0, 40), number) for number in range(500))
    heard: list[NDArray[Any]] = []
    for tick in range(1000):
        while arrivals and arrivals[0][0] <= tick * 10:
            speaker.feed("ann", tone_block(arrivals.pop(0)[1]))
        heard.append(speaker.pull(480))
    later = np.concatenate(heard[100:900])
    silent = np.sum([not piece.any() for piece in heard[100:900]])
    assert silent <= 16
    assert pitch(later) == pytest.approx(440, abs=2)


def test_sources_come_and_go_while_the_speaker_pulls() -> None:
    """From two threads."""
    playout = Playout()
    stop = threading.Event()

    def pull() -> None:
        while not stop.is_set():
            playout.pull(480)

    thread = threading.Thread(target=pull)
    thread.start()
    for number in range(300):
        user = f"user{number % 7}"
        playout.feed(user, Sound(tone_block(number), 1, number * 20_000))
        if number % 5 == 0:
            playout.drop_user(user)
    stop.set()
    thread.join()
    assert len(playout.pull(480)) == 960


def test_mixes_in_stereo_too() -> None:
    playout = Playout(channels=2)
    stereo = np.repeat(np.array([[100, 200]], np.int16), 2 * BLOCK_SAMPLES, axis=0)
    playout.feed("music", Sound(stereo.tobytes(), 2, 0))
    playout.feed("ann", Sound(np.full(2 * BLOCK_SAMPLES, 1_000, np.int16), 1, 0))
    mixed = np.frombuffer(playout.pull(BLOCK_SAMPLES), np.int16).reshape(-1, 2)
    assert mixed[0].tolist() == [1_100, 1_200]


def test_levels_rise_at_once_and_fall_to_nothing_when_nothing_comes() -> None:
    speaker = Speaker()
    speaker.feed("ann", tone_block(0, loudness=16_000), 3)
    assert speaker.playout.levels()["ann"] > 80
    speaker.pull()
    assert speaker.playout.level > 80
    for _ in range(20):
        speaker.pull()
    assert speaker.playout.levels()["ann"] == 0
    assert speaker.playout.level < 10


@pytest.mark.parametrize(("loudness", "expected"), [(0, 0), (1, 0), (327, 28), (3_277, 62), (32_767, 95)])
def test_level_is_decibels_as_a_percentage(loudness: int, expected: int) -> None:
    assert level(tone_block(0, 1000, loudness).tobytes()) == pytest.approx(expected, abs=2)
    assert level(b"") == 0

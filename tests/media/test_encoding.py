"""Encoders, their bit rates and what feeds them, without a network."""

import base64
import io
import threading
import time
from typing import Any, Literal

import av
import numpy as np
import pytest

from pybackend.core.frames import Picture
from pybackend.media import AudioFormat, encode_png_data_url, seams, to_png
from pybackend.media.audio_encoder import AudioEncoder, in_channels
from pybackend.media.bitrate import FLOOR_BPS, BitrateControl
from pybackend.media.mailbox import Mailbox
from pybackend.media.pacer import Pacer
from pybackend.media.reassembly import is_key_frame
from pybackend.media.scaling import Scaler, centre_crop
from pybackend.media.statistics import Meter
from pybackend.media.timeline import Timeline
from pybackend.media.video_encoder import VideoEncoder
from tests.media.peer import disc, noisy, picture, tone_block


async def test_aiortc_still_has_the_names_that_the_seams_rely_on() -> None:
    assert seams.broken() == []


@pytest.mark.parametrize("codec", ["VP8", "H264"])
@pytest.mark.parametrize("kbps", [100, 550, 1_500])
def test_keeps_its_bit_rate_on_noise_and_uneven_times(codec: Literal["VP8", "H264"], kbps: int) -> None:
    """P44."""
    encoder, scaler, images = VideoEncoder(codec), Scaler(), [picture(image, 0) for image in noisy(640, 360)]
    jitter = np.random.default_rng(2).integers(-1_500, 1_500, 100)
    sizes = []
    for number in range(75):
        frame = scaler.frame(images[number % 10], 640, 360)
        pts = number * 6_000 + int(jitter[number])
        packet = encoder.encode(frame, pts, fps=15, bitrate_bps=kbps * 1_000, key=False)
        sizes.append(packet.size if packet else 0)
    assert sum(sizes[30:]) * 8 * 15 / 45 / 1_000 == pytest.approx(kbps, rel=0.15)


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_key_frames_come_at_the_start_on_request_and_at_a_change(codec: Literal["VP8", "H264"]) -> None:
    encoder, scaler, image = VideoEncoder(codec), Scaler(), picture(disc(640, 360), 0)
    plan = [
        (640, 500, False),
        (640, 500, False),
        (640, 500, True),
        (640, 500, False),
        (320, 500, False),
        (320, 900, False),
    ]
    keys = []
    for number, (width, kbps, key) in enumerate(plan):
        frame = scaler.frame(image, width, width * 9 // 16)
        packet = encoder.encode(frame, number * 6_000, fps=15, bitrate_bps=kbps * 1_000, key=key)
        keys.append(packet is not None and is_key_frame(bytes(packet)))
    assert keys == [True, False, True, False, True, True]


@pytest.mark.parametrize(("kbps", "channels"), [(16, 1), (50, 1), (128, 2)])
def test_opus_keeps_its_bit_rate(kbps: int, channels: int) -> None:
    encoder = AudioEncoder(AudioFormat(kbps, channels))
    sizes = []
    for number in range(100):
        packet = encoder.encode(in_channels(tone_block(number), 1, channels), number * 960)
        assert packet is not None
        sizes.append(packet.size)
    assert sum(sizes) * 8 / 2 / 1_000 == pytest.approx(kbps, rel=0.1)


def test_channels_are_averaged_or_repeated() -> None:
    stereo = np.array([100, 300, -100, -300], np.int16)
    assert in_channels(stereo.tobytes(), 2, 1).tolist() == [[200], [-200]]
    assert in_channels(stereo, 1, 2).tolist() == [[100, 100], [300, 300], [-100, -100], [-300, -300]]


@pytest.mark.parametrize(
    ("size", "wanted", "expected"),
    [
        ((640, 480), (640, 360), (0, 60, 640, 360)),
        ((1280, 720), (640, 480), (160, 0, 960, 720)),
        ((480, 640), (640, 360), (0, 184, 480, 270)),
        ((640, 360), (1280, 720), (0, 0, 640, 360)),
        ((2, 2), (640, 360), (0, 0, 2, 2)),
    ],
)
def test_crops_at_the_centre(
    size: tuple[int, int], wanted: tuple[int, int], expected: tuple[int, int, int, int]
) -> None:
    assert centre_crop(*size, *wanted) == expected


@pytest.mark.parametrize(
    ("source", "fps", "passed"), [(30, 15, 15), (25, 15, 15), (15, 15, 15), (10, 15, 10), (60, 24, 24)]
)
def test_paces_by_time_stamps(source: int, fps: int, passed: int) -> None:
    pacer, random = Pacer(fps), np.random.default_rng(3)
    times = [
        1_000_000_000 + number * 1_000_000 // source + int(random.integers(-3_000, 3_000))
        for number in range(source * 10)
    ]
    assert sum(pacer.admit(at) for at in times) / 10 == pytest.approx(passed, abs=0.6)


def test_pacer_follows_a_source_with_an_older_clock() -> None:
    pacer = Pacer(15)
    assert pacer.admit(10_000_000_000)
    assert pacer.admit(5_000_000)
    assert not pacer.admit(5_010_000)


def test_bit_rate_falls_with_the_estimate_and_climbs_back() -> None:
    control = BitrateControl(1_000_000, 300_000)
    assert control.target_bps == 1_000_000
    control.estimate(600_000, 1_000_000, 10)
    assert control.target_bps == 600_000
    control.estimate(580_000, 600_000, 11)  # not worth a key frame
    assert control.target_bps == 600_000
    control.estimate(100_000, 600_000, 12)
    assert control.target_bps == 300_000
    control.estimate(450_000, 300_000, 13)  # too early
    assert control.target_bps == 300_000
    for second in range(14, 40):
        control.estimate(int(control.target_bps * 1.5), control.target_bps, second)
    assert control.target_bps == 1_000_000


def test_an_estimate_that_is_low_because_little_is_sent_is_no_limit() -> None:
    control = BitrateControl(1_000_000)
    control.estimate(90_000, 50_000, 10)
    assert control.target_bps == 1_000_000
    assert BitrateControl(10_000).target_bps == FLOOR_BPS


def test_a_mailbox_keeps_the_newest_and_wakes_whoever_waits() -> None:
    mailbox: Mailbox[int] = Mailbox(2)
    for number in range(5):
        mailbox.put(number)
    assert (mailbox.take(), mailbox.take(), mailbox.take(0.01)) == (3, 4, None)
    assert mailbox.dropped == 3
    for wake in (mailbox.nudge, mailbox.close):
        timer = threading.Timer(0.02, wake)
        timer.start()
        begin = time.monotonic()
        assert mailbox.take(10) is None
        assert time.monotonic() - begin < 5
        timer.join()
    mailbox.put(1)
    assert mailbox.take(0) is None


def test_a_timeline_evens_out_what_arrived_unevenly_and_follows_jumps() -> None:
    now = 0
    timeline = Timeline(1_000, lambda: now)
    times = []
    for number, late in enumerate([0, 30, 5, 0, 40, 0]):
        now = 1_000_000 + (number * 20 + late) * 1_000
        times.append(timeline.map(7_000 + number * 20))
    assert all(abs(step - 20_000) < 200 for step in np.diff(times))
    now = 60_000_000
    assert timeline.map(7_120) == 60_000_000


def test_a_meter_tells_rates_of_the_last_two_seconds() -> None:
    now = 0.0
    meter = Meter(lambda: now)
    assert meter.rates() == (0, 0)
    for number in range(101):
        now = number / 25
        meter.add(1_000)
    assert meter.rates() == pytest.approx((25, 25_000), rel=0.05)
    now += 3
    assert meter.rates() == (0, 0)
    assert (meter.count, meter.total) == (101, 101_000)


def decode(png: bytes) -> Any:
    with av.open(io.BytesIO(png), "r", format="png_pipe") as file:
        return next(file.decode(video=0)).to_ndarray(format="gray")


@pytest.mark.parametrize("rotation", range(4))
def test_a_snapshot_is_an_upright_png(rotation: int) -> None:
    image = np.full((120, 160), 40, np.uint8)
    image[:40, :40] = 200
    shown = decode(to_png(picture(image, rotation=rotation)))
    assert shown.shape == ((160, 120) if rotation % 2 else (120, 160))
    corner = np.unravel_index(np.argmax([[shown[5, 5], shown[5, -5]], [shown[-5, 5], shown[-5, -5]]]), (2, 2))
    assert tuple(int(at) for at in corner) == [(0, 0), (0, 1), (1, 1), (1, 0)][rotation]


def test_a_snapshot_url_is_the_same_file() -> None:
    shown: Picture = picture(disc(64, 64))
    head, _, body = encode_png_data_url(shown).partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(body) == to_png(shown)

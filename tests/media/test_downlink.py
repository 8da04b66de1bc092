"""A downlink against plain aiortc that sends, with packets lost on the way where the test says so."""

import asyncio
import fractions
import gc
import os
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal

import numpy as np
import psutil
import pytest
from aiortc import MediaStreamTrack, RTCSessionDescription
from av import AudioFrame, VideoFrame

from pybackend.core.frames import Picture, Sound
from pybackend.media import AudioFormat, Downlink, LinkState, MediaConfig, Uplink, VideoFormat, seams
from pybackend.media.link import prefer
from tests.media.peer import LOOPBACK, Viewer, brightness, disc, extent, microphone, plain, quiet, tone_block, until
from tests.sound import pitch


class Camera(MediaStreamTrack):
    """The disc at 20 frames per second."""

    kind = "video"

    def __init__(self, width: int = 320, height: int = 240) -> None:
        super().__init__()
        self._image = np.concatenate((disc(width, height), np.full((height // 2, width), 128, np.uint8)))
        self.number = 0

    async def recv(self) -> VideoFrame:
        await asyncio.sleep(0.05)
        frame = VideoFrame.from_ndarray(self._image, format="yuv420p")
        frame.pts, frame.time_base = self.number * 4500, fractions.Fraction(1, 90_000)
        self.number += 1
        return frame


class Microphone(MediaStreamTrack):
    """A440."""

    kind = "audio"
    number = 0

    async def recv(self) -> AudioFrame:
        await asyncio.sleep(0.018)
        frame = AudioFrame.from_ndarray(tone_block(self.number).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self.number * 960, fractions.Fraction(1, 48_000)
        self.number += 1
        return frame


class Room:
    """A downlink and the plain connection that sends into its slots."""

    def __init__(self, config: MediaConfig = LOOPBACK) -> None:
        self.states: list[LinkState] = []
        self.pictures: dict[str, list[Picture]] = {}
        self.sounds: dict[str, list[Sound]] = {}
        self.times: list[float] = []
        self.downlink = Downlink(config, on_state=self.states.append, on_picture=self._picture, on_sound=self._sound)
        self.pc = plain()

    def _picture(self, mid: str, shown: Picture) -> None:
        self.pictures.setdefault(mid, []).append(shown)
        self.times.append(time.monotonic())

    def _sound(self, mid: str, sound: Sound) -> None:
        self.sounds.setdefault(mid, []).append(sound)

    async def negotiate(self, audio: int, video: int, codec: str = "VP8") -> None:
        """The other side sends into every slot that is new."""
        offer = await self.downlink.offer(audio, video)
        await self.pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        for transceiver in self.pc.getTransceivers():
            if transceiver.direction == "recvonly":
                prefer(transceiver, codec)
                transceiver.sender.replaceTrack(Camera() if transceiver.kind == "video" else Microphone())
                transceiver.direction = "sendonly"
        if self.pc.iceGatheringState != "complete":
            seams.use_loopback_only(self.pc.getTransceivers()[0])
        await self.pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))  # with the preferred codec
        await self.pc.setLocalDescription()
        await self.downlink.accept(self.pc.localDescription.sdp)
        await until(lambda: self.downlink.state is LinkState.CONNECTED)

    def lose(self, lost: Callable[[int, int], bool]) -> None:
        """The other side's RTP packets do not arrive if `lost` is true of their count from now on and sequence number."""
        transport: Any = self.pc.getSenders()[0].transport.transport
        send, number = transport._send, 0

        async def lossy(data: bytes) -> None:
            nonlocal number
            if data[0] >> 6 == 2 and not 192 <= data[1] <= 223:
                number += 1
                if lost(number, int.from_bytes(data[2:4])):
                    return
            await send(data)

        transport._send = lossy

    async def close(self) -> None:
        assert await self.downlink.close(5)
        await self.pc.close()


@asynccontextmanager
async def room(audio: int, video: int, codec: str = "VP8") -> AsyncIterator[Room]:
    here = Room()
    try:
        await here.negotiate(audio, video, codec)
        yield here
    finally:
        await here.close()


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_receives_pictures_without_padding_and_sound_in_mono(codec: Literal["VP8", "H264"]) -> None:
    async with room(1, 1, codec) as here:
        (audio,), (video,) = here.downlink.slots("audio"), here.downlink.slots("video")
        await until(lambda: len(here.pictures.get(video, ())) >= 5 and len(here.sounds.get(audio, ())) >= 30)
        shown = here.pictures[video][-1]
        assert (shown.width, shown.height, len(shown.data)) == (320, 240, 320 * 240 * 3 // 2)
        assert extent(brightness(shown)) == pytest.approx((120, 120), abs=3)
        sounds = here.sounds[audio][-25:]
        assert {(sound.channels, len(sound.samples)) for sound in sounds} == {(1, 960)}
        assert pitch(np.concatenate([np.asarray(sound.samples).ravel() for sound in sounds])) == pytest.approx(
            440, abs=2
        )
        steps = np.diff([sound.time_us for sound in sounds])
        assert np.all(np.abs(steps - 20_000) < 5_000)
        stream = here.downlink.stream(video)
        assert (stream.width, stream.height, stream.lost) == (320, 240, 0)
        assert here.downlink.statistics().streams[video].frames >= 5
        assert here.downlink.statistics().received_packets > 30
    assert here.states == [LinkState.CONNECTED, LinkState.CLOSED]


async def test_a_renewed_offer_adds_slots_to_the_same_connection() -> None:
    """P48: what is negotiated stays as it is."""
    async with room(1, 1) as here:
        before = here.downlink.slots("video")
        await until(lambda: here.pictures)
        await here.negotiate(2, 3)
        after = here.downlink.slots("video")
        assert after[:1] == before
        assert len(after) == 3
        assert len(here.downlink.slots("audio")) == 2
        await until(lambda: set(here.pictures) == set(after) and len(here.sounds) == 2)
        assert here.states == [LinkState.CONNECTED]


async def test_lost_packets_are_asked_for_until_they_come() -> None:
    """aiortc asks once; here the first two answers are lost as well."""
    async with room(0, 1) as here:
        (video,) = here.downlink.slots("video")
        await until(lambda: len(here.pictures.get(video, ())) >= 5)
        copies: Counter[int] = Counter()
        chosen: list[int] = []

        def lost(number: int, sequence: int) -> bool:
            copies[sequence] += 1
            chosen.extend([sequence] if number == 5 else [])
            return sequence in chosen and copies[sequence] <= 3

        here.lose(lost)
        seen = len(here.pictures[video])
        await until(lambda: len(here.pictures[video]) >= seen + 30)
        numbers = [shown.number for shown in here.pictures[video]]
        assert here.downlink.stream(video).lost == 0
        assert numbers == list(range(1, len(numbers) + 1))
        assert copies[chosen[0]] == 4


async def test_goes_on_at_the_next_key_frame_when_a_packet_stays_lost() -> None:
    """aiortc alone stands still for about 5 s."""
    async with room(0, 1) as here:
        (video,) = here.downlink.slots("video")
        await until(lambda: len(here.pictures.get(video, ())) >= 5)
        sender: Any = here.pc.getSenders()[0]

        async def forgetful(sequence_number: int) -> None:
            return

        sender._retransmit = forgetful
        here.lose(lambda number, _: number == 5)
        await until(lambda: here.downlink.stream(video).lost == 1)
        gone, seen = time.monotonic(), len(here.pictures[video])
        await until(lambda: len(here.pictures[video]) >= seen + 10)
        assert time.monotonic() - gone < 4
        assert max(np.diff(here.times)) < 3
        assert extent(brightness(here.pictures[video][-1])) == pytest.approx((120, 120), abs=3)


async def test_sound_goes_on_at_once_when_a_packet_is_lost() -> None:
    async with room(1, 0) as here:
        (audio,) = here.downlink.slots("audio")
        await until(lambda: len(here.sounds.get(audio, ())) >= 5)
        here.lose(lambda number, _: number == 5)
        seen = len(here.sounds[audio])
        await until(lambda: len(here.sounds[audio]) >= seen + 20)
        steps = np.diff([sound.time_us for sound in here.sounds[audio]])
        assert int(np.sum(np.abs(steps - 40_000) < 6_000)) == 1
        assert here.downlink.stream(audio).lost == 1


async def test_one_that_raises_at_a_picture_gets_the_next_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    """P42: whatever the receiver does, tracks are drained."""
    here = Room()
    seen = []

    def fussy(mid: str, shown: Picture) -> None:
        seen.append(mid)
        raise RuntimeError("no")

    here.downlink._on_picture = fussy
    await here.negotiate(0, 1)
    await until(lambda: len(seen) >= 3)
    await here.close()
    assert "was not wanted" in caplog.text


async def test_thirty_connections_leave_nothing_behind() -> None:
    """P37, P42: threads, descriptors and tasks are as before."""
    process = psutil.Process()

    async def one() -> None:
        uplink, viewer, here = Uplink(LOOPBACK, on_state=quiet), Viewer(), Room()
        uplink.set_video(VideoFormat(width=160, height=90))
        uplink.set_audio(AudioFormat())
        sdp, _ = await uplink.offer()
        await uplink.accept(await viewer.answer(sdp))
        with microphone(uplink):
            await here.negotiate(1, 1)
            await until(lambda: here.sounds and viewer.arrived["audio"])
        assert await uplink.close(5)
        await viewer.close()
        await here.close()

    async def state() -> tuple[int, int, int]:
        await until(lambda: len(asyncio.all_tasks()) == 1)
        gc.collect()
        return _own_threads(), _descriptors(process), len(asyncio.all_tasks())

    await one()
    before = await state()
    for _ in range(30):
        await one()
    assert await state() == before


def _own_threads() -> int:
    return sum("asyncio" not in thread.name for thread in threading.enumerate())


def _descriptors(process: psutil.Process) -> int:
    return int(process.num_handles() if os.name == "nt" else process.num_fds())

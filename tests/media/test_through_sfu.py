"""Both links with the embedded SFU between them, as in production."""

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import numpy as np
import pytest

from pybackend.core.frames import Picture, Sound
from pybackend.media import AudioFormat, Downlink, LinkState, Uplink, VideoFormat
from pybackend.rooms.media import Source, StreamKind
from pybackend.rooms.sfu import EmbeddedSfu
from tests.media.peer import LOOPBACK, brightness, device, disc, extent, microphone, picture, quiet, until
from tests.sound import pitch


@pytest.fixture
async def sfu() -> AsyncIterator[EmbeddedSfu]:
    engine = EmbeddedSfu("127.0.0.1")
    await engine.start()
    yield engine
    await engine.stop()


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_pictures_and_sound_arrive_in_time_and_move_to_another_slot(
    sfu: EmbeddedSfu, codec: Literal["VP8", "H264"]
) -> None:
    pictures: dict[str, list[Picture]] = {}
    sounds: dict[str, list[Sound]] = {}

    def see(mid: str, shown: Picture) -> None:
        pictures.setdefault(mid, []).append(shown)

    uplink = Uplink(LOOPBACK, on_state=quiet)
    downlink = Downlink(
        LOOPBACK, on_state=quiet, on_picture=see, on_sound=lambda mid, s: sounds.setdefault(mid, []).append(s)
    )
    try:
        uplink.set_video(VideoFormat(codec=codec))
        uplink.set_audio(AudioFormat())
        sdp, mids = await uplink.offer()
        await uplink.accept(await sfu.publish("ann", sdp, {mid: StreamKind(name) for mid, name in mids.items()}))
        await downlink.accept(await sfu.subscribe("bob", await downlink.offer(1, 2)))
        await until(lambda: {uplink.state, downlink.state} == {LinkState.CONNECTED})
        (audio,), (one, other) = downlink.slots("audio"), downlink.slots("video")
        image = disc(640, 360)
        with device(lambda n: uplink.push_picture(picture(image, number=n)), 15), microphone(uplink):
            await sfu.assign("bob", {audio: Source("ann", StreamKind.AUDIO), one: Source("ann", StreamKind.VIDEO)})
            await until(lambda: len(pictures.get(one, ())) >= 8 and len(sounds.get(audio, ())) >= 30)
            await sfu.assign("bob", {one: None, other: Source("ann", StreamKind.VIDEO)})
            await until(lambda: len(pictures.get(other, ())) >= 3)
            await until(lambda: uplink.statistics().rtt_ms is not None)
        shown = pictures[other][-1]
        assert (shown.width, shown.height) == (640, 360)
        assert extent(brightness(shown)) == pytest.approx((180, 180), abs=3)
        heard = np.concatenate([np.asarray(sound.samples).ravel() for sound in sounds[audio][-25:]])
        assert pitch(heard) == pytest.approx(440, abs=2)
        assert uplink.statistics().fraction_lost == 0
    finally:
        assert all(await asyncio.gather(uplink.close(5), downlink.close(5)))

"""An uplink against plain aiortc: what is really sent, by real encoders."""

import asyncio
import threading
import time
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from aiortc import RTCRtpTransceiver
from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, pack_remb_fci

from pybackend.core.clock import now_us
from pybackend.core.frames import Picture
from pybackend.media import AudioFormat, LinkState, MediaConfig, Uplink, VideoFormat, seams
from pybackend.media.scaling import picture_of
from tests.media.peer import (
    LONG_S,
    LOOPBACK,
    Viewer,
    brightness,
    device,
    disc,
    extent,
    microphone,
    noisy,
    picture,
    quiet,
    until,
    watched,
)
from tests.sound import pitch


def camera(uplink: Uplink, images: list[Any], fps: float = 15.0) -> Any:
    return device(lambda number: uplink.push_picture(picture(images[number % len(images)], number=number)), fps)


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_sends_pictures_and_sound_in_the_codec_that_was_asked_for(codec: Literal["VP8", "H264"]) -> None:
    states: list[LinkState] = []
    first: list[str] = []
    uplink = Uplink(LOOPBACK, on_state=states.append)
    uplink.on_first_video = first.append
    uplink.on_first_audio = lambda: first.append("audio")
    uplink.set_video(VideoFormat(codec=codec))
    uplink.set_audio(AudioFormat())
    async with watched(uplink) as viewer:
        assert first == []
        with camera(uplink, [disc(640, 480)]), microphone(uplink):
            await until(lambda: viewer.arrived["video"] >= 8 and viewer.arrived["audio"] >= 40)
        assert sorted(first) == ["audio", "video"]
        (video,) = (t for t in viewer.pc.getTransceivers() if t.kind == "video")
        assert _codec(video) == codec
        shown = picture_of(viewer.frames["video"][-1], 0, 0)
        assert (shown.width, shown.height) == (640, 360)
        samples = np.concatenate([frame.to_ndarray()[0, ::2] for frame in viewer.frames["audio"][-25:]])
        assert pitch(samples) == pytest.approx(440, abs=2)
    assert states == [LinkState.CONNECTED, LinkState.CLOSED]


def _codec(transceiver: RTCRtpTransceiver) -> str:
    return str(transceiver._codecs[0].name)


async def test_offers_opus_and_both_video_codecs_without_retransmission_streams_and_only_loopback() -> None:
    """P46: nothing but 127.0.0.1 is gathered, so it takes no time."""
    uplink = Uplink(LOOPBACK, on_state=quiet, video=("video", "small", "sub"))
    begin = time.monotonic()
    sdp, mids = await uplink.offer()
    assert time.monotonic() - begin < 1
    assert list(mids.values()) == ["audio", "video", "small", "sub"]
    assert "rtx" not in sdp
    assert "PCMU" not in sdp
    assert sdp.count("opus/48000") == 1
    assert sdp.count("VP8/90000") == 3
    candidates = [line.split()[4] for line in sdp.splitlines() if line.startswith("a=candidate")]
    assert set(candidates) == {"127.0.0.1"}
    assert await uplink.close(2)


async def test_links_that_are_not_on_loopback_are_not_touched_by_those_that_are() -> None:
    local, other = Uplink(LOOPBACK, on_state=quiet), Uplink(MediaConfig(), on_state=quiet)
    offers = await asyncio.gather(local.offer(), other.offer())
    assert "127.0.0.1" in offers[0][0]
    assert "127.0.0.1" not in offers[1][0]
    assert await local.close(2)
    assert await other.close(2)


@pytest.mark.parametrize(
    ("width", "height", "rotation"), [(640, 480, 0), (1280, 720, 0), (480, 640, 0), (640, 360, 1)], ids=str
)
async def test_crops_at_the_centre_and_never_stretches(width: int, height: int, rotation: int) -> None:
    uplink = Uplink(LOOPBACK, on_state=quiet)
    uplink.set_video(VideoFormat(width=320, height=180))
    image = disc(width, height)
    async with watched(uplink) as viewer:
        with device(lambda number: uplink.push_picture(picture(image, number=number, rotation=rotation)), 15):
            await until(lambda: viewer.arrived["video"] >= 3)
        shown = picture_of(viewer.frames["video"][-1], 0, 0)
        assert (shown.width, shown.height) == (320, 180)
        wide, high = extent(brightness(shown))
        scale = max(320 / width, 180 / height) if rotation == 0 else max(320 / height, 180 / width)
        expected = height / 2 * scale
        assert wide == pytest.approx(min(expected, 320), abs=3)
        assert high == pytest.approx(min(expected, 180), abs=3)


async def test_obeys_changes_of_size_rate_and_bit_rate_while_it_runs() -> None:
    """P44."""
    uplink = Uplink(LOOPBACK, on_state=quiet)
    uplink.set_video(VideoFormat(width=320, height=240, fps=15, bitrate_kbps=800))
    async with watched(uplink) as viewer:
        with camera(uplink, noisy(), fps=30):
            await until(lambda: viewer.arrived["video"] >= 36)
            before = uplink.statistics().streams["video"]
            uplink.set_video(VideoFormat(width=480, height=270, fps=10, bitrate_kbps=200))
            await until(lambda: viewer.frames["video"][-1].width == 480)
            seen = viewer.arrived["video"]
            await until(lambda: viewer.arrived["video"] >= seen + 26)
            after = uplink.statistics().streams["video"]
        assert (before.width, before.height, after.width, after.height) == (320, 240, 480, 270)
        assert before.fps == pytest.approx(15, abs=3)
        assert after.fps == pytest.approx(10, abs=2)
        assert before.bitrate_kbps == pytest.approx(800, rel=0.3)
        assert after.bitrate_kbps == pytest.approx(200, rel=0.3)


async def test_a_key_frame_comes_on_request_even_if_the_source_stands_still() -> None:
    uplink = Uplink(LOOPBACK, on_state=quiet)
    uplink.set_video(VideoFormat())
    async with watched(uplink) as viewer:
        reception = seams.Reception(viewer.receiver("video"), "video")
        uplink.push_picture(picture(disc(640, 360)))
        await until(lambda: viewer.arrived["video"] == 1)
        assert reception.pictures is not None
        reception.pictures.drop_until_key()
        await viewer.receiver("video")._send_rtcp_pli(viewer.receiver("video").getSynchronizationSources()[0].source)
        await until(lambda: viewer.arrived["video"] == 2)


async def test_goes_on_after_the_loop_stood_still() -> None:
    """P61: what piled up is dropped; the next picture is a key frame."""
    uplink = Uplink(LOOPBACK, on_state=quiet)
    uplink.set_video(VideoFormat())
    uplink.set_audio(AudioFormat())
    async with watched(uplink) as viewer:
        with camera(uplink, noisy(640, 360)), microphone(uplink):
            await until(lambda: viewer.arrived["video"] and viewer.arrived["audio"])
            time.sleep(1.0)  # noqa: ASYNC251
            seen = dict(viewer.arrived)
            await until(lambda: all(viewer.arrived[kind] > seen[kind] + 10 for kind in seen))
            assert all(len(track._ready) <= 10 for track in uplink._tracks.values())


async def test_a_picture_that_cannot_be_encoded_does_not_end_the_stream(caplog: pytest.LogCaptureFixture) -> None:
    uplink = Uplink(LOOPBACK, on_state=quiet)
    uplink.set_video(VideoFormat())
    async with watched(uplink) as viewer:
        uplink.push_picture(Picture(640, 360, b"too short", now_us()))
        await until(lambda: "could not be encoded" in caplog.text)
        with camera(uplink, [disc(640, 360)]):
            await until(lambda: viewer.arrived["video"] >= 2)


async def test_sends_less_when_the_receiving_side_says_so() -> None:
    """P45: REMB is what there is."""
    uplink = Uplink(LOOPBACK, on_state=quiet)
    uplink.set_video(VideoFormat(bitrate_kbps=800, min_bitrate_kbps=100))
    async with watched(uplink) as viewer:
        with camera(uplink, noisy(640, 360)):
            await until(lambda: uplink.statistics().streams["video"].bitrate_kbps > 400)
            receiver = viewer.receiver("video")
            source = receiver.getSynchronizationSources()[0].source
            limit = RtcpPsfbPacket(
                RTCP_PSFB_APP, receiver._RTCRtpReceiver__rtcp_ssrc, 0, pack_remb_fci(150_000, [source])
            )
            await receiver._send_rtcp(limit)
            await until(lambda: 100_000 <= uplink._video["video"]._bitrate.target_bps <= 150_000)


async def test_muted_sound_is_silence_and_no_format_is_nothing() -> None:
    uplink = Uplink(LOOPBACK, on_state=quiet)
    uplink.set_audio(AudioFormat())
    uplink.set_video(VideoFormat())
    async with watched(uplink) as viewer:
        with microphone(uplink), camera(uplink, [disc(640, 360)]):
            await until(lambda: _loudness(viewer) > 1000)
            uplink.mute_audio(True)
            await until(lambda: _loudness(viewer) < 10)
            await until(lambda: uplink.statistics().streams["audio"].bitrate_kbps < 15)
            uplink.mute_audio(False)
            await until(lambda: _loudness(viewer) > 1000)
            uplink.set_audio(None)
            uplink.set_video(None)
            await until(lambda: not any(stream.fps for stream in uplink.statistics().streams.values()))


def _loudness(viewer: Any) -> float:
    frames = viewer.frames["audio"]
    return float(np.abs(frames[-1].to_ndarray()).mean()) if frames else 0.0


async def test_reports_round_trip_and_ties_time_stamps_to_capture() -> None:
    """Lip sync: pictures that were captured 300 ms before they are pushed keep this in the sender reports."""
    uplink = Uplink(LOOPBACK, on_state=quiet)
    uplink.set_video(VideoFormat())
    late_us = 300_000
    image = disc(640, 360)
    async with watched(uplink) as viewer:
        reports: list[Any] = []
        handle = viewer.receiver("video")._handle_rtcp_packet

        async def listen(packet: Any) -> None:
            reports.extend([packet] if hasattr(packet, "sender_info") else [])
            await handle(packet)

        viewer.receiver("video")._handle_rtcp_packet = listen
        with device(lambda number: uplink.push_picture(picture(image, now_us() - late_us, number)), 15):
            await until(lambda: len(reports) >= 2 and uplink.statistics().rtt_ms is not None)
            info = reports[-1].sender_info
            seconds = (info.ntp_timestamp >> 32) - 2_208_988_800 + (info.ntp_timestamp & 0xFFFFFFFF) / 2**32
            assert seconds == pytest.approx(time.time(), abs=3)
            sender = uplink._transceivers["video"].sender
            newest = sender._RTCRtpSender__rtp_timestamp  # type: ignore[attr-defined]
            behind_s = ((info.rtp_timestamp - newest + 2**31) % 2**32 - 2**31) / 90_000
        assert behind_s == pytest.approx(
            late_us / 1e6, abs=1.5
        )  # the report is up to 1.5 s older than the newest packet
        rtt = uplink.statistics().rtt_ms
        assert rtt is not None
        assert 0 <= rtt < 500


async def test_one_that_is_not_answered_by_anybody_fails_in_time_and_closes() -> None:
    """P47: no waiting for 30 s."""
    states: list[LinkState] = []
    uplink = Uplink(replace(LOOPBACK, connect_s=0.3), on_state=states.append)
    peer = Uplink(LOOPBACK, on_state=quiet)
    sdp, _ = await peer.offer()
    await uplink.offer()
    answer = sdp.replace("a=setup:actpass", "a=setup:passive").replace("a=sendonly", "a=recvonly")
    assert await peer.close(2)  # nobody is there any more
    await uplink.accept(answer)
    await until(lambda: states == [LinkState.FAILED])
    assert await uplink.close(3)
    assert states == [LinkState.FAILED, LinkState.CLOSED]


async def test_a_peer_that_hangs_up_is_a_failure() -> None:
    states: list[LinkState] = []
    uplink = Uplink(LOOPBACK, on_state=states.append)
    async with watched(uplink) as viewer:
        await viewer.pc.close()
        await until(lambda: LinkState.FAILED in states)


async def test_close_says_what_hung_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """P8: aiortc's close may hang; ours ends all the same, with its threads."""
    uplink = Uplink(LOOPBACK, on_state=quiet)
    uplink.set_video(VideoFormat())
    await uplink.offer()
    close = uplink._pc.close

    async def never() -> None:
        await asyncio.sleep(LONG_S)

    uplink._pc.close = never  # type: ignore[method-assign]
    begin = time.monotonic()
    assert list(await asyncio.gather(uplink.close(0.3), uplink.close(0.3))) == [False, False]
    assert time.monotonic() - begin < 2
    assert "the peer connection did not close within" in caplog.text
    await close()


async def test_closed_while_it_connects_it_leaves_nothing_behind() -> None:
    """P22: whatever moment the close hits."""

    def threads() -> int:
        return sum("asyncio" not in thread.name for thread in threading.enumerate())

    before = threads()
    for moment in range(12):
        uplink, viewer = Uplink(LOOPBACK, on_state=quiet), Viewer()
        sdp, _ = await uplink.offer()
        await uplink.accept(await viewer.answer(sdp))
        await asyncio.sleep(moment * 0.005)
        assert await uplink.close(2)
        assert uplink.state is LinkState.CLOSED
        await viewer.close()
    await until(lambda: len(asyncio.all_tasks()) == 1)
    await until(lambda: threads() == before)


async def test_close_is_idempotent_and_fine_at_any_moment() -> None:
    """P22: also before the offer, and while connecting."""
    before = threading.active_count()
    early, offered = Uplink(LOOPBACK, on_state=quiet), Uplink(LOOPBACK, on_state=quiet)
    await offered.offer()
    for uplink in (early, offered):
        assert await uplink.close(2)
        assert await uplink.close(2)
        uplink.push_picture(picture(disc(64, 64)))
    assert threading.active_count() <= before + 1

"""Real WebRTC peers (aiortc) through the real process: pictures that were drawn are decoded at the other end."""

import asyncio
import fractions
import time
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from av import VideoFrame

from pybackend.rooms.media import Source, StreamKind
from pybackend.rooms.sfu import EmbeddedSfu
from tests.rooms.sfu.peer import LONG_S
from tests.rooms.sfu.relay import Relay

AUDIO, VIDEO = StreamKind.AUDIO, StreamKind.VIDEO
BITS = 12


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


class Counter(VideoStreamTrack):
    """Pictures with their number drawn as black and white blocks, and a colour of their own, 25 a second."""

    def __init__(self, start: int = 0) -> None:
        super().__init__()
        self.number = start

    async def recv(self) -> VideoFrame:
        await asyncio.sleep(0.04)
        self.number += 1
        picture = np.full((96, 192), 128, np.uint8)
        for bit in range(BITS):
            picture[32:64, bit * 16 : bit * 16 + 16] = 235 if self.number >> bit & 1 else 16
        planes = np.concatenate([picture.ravel(), np.full(96 * 192 // 2, 128, np.uint8)]).reshape(144, 192)
        frame = VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = self.number * 3600, fractions.Fraction(1, 90_000)
        return frame


def number_in(frame: VideoFrame) -> int:
    row = frame.to_ndarray(format="yuv420p")[48]
    return sum((row[bit * 16 + 8] > 128) << bit for bit in range(BITS))


class Call:
    """aiortc peers around one SFU; everything that arrives is read, as it has to be."""

    def __init__(self, sfu: EmbeddedSfu) -> None:
        self.sfu = sfu
        self.peers: list[RTCPeerConnection] = []
        self.relays: list[Relay] = []
        self.readers: list[asyncio.Task[None]] = []
        self.changed = asyncio.Event()

    def peer(self) -> RTCPeerConnection:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.peers.append(peer)
        peer.on("connectionstatechange", self.changed.set)
        return peer

    async def publish(
        self, session: str, tracks: dict[StreamKind, Any], codec: str = "", lose: int = 0
    ) -> RTCPeerConnection:
        peer = self.peer()
        for track in tracks.values():
            peer.addTrack(track)
        if codec:
            capabilities = RTCRtpSender.getCapabilities("video").codecs
            for transceiver in peer.getTransceivers():
                if transceiver.kind == "video":
                    transceiver.setCodecPreferences([c for c in capabilities if c.mimeType == codec])
        await peer.setLocalDescription(await peer.createOffer())
        kinds = {str(mid): kind for mid, kind in enumerate(tracks)}
        await self._answer(peer, await self.sfu.publish(session, peer.localDescription.sdp, kinds), lose)
        return peer

    async def subscribe(self, session: str, *media: str, lose: int = 0) -> tuple[RTCPeerConnection, list[list[Any]]]:
        peer = self.peer()
        return peer, await self.add_slots(peer, session, *media, lose=lose)

    async def add_slots(self, peer: RTCPeerConnection, session: str, *media: str, lose: int = 0) -> list[list[Any]]:
        """Returns one growing list of decoded frames per new slot."""
        new = [peer.addTransceiver(kind, "recvonly") for kind in media]
        await peer.setLocalDescription(await peer.createOffer())
        await self._answer(peer, await self.sfu.subscribe(session, peer.localDescription.sdp), lose)
        frames: list[list[Any]] = [[] for _ in new]
        for transceiver, sink in zip(new, frames, strict=True):
            self.readers.append(asyncio.create_task(self._read(transceiver.receiver.track, sink)))
        return frames

    async def _answer(self, peer: RTCPeerConnection, answer: str, lose: int) -> None:
        if lose:
            self.relays.append(Relay(lose))
            answer = await self.relays[-1].through(answer)
        await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def _read(self, track: Any, sink: list[Any]) -> None:
        while True:
            frame = await track.recv()
            sink.append(number_in(frame) if isinstance(frame, VideoFrame) else frame)
            self.changed.set()

    async def until(self, condition: Any, limit_s: float = LONG_S) -> None:
        async with asyncio.timeout(limit_s):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def close(self) -> None:
        for reader in self.readers:
            reader.cancel()
        await asyncio.gather(*self.readers, return_exceptions=True)
        for peer in self.peers:
            await peer.close()
        for relay in self.relays:
            relay.close()


@pytest.fixture
async def call(sfu: EmbeddedSfu) -> AsyncIterator[Call]:
    call = Call(sfu)
    yield call
    await call.close()


async def test_sound_and_pictures_arrive_in_order_and_sources_switch_without_sdp(call: Call) -> None:
    await call.publish("a", {AUDIO: AudioStreamTrack(), VIDEO: Counter()})
    await call.publish("b", {VIDEO: Counter(2000)})
    _, (sound, pictures) = await call.subscribe("s", "audio", "video")
    await call.sfu.assign("s", {"0": Source("a", AUDIO), "1": Source("a", VIDEO)})
    await call.until(lambda: len(sound) > 20 and len(pictures) > 20)
    assert pictures == list(range(pictures[0], pictures[0] + len(pictures)))
    await call.sfu.assign("s", {"1": Source("b", VIDEO)})
    await call.until(lambda: pictures[-1] > 2010)
    seen = [number for number in pictures if number > 2000]
    assert seen == list(range(seen[0], seen[0] + len(seen)))


async def test_h264_and_vp8_share_a_slot(call: Call) -> None:
    await call.publish("h", {VIDEO: Counter()}, codec="video/H264")
    await call.publish("v", {VIDEO: Counter(2000)}, codec="video/VP8")
    _, (pictures,) = await call.subscribe("s", "video")
    for session, expected in (("h", range(1, 2000)), ("v", range(2001, 4000)), ("h", range(1, 2000))):
        await call.sfu.assign("s", {"0": Source(session, VIDEO)})
        begun = len(pictures)
        await call.until(
            lambda begun=begun, expected=expected: sum(number in expected for number in pictures[begun:]) > 8
        )


async def test_late_publisher_replaced_uplink_and_added_slot(call: Call) -> None:
    peer, (pictures,) = await call.subscribe("s", "video")
    await call.sfu.assign("s", {"0": Source("a", VIDEO)})
    await call.publish("a", {VIDEO: Counter()})
    await call.until(lambda: len(pictures) > 5)
    await call.publish("a", {VIDEO: Counter(1000), AUDIO: AudioStreamTrack()})
    await call.until(lambda: pictures[-1] > 1005)
    (sound,) = await call.add_slots(peer, "s", "audio")
    await call.sfu.assign("s", {"1": Source("a", AUDIO)})
    before = len(pictures)
    await call.until(lambda: len(sound) > 5 and len(pictures) > before + 10)
    seen = [number for number in pictures if number > 1000]
    assert seen == list(range(seen[0], seen[0] + len(seen)))  # the renewed offer cost no picture


async def test_losses_both_ways_are_repaired(call: Call) -> None:
    """Every 7th packet is lost on the way up and every 5th on the way down: NACKs bring all of them back."""
    await call.publish("a", {VIDEO: Counter()}, lose=7)
    _, (pictures,) = await call.subscribe("s", "video", lose=5)
    await call.sfu.assign("s", {"0": Source("a", VIDEO)})
    await call.until(lambda: len(pictures) > 60)
    up, down = call.relays
    assert up.lost["up"] > 5
    assert down.lost["down"] > 5
    assert pictures == sorted(pictures)
    missing = set(range(pictures[0], pictures[-1] + 1)) - set(pictures)
    assert len(missing) <= 6
    assert (await call.sfu.session_statistics("s"))["retransmitted"] > 5


async def test_kicked_peer_sees_its_connections_close(call: Call) -> None:
    """P17, P47: aiortc notices at once, by close_notify, and not after its 30 s."""
    publisher = await call.publish("a", {AUDIO: AudioStreamTrack()})
    subscriber, (sound,) = await call.subscribe("a", "audio")
    await call.sfu.assign("a", {"0": Source("a", AUDIO)})
    await call.until(lambda: sound)
    await call.sfu.close_session("a")
    await call.until(lambda: publisher.connectionState == subscriber.connectionState == "closed", 2)


async def test_joins_never_wait_for_a_retransmission(call: Call) -> None:
    """Every join's handshake goes through in its first flights: none takes the 1 s of DTLS's timer."""
    took = []
    for i in range(12):
        began = time.monotonic()
        peer = await call.publish(f"p{i}", {AUDIO: AudioStreamTrack()})
        await call.until(lambda peer=peer: peer.connectionState == "connected")
        took.append(time.monotonic() - began)
    assert max(took) < 0.9, took

"""What arrives is what was sent: the numbers of the test card in their order, and speech."""

import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pybackend.devices import pattern
from pybackend.testing.callers import Caller
from tests.e2e.test_release import wait_until
from tests.sound import SoundServer

RATE = 48_000


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_pictures_in_their_order(trtc_cloud: Callable[..., Caller], codec: str) -> None:
    """Read from decoded remote video, as a viewer gets it."""
    alice, bob = trtc_cloud("alice"), trtc_cloud("bob")
    alice.callExperimentalAPI(f'{{"api": "setVideoCodec", "params": {{"codec": "{codec}"}}}}')
    alice.startLocalPreview(None)
    for caller in (alice, bob):
        assert caller.enter(f"pictures {codec}") > 0
    bob.startRemoteView("alice", True, 0)
    bob.wait_for("onFirstVideoFrame", lambda user, *_: user == "alice", timeout=20)
    numbers = []
    for frame in bob.frames("alice"):
        stamp = pattern.read(frame.planes()[0])
        assert stamp is not None, "the test card cannot be read"
        numbers.append(stamp.number)
        if len(numbers) == 30:
            break
    assert numbers == sorted(set(numbers)), "a picture came twice, or too late"
    assert numbers[-1] - numbers[0] < 120, "most pictures were lost"


def test_aspect_is_kept(trtc_cloud: Callable[..., Caller]) -> None:
    """Another aspect is cropped at the centre: the blocks of the test card stay square, and can be read."""
    alice, bob = trtc_cloud("alice"), trtc_cloud("bob")
    alice.setVideoEncoderParam({"videoResolution": 7, "videoFps": 15, "videoBitrate": 400})
    alice.startLocalPreview(None)
    for caller in (alice, bob):
        assert caller.enter("aspect") > 0
    bob.startRemoteView("alice", True, 0)
    first = bob.wait_for("onFirstVideoFrame", lambda user, *_: user == "alice", timeout=20)
    assert first.args == ("alice", 0, 480, 480)


def speech(path: Path) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """A sentence, spoken by a machine; as samples at 48 kHz."""
    words = "The quick brown fox jumps over the lazy dog, and nobody knows why it does so every single morning."
    subprocess.run(["espeak-ng", "-w", str(path), words], check=True)
    with wave.open(str(path)) as wav:
        rate, samples = wav.getframerate(), np.frombuffer(wav.readframes(wav.getnframes()), np.int16)
    positions = np.arange(0, len(samples) - 1, rate / RATE)
    return np.interp(positions, np.arange(len(samples)), samples)


def likeness(piece: Any, whole: Any) -> float:
    """The highest normalised correlation of a piece anywhere in a recording: 1 is the same."""
    size = 1 << (len(whole) + len(piece)).bit_length()
    product = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(piece, size)), size)[
        : len(whole) - len(piece)
    ]
    energy = np.cumsum(np.concatenate([[0.0], np.square(whole)]))
    local = energy[len(piece) : len(whole)] - energy[: len(whole) - len(piece)]
    return float(np.max(product / np.sqrt(np.maximum(local, 1.0) * np.sum(np.square(piece)))))


def test_speech_is_heard(real_caller: Callable[..., Caller], speakers: SoundServer, tmp_path: Path) -> None:
    """From a file into Alice's microphone, through the call, out of Bob's speaker."""
    alice, bob = real_caller("alice"), real_caller("bob")
    alice.startLocalAudio()
    for caller in (alice, bob):
        assert caller.enter("speech") > 0
    bob.wait_for("onFirstAudioFrame", lambda user: user == "alice", timeout=20)
    spoken = speech(tmp_path / "speech.wav")
    with speakers.heard(tmp_path / "speech.wav"):
        recorded = speakers.record(len(spoken) / RATE + 1.0).astype(np.float64)
    pieces = [spoken[at : at + RATE // 2] for at in range(RATE // 2, len(spoken) - RATE, RATE)]
    loud = [piece for piece in pieces if np.sqrt(np.mean(np.square(piece))) > 500]
    assert len(loud) >= 3
    likenesses = [likeness(piece, recorded) for piece in loud]
    assert float(np.median(likenesses)) > 0.5, likenesses


def test_volume_and_mute(trtc_cloud: Callable[..., Caller]) -> None:
    """onUserVoiceVolume tells who speaks; a muted user is unavailable and silent."""
    alice, bob = trtc_cloud("alice"), trtc_cloud("bob")
    alice.startLocalAudio()
    bob.enableAudioVolumeEvaluation(100)
    for caller in (alice, bob):
        assert caller.enter("volume") > 0

    def loud(volumes: list[Any], *_: Any) -> bool:
        return any(volume.userId == "alice" and volume.volume > 20 for volume in volumes)

    bob.wait_for("onUserVoiceVolume", loud, timeout=20)
    with bob.expect("onUserAudioAvailable", lambda user, available: (user, available) == ("alice", 0)):
        alice.muteLocalAudio(True)
    with bob.expect("onUserAudioAvailable", lambda user, available: (user, available) == ("alice", 1)):
        alice.muteLocalAudio(False)
    bob.wait_for("onUserVoiceVolume", loud, timeout=10, since=bob.events.seq)


def test_mute_video_keeps_the_camera(trtc_cloud: Callable[..., Caller]) -> None:
    """P6, P29: muting keeps the camera, stopping releases it; for the others both look the same."""
    alice, bob = trtc_cloud("alice"), trtc_cloud("bob")
    alice.startLocalPreview(None)
    for caller in (alice, bob):
        assert caller.enter("mute") > 0
    bob.wait_for("onUserVideoAvailable", lambda user, available: (user, available) == ("alice", 1), timeout=20)
    ends: list[tuple[Callable[[], None], int]] = [(lambda: alice.muteLocalVideo(True), 1), (alice.stopLocalPreview, 0)]
    for act, cameras in ends:
        with bob.expect("onUserVideoAvailable", lambda user, available: (user, available) == ("alice", 0)):
            act()
        wait_until(lambda cameras=cameras: len(alice.diagnostics()["devices"]) == cameras)  # type: ignore[misc]
        with bob.expect("onUserVideoAvailable", lambda user, available: (user, available) == ("alice", 1)):
            alice.muteLocalVideo(False)
            alice.startLocalPreview(None)


def test_snapshots_and_messages(trtc_cloud: Callable[..., Caller]) -> None:
    alice, bob = trtc_cloud("alice"), trtc_cloud("bob")
    alice.startLocalPreview(None)
    for caller in (alice, bob):
        assert caller.enter("messages") > 0
    bob.startRemoteView("alice", None, 0)
    bob.wait_for("onFirstVideoFrame", lambda user, *_: user == "alice", timeout=20)
    with bob.expect("onSnapshotComplete") as taken:
        bob.snapshotVideo("alice", 0)
    user, stream, url, width, height = taken.args
    assert (user, stream, width, height) == ("alice", 0, 640, 360)
    assert url.startswith("data:image/png;base64,")
    with bob.expect("onRecvCustomCmdMsg") as received:
        assert alice.sendCustomCmdMsg(3, "hello, Bob", True, True)
    assert received.args == ("alice", 3, 1, "hello, Bob")
    assert not alice.sendCustomCmdMsg(3, "x" * 1001, True, True)
    assert not alice.sendCustomCmdMsg(11, "x", True, True)
    assert not alice.sendCustomCmdMsg(1, "x", True, False)


def test_what_was_accepted_before_the_exit_arrives(trtc_cloud: Callable[..., Caller]) -> None:
    alice, bob = trtc_cloud("alice"), trtc_cloud("bob")
    assert bob.enter("last words") > 0
    for round_ in range(10):
        assert alice.enter("last words") > 0
        mark = bob.events.seq
        accepted = [alice.sendCustomCmdMsg(1, f"{round_} {number}", True, True) for number in range(2)]
        assert alice.leave() == 0
        assert accepted == [True, True]
        bob.wait_for("onRemoteUserLeaveRoom", since=mark)
        assert [event.args[3] for event in bob.events.of("onRecvCustomCmdMsg", mark)] == [f"{round_} 0", f"{round_} 1"]


def test_one_encoding_for_all(trtc_cloud: Callable[..., Caller]) -> None:
    """P43: what is sent does not grow with the number of those who watch."""
    alice, *viewers = (trtc_cloud(user) for user in ("alice", "bob", "carol", "dave"))
    alice.startLocalPreview(None)
    for caller in (alice, *viewers):
        assert caller.enter("one encoding") > 0
    for viewer in viewers:
        viewer.startRemoteView("alice", None, 0)
        viewer.wait_for("onFirstVideoFrame", lambda user, *_: user == "alice", timeout=20)
    first, second = (alice.wait_for("onStatistics", timeout=10, since=alice.events.seq).args[0] for _ in range(2))
    sent_kbps = (second.sentBytes - first.sentBytes) * 8 / 1000 / 2
    assert 0 < sent_kbps < 2 * 550, "more than one stream of 550 kbit/s, with all that belongs to it"

"""How fast one is in a call, and how fast out of it."""

import asyncio
import statistics
import time
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, VideoStreamTrack

from pybackend.client import TRTCCloud
from pybackend.devices import CameraFormat, Catalog, Registry
from pybackend.testing.callers import Caller
from pybackend.testing.processes import Backend, RoomService

from . import Figure

TIMES = 12


async def _bare_first_picture() -> float:
    """Milliseconds until two peer connections of aiortc in one process, without a room or an SFU, show a first picture."""
    started = time.perf_counter()
    sender, receiver = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    shown: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    @receiver.on("track")
    async def _(track: Any) -> None:
        await track.recv()
        shown.set_result(None)

    sender.addTrack(VideoStreamTrack())
    await sender.setLocalDescription(await sender.createOffer())
    await receiver.setRemoteDescription(sender.localDescription)
    await receiver.setLocalDescription(await receiver.createAnswer())
    await sender.setRemoteDescription(receiver.localDescription)
    await asyncio.wait_for(shown, 20)
    took = (time.perf_counter() - started) * 1000
    await asyncio.gather(sender.close(), receiver.close())
    return took


async def _bare_release() -> float:
    """Milliseconds to close a camera, a microphone and a speaker, and nothing else."""
    registry = Registry(Catalog(virtual=True, camera_files=()))
    format_ = CameraFormat(640, 360, 15)
    await registry.open_camera("bench", "virtual:camera", format_, lambda _: None, lambda _: None)
    await registry.open_mic("bench", "virtual:mic", lambda _: None, lambda _: None)
    await registry.open_speaker("bench", "virtual:speaker", lambda samples: bytes(2 * samples), lambda _: None)
    started = time.perf_counter()
    await registry.close_owner("bench")
    return (time.perf_counter() - started) * 1000


def _in_and_out(alice: Caller) -> tuple[float, float]:
    """Enter to the first picture of Bob, and exit to free devices; milliseconds."""
    alice.startLocalPreview(None)
    alice.startLocalAudio()
    alice.startRemoteView("bob", None, 0)
    alice.wait_for("onCameraDidReady", since=alice.events.seq - 3)
    mark = alice.events.seq
    started = time.perf_counter()
    alice.enterRoom(alice.params(1), 0)
    alice.wait_for("onFirstVideoFrame", lambda user, *_: user == "bob", timeout=20, since=mark)
    shown = time.perf_counter()
    time.sleep(0.2)
    mark = alice.events.seq
    leaving = time.perf_counter()
    alice.exitRoom()
    alice.wait_for("onExitRoom", since=mark)
    out = time.perf_counter()
    assert not alice.diagnostics()["devices"]
    return (shown - started) * 1000, (out - leaving) * 1000


def _measured() -> list[tuple[float, float]]:
    rooms = RoomService()
    callers = [Caller.of(user, rooms, Backend(rooms.signal, virtual_devices=True)) for user in ("alice", "bob")]
    alice, bob = callers
    try:
        bob.startLocalPreview(None)
        bob.startLocalAudio()
        bob.enter(1)
        return [_in_and_out(alice) for _ in range(TIMES)][2:]
    finally:
        for caller in callers:
            TRTCCloud.close(caller)
        rooms.stop()


def measure() -> dict[str, Figure]:
    """Medians of some calls."""
    bare = statistics.median([asyncio.run(_bare_first_picture()) for _ in range(5)])
    release = statistics.median([asyncio.run(_bare_release()) for _ in range(5)])
    shown, out = zip(*_measured(), strict=True)
    return {
        "enter to first picture": Figure(statistics.median(shown), "ms", bare, "two bare aiortc peers, no room"),
        "exit to free devices": Figure(statistics.median(out), "ms", release, "closing the three devices, no room"),
    }

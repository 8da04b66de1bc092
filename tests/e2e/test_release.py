"""Devices are free *before* `onExitRoom` arrives, on every path: looked at from outside, in the event's own listener.

Sound is PulseAudio's word for it (`pactl`), the camera's film the operating system's (`/proc/PID/fd`). P1 to P5, P7, P11.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pybackend.testing.callers import Caller
from pybackend.testing.processes import Ending, RoomService
from tests.e2e import slow_backend
from tests.e2e.official import OfficialApi
from tests.sound import SoundServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

MakeCaller = Callable[..., Caller]


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds at one moment."""

    recording: int
    playing: int
    film: bool


FREE = Held(0, 0, film=False)


class Watch:
    """Looks at a backend from outside: now, and at the moment of each `onExitRoom`."""

    def __init__(self, caller: Caller, speakers: SoundServer, film: Path) -> None:
        assert caller.backend is not None
        self._pid = caller.backend.pid
        self._speakers = speakers
        self._film = str(film.resolve())
        self.at_exit: list[Held] = []
        caller.on("onExitRoom", lambda _: self.at_exit.append(self.now()))

    def now(self) -> Held:
        return Held(
            len(self._speakers.source_outputs(self._pid)), len(self._speakers.sink_inputs(self._pid)), self._has_film()
        )

    def _has_film(self) -> bool:
        folder = Path(f"/proc/{self._pid}/fd")
        return self._film in {os.path.realpath(link) for link in folder.iterdir()}


@pytest.fixture
def in_call(real_caller: MakeCaller, speakers: SoundServer, clip: Path) -> Callable[[int | str], tuple[Caller, Watch]]:
    """Alice in a room with Bob, with camera, microphone and speaker in use."""

    def make(room: int | str) -> tuple[Caller, Watch]:
        alice, bob = real_caller("alice"), real_caller("bob", virtual_devices=True)
        watch = Watch(alice, speakers, clip)
        for caller in (alice, bob):
            caller.startLocalPreview(None)
            caller.startLocalAudio()
            assert caller.enter(room) > 0
        alice.wait_for("onCameraDidReady", timeout=15)
        alice.wait_for("onMicDidReady", timeout=15)
        alice.wait_for("onFirstAudioFrame", timeout=15)
        wait_until(lambda: watch.now() == Held(1, 1, film=True))
        return alice, watch

    return make


def wait_until(condition: Callable[[], bool], timeout: float = 10.0) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.02)


def assert_freed(alice: Caller, watch: Watch, reason: int) -> None:
    assert alice.wait_for("onExitRoom", timeout=10).args == (reason,)
    wait_until(lambda: len(watch.at_exit) == 1)
    assert watch.at_exit == [FREE]


def test_own_exit(in_call: Callable[[int], tuple[Caller, Watch]]) -> None:
    """P10: at once, not when some timer notices."""
    alice, watch = in_call(201)
    alice.exitRoom()
    assert_freed(alice, watch, 0)


@pytest.mark.parametrize("room", [202, "released"])
def test_removed(in_call: Callable[[int | str], tuple[Caller, Watch]], official: OfficialApi, room: int | str) -> None:
    alice, watch = in_call(room)
    official.remove(room, "alice")
    assert_freed(alice, watch, 1)


def test_dismissed(in_call: Callable[[int], tuple[Caller, Watch]], official: OfficialApi) -> None:
    alice, watch = in_call(203)
    official.dismiss(203)
    assert_freed(alice, watch, 2)


def test_destroyed(in_call: Callable[[int], tuple[Caller, Watch]]) -> None:
    alice, watch = in_call(204)
    alice.destroy()
    assert_freed(alice, watch, 0)


def test_room_service_gone(in_call: Callable[[int], tuple[Caller, Watch]], trtc_rooms: RoomService) -> None:
    """Losing the room service is no exit, and does not hold one up by more than a second."""
    alice, watch = in_call(205)
    trtc_rooms.kill()
    alice.wait_for("onConnectionLost", timeout=10)
    assert watch.now() == Held(1, 1, film=True)
    alice.exitRoom()
    exited = alice.wait_for("onExitRoom", timeout=2.5)
    assert exited.args == (0,)
    wait_until(lambda: watch.at_exit == [FREE])


def test_exit_while_entering(real_caller: MakeCaller, speakers: SoundServer, clip: Path) -> None:
    alice = real_caller("alice")
    watch = Watch(alice, speakers, clip)
    alice.startLocalPreview(None)
    alice.startLocalAudio()
    alice.enterRoom(alice.params(206), 0)
    alice.exitRoom()
    assert_freed(alice, watch, 0)


def test_exit_while_a_slow_camera_is_opening(real_caller: MakeCaller, speakers: SoundServer, clip: Path) -> None:
    """P1: the driver cannot be interrupted, so the event waits until it has returned."""
    alice = real_caller("alice", cameras=[], command=[sys.executable, slow_backend.__file__, str(clip)])
    watch = Watch(alice, speakers, clip)
    alice.startLocalPreview(None)
    assert alice.enter(207) > 0
    wait_until(lambda: watch.now().film)
    alice.exitRoom()
    assert_freed(alice, watch, 0)
    assert not alice.events.of("onCameraDidReady")


def test_parent_gone(in_call: Callable[[int], tuple[Caller, Watch]]) -> None:
    """P9, P38: the backend of a parent that died leaves the room and ends, whatever happened to the parent."""
    alice, _ = in_call(208)
    assert alice.backend is not None
    assert alice.backend.stop() is Ending.ASKED
    assert alice.rooms.metrics()['pybackend_rooms_happenings_total{what="exited",reason="left"}'] >= 1

"""Broken connections: nobody is put out by them, nobody stays on the screen who is gone, and pictures flow again."""

import socket
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from pybackend.core.clock import now_us
from pybackend.testing.callers import Caller
from pybackend.testing.faults import Cut
from pybackend.testing.processes import Backend, RoomService


@pytest.fixture
def cut(trtc_rooms: RoomService) -> Iterator[Cut]:
    with Cut(trtc_rooms.signal) as proxy:
        yield proxy


def sees(caller: Caller, user: str, *, since: int = 0) -> None:
    """A picture of the user arrives, newer than anything before."""
    caller.startRemoteView(user, None, 0)
    caller.wait_for("onFirstVideoFrame", lambda who, *_: who == user, timeout=20, since=since)


def test_cut_connection_is_resumed(trtc_cloud: Callable[..., Caller], cut: Cut) -> None:
    """Within the grace the others notice nothing, and media goes on."""
    alice, bob = trtc_cloud("alice", rooms=cut.url), trtc_cloud("bob")
    alice.startLocalPreview(None)
    for caller in (alice, bob):
        assert caller.enter(301) > 0
    sees(bob, "alice")
    mark = bob.events.seq
    cut.cut()
    order = [alice.wait_for(name).seq for name in ("onConnectionLost", "onTryToReconnect", "onConnectionRecovery")]
    assert order == sorted(order)
    assert alice.sendCustomCmdMsg(1, "still here", True, True)
    assert bob.wait_for("onRecvCustomCmdMsg").args[3] == "still here"
    assert not [name for name in bob.events.names(since=mark) if name in ("onRemoteUserLeaveRoom", "onUserVideoAvailable")]
    assert not alice.events.of("onExitRoom")


def test_who_left_meanwhile_is_gone(trtc_cloud: Callable[..., Caller], cut: Cut) -> None:
    """P25: after coming back, the differences are told as events."""
    alice, bob, carol = trtc_cloud("alice", rooms=cut.url), trtc_cloud("bob"), trtc_cloud("carol")
    for caller in (alice, bob):
        assert caller.enter(302) > 0
    alice.wait_for("onRemoteUserEnterRoom", lambda user: user == "bob")
    cut.refuse()
    cut.cut()
    alice.wait_for("onConnectionLost")
    bob.leave()
    assert carol.enter(302) > 0
    cut.accept()
    alice.wait_for("onConnectionRecovery", timeout=20)
    assert alice.wait_for("onRemoteUserLeaveRoom").args[0] == "bob"
    alice.wait_for("onRemoteUserEnterRoom", lambda user: user == "carol")


def test_cut_off_for_long(trtc_cloud: Callable[..., Caller], cut: Cut) -> None:
    """The others are told a timeout after the grace; who comes back later enters anew, without an exit of its own."""
    alice, bob = trtc_cloud("alice", rooms=cut.url), trtc_cloud("bob")
    alice.startLocalPreview(None)
    for caller in (alice, bob):
        assert caller.enter(303) > 0
    sees(bob, "alice")
    cut.refuse()
    cut.cut()
    assert bob.wait_for("onRemoteUserLeaveRoom", timeout=8).args == ("alice", 1)
    mark = bob.events.seq
    cut.accept()
    alice.wait_for("onConnectionRecovery", timeout=20)
    bob.wait_for("onRemoteUserEnterRoom", lambda user: user == "alice", since=mark)
    sees(bob, "alice", since=mark)
    assert not alice.events.of("onExitRoom")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_room_service_restarted(trtc_backends: Callable[..., object]) -> None:
    """Losing the room service is not an exit: when a new one is there, everybody is in the room again, and seen."""
    flags = ["--port", str(free_port()), "--app", "1400000001:secret", "--admin", "id:key"]
    rooms = RoomService(flags)
    rooms.sdk_app_id, rooms.secret_key = 1400000001, "secret"
    callers = [Caller.of(user, rooms, Backend(rooms.signal, virtual_devices=True)) for user in ("alice", "bob")]
    alice, bob = callers
    try:
        alice.startLocalPreview(None)
        for caller in callers:
            assert caller.enter(304) > 0
        sees(bob, "alice")
        rooms.kill()
        for caller in callers:
            caller.wait_for("onConnectionLost", timeout=10)
        marks = [caller.events.seq for caller in callers]
        rooms = RoomService(flags)
        for caller in callers:
            caller.wait_for("onConnectionRecovery", timeout=30)
        sees(bob, "alice", since=marks[1])
        assert not any(caller.events.of("onExitRoom") for caller in callers)
        assert alice.leave() == 0
    finally:
        for caller in callers:
            caller.close()
        rooms.stop()


def test_media_process_killed(trtc_cloud: Callable[..., Caller], trtc_rooms: RoomService) -> None:
    """The forwarding process of the room service dies: it is started anew, and pictures flow again."""
    alice, bob = trtc_cloud("alice"), trtc_cloud("bob")
    alice.startLocalPreview(None)
    for caller in (alice, bob):
        assert caller.enter(305) > 0
    sees(bob, "alice")
    (media,) = psutil.Process(trtc_rooms.pid).children()
    media.kill()
    killed_us = now_us()
    bob.startRemoteView("alice", True, 0)
    end = time.monotonic() + 20
    for frame in bob.frames("alice", timeout=20):
        if frame.time_us > killed_us + 500_000:
            break
        assert time.monotonic() < end, "no pictures after the restart"
    assert not bob.events.of("onRemoteUserLeaveRoom")
    assert not alice.events.of("onConnectionLost")


def test_enter_without_a_room_service(trtc_backends: Callable[..., object], trtc_cloud: Callable[..., Caller]) -> None:
    """The application is told after ten seconds, once."""
    with Cut(f"ws://127.0.0.1:{free_port()}/signal") as nobody:
        alice = trtc_cloud("alice", rooms=nobody.url)
        assert alice.enter(306, timeout=15) == -3308
        assert alice.wait_for("onError").args[0] == -3308
        assert alice.diagnostics()["clouds"][0]["state"] == "idle"

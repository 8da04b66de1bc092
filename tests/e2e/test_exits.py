"""The ends of a call, seen from outside: what the leaver is told, what the others are told, and in which order."""

from collections.abc import Callable
from typing import Any

import pytest

from pybackend.testing.callers import Caller
from tests.e2e.official import OfficialApi

Meet = Callable[[int | str], tuple[Caller, Caller]]


@pytest.fixture
def meet(trtc_cloud: Callable[..., Caller]) -> Meet:
    def both(room: int | str) -> tuple[Caller, Caller]:
        alice, bob = trtc_cloud("alice"), trtc_cloud("bob")
        for caller in (alice, bob):
            caller.startLocalPreview(None)
            caller.startLocalAudio()
            assert caller.enter(room) > 0
        for caller, other in ((alice, "bob"), (bob, "alice")):
            caller.startRemoteView(other, None, 0)
        for caller, other in ((alice, "bob"), (bob, "alice")):
            caller.wait_for("onFirstVideoFrame", lambda user, *_, who=other: user == who, timeout=20)
            caller.wait_for("onFirstAudioFrame", lambda user, who=other: user == who, timeout=20)
            assert len(caller.diagnostics()["devices"]) == 3
        return alice, bob

    return both


def assert_out(caller: Caller, reason: int, cause: str) -> None:
    """Out of the room once, with every device free."""
    exited = caller.wait_for("onExitRoom", timeout=10)
    assert (exited.args, exited.detail["cause"]) == ((reason,), cause)
    described = caller.diagnostics()
    assert described["devices"] == []
    assert described["clouds"] == [{"id": 0, "state": "idle", "room": None}]


def test_own_exit(meet: Meet) -> None:
    """The others are told before the leaver's own event (P21), which is the last of its stay and the only one (P19)."""
    alice, bob = meet(101)
    alice.exitRoom()
    assert_out(alice, 0, "leave")
    left = bob.wait_for("onRemoteUserLeaveRoom")
    assert left.args == ("alice", 0)
    exits = alice.events.of("onExitRoom")
    assert len(exits) == 1
    assert alice.events.names(since=exits[0].seq) == []
    assert left.ts <= exits[0].ts + 50


@pytest.mark.parametrize("room", [102, "a room"])
def test_removed(meet: Meet, official: OfficialApi, room: int | str) -> None:
    """A kick is final (P15) and ends receiving as well (P17)."""
    alice, bob = meet(room)
    official.remove(room, "alice")
    assert_out(alice, 1, "removed")
    assert bob.wait_for("onRemoteUserLeaveRoom").args == ("alice", 2)
    assert alice.diagnostics()["clouds"][0]["state"] == "idle"
    assert alice.enter(room) > 0, "a kick is not a ban"


@pytest.mark.parametrize("room", [103, "another room"])
def test_dismissed(meet: Meet, official: OfficialApi, room: int | str) -> None:
    alice, bob = meet(room)
    official.dismiss(room)
    for caller in (alice, bob):
        assert_out(caller, 2, "dismissed")


def test_killed(meet: Meet) -> None:
    """A crash is told to the others within the grace of 4 s (P25, P26)."""
    alice, bob = meet(104)
    assert bob.backend is not None
    bob.backend.kill()
    assert alice.wait_for("onRemoteUserLeaveRoom", timeout=8).args == ("bob", 1)


def test_enter_again_after_each_end(meet: Meet, official: OfficialApi) -> None:
    """Nothing of an ended stay is left: camera and views work again (P4, P23)."""
    alice, bob = meet(105)
    for reason, end in ((0, alice.exitRoom), (1, lambda: official.remove(105, "alice"))):
        end()
        assert alice.wait_for("onExitRoom").args == (reason,)
        assert bob.wait_for("onRemoteUserLeaveRoom").args[0] == "alice"
        with bob.expect("onFirstVideoFrame", lambda user, *_: user == "alice"):
            alice.startLocalPreview(None)
            assert alice.enter(105) > 0
            bob.startRemoteView("alice", None, 0)


def test_exit_while_entering(trtc_cloud: Callable[..., Caller]) -> None:
    """One onExitRoom(0), and no onEnterRoom of success after it (P22)."""
    alice, bob = trtc_cloud("alice"), trtc_cloud("bob")
    assert bob.enter(106) > 0
    for _ in range(10):
        alice.startLocalPreview(None)
        alice.startLocalAudio()
        with alice.expect("onExitRoom") as exited:
            alice.enterRoom(alice.params(106), 0)
            alice.exitRoom()
            asked = alice.events.seq
        assert exited.args == (0,)
        assert alice.diagnostics()["devices"] == []
        assert not alice.events.of("onEnterRoom", since=asked)
    assert len(alice.events.of("onExitRoom")) == 10
    assert all(left.args == ("alice", 0) for left in bob.events.of("onRemoteUserLeaveRoom"))


def test_exit_outside_a_room_frees_the_preview(trtc_cloud: Callable[..., Caller]) -> None:
    alice = trtc_cloud("alice")
    alice.startLocalPreview(None)
    alice.wait_for("onCameraDidReady")
    alice.exitRoom()
    assert_out(alice, 0, "leave")


def test_second_enter_is_refused(trtc_cloud: Callable[..., Caller]) -> None:
    alice = trtc_cloud("alice")
    assert alice.enter(107) > 0
    assert alice.enter(107) == -3340
    assert alice.wait_for("onError").args[0] == -3340
    assert alice.diagnostics()["clouds"][0]["state"] == "in"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sdkAppId": 0}, -3317),
        ({"roomId": 0}, -3318),
        ({"roomId": 0, "strRoomId": 'no "quotes"'}, -3318),
        ({"userId": ""}, -3319),
        ({"userSig": ""}, -3320),
        ({"userSig": "garbage"}, -100018),
    ],
)
def test_bad_parameters(trtc_cloud: Callable[..., Caller], changes: dict[str, Any], code: int) -> None:
    """A failed enter closes nothing."""
    alice = trtc_cloud("alice")
    alice.startLocalPreview(None)
    alice.wait_for("onCameraDidReady")
    assert alice.enter(108, **changes) == code
    error = alice.wait_for("onError")
    assert error.args[0] == code
    assert error.seq < alice.events.of("onEnterRoom")[0].seq
    assert [device["kind"] for device in alice.diagnostics()["devices"]] == ["camera"]


def test_expired_and_foreign_signatures(trtc_cloud: Callable[..., Caller]) -> None:
    alice = trtc_cloud("alice")
    for signature in (alice.rooms.user_sig("alice", expire=0), alice.rooms.user_sig("bob")):
        assert alice.enter(109, userSig=signature) == -100018


def test_duplicate_login(trtc_cloud: Callable[..., Caller]) -> None:
    """The newest wins; the older one is told, and does not come back (P15, P18)."""
    older, newer, bob = trtc_cloud("alice"), trtc_cloud("alice"), trtc_cloud("bob")
    assert older.enter(110) > 0
    assert bob.enter(110) > 0
    assert newer.enter(110) > 0
    assert_out(older, 1, "duplicate-login")
    assert bob.wait_for("onRemoteUserLeaveRoom").args == ("alice", 2)
    assert newer.diagnostics()["clouds"][0]["state"] == "in"


def test_ban(trtc_cloud: Callable[..., Caller]) -> None:
    """A ban outlives the kick (P16)."""
    alice, bob = trtc_cloud("alice"), trtc_cloud("bob")
    for caller in (alice, bob):
        assert caller.enter(111) > 0
    alice.rooms.remove_user(111, "alice", ban_seconds=60)
    assert_out(alice, 1, "banned")
    assert alice.enter(111) == -102011


def test_destroy_in_a_room(trtc_cloud: Callable[..., Caller]) -> None:
    """destroy leaves the room; it is idempotent, and the share instance can be revived (P28)."""
    alice, bob = trtc_cloud("alice"), trtc_cloud("bob")
    for caller in (alice, bob):
        caller.startLocalPreview(None)
        assert caller.enter(112) > 0
    alice.destroy()
    alice.destroy()
    assert alice.wait_for("onExitRoom").args == (0,)
    assert bob.wait_for("onRemoteUserLeaveRoom").args == ("alice", 0)
    assert alice.diagnostics()["devices"] == []
    alice.getTRTCShareInstance()
    assert alice.enter(112) > 0

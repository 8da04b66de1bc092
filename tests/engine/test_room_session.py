"""One story each; whatever can be mixed is in `test_interleavings`."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from pybackend.core.ladder import ExitDeadlines
from pybackend.engine.backend import NoSuchCloud
from pybackend.spec.protocol import Streams
from tests.engine.parts import SEVEN, Stage, stage
from tests.rooms.parts import ANCHOR, AUDIENCE, LIVE, MemoryLink


@pytest.fixture
async def set_up() -> AsyncIterator[Stage]:
    async with stage() as made:
        yield made


class TestEntering:
    @pytest.mark.parametrize(
        ("scene", "changes", "code"),
        [
            (0, None, -3316),
            (0, {"sdkAppId": 0}, -3317),
            (0, {"sdkAppId": -5}, -3317),
            (0, {"sdkAppId": 1.5}, -3317),
            (0, {"roomId": 0}, -3318),
            (0, {"roomId": -1}, -3318),
            (0, {"roomId": 1.5}, -3318),
            (0, {"roomId": 4_294_967_295}, -3318),
            (0, {"roomId": 0, "strRoomId": "a/b"}, -3318),
            (0, {"roomId": 0, "strRoomId": "x" * 65}, -3318),
            (0, {"userId": ""}, -3319),
            (0, {"userId": "a b"}, -3319),
            (0, {"userSig": ""}, -3320),
            (0, {"userSig": "garbage"}, -100018),
            (0, {"sdkAppId": 5}, -100018),
            (7, {}, -100011),
            (0, {"role": 5}, -100011),
        ],
    )
    async def test_bad_values(self, set_up: Stage, scene: int, changes: dict[str, Any] | None, code: int) -> None:
        """SDK.md §2: onError, then onEnterRoom, and the call itself returns nothing."""
        params = None if changes is None else set_up.params(**changes)
        assert set_up.call("enterRoom", params, scene) is None
        await set_up.until("onEnterRoom")
        assert [said[:2] for said in set_up.said()] == [("onError", code), ("onEnterRoom", code)]
        assert set_up.said("onError")[0][2]
        await set_up.entered()

    async def test_the_number_wins_over_the_text(self, set_up: Stage) -> None:
        await set_up.entered(roomId=9, strRoomId="nine")
        assert set_up.backend.clouds[0].describe() == {"id": 0, "state": "in", "room": 9}

    async def test_no_answer_in_time(self, set_up: Stage) -> None:
        set_up.network.refusing = True
        set_up.enter()
        assert (await set_up.until("onEnterRoom")).args == (-3308,)

    async def test_a_second_enter_is_refused(self, set_up: Stage) -> None:
        set_up.enter()
        set_up.enter()
        assert set_up.said() == [
            ("onError", -3340, set_up.said()[0][2]),
            ("onEnterRoom", -3340),
        ]
        await set_up.until("onEnterRoom", 2)
        set_up.enter(roomId=8)
        assert set_up.said("onEnterRoom")[2] == ("onEnterRoom", -3340)
        assert set_up.backend.clouds[0].describe()["room"] == 7

    async def test_a_failed_enter_closes_nothing(self, set_up: Stage) -> None:
        set_up.call("startLocalPreview", None)
        set_up.call("startLocalAudio")
        await set_up.until("onMicDidReady")
        await set_up.until("onCameraDidReady")
        set_up.enter(userSig="garbage")
        await set_up.until("onEnterRoom")
        await asyncio.sleep(0.05)
        assert sorted(set_up.open_devices) == ["camera", "mic"]
        assert set_up.said("onExitRoom") == []
        await set_up.entered()

    async def test_the_order_of_a_newcomers_events(self, set_up: Stage) -> None:
        anna = set_up.house.enter("anna")
        set_up.house.rooms.set_streams(anna.occupant, Streams(audio=True, video=True))
        await set_up.entered()
        await set_up.until("onUserAudioAvailable")
        names = [event.name for event in set_up.events]
        assert names[:5] == [
            "onEnterRoom",
            "onRemoteUserEnterRoom",
            "onUserEnter",
            "onUserVideoAvailable",
            "onUserAudioAvailable",
        ]
        assert set_up.said("onUserVideoAvailable") == [("onUserVideoAvailable", "anna", 1)]


class TestLeaving:
    async def test_outside_a_room(self, set_up: Stage) -> None:
        """It is answered, and closes every device, previews and tests included."""
        for name, *args in (("startLocalPreview", True), ("startMicDeviceTest", 100), ("startCameraDeviceTest", True)):
            set_up.call(name, *args)
        await set_up.when(lambda: len(set_up.open_devices) == 2)
        await set_up.until("onFirstVideoFrame")
        set_up.call("exitRoom")
        left = await set_up.until("onExitRoom")
        assert (left.args, left.detail["cause"], left.session) == ((0,), "leave", None)
        assert set_up.open_devices == []

    async def test_while_a_camera_opens_slowly(self, set_up: Stage) -> None:
        """P1: the driver cannot be hurried; onExitRoom waits for it, and the camera is not on afterwards."""
        await set_up.entered()
        set_up.bench.open_s = 0.3
        set_up.call("startLocalPreview", True)
        await set_up.when(lambda: set_up.bench.opened)
        set_up.call("exitRoom")
        opened: list[list[str]] = []
        set_up.backend.listen(lambda event: opened.append(set_up.open_devices) if event.name == "onExitRoom" else None)
        left = await set_up.until("onExitRoom")
        assert (opened, left.detail) == ([[]], {"cause": "leave"})
        assert set_up.said("onCameraDidReady", "onFirstVideoFrame") == []

    async def test_a_driver_that_hangs_is_named_and_passed_by(self) -> None:
        async with stage(ExitDeadlines(devices_s=0.1)) as set_up:
            await set_up.entered()
            set_up.bench.open_s = 0.6
            set_up.call("startLocalPreview", True)
            await set_up.when(lambda: set_up.bench.opened)
            set_up.call("exitRoom")
            assert (await set_up.until("onExitRoom")).detail == {"cause": "leave", "overrun": "devices"}
            await set_up.when(lambda: not set_up.open_devices)

    async def test_while_entering(self, set_up: Stage) -> None:
        """P22."""
        set_up.network.flowing.clear()
        set_up.enter()
        await asyncio.sleep(0.01)
        set_up.call("exitRoom")
        assert (await set_up.until("onExitRoom")).args == (0,)
        set_up.network.flowing.set()
        await asyncio.sleep(0.3)
        assert set_up.said() == [("onExitRoom", 0)]
        await set_up.entered()

    async def test_an_unreachable_room_service_delays_it_by_its_deadline_at_most(self) -> None:
        async with stage(ExitDeadlines(goodbye_s=0.2)) as set_up:
            await set_up.entered()
            set_up.call("startLocalPreview", True)
            await set_up.until("onCameraDidReady")
            set_up.network.flowing.clear()
            began = time.monotonic()
            set_up.call("exitRoom")
            await set_up.when(lambda: not set_up.open_devices)
            devices_s = time.monotonic() - began
            left = await set_up.until("onExitRoom")
            assert devices_s < 0.2 <= time.monotonic() - began + 0.01
            assert left.detail["overrun"] == "goodbye"

    @pytest.mark.parametrize(
        ("how", "reason", "cause"),
        [("kick", 1, "removed"), ("ban", 1, "banned"), ("dismiss", 2, "dismissed"), ("login", 1, "duplicate-login")],
    )
    async def test_being_put_out(self, set_up: Stage, how: str, reason: int, cause: str) -> None:
        """P15, P19: with devices closed, once, and without a way back by itself; the next enter needs no exit."""
        await set_up.entered()
        set_up.call("startLocalPreview", True)
        set_up.call("startLocalAudio")
        await set_up.until("onMicDidReady")
        await set_up.until("onCameraDidReady")
        session = set_up.events[0].session
        rooms = set_up.house.rooms
        match how:
            case "kick" | "ban":
                await rooms.remove_users(SEVEN, ["me"], 0.0 if how == "kick" else 0.5)
            case "dismiss":
                await rooms.dismiss(SEVEN)
            case "login":
                rooms.enter(set_up.house.request("me", session="another"), MemoryLink())
        left = await set_up.until("onExitRoom")
        assert (left.args, left.detail, left.session) == ((reason,), {"cause": cause}, session)
        assert set_up.open_devices == []
        await asyncio.sleep(0.05)
        assert set_up.events[-1] is left
        assert "onConnectionLost" not in [event.name for event in set_up.events]
        if how == "ban":
            set_up.enter()
            assert (await set_up.until("onEnterRoom", 2)).args == (-102011,)
            set_up.house.now += 1
        await set_up.entered()

    async def test_enter_during_the_exit_begins_afterwards(self, set_up: Stage) -> None:
        await set_up.entered()
        set_up.call("exitRoom")
        set_up.enter(roomId=8)
        await set_up.until("onEnterRoom", 2)
        assert [said[0] for said in set_up.said()] == ["onEnterRoom", "onExitRoom", "onEnterRoom"]
        assert set_up.backend.clouds[0].describe()["room"] == 8

    async def test_what_is_wished_during_the_exit_comes_true_afterwards(self, set_up: Stage) -> None:
        await set_up.entered()
        set_up.call("exitRoom")
        set_up.call("startLocalPreview", True)
        await set_up.until("onCameraDidReady")
        names = [event.name for event in set_up.events]
        assert names.index("onExitRoom") < names.index("onCameraDidReady")

    async def test_no_speaker_opens_for_a_room_that_was_left(self, set_up: Stage) -> None:
        anna = set_up.house.enter("anna")
        set_up.house.rooms.set_streams(anna.occupant, Streams(audio=True))
        await set_up.entered()
        await set_up.when(lambda: set_up.open_devices == ["speaker"])
        set_up.call("exitRoom")
        set_up.call("muteAllRemoteAudio", False)
        await set_up.until("onExitRoom")
        await asyncio.sleep(0.1)
        assert set_up.open_devices == []

    async def test_a_snapshot_is_answered_before(self, set_up: Stage) -> None:
        """P21."""
        await set_up.entered()
        set_up.call("snapshotVideo", "", 0)
        await asyncio.sleep(0.03)
        set_up.call("exitRoom")
        await set_up.until("onExitRoom")
        assert [event.name for event in set_up.events][-2:] == ["onSnapshotComplete", "onExitRoom"]

    async def test_nothing_stays_muted(self, set_up: Stage) -> None:
        """P23."""
        await set_up.entered()
        set_up.call("muteLocalVideo", True, 0)
        set_up.call("muteLocalAudio", True)
        set_up.call("muteAllRemoteAudio", True)
        set_up.call("exitRoom")
        await set_up.until("onExitRoom")
        cloud = set_up.backend.clouds[0]
        anna = set_up.house.enter("anna")
        set_up.house.rooms.set_streams(anna.occupant, Streams(audio=True))
        await set_up.entered()
        set_up.call("startLocalPreview", True)
        set_up.call("startLocalAudio")
        await set_up.when(lambda: cloud.video.sending and cloud.audio.sending)
        await set_up.when(lambda: cloud.remote.wanted_audio())


class TestConnection:
    async def test_a_loss_is_not_an_exit(self, set_up: Stage) -> None:
        anna = set_up.house.enter("anna")
        await set_up.entered()
        set_up.call("startLocalPreview", True)
        await set_up.until("onCameraDidReady")
        await set_up.until("onRemoteUserEnterRoom")
        set_up.network.refusing = True
        set_up.network.cut()
        await set_up.until("onTryToReconnect", 3)
        assert set_up.backend.clouds[0].describe()["state"] == "reconnecting"
        await set_up.house.rooms.leave(anna.occupant)
        set_up.house.enter("ben")
        set_up.network.refusing = False
        await set_up.until("onConnectionRecovery")
        await set_up.until("onRemoteUserEnterRoom", 2)
        connection = [event.name for event in set_up.events if "onnect" in event.name]
        assert connection[0] == "onConnectionLost"
        assert connection[-1] == "onConnectionRecovery"
        assert set(connection[1:-1]) == {"onTryToReconnect"}
        assert set_up.said("onRemoteUserLeaveRoom") == [("onRemoteUserLeaveRoom", "anna", 1)]
        assert set_up.said("onExitRoom") == []
        assert set_up.open_devices == ["camera"]
        assert {said[1] for said in set_up.said("onWarning")} == {5101, 5102}

    async def test_leaving_while_the_connection_is_lost(self, set_up: Stage) -> None:
        """P2: what was published is closed all the same."""
        await set_up.entered()
        set_up.call("startLocalPreview", True)
        await set_up.until("onCameraDidReady")
        set_up.network.refusing = True
        set_up.network.cut()
        await set_up.until("onTryToReconnect", 2)
        set_up.call("exitRoom")
        await set_up.until("onExitRoom")
        assert set_up.open_devices == []
        count = len(set_up.events)
        await asyncio.sleep(0.05)
        assert len(set_up.events) == count


class TestInstances:
    async def test_destroy_leaves_and_a_revival_is_fresh(self, set_up: Stage) -> None:
        """P28."""
        await set_up.entered()
        set_up.call("startLocalPreview", True)
        await set_up.until("onCameraDidReady")
        for _ in range(2):
            assert set_up.call("destroy") is None
        for name in ("exitRoom", "getSDKVersion", "createSubCloud"):
            with pytest.raises(NoSuchCloud):
                set_up.call(name)
        await set_up.until("onExitRoom")
        assert set_up.open_devices == []
        assert set_up.call("getTRTCShareInstance") == 0
        await set_up.entered()

    async def test_destroy_outside_a_room_closes_devices_and_says_nothing(self, set_up: Stage) -> None:
        set_up.call("startLocalAudio")
        await set_up.until("onMicDidReady")
        set_up.call("destroyTRTCShareInstance")
        await set_up.when(lambda: not set_up.open_devices)
        await asyncio.sleep(0.02)
        assert set_up.said("onExitRoom") == []

    async def test_an_exit_that_comes_while_a_silent_one_goes_on_is_answered(self, set_up: Stage) -> None:
        set_up.call("destroy")
        set_up.call("getTRTCShareInstance")
        set_up.call("exitRoom")
        assert (await set_up.until("onExitRoom")).args == (0,)

    async def test_sub_clouds_have_rooms_of_their_own(self, set_up: Stage) -> None:
        number = set_up.call("createSubCloud")
        assert number == 1
        assert set_up.backend.call("createSubCloud", {"cloud": 1}) is None
        with pytest.raises(NoSuchCloud):
            set_up.backend.call("createSubCloud", {"cloud": 9})
        await set_up.entered()
        set_up.backend.call("enterRoom", {"cloud": 1, "params": set_up.params(roomId=8), "scene": 0})
        assert (await set_up.until("onEnterRoom", 2)).cloud == 1
        set_up.call("exitRoom")
        assert (await set_up.until("onExitRoom")).cloud == 0
        assert set_up.backend.clouds[1].describe()["state"] == "in"
        set_up.backend.call("destroy", {"cloud": 1})
        set_up.backend.call("destroy", {"cloud": 1})
        assert (await set_up.until("onExitRoom", 2)).cloud == 1
        await set_up.when(lambda: 1 not in set_up.backend.clouds)
        set_up.backend.call("destroy", {"cloud": 1})
        with pytest.raises(NoSuchCloud):
            set_up.backend.call("getSDKVersion", {"cloud": 1})

    async def test_without_an_owner_rooms_are_left_and_devices_closed(self, set_up: Stage) -> None:
        """P38, P62."""
        await set_up.entered()
        set_up.backend.call("createSubCloud", {})
        set_up.backend.call("startLocalAudio", {"cloud": 1})
        await set_up.until("onMicDidReady")
        set_up.backend.abandon()
        await set_up.until("onExitRoom")
        await set_up.when(lambda: not set_up.open_devices)
        assert len(set_up.said("onExitRoom")) == 1


class TestRoles:
    async def test_audience_sends_nothing_and_is_warned(self, set_up: Stage) -> None:
        await set_up.entered(LIVE, role=AUDIENCE)
        set_up.call("startLocalPreview", True)
        await set_up.until("onWarning")
        assert set_up.said("onWarning")[0][1] == 6001
        assert "publish" not in [entry[0] for entry in set_up.house.media.log]
        set_up.call("switchRole", ANCHOR, None)
        assert (await set_up.until("onSwitchRole")).args[:1] == (0,)
        await set_up.when(lambda: "publish" in [entry[0] for entry in set_up.house.media.log])
        await set_up.when(lambda: next(iter(set_up.house.rooms._stays.values()))[1].streams.video)
        set_up.call("switchRole", AUDIENCE, None)
        await set_up.until("onSwitchRole", 2)
        assert not set_up.backend.clouds[0].role.may_publish

    async def test_a_refused_switch_changes_nothing(self, set_up: Stage) -> None:
        await set_up.entered(LIVE, role=ANCHOR)
        set_up.network.refusing = True
        set_up.network.cut()
        await set_up.until("onTryToReconnect")
        set_up.call("switchRole", AUDIENCE, None)
        assert (await set_up.until("onSwitchRole")).args[0] < 0
        assert set_up.backend.clouds[0].role.may_publish

    async def test_outside_a_room(self, set_up: Stage) -> None:
        set_up.call("switchRole", AUDIENCE, None)
        set_up.call("switchRole", 5, None)
        assert [said[1] < 0 for said in set_up.said("onSwitchRole")] == [True, True]


class TestMessages:
    async def test_what_is_accepted(self, set_up: Stage) -> None:
        assert set_up.call("sendCustomCmdMsg", 1, "too early", True, True) is False
        anna = set_up.house.enter("anna")
        await set_up.entered()
        sent = [
            ((1, "hello", True, True), True),
            ((10, "é" * 500, False, False), True),
            ((0, "x", True, True), False),
            ((11, "x", True, True), False),
            ((1, "x" * 1001, True, True), False),
            ((1, "é" * 501, True, True), False),
            ((1, "", True, True), False),
            ((1, "x", True, False), False),
        ]
        for args, accepted in sent:
            assert set_up.call("sendCustomCmdMsg", *args) is accepted
        await set_up.when(lambda: [params["data"] for tell, params in anna.link.told if tell == "message"][1:])
        assert [params["seq"] for tell, params in anna.link.told if tell == "message"] == [1, 2]
        set_up.house.rooms.pass_on(anna.occupant, {"kind": "custom", "cmdId": 2, "data": "back", "seq": 5})
        assert (await set_up.until("onRecvCustomCmdMsg")).args == ("anna", 2, 5, "back")

    async def test_thirty_per_second(self, set_up: Stage) -> None:
        await set_up.entered()
        accepted = [set_up.call("sendCustomCmdMsg", 1, "x", True, True) for _ in range(40)]
        assert accepted[:30] == [True] * 30
        assert not all(accepted)

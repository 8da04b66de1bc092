"""The client and the fixtures against real programs: a room service and backends with virtual devices."""

from collections.abc import Callable
from contextlib import aclosing
from itertools import count, islice

import psutil
import pytest

from pybackend.client import (
    AsyncTRTCCloud,
    AuthRefused,
    Backend,
    BackendGone,
    Call,
    Ending,
    Options,
    Patience,
    RpcError,
    StartFailed,
    TRTCCloud,
)
from pybackend.spec.surface import surface
from pybackend.testing.callers import Caller
from pybackend.testing.faults import Cut
from pybackend.testing.processes import RoomService
from pybackend.testing.tc3 import ActionFailed

pytest_plugins = ["pytester"]

Make = Callable[..., Caller]

rooms = count(7000)


def test_two_users_in_a_room(trtc_cloud: Make) -> None:
    room = next(rooms)
    alice, bob = trtc_cloud("alice"), trtc_cloud("bob")
    assert alice.enter(room) > 0
    assert bob.enter(room) > 0
    assert alice.wait_for("onRemoteUserEnterRoom").args == ("bob",)
    assert bob.wait_for("onRemoteUserEnterRoom").args == ("alice",)
    bob.startLocalAudio()
    assert alice.wait_for("onUserAudioAvailable").args == ("bob", 1)
    assert bob.leave() == 0
    assert alice.wait_for("onRemoteUserLeaveRoom").args == ("bob", 0)
    assert [device for device in bob.diagnostics()["devices"] if device["open"]] == []
    assert alice.leave() == 0
    sequence = [event.seq for event in alice.events]
    assert sequence == sorted(set(sequence))


def test_removal_and_dismissal(trtc_cloud: Make, trtc_rooms: RoomService) -> None:
    alice, bob = trtc_cloud("alice"), trtc_cloud("bob")
    for room in (next(rooms), f"room {next(rooms)}"):
        assert alice.enter(room) > 0
        assert bob.enter(room) > 0
        trtc_rooms.remove_user(room, "alice")
        left = alice.wait_for("onExitRoom")
        assert (left.args, left.detail["cause"]) == ((1,), "removed")
        trtc_rooms.dismiss(room)
        left = bob.wait_for("onExitRoom")
        assert (left.args, left.detail["cause"]) == ((2,), "dismissed")
        with pytest.raises(ActionFailed, match="RoomNotExist"):
            trtc_rooms.dismiss(room)


def test_the_room_service_is_measured(trtc_rooms: RoomService) -> None:
    assert trtc_rooms.metrics()
    assert trtc_rooms.sdk_app_id > 0


def test_every_getter_answers_in_its_type(trtc_backend: Backend) -> None:
    getters = [method for method in surface().methods.values() if method.name.startswith("get") and not method.params]
    with TRTCCloud.attach(trtc_backend) as cloud:
        results = cloud.batch([Call(method.name) for method in getters])
        assert not [result for result in results if isinstance(result, RpcError)]
        assert [device.deviceId for device in cloud.getCameraDevicesList()] == ["virtual:camera"]
        assert cloud.getCurrentMicDevice().deviceId == "virtual:mic"
        assert isinstance(cloud.getSDKVersion(), str)
        with pytest.raises(RpcError) as caught:
            cloud.muteLocalAudio(3)  # type: ignore[arg-type]
        assert (caught.value.code, caught.value.data) == (-32602, {"field": "mute"})


def test_the_local_picture_is_seen(trtc_backend: Backend) -> None:
    with TRTCCloud.attach(trtc_backend) as cloud:
        cloud.startLocalPreview(True)
        frames = list(islice(cloud.frames(), 5))
        cloud.stopLocalPreview()
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(set(numbers))
    assert len({frame.data for frame in frames}) > 1
    assert frames[0].planes()[0].shape == (frames[0].height, frames[0].width)


def test_a_sub_cloud_enters_a_room_of_its_own(trtc_cloud: Make) -> None:
    room = next(rooms)
    alice = trtc_cloud("alice")
    sub = alice.createSubCloud()
    assert sub is not None
    assert sub.createSubCloud() is None
    with sub:
        assert alice.enter(room) > 0
        with sub.expect("onEnterRoom") as entered:
            sub.enterRoom(alice.params(next(rooms), userId="sub", userSig=alice.rooms.user_sig("sub")), 0)
        assert entered.args[0] > 0
        assert {cloud["id"] for cloud in alice.diagnostics()["clouds"]} == {0, sub.number}
    with pytest.raises(RpcError):
        sub.exitRoom()
    assert alice.leave() == 0


def test_a_destroyed_share_instance_is_revived(trtc_cloud: Make) -> None:
    alice = trtc_cloud("alice")
    alice.destroyTRTCShareInstance()
    with pytest.raises(RpcError):
        alice.exitRoom()
    assert alice.getTRTCShareInstance() is alice
    assert alice.enter(next(rooms)) > 0


def test_a_killed_backend_ends_the_room_once(trtc_cloud: Make) -> None:
    """P19."""
    alice = trtc_cloud("alice")
    assert alice.enter(next(rooms)) > 0
    assert alice.backend is not None
    alice.backend.kill()
    left = alice.wait_for("onExitRoom")
    assert (left.args, left.detail) == ((1,), {"cause": "backend-lost"})
    with pytest.raises(BackendGone, match="ended with"):
        alice.wait_for("onEnterRoom")
    with pytest.raises(BackendGone):
        alice.exitRoom()
    assert alice.events.names().count("onExitRoom") == 1


def test_a_client_that_starts_its_backend_ends_it(trtc_rooms: RoomService) -> None:
    with TRTCCloud.start(trtc_rooms.signal, virtual_devices=True) as cloud:
        assert cloud.backend is not None
        pid = cloud.backend.pid
        cloud.ping()
    assert not psutil.pid_exists(pid)
    assert cloud.backend.stop() is Ending.ASKED
    assert cloud.backend.ended.result() == 0, cloud.backend.log()


async def test_the_async_client_starts_one_too(trtc_rooms: RoomService) -> None:
    async with await AsyncTRTCCloud.start(trtc_rooms.signal, virtual_devices=True) as cloud:
        await cloud.startLocalPreview(True)
        async with aclosing(cloud.frames()) as frames:
            assert (await anext(frames)).width > 0
        backend = cloud.backend
        assert backend is not None
        backend.kill()
        with pytest.raises(BackendGone):
            await cloud.wait_for("onExitRoom")
    assert not psutil.pid_exists(backend.pid)


def test_plain_and_its_refusal(trtc_backends: Callable[..., Backend]) -> None:
    backend = trtc_backends(endpoint="tcp://127.0.0.1:0")
    with TRTCCloud.attach(backend) as cloud:
        cloud.ping()
    assert backend.auth.mechanism == "PLAIN"
    with pytest.raises(AuthRefused):
        TRTCCloud.attach(backend.endpoint, backend.ready["auth"] | {"password": "wrong"})


def test_curve_and_its_refusal(trtc_backends: Callable[..., Backend]) -> None:
    """P58."""
    backend = trtc_backends(endpoint="tcp://0.0.0.0:0")
    reachable = backend.endpoint.replace("0.0.0.0", "127.0.0.1")
    assert backend.auth.mechanism == "CURVE"
    with TRTCCloud.attach(reachable, backend.auth) as cloud:
        cloud.ping()
    with TRTCCloud.attach(reachable, backend.ready["auth"], keys=backend.auth.keys) as cloud:
        cloud.ping()


def test_events_survive_a_cut(trtc_cloud: Make, trtc_backends: Callable[..., Backend]) -> None:
    """P54."""
    room = next(rooms)
    backend, bob = trtc_backends(endpoint="tcp://127.0.0.1:0"), trtc_cloud("bob")
    host, port = backend.endpoint.removeprefix("tcp://").split(":")
    with Cut((host, int(port))) as link:
        watcher = TRTCCloud.attach(f"tcp://{link.host}:{link.port}", backend.auth, options=Options("watcher"))
        with watcher, TRTCCloud.attach(backend) as alice:
            alice.enterRoom(bob.params(room, userId="alice", userSig=bob.rooms.user_sig("alice")), 0)
            alice.wait_for("onEnterRoom")
            for _ in range(5):
                link.refuse()
                link.cut()
                bob.enter(room)
                link.accept()
                bob.leave()
            for cloud in (watcher, alice):
                for _ in range(5):
                    cloud.wait_for("onUserExit")
            last = watcher.events.of("onUserExit")[-1].seq
            told = [
                [(event.seq, event.name) for event in cloud.events if event.seq <= last] for cloud in (watcher, alice)
            ]
            assert told[0] == told[1]


def test_programs_that_cannot_start_say_why() -> None:
    with pytest.raises(StartFailed, match="rooms"):
        Backend("not a url", virtual_devices=True, patience=Patience(ready=20))
    with pytest.raises(StartFailed, match="nonsense"):
        RoomService(["--nonsense"])


def test_the_plugin_serves_other_projects(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys
        from pybackend.testing.plugin import watch

        def test_enters(trtc_cloud, trtc_rooms):
            assert trtc_cloud("alice").enter(1) > 0
            trtc_rooms.kill()

        def test_has_a_new_service_and_fails(trtc_rooms, request):
            from pybackend.client import Program
            program = Program([sys.executable, "-c", "import sys; sys.stdin.read(); print('its last words', file=sys.stderr)"])
            watch(request.node, "program", program)
            program.stop()
            assert not trtc_rooms.metrics()
        """
    )
    outcome = pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=60)
    outcome.assert_outcomes(passed=1, failed=1)
    outcome.stdout.fnmatch_lines(["*log of program*", "its last words"])


def test_the_plugin_costs_nothing_at_start(pytester: pytest.Pytester) -> None:
    heavy = ["aiohttp", "aiortc", "av", "cv2", "numpy", "orjson", "sounddevice", "zmq"]
    pytester.makepyfile(f"def test(): import sys; assert not set({heavy}) & set(sys.modules)")
    pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=60).assert_outcomes(passed=1)

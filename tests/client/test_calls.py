"""What calls put on the wire, and what comes back."""

import inspect
from typing import Any

import orjson
import pytest

from pybackend.client import AsyncTRTCCloud, Call, RpcError, RpcTimeout, TRTCCloud
from pybackend.spec.enums_generated import TRTCAppScene, TRTCRoleType, TRTCVideoResolution
from pybackend.spec.params import binder
from pybackend.spec.structs_generated import (
    Rect,
    TRTCAudioFrame,
    TRTCDeviceInfo,
    TRTCParams,
    TRTCScreenCaptureProperty,
    TRTCVideoEncParam,
)
from pybackend.spec.surface import surface
from tests.client.peer import Peer, Refusal, Silence


def last(peer: Peer) -> tuple[str, Any]:
    return peer.calls[-1]


def test_data_classes_enums_and_plain_dicts_travel_alike(peer: Peer, cloud: TRTCCloud) -> None:
    scene = TRTCAppScene.TRTCAppSceneLIVE
    cloud.enterRoom(TRTCParams(1, "alice", "sig", 7, role=TRTCRoleType.TRTCRoleAudience), scene)
    _, typed = last(peer)
    cloud.enterRoom({"sdkAppId": 1, "userId": "alice", "userSig": "sig", "roomId": 7, "role": 21}, 1)
    _, plain = last(peer)
    assert binder("enterRoom")(typed) == binder("enterRoom")(plain)
    assert typed["scene"] == 1


def test_a_constructor_has_the_sdks_order_and_defaults() -> None:
    param = TRTCVideoEncParam(TRTCVideoResolution.TRTCVideoResolution_1280_720, 1, 30)
    assert (param.resMode, param.videoFps, param.videoBitrate, param.enableAdjustRes) == (1, 30, 550, False)
    assert TRTCParams().role == 20


@pytest.mark.parametrize("name", sorted(surface().methods))
def test_every_method_is_there_with_the_surfaces_parameters(name: str) -> None:
    for kind in (TRTCCloud, AsyncTRTCCloud):
        parameters = list(inspect.signature(getattr(kind, name)).parameters.values())[1:]
        expected = surface().methods[name].params if name != "destroyTRTCShareInstance" else ()
        assert [parameter.name for parameter in parameters] == [param.name for param in expected]
        assert [parameter.default is not parameter.empty for parameter in parameters] == [
            param.optional for param in expected
        ]


def test_optional_arguments_that_are_left_out_get_the_backends_defaults(peer: Peer, cloud: TRTCCloud) -> None:
    cloud.startScreenCapture()
    _, params = last(peer)
    assert binder("startScreenCapture")(params) == (0, [None, 2, None])


def test_functions_travel_as_true(peer: Peer, cloud: TRTCCloud) -> None:
    cloud.setLocalVideoRenderCallback(1, 1, print)
    assert last(peer)[1]["callback"] is True
    cloud.setLocalVideoRenderCallback(1, 1, None)
    assert binder("setLocalVideoRenderCallback")(last(peer)[1])[1][2] is None


def test_binary_values_travel_in_frames_of_their_own(peer: Peer, cloud: TRTCCloud) -> None:
    cloud.sendCustomAudioData(TRTCAudioFrame(data=b"\x00\xff", length=2, extraData=b"more"))
    assert last(peer)[1]["frame"]["data"] == {"$bin": 1}
    assert peer.frames[-1] == [b"\x00\xff", b"more"]


def test_binary_values_come_back_as_bytes(peer: Peer, cloud: TRTCCloud) -> None:
    event = peer.event("onRecvSEIMsg", "bob", {"$bin": 1})
    peer.send(event, b"\x01\x02")
    assert cloud.wait_for("onRecvSEIMsg").args == ("bob", b"\x01\x02")


def test_results_are_data_classes(peer: Peer, cloud: TRTCCloud) -> None:
    device = {"deviceId": "d", "deviceName": "n", "deviceProperties": {}, "later": 1}
    peer.script["getCameraDevicesList"] = lambda _: [device]
    peer.script["getCurrentCameraDevice"] = lambda _: device
    assert cloud.getCameraDevicesList() == [TRTCDeviceInfo("d", "n", {})]
    assert cloud.getCurrentCameraDevice().deviceName == "n"


def test_a_result_of_another_shape_is_left_as_it_is(peer: Peer, cloud: TRTCCloud) -> None:
    peer.script["getCameraDevicesList"] = lambda _: {"odd": 1}
    assert cloud.call("getCameraDevicesList") == {"odd": 1}


def test_nested_data_classes_bind(peer: Peer, cloud: TRTCCloud) -> None:
    sources = cloud.call("getScreenCaptureSources", [0, 0, 0, 0]) or []
    cloud.selectScreenCaptureTarget(0, Rect(1, 2, 3, 4), TRTCScreenCaptureProperty())
    _, bound = binder("selectScreenCaptureTarget")(last(peer)[1])
    assert (sources, bound[1]) == ([], {"left": 1, "top": 2, "right": 3, "bottom": 4})


def test_an_error_has_its_code_and_data(peer: Peer, cloud: TRTCCloud) -> None:
    def refuse(_: Any) -> None:
        raise Refusal(-32602, "Invalid params", {"field": "mute"})

    peer.script["muteLocalAudio"] = refuse
    with pytest.raises(RpcError, match="Invalid params") as caught:
        cloud.muteLocalAudio("yes")  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.data) == (-32602, {"field": "mute"})


def test_what_cannot_be_sent_is_refused_before_it_is(peer: Peer, cloud: TRTCCloud) -> None:
    with pytest.raises(TypeError):
        cloud.call("callExperimentalAPI", {"jsonStr": object()})
    cloud.ping()
    assert not peer.asked("callExperimentalAPI")


def _silent(_: Any) -> None:
    raise Silence


def test_a_silent_backend_ends_in_a_timeout_and_the_next_call_works(peer: Peer, cloud: TRTCCloud) -> None:
    peer.script["exitRoom"] = _silent
    with pytest.raises(RpcTimeout, match=r"exitRoom: no answer within 0\.1 s"):
        cloud.call("exitRoom", {}, timeout=0.1)
    cloud.ping()


def test_an_answer_that_comes_too_late_is_nobodys(peer: Peer, cloud: TRTCCloud) -> None:
    peer.script["exitRoom"] = _silent
    with pytest.raises(RpcTimeout):
        cloud.call("exitRoom", {}, timeout=0.05)
    for number in range(1, 5):
        peer.send({"jsonrpc": "2.0", "id": number, "result": "late"})
    peer.script["getSDKVersion"] = lambda _: "13"
    assert cloud.getSDKVersion() == "13"


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\xff\xfe",
        b"nul",
        b"7",
        b"[7]",
        b"{}",
        b'{"method":"onExitRoom"}',
        b'{"method":1,"params":{}}',
        b'{"id":[],"result":1}',
    ],
)
def test_nonsense_from_the_backend_disturbs_nothing(peer: Peer, cloud: TRTCCloud, nonsense: bytes) -> None:
    peer.send(nonsense)
    peer.send(orjson.dumps({"method": "onExitRoom", "params": {"seq": "1", "args": []}}))
    peer.emit("onExitRoom", 0)
    assert cloud.wait_for("onExitRoom").args == (0,)
    cloud.ping()


def test_a_batch_is_one_message_in_order(peer: Peer, cloud: TRTCCloud) -> None:
    def refuse(_: Any) -> None:
        raise Refusal(-1, "no")

    peer.script |= {"getSDKVersion": lambda _: "13", "switchRoom": refuse}
    before = len(peer.frames)
    version, failed, nothing = cloud.batch([Call("getSDKVersion"), Call("switchRoom", {"params": {}}), Call("ping")])
    assert (version, type(failed), nothing) == ("13", RpcError, None)
    assert len(peer.frames) == before + 1
    assert [name for name, _ in peer.calls[-3:]] == ["getSDKVersion", "switchRoom", "ping"]
    assert cloud.batch([]) == []


def test_a_batch_carries_no_binary_values(cloud: TRTCCloud) -> None:
    with pytest.raises(TypeError):
        cloud.batch([Call("sendSEIMsg", {"msg": b"x", "repeatCount": 1})])


async def test_the_async_twin_does_the_same(peer: Peer, async_cloud: AsyncTRTCCloud) -> None:
    peer.script["getCameraDevicesList"] = lambda _: [{"deviceId": "d"}]
    peer.script["exitRoom"] = _silent
    assert await async_cloud.getCameraDevicesList() == [TRTCDeviceInfo("d")]
    assert await async_cloud.batch([Call("ping"), Call("getCameraDevicesList")]) == [None, [TRTCDeviceInfo("d")]]
    with pytest.raises(RpcTimeout):
        await async_cloud.call("exitRoom", timeout=0.05)

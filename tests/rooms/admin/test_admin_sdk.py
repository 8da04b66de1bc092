"""The official Python SDK, unchanged, against the server API: every action, every error code."""

import time
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from pybackend.rooms.admin import AdminPolicy
from pybackend.rooms.admin.actions import ACTIONS
from pybackend.spec.rooms import RoomKey, RoomKind
from tests.rooms.admin.caller import APP, KEY, NUMBER_ROOM, STRING_ROOM, Service, serving

BY_NUMBER = {"SdkAppId": APP, "RoomId": 123}
BY_STRING = {"SdkAppId": APP, "RoomId": "123"}
BY_STR_ROOM = {"SdkAppId": APP, "StrRoomId": "123"}
USERS = {"UserIds": ["anna", "bob"]}

CALLS: list[tuple[str, dict[str, Any], tuple[Any, ...]]] = [
    ("RemoveUser", BY_NUMBER | USERS, ("remove", NUMBER_ROOM, ("anna", "bob"), 0.0)),
    ("RemoveUserByStrRoomId", BY_STRING | USERS, ("remove", STRING_ROOM, ("anna", "bob"), 0.0)),
    ("KickOutUser", BY_NUMBER | USERS, ("remove", NUMBER_ROOM, ("anna", "bob"), 0.0)),
    ("DismissRoom", BY_NUMBER, ("dismiss", NUMBER_ROOM)),
    ("DismissRoomByStrRoomId", BY_STRING, ("dismiss", STRING_ROOM)),
    ("DissolveRoom", BY_NUMBER, ("dismiss", NUMBER_ROOM)),
    ("SetUserBlocked", BY_NUMBER | {"UserId": "anna", "IsMute": 1}, ("block", NUMBER_ROOM, "anna", True, True)),
    (
        "SetUserBlockedByStrRoomId",
        BY_STR_ROOM | {"UserId": "anna", "IsMute": 1},
        ("block", STRING_ROOM, "anna", True, True),
    ),
]


def test_every_action_is_called_here() -> None:
    assert {action for action, _, _ in CALLS} == set(ACTIONS)


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(("action", "params", "asked"), CALLS, ids=[action for action, _, _ in CALLS])
async def test_actions(
    service: Service, action: str, params: dict[str, Any], asked: tuple[Any, ...], method: str
) -> None:
    """P16: what the app's server decides arrives at the rooms, with numbers and strings kept apart."""
    answer = await service.sdk(action, params, method=method)
    assert (answer["Response"] if isinstance(answer, dict) else vars(answer)).get(
        "RequestId" if isinstance(answer, dict) else "_RequestId"
    )
    assert service.rooms.asked == [asked]


@pytest.mark.parametrize(
    ("mute", "blocked"), [(0, (False, False)), (1, (True, True)), (2, (True, False)), (3, (False, True))]
)
async def test_what_is_mute_means(service: Service, mute: int, blocked: tuple[bool, bool]) -> None:
    await service.sdk("SetUserBlocked", BY_NUMBER | {"UserId": "anna", "IsMute": mute})
    assert service.rooms.asked == [("block", NUMBER_ROOM, "anna", *blocked)]


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("seconds", [30, 0, 0.5])
async def test_ban_seconds(service: Service, method: str, seconds: float) -> None:
    """P17: a removal that lasts."""
    await service.sdk("KickOutUser", BY_NUMBER | USERS | {"BanSeconds": seconds}, method=method)
    assert service.rooms.asked == [("remove", NUMBER_ROOM, ("anna", "bob"), float(seconds))]


@pytest.mark.parametrize("room", [1, 2**31, 4_294_967_294])
async def test_large_room_numbers(service: Service, room: int) -> None:
    key = RoomKey(APP, RoomKind.NUMBER, room)
    service.rooms.users[key] = set()
    await service.sdk("DismissRoom", {"SdkAppId": APP, "RoomId": room})
    assert service.rooms.asked == [("dismiss", key)]


OTHER = {"SdkAppId": 99, "RoomId": 123}
REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("RemoveUser", {"RoomId": 123} | USERS, "MissingParameter.SdkAppId", "SdkAppId"),
    ("RemoveUser", {"SdkAppId": APP} | USERS, "MissingParameter.RoomId", "RoomId"),
    ("RemoveUser", BY_NUMBER, "MissingParameter.UserIds", "UserIds"),
    ("RemoveUser", BY_NUMBER | {"SdkAppId": "x"} | USERS, "InvalidParameter.SdkAppId", "SdkAppId"),
    ("RemoveUser", BY_NUMBER | {"SdkAppId": True} | USERS, "InvalidParameter.SdkAppId", "SdkAppId"),
    ("RemoveUser", BY_NUMBER | {"SdkAppId": 0} | USERS, "InvalidParameter.SdkAppId", "SdkAppId"),
    ("RemoveUser", BY_STRING | USERS, "InvalidParameter.RoomId", "RoomId"),
    ("RemoveUser", BY_NUMBER | {"RoomId": 1.5} | USERS, "InvalidParameter.RoomId", "RoomId"),
    ("RemoveUser", BY_NUMBER | {"RoomId": 0} | USERS, "InvalidParameterValue.RoomId", "RoomId"),
    ("RemoveUser", BY_NUMBER | {"RoomId": 2**32 - 1} | USERS, "InvalidParameterValue.RoomId", "RoomId"),
    ("RemoveUser", BY_NUMBER | {"UserIds": "anna"}, "InvalidParameter.UserIds", "UserIds"),
    ("RemoveUser", BY_NUMBER | {"UserIds": [1]}, "InvalidParameter.UserIds", "UserIds"),
    ("RemoveUser", BY_NUMBER | {"UserIds": []}, "InvalidParameter.UserIds", "UserIds"),
    ("RemoveUser", BY_NUMBER | {"UserIds": [""]}, "InvalidParameter.UserIds", "UserIds"),
    ("RemoveUser", BY_NUMBER | {"UserIds": [f"u{n}" for n in range(11)]}, "InvalidParameter.UserIds", "not 11"),
    ("RemoveUser", OTHER | USERS, "UnauthorizedOperation.SdkAppId", "SdkAppId"),
    ("RemoveUser", BY_NUMBER | {"RoomId": 124} | USERS, "FailedOperation.RoomNotExist", "RoomId"),
    ("RemoveUserByStrRoomId", BY_NUMBER | USERS, "InvalidParameter.RoomId", "RoomId"),
    ("RemoveUserByStrRoomId", BY_STRING | {"RoomId": "x" * 65} | USERS, "InvalidParameterValue.RoomId", "RoomId"),
    ("RemoveUserByStrRoomId", BY_STRING | {"RoomId": "other"} | USERS, "FailedOperation.RoomNotExist", "RoomId"),
    ("KickOutUser", BY_NUMBER | USERS | {"BanSeconds": -1}, "InvalidParameter", "BanSeconds"),
    ("KickOutUser", BY_NUMBER | USERS | {"BanSeconds": "1"}, "InvalidParameter", "BanSeconds"),
    ("KickOutUser", BY_NUMBER | USERS | {"Extra": 1}, "UnknownParameter", "Extra"),
    ("DismissRoom", BY_NUMBER | {"RoomId": 124}, "FailedOperation.RoomNotExist", "RoomId"),
    ("DismissRoomByStrRoomId", BY_STRING | {"RoomId": 'no"'}, "InvalidParameterValue.RoomId", "RoomId"),
    ("DissolveRoom", BY_NUMBER | USERS, "UnknownParameter", "UserIds"),
    ("SetUserBlocked", BY_NUMBER | {"IsMute": 1}, "MissingParameter.UserId", "UserId"),
    ("SetUserBlocked", BY_NUMBER | {"UserId": "anna"}, "MissingParameter", "IsMute"),
    ("SetUserBlocked", BY_NUMBER | {"UserId": "anna", "IsMute": 4}, "InvalidParameter", "IsMute"),
    ("SetUserBlocked", BY_NUMBER | {"UserId": 7, "IsMute": 1}, "InvalidParameter.UserId", "UserId"),
    ("SetUserBlocked", BY_NUMBER | {"UserId": "bob", "IsMute": 1}, "FailedOperation.UserNotExist", "UserId"),
    (
        "SetUserBlocked",
        BY_NUMBER | {"RoomId": 9, "UserId": "anna", "IsMute": 1},
        "FailedOperation.RoomNotExist",
        "RoomId",
    ),
    ("SetUserBlockedByStrRoomId", BY_STRING | {"UserId": "anna", "IsMute": 1}, "UnknownParameter", "RoomId"),
    (
        "SetUserBlockedByStrRoomId",
        {"SdkAppId": APP, "UserId": "anna", "IsMute": 1},
        "MissingParameter.RoomId",
        "StrRoomId",
    ),
    (
        "SetUserBlockedByStrRoomId",
        BY_STR_ROOM | {"StrRoomId": 123, "UserId": "anna", "IsMute": 1},
        "InvalidParameter.RoomId",
        "StrRoomId",
    ),
    ("CreateRoom", BY_NUMBER, "InvalidAction", "CreateRoom"),
]


@pytest.mark.parametrize(("action", "params", "code", "named"), REFUSED)
async def test_refusals(service: Service, action: str, params: dict[str, Any], code: str, named: str) -> None:
    """Errors arrive in the SDK as its exception, with code, request id and a text that names the field."""
    with pytest.raises(TencentCloudSDKException) as caught:
        await service.sdk(action, params)
    error = caught.value
    assert error.get_code() == code
    assert named in error.get_message()
    assert error.get_request_id()
    assert not service.rooms.asked or code.startswith("FailedOperation.")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (BY_NUMBER | {"RoomId": "12x"} | USERS, "InvalidParameter.RoomId"),
        (BY_NUMBER | USERS | {"BanSeconds": "soon"}, "InvalidParameter"),
        (BY_NUMBER | {"UserIds": [f"u{n}" for n in range(11)]}, "InvalidParameter.UserIds"),
        (BY_NUMBER | {"UserIds": [f"u{n}" for n in range(100)]}, "InvalidParameter"),
        ({}, "MissingParameter.SdkAppId"),
    ],
)
async def test_refusals_of_get(service: Service, params: dict[str, Any], code: str) -> None:
    with pytest.raises(TencentCloudSDKException) as caught:
        await service.sdk("KickOutUser", params, method="GET")
    assert caught.value.get_code() == code


async def test_wrong_key(service: Service) -> None:
    for more, code in (
        ({"key": KEY + "x"}, "AuthFailure.SignatureFailure"),
        ({"secret_id": "AKIDnobody"}, "AuthFailure.SecretIdNotFound"),
        ({"signMethod": "HmacSHA256"}, "AuthFailure.InvalidAuthorization"),
    ):
        with pytest.raises(TencentCloudSDKException) as caught:
            await service.sdk("DismissRoom", BY_NUMBER, **more)
        assert caught.value.get_code() == code
    assert not service.rooms.asked


async def test_unsigned_payload(service: Service) -> None:
    await service.sdk("DismissRoom", BY_NUMBER, unsignedPayload=True)
    assert service.rooms.asked == [("dismiss", NUMBER_ROOM)]


@pytest.mark.parametrize("skew_s", [-310, 310])
async def test_skewed_clock(service: Service, skew_s: float) -> None:
    async with serving(clock=lambda: time.time() + skew_s) as skewed:
        with pytest.raises(TencentCloudSDKException) as caught:
            await skewed.sdk("DismissRoom", BY_NUMBER)
    assert caught.value.get_code() == "AuthFailure.SignatureExpire"


async def test_small_skew_is_fine(service: Service) -> None:
    async with serving(clock=lambda: time.time() - 280) as skewed:
        await skewed.sdk("DismissRoom", BY_NUMBER)


async def test_an_error_inside_tells_nothing(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """P55: exception text stays in the log."""
    service.rooms.broken = True
    with pytest.raises(TencentCloudSDKException) as caught:
        await service.sdk("DismissRoom", BY_NUMBER)
    assert caught.value.get_code() == "InternalError"
    assert "secret of the inside" not in caught.value.get_message()
    assert "secret of the inside" in caplog.text


async def test_too_many_calls(service: Service) -> None:
    """Each action has a limit of its own."""
    async with serving(policy=AdminPolicy(calls_per_s=0.001, burst=2)) as slow:
        for _ in range(2):
            await slow.sdk("DismissRoom", BY_NUMBER)
        with pytest.raises(TencentCloudSDKException) as caught:
            await slow.sdk("DismissRoom", BY_NUMBER)
        assert caught.value.get_code() == "RequestLimitExceeded"
        await slow.sdk("KickOutUser", BY_NUMBER | USERS)

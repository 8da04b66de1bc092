"""enterRoom's parameters, checked in the order of the SDK's codes."""

from typing import Any

from pybackend.spec import rooms
from pybackend.spec.enums_generated import TXLiteAVError as Error

from .session import Entry


class BadEntry(Exception):
    """A parameter has a value that cannot be. `code` is what onError and onEnterRoom say."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = int(code)
        self.text = text


def room_of(room_id: float, text: str) -> int | str:
    """The room that is meant: the number, if there is one, wins over the text."""
    if room_id:
        if not isinstance(room_id, int) or not 1 <= room_id <= rooms.LAST_NUMBER:
            raise BadEntry(Error.ERR_ROOM_ID_INVALID, f"roomId: a whole number from 1 to {rooms.LAST_NUMBER} expected")
        return room_id
    if not rooms.TEXT.fullmatch(text):
        raise BadEntry(
            Error.ERR_ROOM_ID_INVALID,
            f"roomId, strRoomId: one of them is needed; strRoomId has {rooms.TEXT_RULE}",
        )
    return text


def entry(params: dict[str, Any] | None, scene: float) -> Entry:
    """What to enter with; raises BadEntry."""
    if params is None:
        raise BadEntry(Error.ERR_ENTER_ROOM_PARAM_NULL, "params: TRTCParams expected, and there are none")
    app = params["sdkAppId"]
    if not isinstance(app, int) or app <= 0:
        raise BadEntry(Error.ERR_SDK_APPID_INVALID, "sdkAppId: a positive whole number expected")
    room = room_of(params["roomId"], params["strRoomId"])
    if not params["userId"]:
        raise BadEntry(Error.ERR_USER_ID_INVALID, "userId: must not be empty")
    if not params["userSig"]:
        raise BadEntry(Error.ERR_USER_SIG_INVALID, "userSig: must not be empty")
    if scene not in (0, 1, 2, 3) or params["role"] not in (20, 21):
        raise BadEntry(Error.ERR_SERVER_INFO_BAD_SCENE_OR_ROLE, "scene, role: not one of TRTCAppScene and TRTCRoleType")
    return Entry(
        app, params["userId"], params["userSig"], room, int(scene), int(params["role"]), params["privateMapKey"]
    )

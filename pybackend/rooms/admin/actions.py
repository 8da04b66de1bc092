"""What the server API can be asked: one table from actions to their parameters and to what they do."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from pybackend.spec.rooms import LAST_NUMBER, TEXT, TEXT_RULE, RoomKey, RoomKind

from ..room import USER_TEXT
from .control import RoomControl
from .errors import ApiError, Code
from .fields import Field, seconds, take_all, text, texts, whole

MOST_USERS: Final = 10

_USER: Final = text(USER_TEXT, "1 to 64 characters out of letters, digits, _ - .")
_ROOM: Final = text(TEXT, TEXT_RULE)

APP: Final = Field(
    "SdkAppId",
    whole(1, 2**32 - 1),
    Code.MISSING_SDK_APP_ID,
    wrong_type=Code.INVALID_SDK_APP_ID,
    wrong_value=Code.INVALID_SDK_APP_ID,
    number=True,
)
NUMBER_ROOM: Final = Field(
    "RoomId",
    whole(1, LAST_NUMBER),
    Code.MISSING_ROOM_ID,
    wrong_type=Code.INVALID_ROOM_ID,
    wrong_value=Code.ROOM_ID_VALUE,
    number=True,
)
STRING_ROOM: Final = replace(NUMBER_ROOM, read=_ROOM, number=False)
BLOCK_STRING_ROOM: Final = replace(STRING_ROOM, name="StrRoomId", wrong_value=Code.INVALID_ROOM_ID)
USER_IDS: Final = Field(
    "UserIds",
    texts(MOST_USERS, _USER),
    Code.MISSING_USER_IDS,
    wrong_type=Code.INVALID_USER_IDS,
    wrong_value=Code.INVALID_USER_IDS,
)
USER_ID: Final = Field(
    "UserId", _USER, Code.MISSING_USER_ID, wrong_type=Code.INVALID_USER_ID, wrong_value=Code.INVALID_USER_ID
)
IS_MUTE: Final = Field("IsMute", whole(0, 3), Code.MISSING_PARAMETER, number=True)
BAN_SECONDS: Final = Field("BanSeconds", seconds(10 * 365 * 86_400), default=0.0, number=True)

BLOCKED: Final = ((False, False), (True, True), (True, False), (False, True))
"""By IsMute: whether sound and pictures are blocked."""

Given = Mapping[str, Any]
Run = Callable[[RoomControl, RoomKey, Given], Awaitable[bool | None]]


async def _remove(control: RoomControl, room: RoomKey, given: Given) -> bool:
    return await control.remove_users(room, given["UserIds"], given["BanSeconds"])


async def _dismiss(control: RoomControl, room: RoomKey, _: Given) -> bool:
    return await control.dismiss(room)


async def _block(control: RoomControl, room: RoomKey, given: Given) -> bool:
    audio, video = BLOCKED[given["IsMute"]]
    done = await control.block(room, given["UserId"], audio=audio, video=video)
    if done is False:
        raise ApiError(Code.USER_NOT_EXIST, f"UserId: {given['UserId']} is not in room {room.id!r}")
    return done is not None


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be asked: which room, what else is to be said, and what is done; False if there is no such room."""

    room: Field
    more: tuple[Field, ...]
    run: Run

    @property
    def fields(self) -> tuple[Field, ...]:
        """All parameters."""
        return (APP, self.room, *self.more)

    async def carry_out(self, control: RoomControl, given: Given) -> None:
        """Does it; raises ApiError."""
        values = take_all(self.fields, given)
        app, id_ = values[APP.name], values[self.room.name]
        if not control.knows_app(app):
            raise ApiError(Code.UNAUTHORIZED_SDK_APP_ID, f"SdkAppId: {app} is not an app of this room service")
        kind = RoomKind.NUMBER if self.room.number else RoomKind.STRING
        room = RoomKey(app, kind, id_)
        if not await self.run(control, room, values):
            raise ApiError(Code.ROOM_NOT_EXIST, f"{self.room.name}: app {app} has no room {id_!r}")


_REMOVE: Final = (USER_IDS, BAN_SECONDS)
_BLOCK: Final = (USER_ID, IS_MUTE)

ACTIONS: Final[Mapping[str, Action]] = MappingProxyType(
    {
        "RemoveUser": Action(NUMBER_ROOM, _REMOVE, _remove),
        "RemoveUserByStrRoomId": Action(STRING_ROOM, _REMOVE, _remove),
        "DismissRoom": Action(NUMBER_ROOM, (), _dismiss),
        "DismissRoomByStrRoomId": Action(STRING_ROOM, (), _dismiss),
        "SetUserBlocked": Action(NUMBER_ROOM, _BLOCK, _block),
        "SetUserBlockedByStrRoomId": Action(BLOCK_STRING_ROOM, _BLOCK, _block),
        # the same by older names
        "KickOutUser": Action(NUMBER_ROOM, _REMOVE, _remove),
        "DissolveRoom": Action(NUMBER_ROOM, (), _dismiss),
    }
)

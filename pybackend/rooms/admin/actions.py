"""The actions of the server API, as a table, and what they ask of the rooms."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

from pybackend.spec.rooms import RoomKey, RoomKind

from .errors import ApiError, Code
from .params import APP, BAN, MUTE, ROOM_NUMBER, ROOM_STRING, STR_ROOM, USER, USERS, Field


class RoomControl(Protocol):
    """The rooms, as the server API sees them."""

    def knows_app(self, sdk_app_id: int) -> bool:
        """Whether the app is one of this service."""
        ...

    async def remove_users(self, room: RoomKey, users: Sequence[str], ban_s: float) -> bool:
        """Puts users out, those who are absent silently; keeps them out for `ban_s` seconds. False: no such room."""
        ...

    async def dismiss(self, room: RoomKey) -> bool:
        """Puts everybody out and closes the room. False: no such room."""
        ...

    async def block(self, room: RoomKey, user: str, *, audio: bool, video: bool) -> bool | None:
        """Stops or restores what a user sends. None: no such room; False: no such user."""
        ...


Params = Mapping[str, Any]
Work = Callable[[RoomControl, RoomKey, Params], Awaitable[bool | None]]


async def _remove(control: RoomControl, room: RoomKey, params: Params) -> bool | None:
    return await control.remove_users(room, params["UserIds"], float(params.get("BanSeconds", 0))) or None


async def _dismiss(control: RoomControl, room: RoomKey, _: Params) -> bool | None:
    return await control.dismiss(room) or None


async def _block(control: RoomControl, room: RoomKey, params: Params) -> bool | None:
    mute = params["IsMute"]
    return await control.block(room, params["UserId"], audio=mute in (1, 2), video=mute in (1, 3))


@dataclass(frozen=True, slots=True)
class Action:
    """One action: how it names its room, its further fields, and what it does (None: no such room, False: no such user)."""

    room: Field
    kind: RoomKind
    more: tuple[Field, ...]
    work: Work

    @property
    def fields(self) -> tuple[Field, ...]:
        """All parameters, in the order in which they are checked."""
        return (APP, self.room, *self.more)

    async def run(self, control: RoomControl, params: Params) -> None:
        """Does it; raises ApiError when there is nothing to do it to."""
        app = params[APP.name]
        if not control.knows_app(app):
            raise ApiError(Code.UNAUTHORIZED_APP, f"{APP.name}: {app} is not an app of this service")
        room = RoomKey(app, self.kind, params[self.room.name])
        done = await self.work(control, room, params)
        if done is None:
            raise ApiError(Code.ROOM_NOT_EXIST, f"{self.room.name}: there is no room {room.id} ({room.kind} id)")
        if not done:
            raise ApiError(Code.USER_NOT_EXIST, f"{USER.name}: {params[USER.name]} is not in the room")


_REMOVE: Final = Action(ROOM_NUMBER, RoomKind.NUMBER, (USERS, BAN), _remove)
_DISMISS: Final = Action(ROOM_NUMBER, RoomKind.NUMBER, (), _dismiss)

ACTIONS: Final[Mapping[str, Action]] = MappingProxyType(
    {
        "RemoveUser": _REMOVE,
        "KickOutUser": _REMOVE,
        "RemoveUserByStrRoomId": Action(ROOM_STRING, RoomKind.STRING, (USERS, BAN), _remove),
        "DismissRoom": _DISMISS,
        "DissolveRoom": _DISMISS,
        "DismissRoomByStrRoomId": Action(ROOM_STRING, RoomKind.STRING, (), _dismiss),
        "SetUserBlocked": Action(ROOM_NUMBER, RoomKind.NUMBER, (USER, MUTE), _block),
        "SetUserBlockedByStrRoomId": Action(STR_ROOM, RoomKind.STRING, (USER, MUTE), _block),
    }
)

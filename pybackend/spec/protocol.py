"""The room protocol as data: what a backend and the room service say to each other. `docs/protocol.md` explains it.

JSON-RPC 2.0 over one WebSocket, requests and notifications in both directions. The types are expressions as in
`surface.json`, checked by `types.compile_type`.
"""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from .exit import LeaveReason
from .types import BadType, compile_type

VERSION: Final = 1

GRACE_S: Final = 4.0
"""How long a member whose socket closed without a goodbye may resume."""


class Ask(StrEnum):
    """Requests of the backend."""

    ENTER = "enter"
    RESUME = "resume"
    LEAVE = "leave"
    ROLE = "role"
    STREAMS = "streams"
    PUBLISH = "publish"
    SUBSCRIBE = "subscribe"
    ASSIGN = "assign"
    MESSAGE = "message"
    PING = "ping"


class Tell(StrEnum):
    """Notifications of the room service."""

    ENTERED = "member.entered"
    LEFT = "member.left"
    STREAMS = "member.streams"
    MESSAGE = "message"
    REMOVED = "removed"
    BLOCKED = "blocked"
    MEDIA_RESET = "media.reset"


_TYPES: Final = MappingProxyType(
    {
        Ask.ENTER: "{ protocol: number; sdkAppId: number; userId: string; userSig: string; roomId: number | string; "
        "scene: number; role: number; session: string; attempt: number; privateMapKey?: string }",
        Ask.RESUME: "{ session: string; token: string; attempt: number }",
        Ask.LEAVE: "{ }",
        Ask.ROLE: "{ role: number; privateMapKey?: string }",
        Ask.STREAMS: "{ audio: boolean; video: boolean; sub: boolean }",
        Ask.PUBLISH: "{ sdp: string; tracks: Record<string, any> }",
        Ask.SUBSCRIBE: "{ sdp: string }",
        Ask.ASSIGN: "{ slots: Record<string, any> }",
        Ask.MESSAGE: "{ kind: string; cmdId: number; data: string; seq: number }",
        Ask.PING: "{ }",
    }
)


def check_request(method: str, params: Any) -> tuple[Ask, dict[str, Any]]:
    """The request and its params; raises ValueError for an unknown method, BadType for bad params."""
    ask = Ask(method)
    checked: dict[str, Any] = compile_type(_TYPES[ask])({} if params is None else params, "")
    return ask, checked


@dataclass(frozen=True, slots=True)
class Streams:
    """What a member sends at the moment, muted streams left out."""

    audio: bool = False
    video: bool = False
    sub: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the others see it. A user that leaves and comes back has another `session`."""

    user: str
    session: str
    role: int
    streams: Streams = field(default_factory=Streams)

    def to_json(self) -> dict[str, Any]:
        """As it travels."""
        return asdict(self)

    @staticmethod
    def from_json(raw: dict[str, Any]) -> "Member":
        """Raises BadType when it is not one."""
        try:
            return Member(raw["user"], raw["session"], raw["role"], Streams(**raw["streams"]))
        except (KeyError, TypeError) as error:
            raise BadType("member", "Member") from error


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The answer to `enter` and `resume`: the room as the member may see it, itself left out.

    `media_kept` says whether the peer connections of before still stand. Silence for `silence_s` seconds ends the
    membership; `token` resumes it.
    """

    session: str
    token: str
    members: tuple[Member, ...]
    media_kept: bool
    silence_s: float

    def to_json(self) -> dict[str, Any]:
        """As it travels."""
        return {**asdict(self), "members": [member.to_json() for member in self.members]}

    @staticmethod
    def from_json(raw: dict[str, Any]) -> "Snapshot":
        """Raises BadType when it is not one."""
        try:
            members = tuple(Member.from_json(member) for member in raw["members"])
            return Snapshot(raw["session"], raw["token"], members, raw["media_kept"], raw["silence_s"])
        except (KeyError, TypeError) as error:
            raise BadType("snapshot", "Snapshot") from error


class Refusal(StrEnum):
    """Why a request was refused; the error's `data.cause`. The error's `code` is what the application is told."""

    BAD_REQUEST = "bad-request"
    UNKNOWN_METHOD = "unknown-method"
    NOT_IN_ROOM = "not-in-room"
    UNKNOWN_APP = "unknown-app"
    BAD_USER = "bad-user"
    BAD_ROOM = "bad-room"
    BAD_SCENE_OR_ROLE = "bad-scene-or-role"
    BAD_SIGNATURE = "bad-signature"
    BANNED = "banned"
    ROOM_FULL = "room-full"
    SESSION_GONE = "session-gone"
    NOT_AN_ANCHOR = "not-an-anchor"
    MEDIA = "media"
    STALE = "stale"
    LIMIT = "limit"


REFUSAL_CODES: Final = MappingProxyType(
    {
        Refusal.BAD_REQUEST: -32602,
        Refusal.UNKNOWN_METHOD: -32601,
        Refusal.NOT_IN_ROOM: -32000,
        Refusal.UNKNOWN_APP: -100018,
        Refusal.BAD_USER: -3319,
        Refusal.BAD_ROOM: -3318,
        Refusal.BAD_SCENE_OR_ROLE: -100011,
        Refusal.BAD_SIGNATURE: -100018,
        Refusal.BANNED: -102011,
        Refusal.ROOM_FULL: -102052,
        Refusal.SESSION_GONE: -32001,
        Refusal.NOT_AN_ANCHOR: -102055,
        Refusal.MEDIA: -32002,
        Refusal.STALE: -32003,
        Refusal.LIMIT: -32004,
    }
)


class Refused(Exception):
    """A request was refused: `cause` for programs, `text` for people, `code` for the application."""

    def __init__(self, cause: Refusal, text: str) -> None:
        super().__init__(text)
        self.cause = cause
        self.text = text

    @property
    def code(self) -> int:
        """The TRTC integer, or a JSON-RPC one where the application never sees it."""
        return REFUSAL_CODES[self.cause]


__all__ = [
    "GRACE_S",
    "VERSION",
    "Ask",
    "LeaveReason",
    "Member",
    "Refusal",
    "Refused",
    "Snapshot",
    "Streams",
    "Tell",
    "check_request",
]

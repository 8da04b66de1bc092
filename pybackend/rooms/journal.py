"""What happens in rooms, as values: for webhooks, metrics and logs. Every enter is paired with one exit by `session`."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pybackend.spec.exit import LeaveReason
from pybackend.spec.rooms import RoomKey


class Happening(StrEnum):
    """The kinds of things that happen."""

    ROOM_OPENED = "room opened"
    ROOM_CLOSED = "room closed"
    ENTERED = "entered"
    EXITED = "exited"
    ROLE_CHANGED = "role changed"
    STREAM_STARTED = "stream started"
    STREAM_STOPPED = "stream stopped"


@dataclass(frozen=True, slots=True)
class RoomNews:
    """One thing that happened. `stream` is `audio`, `video` or `sub`; `reason` is set for EXITED."""

    room: RoomKey
    what: Happening
    user: str = ""
    session: str = ""
    role: int = 0
    stream: str = ""
    reason: LeaveReason | None = None


NewsSink = Callable[[RoomNews], None]

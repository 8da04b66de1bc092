"""The backend's end of the room protocol: one stay in one room, whatever happens to the connection."""

from .link import LinkTimes, RoomLink
from .notices import (
    Lost,
    MediaReset,
    MemberEntered,
    MemberLeft,
    MessageArrived,
    Recovered,
    Recovering,
    Removed,
    RoomNotice,
    StreamsChanged,
)
from .socket import LinkDown

__all__ = [
    "LinkDown",
    "LinkTimes",
    "Lost",
    "MediaReset",
    "MemberEntered",
    "MemberLeft",
    "MessageArrived",
    "Recovered",
    "Recovering",
    "Removed",
    "RoomLink",
    "RoomNotice",
    "StreamsChanged",
]

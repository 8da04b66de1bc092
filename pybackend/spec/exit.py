"""Why a room is left: one table from causes to the integers that applications test."""

from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final


class ExitCause(StrEnum):
    """Why `onExitRoom` is sent; the event's `detail.cause`."""

    LEAVE = "leave"
    REMOVED = "removed"
    BANNED = "banned"
    DUPLICATE_LOGIN = "duplicate-login"
    TOKEN_EXPIRED = "token-expired"
    BACKEND_LOST = "backend-lost"
    DISMISSED = "dismissed"
    ROOM_CLOSED = "room-closed"


class ExitReason(IntEnum):
    """The argument of `onExitRoom`."""

    LEFT = 0
    REMOVED = 1
    DISMISSED = 2


class LeaveReason(IntEnum):
    """The second argument of `onRemoteUserLeaveRoom`."""

    LEFT = 0
    TIMEOUT = 1
    REMOVED = 2
    BECAME_AUDIENCE = 3


_REASONS: Final = MappingProxyType(
    {
        ExitCause.LEAVE: ExitReason.LEFT,
        ExitCause.REMOVED: ExitReason.REMOVED,
        ExitCause.BANNED: ExitReason.REMOVED,
        ExitCause.DUPLICATE_LOGIN: ExitReason.REMOVED,
        ExitCause.TOKEN_EXPIRED: ExitReason.REMOVED,
        ExitCause.BACKEND_LOST: ExitReason.REMOVED,
        ExitCause.DISMISSED: ExitReason.DISMISSED,
        ExitCause.ROOM_CLOSED: ExitReason.DISMISSED,
    }
)


def exit_reason(cause: ExitCause) -> ExitReason:
    """The only place where a cause becomes an integer."""
    return _REASONS[cause]

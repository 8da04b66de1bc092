"""What a stay in a room tells the engine, as values."""

from dataclasses import dataclass

from pybackend.spec.exit import ExitCause, LeaveReason
from pybackend.spec.protocol import Member, Streams


@dataclass(frozen=True, slots=True)
class MemberEntered:
    member: Member


@dataclass(frozen=True, slots=True)
class MemberLeft:
    member: Member
    reason: LeaveReason


@dataclass(frozen=True, slots=True)
class StreamsChanged:
    member: Member
    before: Streams


@dataclass(frozen=True, slots=True)
class MessageArrived:
    user: str
    kind: str
    cmd_id: int
    data: str
    seq: int


@dataclass(frozen=True, slots=True)
class MediaReset:
    """The peer connections are gone; connect anew."""


@dataclass(frozen=True, slots=True)
class Removed:
    cause: ExitCause


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection broke."""


@dataclass(frozen=True, slots=True)
class Recovering:
    """An attempt to come back begins."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Recovered:
    media_kept: bool


RoomNotice = (
    MemberEntered | MemberLeft | StreamsChanged | MessageArrived | MediaReset | Removed | Lost | Recovering | Recovered
)

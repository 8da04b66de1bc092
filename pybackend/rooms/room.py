"""One room and its members, as plain data with the rules of who sees whom."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from pybackend.spec.enums_generated import TRTCAppScene, TRTCRoleType
from pybackend.spec.protocol import Member, Refusal, Refused, Streams, Tell
from pybackend.spec.rooms import LAST_NUMBER, TEXT, TEXT_RULE, RoomKey, RoomKind

CALL_SCENES: Final = frozenset({TRTCAppScene.TRTCAppSceneVideoCall, TRTCAppScene.TRTCAppSceneAudioCall})
USER_TEXT: Final = re.compile(r"[A-Za-z0-9_.\-]{1,64}")


class Link(Protocol):
    """A member's socket."""

    def tell(self, method: Tell, params: dict[str, Any]) -> None:
        """Queues a notification; a link whose queue is full closes itself."""

    def close(self) -> None:
        """Sends what is queued, then closes."""


@dataclass(slots=True)
class Occupant:
    """One stay of one user in one room."""

    user: str
    session: str
    scene: int
    role: int
    attempt: int
    link: Link | None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    streams: Streams = field(default_factory=Streams)
    blocked: tuple[bool, bool] = (False, False)
    media_lost: bool = False
    """The media engine was restarted while there was no socket to tell it by."""

    @property
    def visible(self) -> bool:
        """Whether the others are told of it: in call scenes everybody, in live scenes anchors only."""
        return self.scene in CALL_SCENES or self.role == TRTCRoleType.TRTCRoleAnchor

    @property
    def may_publish(self) -> bool:
        """Roles only count in live scenes."""
        return self.visible

    def member(self) -> Member:
        """As the others see it; what is blocked does not count as sent."""
        audio, video = self.blocked
        sent = self.streams
        return Member(
            self.user,
            self.session,
            self.role,
            Streams(sent.audio and not audio, sent.video and not video, sent.sub and not video),
        )

    def tell(self, method: Tell, params: dict[str, Any]) -> None:
        """To this member alone; one without a socket learns it from the next snapshot."""
        if self.link is not None:
            self.link.tell(method, params)


@dataclass(slots=True)
class Room:
    """The members of a room, by user."""

    key: RoomKey
    occupants: dict[str, Occupant] = field(default_factory=dict)

    def others(self, occupant: Occupant) -> Iterator[Occupant]:
        """Everybody else; an older stay of the same user is nobody else."""
        return (other for other in self.occupants.values() if other.user != occupant.user)

    def seen_by(self, occupant: Occupant) -> tuple[Member, ...]:
        """The snapshot's members."""
        return tuple(other.member() for other in self.others(occupant) if other.visible)

    def tell_others(self, occupant: Occupant, method: Tell, params: dict[str, Any]) -> None:
        """To everybody else in the room."""
        for other in self.others(occupant):
            other.tell(method, params)


def room_key(app: int, room: int | float | str) -> RoomKey:
    """The key of a room as a client names it; raises Refused for an id that cannot be one."""
    if isinstance(room, str):
        if not TEXT.fullmatch(room):
            raise Refused(
                Refusal.BAD_ROOM,
                f"roomId: {TEXT_RULE}",
            )
        return RoomKey(app, RoomKind.STRING, room)
    if not isinstance(room, int) or not 1 <= room <= LAST_NUMBER:
        raise Refused(Refusal.BAD_ROOM, f"roomId: a whole number from 1 to {LAST_NUMBER}")
    return RoomKey(app, RoomKind.NUMBER, room)

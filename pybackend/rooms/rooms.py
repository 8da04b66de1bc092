"""All rooms of the service: entering, resuming, leaving, being put out. The rules are here; sockets and media are elsewhere.

Members hold a lease. Any message renews it; a closed socket shortens it to the grace period; when it runs out the
member is gone and the others are told so. Every departure goes through `_depart`, whatever its cause.
"""

import hmac
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pybackend.core.leases import Leases
from pybackend.core.tasks import Tasks
from pybackend.spec.enums_generated import TRTCAppScene, TRTCRoleType
from pybackend.spec.exit import ExitCause, LeaveReason
from pybackend.spec.protocol import GRACE_S, Refusal, Refused, Snapshot, Streams, Tell
from pybackend.spec.rooms import RoomKey

from .journal import Happening, NewsSink, RoomNews
from .media import MediaEngine, Source, StreamKind
from .room import CALL_SCENES, USER_TEXT, Link, Occupant, Room, room_key

logger: Final = logging.getLogger(__name__)

SWEEP_S: Final = 0.25
"""How long after its time a member or a room may still be there."""


@dataclass(frozen=True, slots=True)
class RoomPolicy:
    """Limits and times, in seconds."""

    member_timeout_s: float = 10.0
    grace_s: float = GRACE_S
    empty_live_room_s: float = 600.0
    max_members: int = 300
    max_audience: int = 100_000


Verify = Callable[[int, str, str], None]
"""Checks app, user and UserSig; raises Refused."""


class Rooms:
    """The rooms of one service, in memory."""

    def __init__(
        self,
        media: MediaEngine,
        verify: Verify,
        news: NewsSink,
        policy: RoomPolicy = RoomPolicy(),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._media = media
        self._verify = verify
        self._news = news
        self.policy = policy
        self._now = now
        self._rooms: dict[RoomKey, Room] = {}
        self._stays: dict[str, tuple[Room, Occupant]] = {}
        self._bans: dict[tuple[RoomKey, str], float] = {}
        self._member_leases: Leases[str] = Leases(now)
        self._empty_leases: Leases[RoomKey] = Leases(now)
        self._closings = Tasks("closing media")
        media.on_reset(self._media_reset)

    # -- entering ----------------------------------------------------------------------------------------------------

    def enter(self, request: dict[str, Any], link: Link) -> tuple[Occupant, Snapshot]:
        """Lets a user in; the same user's older session is put out. Raises Refused."""
        key = room_key(request["sdkAppId"], request["roomId"])
        newcomer = self._examine(key, request, link)
        room = self._rooms.get(key) or self._open(key, newcomer)
        before = room.occupants.get(newcomer.user)
        if before is not None and before.session == newcomer.session:
            if before.attempt >= newcomer.attempt:
                raise Refused(Refusal.STALE, "a newer attempt of this session is in the room")
            snapshot = self._replace_link(room, before, newcomer.attempt, link, kept=False)
            self.set_role(before, newcomer.role)
            return before, snapshot
        room.occupants[newcomer.user] = newcomer
        if before is not None:
            self._put_out(room, before, ExitCause.DUPLICATE_LOGIN)
        self._stays[newcomer.session] = (room, newcomer)
        self._empty_leases.end(key)
        self._member_leases.grant(newcomer.session, self.policy.member_timeout_s)
        self._tell(room, Happening.ENTERED, newcomer)
        if newcomer.visible:
            room.tell_others(newcomer, Tell.ENTERED, newcomer.member().to_json())
        return newcomer, self._snapshot(room, newcomer, kept=False)

    def _examine(self, key: RoomKey, request: dict[str, Any], link: Link) -> Occupant:
        user, scene, role = request["userId"], request["scene"], request["role"]
        if not USER_TEXT.fullmatch(user):
            raise Refused(Refusal.BAD_USER, "userId: 1 to 64 characters out of letters, digits, _ - .")
        if scene not in set(TRTCAppScene) or role not in set(TRTCRoleType):
            raise Refused(Refusal.BAD_SCENE_OR_ROLE, "scene or role: not one of TRTCAppScene, TRTCRoleType")
        self._verify(key.app, user, request["userSig"])
        if self._bans.get((key, user), 0.0) > self._now():
            raise Refused(Refusal.BANNED, "the user was removed from this room and may not come back yet")
        stay = self._stays.get(request["session"])
        if stay is not None and (stay[0].key != key or stay[1].user != user):
            raise Refused(Refusal.BAD_REQUEST, "session: in use by somebody else, or in another room")
        room = self._rooms.get(key)
        limit = self.policy.max_members if scene in CALL_SCENES else self.policy.max_audience
        if room is not None and len(room.occupants) >= limit and user not in room.occupants:
            raise Refused(Refusal.ROOM_FULL, f"the room is full ({limit})")
        return Occupant(user, request["session"], scene, role, request["attempt"], link)

    def _open(self, key: RoomKey, first: Occupant) -> Room:
        room = self._rooms[key] = Room(key)
        self._tell(room, Happening.ROOM_OPENED, first)
        return room

    def resume(self, request: dict[str, Any], link: Link) -> tuple[Occupant, Snapshot]:
        """Gives a stay a new socket. Raises Refused when there is no such stay any more."""
        room, occupant = self._stays.get(request["session"], (None, None))
        if (
            room is None
            or occupant is None
            or not hmac.compare_digest(occupant.token.encode(), request["token"].encode())
        ):
            raise Refused(Refusal.SESSION_GONE, "no such stay: enter again")
        if occupant.attempt >= request["attempt"]:
            raise Refused(Refusal.STALE, "a newer attempt of this session is in the room")
        return occupant, self._replace_link(room, occupant, request["attempt"], link, kept=not occupant.media_lost)

    def _replace_link(self, room: Room, occupant: Occupant, attempt: int, link: Link, *, kept: bool) -> Snapshot:
        if occupant.link is not None:
            occupant.link.close()
        occupant.link, occupant.attempt, occupant.media_lost = link, attempt, False
        self._member_leases.grant(occupant.session, self.policy.member_timeout_s)
        return self._snapshot(room, occupant, kept=kept)

    def _snapshot(self, room: Room, occupant: Occupant, *, kept: bool) -> Snapshot:
        return Snapshot(occupant.session, occupant.token, room.seen_by(occupant), kept, self.policy.member_timeout_s)

    # -- staying -----------------------------------------------------------------------------------------------------

    def heard(self, occupant: Occupant, link: Link) -> None:
        """Any message of the member renews its lease. Raises Refused when the stay is over, or goes on by another socket."""
        self._room_of(occupant)
        if occupant.link is not link:
            raise Refused(Refusal.NOT_IN_ROOM, "the stay goes on by another socket")
        self._member_leases.renew(occupant.session)

    def detach(self, occupant: Occupant, link: Link) -> None:
        """The member's socket closed without a goodbye: the grace period begins."""
        if occupant.link is link:
            occupant.link = None
            if occupant.session in self._stays:
                self._member_leases.grant(occupant.session, self.policy.grace_s)

    def set_streams(self, occupant: Occupant, streams: Streams) -> None:
        """What the member sends changed."""
        room = self._room_of(occupant)
        self._change_streams(room, occupant, streams if occupant.may_publish else Streams())
        self._tell_streams(room, occupant)

    def _change_streams(self, room: Room, occupant: Occupant, streams: Streams) -> None:
        before, occupant.streams = occupant.streams, streams
        for stream in ("audio", "video", "sub"):
            if getattr(before, stream) != getattr(streams, stream):
                started = getattr(streams, stream)
                what = Happening.STREAM_STARTED if started else Happening.STREAM_STOPPED
                self._tell(room, what, occupant, stream=stream)

    def _tell_streams(self, room: Room, occupant: Occupant) -> None:
        if occupant.visible:
            member = occupant.member().to_json()
            room.tell_others(occupant, Tell.STREAMS, {name: member[name] for name in ("user", "session", "streams")})

    def set_role(self, occupant: Occupant, role: int) -> None:
        """Anchors come into sight, audience goes out of it."""
        if role not in set(TRTCRoleType):
            raise Refused(Refusal.BAD_SCENE_OR_ROLE, "role: 20 (anchor) or 21 (audience)")
        room, was_visible = self._room_of(occupant), occupant.visible
        if role == occupant.role:
            return
        occupant.role = role
        self._tell(room, Happening.ROLE_CHANGED, occupant)
        if occupant.visible and not was_visible:
            room.tell_others(occupant, Tell.ENTERED, occupant.member().to_json())
        elif was_visible and not occupant.visible:
            self._change_streams(room, occupant, Streams())
            room.tell_others(occupant, Tell.LEFT, self._left(occupant, LeaveReason.BECAME_AUDIENCE))

    def pass_on(self, occupant: Occupant, message: dict[str, Any]) -> None:
        """A message to everybody else in the room."""
        self._room_of(occupant).tell_others(occupant, Tell.MESSAGE, {"user": occupant.user, **message})

    def source(self, occupant: Occupant, user: str, stream: str) -> Source | None:
        """Where a stream of another member comes from; None when the member is not there."""
        other = self._room_of(occupant).occupants.get(user)
        try:
            return Source(other.session, StreamKind(stream)) if other is not None and other.visible else None
        except ValueError:
            raise Refused(Refusal.BAD_REQUEST, f"slots: stream is one of {', '.join(StreamKind)}") from None

    def _room_of(self, occupant: Occupant) -> Room:
        stay = self._stays.get(occupant.session)
        if stay is None or stay[1] is not occupant:
            raise Refused(Refusal.NOT_IN_ROOM, "the stay is over")
        return stay[0]

    def _media_reset(self) -> None:
        for _, occupant in self._stays.values():
            occupant.media_lost = occupant.link is None
            occupant.tell(Tell.MEDIA_RESET, {})

    # -- leaving -----------------------------------------------------------------------------------------------------

    async def leave(self, occupant: Occupant) -> None:
        """The member's own decision; returns when nothing of it is forwarded any more."""
        self._depart(self._room_of(occupant), occupant, LeaveReason.LEFT)
        await self._closings.finished()

    def _put_out(self, room: Room, occupant: Occupant, cause: ExitCause) -> None:
        link, occupant.link = occupant.link, None
        was_cut_off = link is None and cause is ExitCause.DUPLICATE_LOGIN  # and is back before its time ran out
        if link is not None:
            link.tell(Tell.REMOVED, {"cause": cause})
            link.close()
        self._depart(room, occupant, LeaveReason.TIMEOUT if was_cut_off else LeaveReason.REMOVED)

    def _depart(self, room: Room, occupant: Occupant, reason: LeaveReason) -> None:
        if self._stays.pop(occupant.session, None) is None:
            return
        self._closings.spawn(self._media.close_session(occupant.session))
        self._member_leases.end(occupant.session)
        if room.occupants.get(occupant.user) is occupant:
            del room.occupants[occupant.user]
        if occupant.visible:
            room.tell_others(occupant, Tell.LEFT, self._left(occupant, reason))
        self._tell(room, Happening.EXITED, occupant, reason=reason)
        if not room.occupants:
            self._emptied(room, occupant, reason)

    def _emptied(self, room: Room, last: Occupant, reason: LeaveReason) -> None:
        at_once = last.scene in CALL_SCENES or last.role == TRTCRoleType.TRTCRoleAnchor or reason is LeaveReason.REMOVED
        if at_once:
            self._close_room(room)
        else:
            self._empty_leases.grant(room.key, self.policy.empty_live_room_s)

    def _close_room(self, room: Room) -> None:
        if self._rooms.get(room.key) is room and not room.occupants:
            del self._rooms[room.key]
            self._news(RoomNews(room.key, Happening.ROOM_CLOSED))

    @staticmethod
    def _left(occupant: Occupant, reason: LeaveReason) -> dict[str, Any]:
        return {"user": occupant.user, "session": occupant.session, "reason": reason}

    def sweep(self) -> float:
        """Sees off members and empty rooms whose time has come; returns the seconds until the next look."""
        for session in self._member_leases.expired():
            room, occupant = self._stays[session]
            logger.info("%s in %s was not heard of any more", occupant.user, room.key)
            if occupant.link is not None:
                occupant.link.close()
            self._depart(room, occupant, LeaveReason.TIMEOUT)
        for key in self._empty_leases.expired():
            if key in self._rooms:
                self._close_room(self._rooms[key])
        now = self._now()
        self._bans = {banned: until for banned, until in self._bans.items() if until > now}
        next_end_s = self._member_leases.next_end_s()
        return SWEEP_S if next_end_s is None else min(max(next_end_s, 0.01), SWEEP_S)

    # -- the server API (`RoomControl`) and metrics ------------------------------------------------------------------

    async def remove_users(self, room: RoomKey, users: Sequence[str], ban_s: float) -> bool:
        """Puts users out, and keeps them out for `ban_s` seconds; False when there is no such room."""
        found = self._rooms.get(room)
        if found is None:
            return False
        for user in users:
            if ban_s > 0:
                self._bans[(room, user)] = self._now() + ban_s
            if (occupant := found.occupants.get(user)) is not None:
                self._put_out(found, occupant, ExitCause.BANNED if ban_s > 0 else ExitCause.REMOVED)
        await self._closings.finished()
        return True

    async def dismiss(self, room: RoomKey) -> bool:
        """Puts everybody out and closes the room; False when there is none."""
        found = self._rooms.pop(room, None)
        if found is None:
            return False
        self._empty_leases.end(room)
        everybody, found.occupants = list(found.occupants.values()), {}
        for occupant in everybody:
            self._put_out(found, occupant, ExitCause.DISMISSED)
        self._news(RoomNews(room, Happening.ROOM_CLOSED))
        await self._closings.finished()
        return True

    async def block(self, room: RoomKey, user: str, *, audio: bool, video: bool) -> bool | None:
        """Stops passing on what a user sends. None: no such room; False: no such user."""
        found = self._rooms.get(room)
        occupant = found.occupants.get(user) if found is not None else None
        if found is None or occupant is None:
            return None if found is None else False
        occupant.blocked = (audio, video)
        await self._media.block(occupant.session, audio=audio, video=video)
        occupant.tell(Tell.BLOCKED, {"audio": audio, "video": video})
        self._tell_streams(found, occupant)
        return True

    def counts(self) -> dict[str, int]:
        """Rooms and members, for metrics."""
        return {"rooms": len(self._rooms), "members": len(self._stays)}

    def _tell(self, room: Room, what: Happening, who: Occupant, **more: Any) -> None:
        self._news(RoomNews(room.key, what, who.user, who.session, who.role, **more))

"""Rooms with an injected clock, a media engine that only remembers, and links that only listen."""

from collections.abc import Callable, Mapping
from typing import Any

from pybackend.rooms.journal import Happening, RoomNews
from pybackend.rooms.media import MediaError, Source, StreamKind
from pybackend.rooms.room import Occupant
from pybackend.rooms.rooms import RoomPolicy, Rooms
from pybackend.spec.protocol import Refusal, Refused, Snapshot, Tell

APP = 1400000001
CALL, LIVE = 0, 1
ANCHOR, AUDIENCE = 20, 21


class MemoryMedia:
    """A MediaEngine that forwards nothing."""

    def __init__(self) -> None:
        self.log: list[tuple[Any, ...]] = []
        self.reset: Callable[[], None] = lambda: None
        self.refusing = ""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def _note(self, *entry: Any) -> None:
        if self.refusing:
            raise MediaError(self.refusing)
        self.log.append(entry)

    async def publish(self, session: str, sdp: str, tracks: Mapping[str, StreamKind]) -> str:
        self._note("publish", session, sdp, dict(tracks))
        return "answer"

    async def subscribe(self, session: str, sdp: str) -> str:
        self._note("subscribe", session, sdp)
        return "answer"

    async def assign(self, session: str, slots: Mapping[str, Source | None]) -> None:
        self._note("assign", session, dict(slots))

    async def block(self, session: str, *, audio: bool, video: bool) -> None:
        self._note("block", session, audio, video)

    async def close_session(self, session: str) -> None:
        self.log.append(("close", session))

    def on_reset(self, callback: Callable[[], None]) -> None:
        self.reset = callback

    def statistics(self) -> Mapping[str, float]:
        return {"packets_in": 3.0}


class MemoryLink:
    """A member's socket."""

    def __init__(self) -> None:
        self.told: list[tuple[Tell, dict[str, Any]]] = []
        self.closed = False

    def tell(self, method: Tell, params: dict[str, Any]) -> None:
        assert not self.closed
        self.told.append((method, params))

    def close(self) -> None:
        self.closed = True

    def heard(self) -> list[tuple[Tell, dict[str, Any]]]:
        """What was told since the last look."""
        told, self.told = self.told, []
        return told


class Guest:
    """A user in a room."""

    def __init__(self, occupant: Occupant, snapshot: Snapshot, link: MemoryLink) -> None:
        self.occupant, self.snapshot, self.link = occupant, snapshot, link


class House:
    """`Rooms`, its surroundings, and a clock that is set by hand."""

    def __init__(self, policy: RoomPolicy | None = None) -> None:
        self.now = 1000.0
        self.media = MemoryMedia()
        self.news: list[RoomNews] = []
        self.rooms = Rooms(self.media, self._verify, self.news.append, policy or RoomPolicy(), lambda: self.now)

    @staticmethod
    def _verify(app: int, user: str, user_sig: str) -> None:
        if app != APP:
            raise Refused(Refusal.UNKNOWN_APP, "no such app")
        if user_sig != f"sig of {user}":
            raise Refused(Refusal.BAD_SIGNATURE, "no")

    def request(self, user: str, **more: Any) -> dict[str, Any]:
        """Params of `enter`."""
        return {
            "protocol": 1,
            "sdkAppId": APP,
            "userId": user,
            "userSig": f"sig of {user}",
            "roomId": 7,
            "scene": CALL,
            "role": ANCHOR,
            "session": f"{user}-1",
            "attempt": 1,
        } | more

    def enter(self, user: str, **more: Any) -> Guest:
        link = MemoryLink()
        occupant, snapshot = self.rooms.enter(self.request(user, **more), link)
        return Guest(occupant, snapshot, link)

    def resume(self, guest: Guest, **more: Any) -> Guest:
        link = MemoryLink()
        request = {"session": guest.snapshot.session, "token": guest.snapshot.token, "attempt": 2} | more
        occupant, snapshot = self.rooms.resume(request, link)
        return Guest(occupant, snapshot, link)

    def passes(self, seconds: float) -> None:
        """Time goes by; the service looks after its rooms."""
        self.now += seconds
        self.rooms.sweep()

    def happened(self) -> list[tuple[Happening, str]]:
        """What and who, in order."""
        return [(news.what, news.session) for news in self.news]

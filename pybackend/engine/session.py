"""Being in a room: drives the table of `core.session` and the exit ladder. What entering and leaving mean for devices and
media is done by `Parts`.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pybackend.core.jsonrpc import RemoteError
from pybackend.core.ladder import ExitDeadlines, ExitReport, climb
from pybackend.core.session import Effect, Input, State, step
from pybackend.core.tasks import Tasks
from pybackend.signal import LinkDown, Lost, Recovered, Recovering, Removed, RoomLink, RoomNotice
from pybackend.spec.enums_generated import TXLiteAVError as Error
from pybackend.spec.enums_generated import TXLiteAVWarning as Warn
from pybackend.spec.exit import ExitCause, exit_reason

from .faults import ENTER_REFUSED

logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a room is entered with."""

    app: int
    user: str
    user_sig: str
    room: int | str
    scene: int
    role: int
    private_map_key: str | None = None

    def request(self, session: str) -> dict[str, Any]:
        """The params of the room protocol's `enter`."""
        key = {"privateMapKey": self.private_map_key} if self.private_map_key else {}
        return {
            "sdkAppId": self.app,
            "userId": self.user,
            "userSig": self.user_sig,
            "roomId": self.room,
            "scene": self.scene,
            "role": self.role,
            "session": session,
            **key,
        }


class Parts(Protocol):
    """What else an exit and an entrance are made of."""

    def stop_intake(self) -> None:
        """Nothing is captured, sent or shown from now on; returns at once."""

    async def close_media(self) -> bool: ...

    async def close_devices(self) -> bool: ...

    def entered(self, link: RoomLink, entry: Entry) -> None: ...

    def recovered(self, *, media_kept: bool) -> None: ...

    def notice(self, notice: RoomNotice) -> None:
        """Everything the room service tells that does not concern the session itself."""

    def left(self) -> None:
        """The room is left: forget what belonged to it, let devices be opened again."""


MakeLink = Callable[[dict[str, Any], Callable[[RoomNotice], None]], RoomLink]
Emit = Callable[..., None]


class RoomSession:
    """One cloud's way through rooms."""

    def __init__(self, emit: Emit, parts: Parts, make_link: MakeLink, deadlines: ExitDeadlines | None = None) -> None:
        self._emit = emit
        self._parts = parts
        self._make_link = make_link
        self._deadlines = deadlines or ExitDeadlines()
        self._tasks = Tasks("room session")
        self._entering: asyncio.Task[None] | None = None
        self._started = 0.0
        self._queued: Entry | None = None
        self._refusal: tuple[int, str] = (0, "")
        self._cause = ExitCause.LEAVE
        self._silent = False
        self._done = asyncio.Event()
        self._done.set()
        self.state = State.IDLE
        self.entry: Entry | None = None
        self.link: RoomLink | None = None
        self.name: str | None = None
        self.report: ExitReport | None = None
        self._effects: dict[Effect, Callable[[], None]] = {
            Effect.CONNECT: self._connect,
            Effect.CLIMB: self._climb,
            Effect.REFUSE_ENTER: self._refuse_enter,
            Effect.QUEUE_ENTER: lambda: None,
            Effect.FORGET_QUEUED: self._forget_queued,
            Effect.START_QUEUED: self._start_queued,
            Effect.SAY_ENTERED: self._say_entered,
            Effect.SAY_REFUSED: self._say_refused,
            Effect.SAY_EXITED: self._say_exited,
            Effect.SAY_LOST: self._say_lost,
            Effect.SAY_RECOVERED: lambda: self._emit("onConnectionRecovery"),
        }

    # -- inputs ------------------------------------------------------------------------------------------------------

    def enter(self, entry: Entry) -> None:
        """enterRoom, with checked parameters."""
        self._queued = entry
        self._feed(Input.ENTER)

    def exit(self, *, silent: bool = False) -> None:
        """exitRoom. `silent`: no event when there was no room to leave (`destroy`)."""
        if self.state is not State.EXITING:
            self._silent = silent and self.state is State.IDLE
            self._cause = ExitCause.LEAVE
        self._silent = self._silent and silent
        self._feed(Input.EXIT)

    async def finished(self) -> None:
        """Waits until an exit that has begun is done."""
        await self._done.wait()

    def _notice(self, notice: RoomNotice) -> None:
        match notice:
            case Lost():
                self._feed(Input.LOST)
            case Recovering():
                self._emit("onTryToReconnect", detail={"attempt": notice.attempt})
                self._warn(Warn.WARNING_ROOM_RECONNECT, "coming back to the room")
            case Recovered():
                self._feed(Input.RECOVERED)
                self._parts.recovered(media_kept=notice.media_kept)
            case Removed():
                if self.state is not State.EXITING:
                    self._cause = notice.cause
                self._feed(Input.REMOVED)
            case _:
                self._parts.notice(notice)

    def _feed(self, given: Input) -> None:
        before = self.state
        self.state, effects = step(before, given)
        logger.debug("%s: %s -> %s", given, before, self.state)
        for effect in effects:
            self._effects[effect]()

    # -- entering ----------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        entry, self._queued = self._queued, None
        assert entry is not None
        self.entry, self.name = entry, uuid.uuid4().hex
        self._started = time.monotonic()
        self.link = self._make_link(entry.request(self.name), self._notice)
        self._entering = self._tasks.spawn(self._enter(self.link))

    async def _enter(self, link: RoomLink) -> None:
        try:
            await link.enter()
        except RemoteError as error:
            self._refusal = (error.code, error.message)
            self._feed(Input.REFUSED)
        except LinkDown as error:
            self._refusal = (int(Error.ERR_ROOM_REQUEST_ENTER_ROOM_TIMEOUT), str(error))
            self._feed(Input.REFUSED)
        else:
            self._feed(Input.ACCEPTED)

    def _say_entered(self) -> None:
        assert self.link is not None
        assert self.entry is not None
        self._emit("onEnterRoom", max(1, round((time.monotonic() - self._started) * 1000)))
        self._parts.entered(self.link, self.entry)
        self.link.begin()

    def _say_refused(self) -> None:
        code, text = self._refusal
        self.say_enter_failed(code, text)
        self._forget_stay()

    def _forget_stay(self) -> None:
        """Nothing waits for the end of its connection: nothing is told by it any more."""
        if self.link is not None:
            self._tasks.spawn(self.link.close())
        self.link, self.entry, self.name, self._entering = None, None, None, None

    def _refuse_enter(self) -> None:
        self._queued = None
        self.say_enter_failed(ENTER_REFUSED, "enterRoom: already in a room, or entering one; call exitRoom first")

    def say_enter_failed(self, code: int, text: str) -> None:
        """onError, then onEnterRoom, as the SDK does for every refusal."""
        self._emit("onError", code, text)
        self._emit("onEnterRoom", code)

    def _say_lost(self) -> None:
        self._emit("onConnectionLost")
        self._warn(Warn.WARNING_ROOM_DISCONNECT, "the connection to the room service broke")

    def _warn(self, code: Warn, text: str) -> None:
        self._emit("onWarning", int(code), text, {})

    # -- leaving -----------------------------------------------------------------------------------------------------

    def _climb(self) -> None:
        self._done.clear()
        if self.link is not None:
            self.link.stop()
        self._parts.stop_intake()
        self._tasks.spawn(self._leave())

    async def _leave(self) -> None:
        self.report = await climb(
            self._goodbye, self._parts.close_media, self._parts.close_devices, self._flush, self._deadlines
        )
        if self._entering is not None:
            self._entering.cancel()
        self._feed(Input.RELEASED)

    async def _goodbye(self) -> bool:
        """Tells the room service; not needed when it is the one who put us out. An enter on its way is waited for."""
        if self.link is None or self._cause is not ExitCause.LEAVE:
            return True
        if self._entering is not None and not self._entering.done():
            await asyncio.wait([self._entering])
        return await self.link.leave(self._deadlines.goodbye_s)

    async def _flush(self) -> bool:
        """What devices' threads have handed to the loop comes before the last event."""
        await asyncio.sleep(0)
        return True

    def _say_exited(self) -> None:
        cause, report = self._cause, self.report
        if not self._silent:
            detail = {"cause": str(cause)}
            if report is not None and not report.polite:
                detail["overrun"] = ", ".join(rung for rung, result in report.results.items() if result != "done")
            self._emit("onExitRoom", int(exit_reason(cause)), detail=detail)
        self._forget_stay()
        self._silent = False
        self._done.set()
        self._parts.left()

    def _forget_queued(self) -> None:
        """A second exit: neither the room nor the devices that were asked for since the first one are wanted any more."""
        self._queued = None
        self._parts.stop_intake()

    def _start_queued(self) -> None:
        if self._queued is not None:
            self._feed(Input.ENTER)

    async def close(self) -> None:
        """The backend ends: leaves what is left, then stops."""
        if self.state is not State.IDLE:
            self.exit()
            await self.finished()
        await self._tasks.finished()

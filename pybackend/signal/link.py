"""A stay in a room: enter, hear of the others, come back after a broken connection, leave.

The link keeps what the room service said (`members`). After a reconnect the new snapshot is compared with it and the
difference is told as if it had just happened, so nobody is left on the screen who went while we were away.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pybackend.core.jsonrpc import RemoteError
from pybackend.core.reconnect import Backoff, ReconnectPolicy
from pybackend.core.tasks import Tasks
from pybackend.spec.exit import ExitCause, LeaveReason
from pybackend.spec.protocol import VERSION, Ask, Member, Refusal, Snapshot, Streams, Tell
from pybackend.spec.types import BadType

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
from .socket import LinkDown, Socket

logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LinkTimes:
    """Seconds: to connect, for an answer, for entering in all."""

    connect_s: float = 4.0
    answer_s: float = 5.0
    enter_s: float = 10.0


_FINAL: Final = {Refusal.BANNED: ExitCause.BANNED, Refusal.BAD_SIGNATURE: ExitCause.TOKEN_EXPIRED}
"""Refusals that end a stay when it tries to come back. The signature was good when the stay began."""


class RoomLink:
    """One stay. `request` holds the params of `enter` without `attempt`; `on_notice` gets everything that happens."""

    def __init__(
        self,
        url: str,
        request: Mapping[str, Any],
        on_notice: Callable[[RoomNotice], None],
        *,
        policy: ReconnectPolicy | None = None,
        times: LinkTimes = LinkTimes(),
    ) -> None:
        self._url = url
        self._request = {"protocol": VERSION, **request}
        self._on_notice = on_notice
        self._policy = policy or Backoff()
        self._times = times
        self._tasks = Tasks("coming back to the room")
        self._socket: Socket | None = None
        self._attempt = 0
        self._token = ""
        self._over = asyncio.Event()
        self._snapshot: Snapshot | None = None
        self._held: list[tuple[str, dict[str, Any]]] = []
        self.members: dict[str, Member] = {}

    @property
    def rtt_ms(self) -> float:
        """The last round trip to the room service; 0 when there was none yet."""
        return self._socket.rtt_ms if self._socket is not None else 0.0

    # -- entering and leaving ----------------------------------------------------------------------------------------

    async def enter(self) -> None:
        """Tries until the room service answers, for `enter_s` at most.

        Raises RemoteError when it refuses, LinkDown when it does not answer. Nothing is told before `begin`.
        """
        attempt = 0
        try:
            async with asyncio.timeout(self._times.enter_s):
                while True:
                    await self._pause(attempt)
                    attempt += 1
                    try:
                        await self._connect(Ask.ENTER)
                    except LinkDown as error:
                        if self._over.is_set():
                            raise
                        logger.info("entering: %s", error)
                    else:
                        return
        except TimeoutError:
            raise LinkDown("the room service does not answer") from None

    def begin(self) -> None:
        """Tells who is in the room, then what has happened since, then what happens."""
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None:
            self._compare(snapshot)
        held, self._held = self._held, []
        for method, params in held:
            self._notice(method, params)

    async def _pause(self, attempt: int) -> None:
        """Waits as the policy says; raises LinkDown when the stay is over before."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), self._policy.delay(attempt))
        if self._over.is_set():
            raise LinkDown("given up: the room is being left")

    async def leave(self, timeout_s: float) -> bool:
        """Says goodbye, and waits until the others were told. False when the room service could not be reached."""
        self._over.set()
        await self._tasks.cancel()
        if self._socket is None:
            return False
        try:
            await self._socket.request(Ask.LEAVE, {}, timeout_s)
        except (LinkDown, RemoteError) as error:
            logger.info("leaving: %s", error)
            return False
        return True

    def stop(self) -> None:
        """Nothing is told any more."""
        self._over.set()

    async def close(self) -> None:
        """Ends the connection without another word."""
        self._over.set()
        await self._tasks.cancel()
        await self._drop()

    async def _drop(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    # -- asking ------------------------------------------------------------------------------------------------------

    async def ask(self, ask: Ask, params: Mapping[str, Any]) -> Any:
        """A request in the room; raises LinkDown or RemoteError."""
        if self._socket is None:
            raise LinkDown("the connection to the room service is gone")
        return await self._socket.request(ask, params, self._times.answer_s)

    def update(self, **changes: Any) -> None:
        """Changes what a later `enter` of this stay says (the role, the room)."""
        self._request |= changes

    # -- the connection ----------------------------------------------------------------------------------------------

    async def _connect(self, ask: Ask) -> Snapshot:
        self._attempt += 1
        self._held = []
        socket: Socket | None = None

        def hold(method: str, params: dict[str, Any]) -> None:
            if self._socket is not socket or self._snapshot is not None:
                self._held.append((method, params))
            else:
                self._notice(method, params)

        def down() -> None:
            if self._socket is socket:
                self._tasks.spawn(self._come_back())

        socket = await Socket.connect(self._url, hold, down, self._times.connect_s)
        try:
            params = (
                {**self._request, "attempt": self._attempt}
                if ask is Ask.ENTER
                else {"session": self._request["session"], "token": self._token, "attempt": self._attempt}
            )
            snapshot = Snapshot.from_json(await socket.request(ask, params, self._times.answer_s))
            if socket.closed and not any(method == Tell.REMOVED for method, _ in self._held):
                raise LinkDown("the connection broke right after the answer")
        except BadType as error:
            await socket.close()
            raise LinkDown(f"the room service answered nonsense: {error}") from None
        except BaseException:
            await socket.close()
            raise
        self._socket, self._token, self._snapshot = socket, snapshot.token, snapshot
        socket.beat(snapshot.silence_s / 4, snapshot.silence_s / 2)
        return snapshot

    async def _come_back(self) -> None:
        if self._over.is_set():
            return
        await self._drop()
        self._tell(Lost())
        attempt = 0
        while not self._over.is_set():
            try:
                await self._pause(attempt)
                attempt += 1
                self._tell(Recovering(attempt))
                snapshot = await self._resume_or_enter()
            except LinkDown as error:
                logger.info("coming back, attempt %d: %s", attempt, error)
            except RemoteError as error:
                logger.warning("coming back, attempt %d: refused: %s", attempt, error)
                if error.cause in _FINAL:
                    self._tell(Removed(_FINAL[Refusal(error.cause)]))
                    return
            else:
                self._tell(Recovered(snapshot.media_kept))
                self.begin()
                return

    async def _resume_or_enter(self) -> Snapshot:
        try:
            return await self._connect(Ask.RESUME)
        except RemoteError as error:
            if error.cause != Refusal.SESSION_GONE:
                raise
        return await self._connect(Ask.ENTER)

    # -- what the room service says ----------------------------------------------------------------------------------

    def _tell(self, notice: RoomNotice) -> None:
        if not self._over.is_set():
            self._on_notice(notice)

    def _compare(self, snapshot: Snapshot) -> None:
        present = {member.user: member for member in snapshot.members}
        for member in list(self.members.values()):
            if member.user not in present or present[member.user].session != member.session:
                self._left(member.user, member.session, LeaveReason.TIMEOUT)
        for member in present.values():
            self._entered(member)

    def _entered(self, member: Member) -> None:
        known = self.members.get(member.user)
        if known is not None and known.session != member.session:
            self._left(known.user, known.session, LeaveReason.TIMEOUT)
            known = None
        if known is None:
            self.members[member.user] = replace(member, streams=Streams())
            self._tell(MemberEntered(member))
        self._streams(member.user, member.session, member.streams)

    def _left(self, user: str, session: str, reason: LeaveReason) -> None:
        known = self.members.get(user)
        if known is not None and known.session == session:
            del self.members[user]
            self._tell(MemberLeft(known, reason))

    def _streams(self, user: str, session: str, streams: Streams) -> None:
        known = self.members.get(user)
        if known is not None and known.session == session and known.streams != streams:
            self.members[user] = replace(known, streams=streams)
            self._tell(StreamsChanged(self.members[user], known.streams))

    def _notice(self, method: str, params: dict[str, Any]) -> None:
        try:
            self._dispatch(Tell(method), params)
        except (ValueError, KeyError, TypeError, BadType):
            logger.warning("the room service told something that is not understood: %s", method)

    def _dispatch(self, tell: Tell, params: dict[str, Any]) -> None:
        match tell:
            case Tell.ENTERED:
                self._entered(Member.from_json(params))
            case Tell.LEFT:
                self._left(params["user"], params["session"], LeaveReason(params["reason"]))
            case Tell.STREAMS:
                self._streams(params["user"], params["session"], Streams(**params["streams"]))
            case Tell.MESSAGE:
                self._tell(
                    MessageArrived(params["user"], params["kind"], params["cmdId"], params["data"], params["seq"])
                )
            case Tell.MEDIA_RESET:
                self._tell(MediaReset())
            case Tell.REMOVED:
                self._tell(Removed(ExitCause(params["cause"])))
                self._over.set()
            case Tell.BLOCKED:
                logger.info(
                    "what we send is %s", "blocked" if params["audio"] or params["video"] else "passed on again"
                )

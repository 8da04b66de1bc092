"""Calls and events over one connection to a backend; it outlives interruptions.

While the backend is away, calls wait for it, up to their deadlines. What was sent and not answered fails with
`ConnectionLost`: nobody knows whether it took effect. When the backend is back, the client says `hello` and `on` again
and asks for the events that it missed; only then do the waiting calls go out.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Several
from dataclasses import dataclass, field
from typing import Any, Final

from pybackend.core import clock
from pybackend.core.tasks import Tasks

from . import wire
from .dealer import Dealer
from .errors import AuthRefused, BackendGone, ClientError, ConnectionLost, RpcError, RpcTimeout
from .event import CloudEvent, Gap
from .options import UNSENT, Auth, Options
from .outstanding import Outstanding
from .presence import Presence
from .sequence import Sequence

logger: Final = logging.getLogger(__name__)

PINGS_PER_LEASE: Final = 3

AGAIN_S: Final = 0.5
"""Pause before a greeting that failed is tried again on the same connection."""

Params = Mapping[str, Any] | Several[Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a batch; `params` by name or by position."""

    method: str
    params: Params = field(default_factory=dict)


class Connection:
    """Belongs to the loop that opens it. `deliver` and `missed` are called on that loop and must not block."""

    def __init__(
        self,
        endpoint: str,
        auth: Auth,
        options: Options,
        deliver: Callable[[CloudEvent], None],
        missed: Callable[[Gap], None],
    ) -> None:
        self._endpoint = endpoint
        self._auth = auth
        self._options = options
        self._deliver = deliver
        self._missed = missed
        self._outstanding = Outstanding()
        self._unsent: dict[int, list[bytes]] = {}
        self._sequence = Sequence()
        self._presence = Presence()
        self._tasks = Tasks("client connection")
        self._dealer: Dealer | None = None
        self._greeter: asyncio.Task[None] | None = None
        self._online = False
        self._met = False
        self._ended: ConnectionLost | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        """Connects and greets; raises AuthRefused, or RpcTimeout when nobody answers."""
        try:
            self._dealer = Dealer(self._endpoint, self._auth, self)
            async with asyncio.timeout(self._options.deadlines.connect):
                await self._opened
        except TimeoutError:
            await self.close()
            raise RpcTimeout(f"no backend answers at {self._endpoint}") from None
        except BaseException:
            await self.close()
            raise
        if self._options.events or self._options.owner:
            self._tasks.spawn(self._keep_alive())

    async def call(self, method: str, params: Params, timeout: float | None = None) -> Any:
        """The result of one call; raises a ClientError."""
        (outcome,) = await self._ask([Call(method, params)], timeout)
        if isinstance(outcome, ClientError):
            raise outcome
        return outcome

    async def batch(self, calls: Several[Call], timeout: float | None = None) -> list[Any]:
        """The results of calls that are carried out one after the other; an RpcError in the place of each that failed."""
        outcomes = await self._ask(calls, timeout, batch=True) if calls else []
        for outcome in outcomes:
            if isinstance(outcome, ConnectionLost):
                raise outcome
        return outcomes

    async def close(self) -> None:
        """Lets go of the socket; calls under way fail. May be called twice."""
        self._end(ConnectionLost("the client is closed"))
        await self._tasks.cancel()

    def handle_backend_gone(self, why: str) -> None:
        """The backend's process has ended: rooms that were entered are over, and nothing more will come."""
        if self._ended is None:
            self._end(BackendGone(why))
            self._leave_rooms()

    def handle_message(self, frames: Several[bytes]) -> None:
        """From the socket."""
        try:
            message = wire.decode(frames)
            for answer in message if isinstance(message, list) else [message]:
                if not isinstance(answer, dict) or "method" in answer:
                    self._arrived(CloudEvent.parse(answer))
                elif not self._outstanding.settle(answer):
                    logger.debug("an answer that nobody waits for: %s", answer.get("id"))
        except ValueError as error:
            logger.warning("a message that makes no sense: %s", error)

    def handle_up(self) -> None:
        """From the socket: the backend is there."""
        self._greeter = self._tasks.spawn(self._greet())

    def handle_down(self) -> None:
        """From the socket: the backend is away, maybe for good."""
        self._online = False
        if self._greeter is not None:
            self._greeter.cancel()
        self._outstanding.fail(ConnectionLost("the connection broke during the call"), spared=self._unsent)

    def handle_refused(self) -> None:
        """From the socket: wrong credentials. Later on this is an accident of the other side, which passes."""
        if not self._opened.done():
            self._opened.set_exception(
                AuthRefused(f"{self._endpoint} refuses {self._auth.mechanism} with these credentials")
            )

    async def _ask(
        self, calls: Several[Call], timeout: float | None = None, *, batch: bool = False, greeting: bool = False
    ) -> list[Any]:
        if self._ended is not None:
            raise type(self._ended)(str(self._ended))
        opened = [self._outstanding.open() for _ in calls]
        first = opened[0][0]
        seconds = self._options.deadlines.call if timeout is None else timeout
        try:
            messages = [
                {"jsonrpc": "2.0", "id": number, "method": call.method, "params": call.params}
                for (number, _), call in zip(opened, calls, strict=True)
            ]
            frames = wire.encode(messages if batch else messages[0])
            if self._online or greeting:
                self._send(frames)
            elif len(self._unsent) < UNSENT:
                self._unsent[first] = frames
            else:
                raise RpcTimeout(f"{UNSENT} calls wait for the backend already")
            async with asyncio.timeout(seconds):
                return [await outcome for _, outcome in opened]
        except TimeoutError as error:
            if isinstance(error, ClientError):
                raise
            what = calls[0].method if not batch else f"a batch of {len(calls)}"
            raise RpcTimeout(f"{what}: no answer within {seconds:g} s") from None
        finally:
            self._unsent.pop(first, None)
            for number, _ in opened:
                self._outstanding.drop(number)

    def _send(self, frames: list[bytes]) -> None:
        if self._dealer is None or not self._dealer.send(frames):
            raise RpcTimeout("the backend takes no more calls")

    async def _greet(self) -> None:
        """Introduces the client, each time that the connection stands; then lets waiting calls go."""
        while True:
            try:
                await self._introduce()
                break
            except ConnectionLost:
                return  # the next connection greets
            except ClientError as error:
                logger.warning("the greeting failed: %s", error)
                if isinstance(error, RpcError) and not self._opened.done():
                    self._opened.set_exception(error)
            await asyncio.sleep(AGAIN_S)
        self._online = True
        for frames in list(self._unsent.values()):
            with contextlib.suppress(RpcTimeout):
                self._send(frames)
        self._unsent.clear()
        if not self._opened.done():
            self._opened.set_result(None)

    async def _introduce(self) -> None:
        options = self._options
        if not options.events and not options.owner:
            return
        greeting = {"client": options.client, "protocol": 1, "owner": options.owner, "lease_s": options.lease_s}
        hello = await self._say("hello", greeting)
        if not options.events:
            return
        seq = hello.get("seq", 0)
        if not self._met:
            self._sequence.restart(seq)
        elif seq < self._sequence.last:
            self._leave_rooms()
            self._sequence.restart(seq)
            self._missed(Gap(0, seq))
        self._met = self._sequence.holding = True
        await self._say("on", {"event": "*"})
        await self._replay()

    async def _say(self, method: str, params: Params) -> Any:
        """A call of the client's own, which goes out before any other."""
        (outcome,) = await self._ask([Call(method, params)], greeting=True)
        if isinstance(outcome, ClientError):
            raise outcome
        return outcome

    async def _replay(self) -> None:
        """Asks for what comes after the last event; until the answer is there, events are held back."""
        while self._sequence.holding:
            try:
                journal = await self._journal()
            except ConnectionLost as error:
                logger.info("no replay yet: %s", error)
                return  # the next greeting asks again, from where we are
            ready, gap = self._sequence.replayed(*journal)
            if gap is not None:
                logger.warning("events after %d up to %d are lost", gap.since, gap.until)
                self._missed(gap)
            self._hand_over(ready)

    async def _journal(self) -> tuple[list[CloudEvent], bool]:
        """What the backend remembers, and whether that is everything; nothing, if it does not say."""
        try:
            answer = await self._say("events.replay", {"since": self._sequence.last})
            return [CloudEvent.parse(event) for event in answer["events"]], answer["complete"] is True
        except ConnectionLost:
            raise
        except (ClientError, ValueError, KeyError, TypeError) as error:
            logger.warning("no replay: %s", error)
            return [], False

    def _arrived(self, event: CloudEvent) -> None:
        held_before = self._sequence.holding
        self._hand_over(self._sequence.offer(event))
        if self._sequence.holding and not held_before:
            self._tasks.spawn(self._replay())

    def _hand_over(self, events: Several[CloudEvent]) -> None:
        for event in events:
            self._presence.observe(event)
            self._deliver(event)

    def _leave_rooms(self) -> None:
        for event in self._presence.lost(self._sequence.last, clock.now_ms()):
            self._deliver(event)

    async def _keep_alive(self) -> None:
        """Renews an owner's lease, and looks for events that were lost with none after them to show it."""
        while True:
            await asyncio.sleep(self._options.lease_s / PINGS_PER_LEASE)
            with contextlib.suppress(ClientError):
                await self.call("ping", {}, self._options.lease_s)
                if self._options.events and self._online and not self._sequence.holding:
                    self._sequence.holding = True
                    await self._replay()

    def _end(self, error: ConnectionLost) -> None:
        if self._ended is None:
            self._ended = error
        self._online = False
        if self._dealer is not None:
            self._dealer.close()
        self._outstanding.fail(error)
        if not self._opened.done():
            self._opened.set_exception(error)
            self._opened.exception()

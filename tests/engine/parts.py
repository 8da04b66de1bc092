"""A backend in this process, with everything real but three rims: aiohttp's sockets, peer connections, and drivers.

Its room links talk to the real room service (`Rooms` and `Conversation`) over a network in memory that can break, stall and
refuse; drivers are as slow as a test says.
"""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

import aiohttp

from pybackend.core import clock
from pybackend.core.frames import Picture, Sound
from pybackend.core.journal import Event
from pybackend.core.ladder import ExitDeadlines
from pybackend.devices import Catalog, DeviceInfo, DeviceKind, Line, Order
from pybackend.engine import backend as backend_module
from pybackend.engine import connections, session
from pybackend.engine.backend import Backend, BackendConfig
from pybackend.media import LinkStatistics
from pybackend.rooms.room import room_key
from pybackend.rooms.rooms import RoomPolicy
from pybackend.rooms.signalling import Conversation, SocketLink
from pybackend.signal import LinkTimes, RoomLink
from tests.rooms.parts import APP, House

LONG_S = 10.0
SEVEN = room_key(APP, 7)


class Quickly:
    """A reconnect policy for the impatient."""

    def delay(self, attempt: int) -> float:
        return 0.0 if attempt == 0 else 0.005


class Pipe:
    """One direction of a connection."""

    def __init__(self, network: "Network") -> None:
        self._network = network
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()

    def put(self, text: str | None) -> None:
        self._queue.put_nowait(text)

    async def get(self) -> str | None:
        text = await self._queue.get()
        if text is not None:
            await self._network.flowing.wait()
        return text


class Wire:
    """A WebSocket in memory: the client's end is this, the service's end is served by a task."""

    def __init__(self, network: "Network") -> None:
        self._network = network
        self._there, self._back = Pipe(network), Pipe(network)
        self.broken = False
        self._task = asyncio.create_task(self._serve())

    async def _serve(self) -> None:
        service_end: Any = SimpleNamespace(send_str=self._answer, close=self._close_quietly)
        link = SocketLink(service_end, self.cut)
        conversation = Conversation(self._network.house.rooms, self._network.house.media, link)
        pump = asyncio.create_task(link.pump())
        while (text := await self._there.get()) is not None:
            await conversation.take(text)
        conversation.end()
        link.close()
        await pump

    async def _answer(self, text: str) -> None:
        if self.broken:
            raise ConnectionResetError
        self._back.put(text)

    async def _close_quietly(self) -> None:
        self.cut()

    def cut(self) -> None:
        """Both ends learn of it."""
        if not self.broken:
            self.broken = True
            self._there.put(None)
            self._back.put(None)

    async def ended(self) -> None:
        await self._task

    # -- what `signal.socket` uses of aiohttp's WebSocket ------------------------------------------------------------

    async def send_str(self, text: str) -> None:
        if self.broken:
            raise ConnectionResetError
        self._there.put(text)

    async def close(self) -> None:
        self.cut()

    async def __aiter__(self) -> AsyncIterator[Any]:
        while (text := await self._back.get()) is not None:
            yield SimpleNamespace(type=aiohttp.WSMsgType.TEXT, data=text)


class Network:
    """In place of aiohttp's client session, for every connection of the backend."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.refusing = False
        self.wires: list[Wire] = []

    def session(self) -> Any:
        async def nothing() -> None:
            return None

        return SimpleNamespace(ws_connect=self._connect, close=nothing)

    async def _connect(self, _url: str, **_: Any) -> Wire:
        await self.flowing.wait()
        if self.refusing:
            raise aiohttp.ClientConnectionError("refused")
        self.wires.append(Wire(self))
        return self.wires[-1]

    def cut(self) -> None:
        for wire in self.wires:
            wire.cut()


class FakeLink:
    """A peer connection that connects nobody."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self._mids: dict[str, list[str]] = {}

    async def offer(self, audio: int = 0, video: int = 0) -> Any:
        await asyncio.sleep(0)
        self._mids = {"audio": [f"a{n}" for n in range(audio)], "video": [f"v{n}" for n in range(video)]}
        return "offer" if audio else ("offer", {"0": "audio", "1": "video"})

    async def accept(self, _answer: str) -> None:
        await asyncio.sleep(0)

    def slots(self, kind: str) -> list[str]:
        return self._mids[kind]

    async def close(self, _limit_s: float) -> bool:
        await asyncio.sleep(0)
        return True

    def statistics(self) -> LinkStatistics:
        return LinkStatistics()

    def ignored(self, *_: Any) -> None: ...

    set_video = set_audio = mute_audio = push_picture = push_sound = ignored


class SlowDriver:
    """A device that cannot be hurried while it opens."""

    def __init__(self, bench: "Bench", order: Order) -> None:
        self._bench = bench
        self._order = order

    def run(self, line: Line) -> None:
        self._bench.opened += 1
        time.sleep(self._bench.open_s)
        for number in itertools.count():
            match self._order.kind:
                case DeviceKind.CAMERA:
                    line.give(Picture(2, 2, bytes(6), clock.now_us(), number))
                case DeviceKind.MIC:
                    line.give(Sound(bytes(1920), 1, clock.now_us()))
                case _:
                    line.take(960)
            if line.stopped.wait(0.005):
                return


class Bench:
    """One fake device of each kind, in front of the virtual ones."""

    def __init__(self) -> None:
        self.open_s = 0.0
        self.opened = 0
        self.orders: list[Order] = []

    def opener(self, order: Order) -> SlowDriver:
        self.orders.append(order)
        return SlowDriver(self, order)


class Stage:
    """A backend, its room service, and what was emitted. `on_event` sees each event while it is emitted."""

    def __init__(self) -> None:
        self.house = House(RoomPolicy(grace_s=0.2))
        self.network = Network(self.house)
        self.bench = Bench()
        extra = [
            DeviceInfo(kind, f"fake:{kind}", kind) for kind in (DeviceKind.CAMERA, DeviceKind.MIC, DeviceKind.SPEAKER)
        ]
        config = BackendConfig("ws://127.0.0.1:1/signal", openers={"fake:": self.bench.opener})
        self.backend = Backend(config, Catalog(virtual=True, camera_files=[], extra=extra))
        self.events: list[Event] = []
        self._news = asyncio.Event()
        self.backend.listen(self._hear)
        self.backend.call("getTRTCShareInstance", {})

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    def call(self, name: str, *args: Any) -> Any:
        """A method of cloud 0, its arguments by position."""
        return self.backend.call(name, list(args))

    @staticmethod
    def params(**more: Any) -> dict[str, Any]:
        return {"sdkAppId": APP, "userId": "me", "userSig": "sig of me", "roomId": 7} | more

    def enter(self, scene: int = 0, **more: Any) -> None:
        self.call("enterRoom", self.params(**more), scene)

    def said(self, *names: str) -> list[tuple[Any, ...]]:
        """Names and arguments of the events so far; all, or those of the names."""
        return [(event.name, *event.args) for event in self.events if not names or event.name in names]

    async def until(self, name: str, count: int = 1) -> Event:
        """The count-th event of a name."""
        async with asyncio.timeout(LONG_S):
            while len(found := [event for event in self.events if event.name == name]) < count:
                self._news.clear()
                await self._news.wait()
        return found[count - 1]

    async def entered(self, scene: int = 0, **more: Any) -> None:
        """Enters, and waits until it is in."""
        count = len(self.said("onEnterRoom"))
        self.enter(scene, **more)
        assert (await self.until("onEnterRoom", count + 1)).args[0] > 0

    async def when(self, condition: Callable[[], object]) -> None:
        """Waits until something holds."""
        async with asyncio.timeout(LONG_S):
            while not condition():
                await asyncio.sleep(0.002)

    @property
    def open_devices(self) -> list[str]:
        return [str(device.kind) for device in self.backend.registry.open_devices()]

    async def close(self) -> None:
        self.network.flowing.set()
        self.network.refusing = False
        await self.backend.stop()
        self.network.cut()
        await asyncio.gather(*(wire.ended() for wire in self.network.wires))


@contextlib.contextmanager
def rims(deadlines: ExitDeadlines) -> Iterator[None]:
    """Puts fakes in the place of the rims."""

    def link(url: str, request: dict[str, Any], on_notice: Callable[..., None]) -> RoomLink:
        times = LinkTimes(connect_s=0.1, answer_s=0.2, enter_s=0.3)
        return RoomLink(url, request, on_notice, policy=Quickly(), times=times)

    with (
        mock.patch.object(backend_module, "RoomLink", link),
        mock.patch.object(connections, "Uplink", FakeLink),
        mock.patch.object(connections, "Downlink", FakeLink),
        mock.patch.object(connections, "RETRY_S", 0.02),
        mock.patch.object(session, "ExitDeadlines", return_value=deadlines),
    ):
        yield


@contextlib.asynccontextmanager
async def stage(deadlines: ExitDeadlines | None = None) -> AsyncIterator[Stage]:
    """A stage whose network and links are in place; everything is closed at the end."""
    with rims(deadlines or ExitDeadlines(goodbye_s=0.05)):
        made = Stage()
        with mock.patch("pybackend.signal.socket.aiohttp.ClientSession", made.network.session):
            try:
                yield made
            finally:
                await made.close()

"""A raw DEALER of libzmq's own, and an RPC server around a backend that is told what to answer."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import orjson
import zmq
import zmq.asyncio

from pybackend.core.journal import Journal
from pybackend.engine.backend import NoSuchCloud
from pybackend.rpc.endpoint import bound_router
from pybackend.rpc.methods import methods
from pybackend.rpc.server import RpcServer
from pybackend.spec.params import binder

LONG_S = 10.0


class Peer:
    """A client that knows nothing but the contract."""

    def __init__(
        self, endpoint: str, auth: dict[str, Any] | None = None, keys: tuple[bytes, bytes] | None = None
    ) -> None:
        self.context = zmq.asyncio.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        match auth or {}:
            case {"mechanism": "PLAIN", "username": str(user), "password": str(password)}:
                self.socket.plain_username, self.socket.plain_password = user.encode(), password.encode()
            case {"mechanism": "CURVE", "server_key": str(key)} if keys:
                self.socket.curve_serverkey = key.encode()
                self.socket.curve_publickey, self.socket.curve_secretkey = keys
        self.socket.connect(endpoint)
        self.events: list[dict[str, Any]] = []
        self.order: list[str] = []
        self._numbers = itertools.count(1)

    async def send(self, message: Any, *frames: bytes) -> None:
        await self.socket.send_multipart([message if isinstance(message, bytes) else orjson.dumps(message), *frames])

    async def receive(self, limit_s: float = LONG_S) -> tuple[Any, list[bytes]]:
        """The next message and its binary frames."""
        first, *frames = await asyncio.wait_for(self.socket.recv_multipart(), limit_s)
        return orjson.loads(first), frames

    async def ask(self, method: str, params: Any = None, *frames: bytes) -> dict[str, Any]:
        """The whole response; events that come meanwhile are kept."""
        number = next(self._numbers)
        await self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params}, *frames)
        while True:
            message, self.frames = await self.receive()
            if isinstance(message, dict) and "method" in message:
                self.events.append(message)
                self.order.append(message["method"])
            else:
                assert message["id"] == number
                self.order.append("reply")
                answer: dict[str, Any] = message
                return answer

    async def call(self, method: str, params: Any = None) -> Any:
        """The result."""
        answer = await self.ask(method, params)
        assert "error" not in answer, answer
        return answer["result"]

    async def error(self, method: str, params: Any = None) -> dict[str, Any]:
        answer = await self.ask(method, params)
        error: dict[str, Any] = answer["error"]
        return error

    async def until(self, event: str) -> dict[str, Any]:
        """The params of the next event of a name."""
        while True:
            while self.events:
                message = self.events.pop(0)
                if message["method"] == event:
                    params: dict[str, Any] = message["params"]
                    return params
            self.events.append((await self.receive())[0])

    async def is_refused(self) -> bool:
        """Whether a ping is not answered, or not even sent."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.send({"jsonrpc": "2.0", "id": 1, "method": "ping"}), 0.3)
        return await self.silent(0.3)

    async def silent(self, limit_s: float = 0.2) -> bool:
        """Whether nothing comes for a while."""
        try:
            self.events.append((await self.receive(limit_s))[0])
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        self.socket.close()
        self.context.term()


class Answers:
    """In the place of `Backend`: binds for real, answers as told."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.calls: list[tuple[str, int, list[Any]]] = []
        self.script: dict[str, Callable[[], Any]] = {}

    def call(self, name: str, params: Any) -> Any:
        cloud, args = binder(name)(params)
        if cloud not in (0, 1):
            raise NoSuchCloud(cloud)
        self.calls.append((name, cloud, args))
        return self.script.get(name, lambda: None)()

    def snapshot(self) -> dict[str, Any]:
        return {"seq": self.journal.seq, "clouds": [], "devices": {}}

    def diagnostics(self) -> dict[str, Any]:
        return {"fds": 1}


class Rig:
    """The server, what it answers with, and its clients."""

    def __init__(self, server: RpcServer, answers: Answers, endpoint: str, auth: dict[str, Any]) -> None:
        self.server, self.answers, self.endpoint, self.auth = server, answers, endpoint, auth
        self.orphaned = asyncio.Event()
        self.peers: list[Peer] = []

    def peer(self) -> Peer:
        self.peers.append(Peer(self.endpoint, self.auth))
        return self.peers[-1]

    def emit(self, name: str, *args: Any, cloud: int = 0) -> None:
        self.server.event(self.answers.journal.record(name, cloud, "s", args, {}))


@contextlib.asynccontextmanager
async def serving(endpoint: str = "", keys: Sequence[str] = ()) -> AsyncIterator[Rig]:
    """A running server."""
    answers = Answers()
    with bound_router(endpoint, keys) as (socket, bound, auth):
        server = RpcServer(socket, methods(answers), lambda: rig.orphaned.set())  # type: ignore[arg-type]
        rig = Rig(server, answers, bound, auth)
        server.start()
        try:
            yield rig
        finally:
            for peer in rig.peers:
                peer.close()
            await server.stop()

"""The room protocol on real WebSockets, against a service of the real parts; only media is forwarded by nobody."""

import asyncio
import contextlib
import itertools
import json
import socket as sockets
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from pybackend.core.ratelimit import RateLimit
from pybackend.rooms import signalling
from pybackend.rooms.rooms import RoomPolicy
from pybackend.rooms.signalling import signalling_handler
from pybackend.spec.protocol import REFUSAL_CODES, Refusal
from tests.rooms.parts import House

LONG_S = 10.0


class User:
    """One WebSocket of a member."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._numbers = itertools.count(1)

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.socket.receive_str(timeout=LONG_S))
        return message

    async def ask(self, method: str, **params: Any) -> Any:
        """The answer's result or error; what is told meanwhile goes to `told`."""
        number = next(self._numbers)
        await self.socket.send_json({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        while (answer := await self.receive()).get("id") != number:
            self.told.put_nowait(answer)
        return answer.get("error") or answer["result"]

    async def hear(self) -> tuple[str, dict[str, Any]]:
        """The next notification."""
        message = await self.receive() if self.told.empty() else self.told.get_nowait()
        return message["method"], message["params"]

    async def ended(self) -> None:
        """Waits until the service has closed."""
        while (await self.socket.receive(timeout=LONG_S)).type not in (
            aiohttp.WSMsgType.CLOSE,
            aiohttp.WSMsgType.CLOSING,
            aiohttp.WSMsgType.CLOSED,
        ):
            pass


class Service(House):
    """A House behind a WebSocket server, whose clock is the real one."""

    def __init__(self, policy: RoomPolicy) -> None:
        super().__init__(policy)
        self._loop = asyncio.get_running_loop()
        self.rooms._now = self.rooms._member_leases._now = self._loop.time
        self.url = ""
        self.stack = contextlib.AsyncExitStack()

    async def connect(self) -> User:
        session = await self.stack.enter_async_context(aiohttp.ClientSession())
        return User(await session.ws_connect(self.url))

    async def user(self, name: str, **more: Any) -> User:
        user = await self.connect()
        answer = await user.ask("enter", **self.request(name, **more))
        assert "members" in answer, answer
        user.token = answer["token"]  # type: ignore[attr-defined]
        return user


@contextlib.asynccontextmanager
async def serving(policy: RoomPolicy) -> AsyncIterator[Service]:
    house = Service(policy)
    app = web.Application()
    app.router.add_get("/signal", signalling_handler(house.rooms, house.media))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    house.url = f"http://127.0.0.1:{runner.addresses[0][1]}/signal"

    async def sweep() -> None:
        while True:
            await asyncio.sleep(min(house.rooms.sweep(), 0.02))

    sweeper = asyncio.create_task(sweep())
    try:
        yield house
    finally:
        sweeper.cancel()
        await house.stack.aclose()
        await runner.cleanup()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serving(RoomPolicy(grace_s=0.3)) as house:
        yield house


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("this is not JSON", -32600),
        ("[" * 100_000, -32600),
        ("[]", -32600),
        ("5", -32600),
        ("null", -32600),
        ("{}", -32600),
        ('{"method": 5}', -32601),
        ('{"method": {}}', -32601),
        ('{"method": "dance", "id": 1}', -32601),
        ('{"method": "enter", "id": 1}', -32602),
        ('{"method": "enter", "id": 1, "params": []}', -32602),
        ('{"method": "ping", "id": 1, "params": 5}', -32602),
        ('{"method": "ping", "id": 1}', -32000),
    ],
)
async def test_what_is_no_request_is_answered_and_the_socket_goes_on(service: Service, text: str, code: int) -> None:
    user = await service.connect()
    await user.socket.send_str(text)
    error = (await user.receive())["error"]
    assert error["code"] == code
    assert error["data"]["cause"] in set(Refusal)
    assert "members" in await user.ask("enter", **service.request("anna"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"userId": 5}, "userId"),
        ({"roomId": True}, "roomId"),
        ({"attempt": "1"}, "attempt"),
        ({"session": None}, "session"),
    ],
)
async def test_the_field_that_is_wrong_is_named(service: Service, changes: dict[str, Any], field: str) -> None:
    user = await service.connect()
    error = await user.ask("enter", **service.request("anna", **changes))
    assert (error["code"], error["data"]["field"]) == (-32602, field)


async def test_refusals_carry_code_and_cause(service: Service) -> None:
    user = await service.connect()
    error = await user.ask("enter", **service.request("anna", userSig="garbage"))
    assert (error["code"], error["data"]["cause"]) == (-100018, "bad-signature")
    assert (await user.ask("enter", **service.request("anna", protocol=2)))["data"]["cause"] == "bad-request"
    assert set(REFUSAL_CODES) == set(Refusal)
    await service.user("anna")
    assert (await user.ask("resume", session="anna-1", token="x", attempt=2))["data"]["cause"] == "session-gone"


async def test_a_conversation(service: Service) -> None:
    anna, ben = await service.user("anna"), await service.user("ben")
    assert await anna.hear() == (
        "member.entered",
        {"user": "ben", "session": "ben-1", "role": 20, "streams": {"audio": False, "video": False, "sub": False}},
    )
    assert (await ben.ask("enter", **service.request("ben", attempt=2)))["data"]["cause"] == "bad-request"
    assert await ben.ask("publish", sdp="offer", tracks={"0": "video"}) == {"sdp": "answer"}
    assert await ben.ask("streams", audio=False, video=True, sub=False) is None
    assert await anna.hear() == (
        "member.streams",
        {"user": "ben", "session": "ben-1", "streams": {"audio": False, "video": True, "sub": False}},
    )
    assert await anna.ask("subscribe", sdp="offer") == {"sdp": "answer"}
    assert await anna.ask("assign", slots={"1": {"user": "ben", "stream": "video"}, "2": None}) is None
    assert await ben.ask("message", kind="custom", cmdId=3, data="hello", seq=1) is None
    assert await anna.hear() == ("message", {"user": "ben", "kind": "custom", "cmdId": 3, "data": "hello", "seq": 1})
    assert await ben.ask("ping") is None
    assert await ben.ask("leave") is None
    assert await anna.hear() == ("member.left", {"user": "ben", "session": "ben-1", "reason": 0})
    assert [entry[0] for entry in service.media.log] == ["publish", "subscribe", "assign", "close"]


@pytest.mark.parametrize(
    ("ask", "params"),
    [
        ("assign", {"slots": {"1": {"user": [], "stream": "video"}}}),
        ("assign", {"slots": {"1": 5}}),
        ("assign", {"slots": {"1": {"user": "ben", "stream": {}}}}),
        ("assign", {"slots": {"1": {"user": "anna", "stream": "smell"}}}),
        ("assign", {"slots": 3}),
        ("publish", {"sdp": "x", "tracks": {"0": []}}),
        ("publish", {"sdp": 5, "tracks": {}}),
        ("role", {"role": "anchor"}),
        ("streams", {"audio": 1, "video": False, "sub": False}),
    ],
)
async def test_bad_params_in_the_room(service: Service, ask: str, params: dict[str, Any]) -> None:
    await service.user("anna")
    ben = await service.user("ben")
    error = await ben.ask(ask, **params)
    assert (error["code"], error["data"]["cause"]) == (-32602, "bad-request")
    assert await ben.ask("ping") is None
    assert service.media.log == []


async def test_audience_may_not_publish(service: Service) -> None:
    anna = await service.user("anna", scene=1, role=21)
    assert (await anna.ask("publish", sdp="x", tracks={}))["data"]["cause"] == "not-an-anchor"
    assert (await anna.ask("role", role=20)) is None
    assert await anna.ask("publish", sdp="x", tracks={}) == {"sdp": "answer"}


async def test_what_the_media_engine_refuses(service: Service) -> None:
    anna = await service.user("anna")
    service.media.refusing = "bad-sdp"
    error = await anna.ask("publish", sdp="x", tracks={})
    assert error["data"] == {"cause": "media", "reason": "bad-sdp"}


async def test_messages_are_limited(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signalling, "RateLimit", lambda **_: RateLimit(0.0, 2))
    anna = await service.user("anna")
    message = {"kind": "custom", "cmdId": 1, "seq": 1}
    assert (await anna.ask("message", data="x" * 4097, **message))["data"]["cause"] == "limit"
    assert await anna.ask("message", data="x" * 4096, **message) is None
    assert await anna.ask("message", data="x", **message) is None
    assert (await anna.ask("message", data="x", **message))["data"]["cause"] == "limit"


@pytest.mark.parametrize("how", ["left", "removed"])
async def test_after_the_end_nothing_is_published_any_more(service: Service, how: str) -> None:
    """P17: a request that was on its way when the stay ended brings no media session back to life."""
    anna = await service.user("anna")
    await service.user("ben")
    if how == "left":
        await anna.ask("leave")
        refused = [await anna.ask("publish", sdp="x", tracks={}), await anna.ask("subscribe", sdp="x")]
        assert [error["data"]["cause"] for error in refused] == ["not-in-room"] * 2
    else:
        raw = anna.socket
        for _ in range(5):  # read by the service only after the removal
            await raw.send_json({"jsonrpc": "2.0", "id": 9, "method": "publish", "params": {"sdp": "x", "tracks": {}}})
        room = next(iter(service.rooms._rooms))
        await service.rooms.remove_users(room, ["anna"], 0)
        await anna.ended()
    closed = service.media.log.index(("close", "anna-1"))
    assert [entry for entry in service.media.log[closed + 1 :] if entry[1] == "anna-1"] == []


async def test_the_removed_hear_the_cause_and_the_socket_is_closed(service: Service) -> None:
    anna = await service.user("anna")
    await service.rooms.dismiss(next(iter(service.rooms._rooms)))
    assert await anna.hear() == ("removed", {"cause": "dismissed"})
    await anna.ended()


async def test_a_socket_that_closes_without_a_goodbye(service: Service) -> None:
    """P25, P26: reason 1 after the grace, and not before."""
    anna, ben = await service.user("anna"), await service.user("ben")
    await anna.hear()
    began = asyncio.get_running_loop().time()
    transport = ben.socket.get_extra_info("socket")
    transport.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    await ben.socket.close()
    assert await anna.hear() == ("member.left", {"user": "ben", "session": "ben-1", "reason": 1})
    assert asyncio.get_running_loop().time() - began >= 0.3


async def test_within_the_grace_the_stay_goes_on_with_its_media(service: Service) -> None:
    anna, ben = await service.user("anna"), await service.user("ben")
    await anna.hear()
    token = ben.token  # type: ignore[attr-defined]
    await ben.socket.close()
    ben = await service.connect()
    snapshot = await ben.ask("resume", session="ben-1", token=token, attempt=2)
    assert snapshot["media_kept"] is True
    assert [member["user"] for member in snapshot["members"]] == ["anna"]
    await asyncio.sleep(0.4)
    assert await ben.ask("ping") is None
    assert await anna.ask("ping") is None
    assert anna.told.empty()
    assert ("close", "ben-1") not in service.media.log


async def test_an_older_socket_ends_when_a_newer_attempt_comes(service: Service) -> None:
    old = await service.user("anna")
    new = await service.user("anna", attempt=2)
    await old.ended()
    await asyncio.sleep(0.4)
    assert await new.ask("ping") is None


async def test_a_link_that_falls_silent_ends_with_the_member_timeout() -> None:
    async with serving(RoomPolicy(member_timeout_s=0.4, grace_s=5)) as service:
        anna, ben = await service.user("anna"), await service.user("ben")
        await anna.hear()
        while anna.told.empty():
            await anna.ask("ping")
            await asyncio.sleep(0.05)
        assert await anna.hear() == ("member.left", {"user": "ben", "session": "ben-1", "reason": 1})
        await ben.ended()


async def test_a_member_that_does_not_read_loses_its_socket(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for it is bounded; the others go on, and it may come back by a snapshot."""
    monkeypatch.setattr(signalling, "OUTGOING", 64)
    monkeypatch.setattr(signalling, "RateLimit", lambda **_: RateLimit(1e6, 1e6))
    ben = await service.user("ben")
    host, port = ben.socket.get_extra_info("peername")[:2]
    raw = sockets.create_connection((host, port))
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    reader, writer = await asyncio.open_connection(sock=raw, limit=1024)
    writer.write(
        b"GET /signal HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    request = json.dumps({"id": 1, "method": "enter", "params": service.request("anna")}).encode()
    writer.write(bytes([0x81, 0x80 | 126]) + len(request).to_bytes(2) + bytes(4) + request)
    assert (await ben.hear())[0] == "member.entered"
    left: dict[str, Any] | None = None
    for seq in range(20_000):
        await ben.ask("message", kind="custom", cmdId=1, data="x" * 4096, seq=seq)
        if not ben.told.empty():
            left = (await ben.hear())[1]
            break
    assert left == {"user": "anna", "session": "anna-1", "reason": 1}
    writer.transport.abort()
    del reader

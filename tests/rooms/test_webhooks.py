"""Webhooks against a real receiver that fails on purpose."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from pybackend.rooms.journal import Happening, RoomNews
from pybackend.rooms.webhooks import RoomWebhooks, WebhookPolicy
from pybackend.spec.exit import LeaveReason
from pybackend.spec.rooms import RoomKey, RoomKind

APP, KEY = 1400000001, "123654"
ROOM, OTHER = RoomKey(APP, RoomKind.NUMBER, 12345), RoomKey(APP, RoomKind.STRING, "12345")
QUICK = WebhookPolicy(timeout_s=20.0, retry_s=0.05, max_age_s=20.0, close_s=20.0)
GENEROUS_S = 20.0


@dataclass
class Arrival:
    """One request: what it said, and when."""

    body: bytes
    headers: dict[str, str]
    at: float = field(default_factory=time.monotonic)

    @property
    def event(self) -> dict[str, Any]:
        event = json.loads(self.body)
        assert isinstance(event, dict)
        return event

    @property
    def name(self) -> tuple[Any, Any]:
        """Room and mark of the event."""
        info = self.event["EventInfo"]
        return info["RoomId"], info.get("UserId")


class Receiver:
    """Notes what arrives, and answers as `answer` says: with a status, or after a while."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.answer: Callable[[Arrival], int | Awaitable[int]] = lambda _: 200
        self.url = ""
        self._more = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.Response:
        arrival = Arrival(await request.read(), dict(request.headers))
        async with self._more:
            self.arrivals.append(arrival)
            self._more.notify_all()
        status = self.answer(arrival)
        if not isinstance(status, int):
            status = await status
        return web.json_response({"code": 0}, status=status, headers={"Location": "/"} if status == 302 else None)

    async def first(self, count: int) -> list[Arrival]:
        """Waits until so many have arrived."""
        async with self._more, asyncio.timeout(GENEROUS_S):
            await self._more.wait_for(lambda: len(self.arrivals) >= count)
        return self.arrivals[:count]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield receiver
    await runner.cleanup()


def post(hooks: RoomWebhooks, mark: str, room: RoomKey = ROOM) -> None:
    hooks.post(RoomNews(room, Happening.ENTERED, user=mark))


def never(_: Arrival) -> Awaitable[int]:
    return asyncio.get_running_loop().create_future()


async def settled(hooks: RoomWebhooks) -> dict[str, int]:
    """Statistics once nothing waits."""
    async with asyncio.timeout(GENEROUS_S):
        while hooks.statistics()["waiting"]:
            await asyncio.sleep(0.01)
    return hooks.statistics()


# -- what is said ------------------------------------------------------------------------------------------------------


async def test_body_headers_and_signature(receiver: Receiver) -> None:
    before = time.time() * 1000 - 1000
    async with RoomWebhooks(receiver.url, KEY) as hooks:
        hooks.post(RoomNews(ROOM, Happening.STREAM_STARTED, user="ann", stream="video"))
        (arrival,) = await receiver.first(1)
    event, info = arrival.event, arrival.event["EventInfo"]
    assert (event["EventGroupId"], event["EventType"]) == (2, 201)
    assert before < info["EventMsTs"] <= event["CallbackTs"] < before + 60_000
    assert info == {
        "RoomId": 12345,
        "EventTs": info["EventMsTs"] // 1000,
        "EventMsTs": info["EventMsTs"],
        "UserId": "ann",
        "Sequence": 1,
    }
    signature = base64.b64encode(hmac.new(KEY.encode(), arrival.body, hashlib.sha256).digest()).decode()
    assert (arrival.headers["Content-Type"], arrival.headers["SdkAppId"]) == ("application/json", str(APP))
    assert arrival.headers["Sign"] == signature


async def test_without_a_key_nothing_is_signed(receiver: Receiver) -> None:
    async with RoomWebhooks(receiver.url) as hooks:
        post(hooks, "ann")
    assert "Sign" not in receiver.arrivals[0].headers


async def test_a_room_s_whole_life(receiver: Receiver) -> None:
    """P24: enter and exit are paired by session, the reason is there, events are numbered from creation to dismissal."""
    who: dict[str, Any] = {"user": "ann", "session": "s1", "role": 20}
    life = [
        RoomNews(OTHER, Happening.ROOM_OPENED, **who),
        RoomNews(OTHER, Happening.ENTERED, **who),
        *(RoomNews(OTHER, what, stream=stream, **who) for stream in ("video", "audio", "sub")
          for what in (Happening.STREAM_STARTED, Happening.STREAM_STOPPED)),
        RoomNews(OTHER, Happening.ROLE_CHANGED, user="ann", session="s1", role=21),
        *(RoomNews(OTHER, Happening.EXITED, reason=reason, **who)
          for reason in (LeaveReason.LEFT, LeaveReason.TIMEOUT, LeaveReason.REMOVED)),
        RoomNews(OTHER, Happening.ROOM_CLOSED),
        RoomNews(OTHER, Happening.ROOM_OPENED, **who),
    ]  # fmt: skip
    async with RoomWebhooks(receiver.url, KEY) as hooks:
        for news in life:
            hooks.post(news)
    events = [arrival.event for arrival in receiver.arrivals]
    infos = [event["EventInfo"] for event in events]
    assert [event["EventType"] for event in events] == [
        101, 103, 201, 202, 203, 204, 205, 206, 105, 104, 104, 104, 102, 101,
    ]  # fmt: skip
    assert [info["Sequence"] for info in infos] == [*range(1, 14), 1]
    assert {info["RoomId"] for info in infos} == {"12345"}
    shared = {"RoomId", "EventTs", "EventMsTs", "Sequence"}
    told = [{name: value for name, value in info.items() if name not in shared} for info in infos]
    ann = {"UserId": "ann", "SessionId": "s1"}
    assert told[0] == ann
    assert told[1] == ann | {"Role": 20, "TerminalType": 100, "UserType": 3, "Reason": 1}
    assert told[2:8] == [ann, ann | {"Reason": 0}] * 3
    assert told[8] == ann | {"Role": 21}
    assert told[9:12] == [ann | {"Role": 20, "Reason": reason} for reason in (1, 2, 3)]
    assert told[12] == {}


async def test_without_a_url_nothing_happens() -> None:
    async with RoomWebhooks("") as hooks:
        hooks.post(RoomNews(ROOM, Happening.ROOM_CLOSED))
        assert hooks.statistics() == {}


# -- how it is delivered -----------------------------------------------------------------------------------------------


async def test_order_is_kept_through_failures(receiver: Receiver) -> None:
    """P24: what comes later waits for what came first, whatever the receiver does meanwhile."""
    failures = iter([500, 503, 302, 204, 200, 404, 200])
    receiver.answer = lambda _: next(failures, 200)
    async with RoomWebhooks(receiver.url, policy=QUICK) as hooks:
        for mark in "abcd":
            post(hooks, mark)
        assert (await settled(hooks))["delivered"] == 4
    assert "".join(arrival.name[1] for arrival in receiver.arrivals) == "aaaaabbcd"
    assert len({arrival.body for arrival in receiver.arrivals}) == 4


async def test_the_first_retry_comes_at_once_and_the_next_after_the_pause(receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    async with RoomWebhooks(receiver.url, policy=WebhookPolicy(retry_s=1.0, close_s=0.1)) as hooks:
        post(hooks, "a")
        times = [arrival.at for arrival in await receiver.first(3)]
    assert times[1] - times[0] < 0.9
    assert times[2] - times[1] > 0.9


async def test_an_old_event_is_given_up_and_the_next_has_its_turn(receiver: Receiver) -> None:
    receiver.answer = lambda arrival: 500 if arrival.name[1] == "a" else 200
    async with RoomWebhooks(receiver.url, policy=WebhookPolicy(retry_s=0.05, max_age_s=0.3)) as hooks:
        post(hooks, "a")
        post(hooks, "b")
        counts = await settled(hooks)
    assert (counts["given_up"], counts["delivered"]) == (1, 1)
    assert counts["failed"] >= 2


async def test_a_receiver_that_does_not_answer_is_tried_again(receiver: Receiver) -> None:
    slow = iter([never])
    receiver.answer = lambda arrival: next(slow, lambda _: 200)(arrival)
    async with RoomWebhooks(receiver.url, policy=WebhookPolicy(timeout_s=0.3)) as hooks:
        post(hooks, "a")
        first, second = (arrival.at for arrival in await receiver.first(2))
        assert second - first > 0.2
        assert (await settled(hooks))["delivered"] == 1


async def test_rooms_do_not_wait_for_each_other(receiver: Receiver) -> None:
    receiver.answer = lambda arrival: never(arrival) if arrival.name[0] == 12345 else 200
    async with RoomWebhooks(receiver.url, policy=WebhookPolicy(timeout_s=60, close_s=0.1)) as hooks:
        post(hooks, "stuck")
        await receiver.first(1)
        for mark in "abc":
            post(hooks, mark, OTHER)
        assert [arrival.name for arrival in (await receiver.first(4))[1:]] == [("12345", mark) for mark in "abc"]


async def test_a_full_queue_loses_its_oldest_and_the_numbers_show_it(receiver: Receiver) -> None:
    gate = asyncio.Event()

    async def when_open() -> int:
        await gate.wait()
        return 200

    receiver.answer = lambda _: when_open()
    async with RoomWebhooks(receiver.url, policy=WebhookPolicy(timeout_s=60, waiting=2)) as hooks:
        post(hooks, "a")
        await receiver.first(1)
        for mark in "bcde":
            post(hooks, mark)
        gate.set()
        assert (await settled(hooks))["dropped"] == 2
    assert [arrival.event["EventInfo"]["Sequence"] for arrival in receiver.arrivals] == [1, 4, 5]


async def test_an_answer_whose_body_never_comes_is_an_answer(receiver: Receiver) -> None:
    """The content of an answer is ignored."""

    async def headers_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}}")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(headers_only, "127.0.0.1", 0)
    async with server, RoomWebhooks(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/") as hooks:
        post(hooks, "a")
        assert (await settled(hooks))["delivered"] == 1


async def test_nobody_there() -> None:
    policy = WebhookPolicy(retry_s=0.01, max_age_s=0.1)
    async with RoomWebhooks("http://127.0.0.1:9/", policy=policy) as hooks:
        post(hooks, "a")
        assert (await settled(hooks))["given_up"] == 1


# -- how it ends -------------------------------------------------------------------------------------------------------


async def test_close_delivers_what_waits(receiver: Receiver) -> None:
    async with RoomWebhooks(receiver.url, policy=QUICK) as hooks:
        for mark in "abc":
            post(hooks, mark)
            post(hooks, mark, OTHER)
    assert hooks.statistics() == {"posted": 6, "delivered": 6, "failed": 0, "given_up": 0, "dropped": 0, "waiting": 0}


async def test_close_ends_a_pause_with_one_last_try(receiver: Receiver) -> None:
    receiver.answer = lambda _: 200 if len(receiver.arrivals) > 2 else 500
    async with RoomWebhooks(receiver.url, policy=WebhookPolicy(retry_s=600, close_s=GENEROUS_S)) as hooks:
        post(hooks, "a")
        await receiver.first(2)
    assert hooks.statistics()["delivered"] == 1


async def test_close_keeps_its_deadline(receiver: Receiver) -> None:
    """Nothing is sent or accepted afterwards, and everything is accounted for."""
    receiver.answer = never
    hooks = RoomWebhooks(receiver.url, policy=WebhookPolicy(timeout_s=60))
    async with hooks:
        for mark in "abc":
            post(hooks, mark)
        post(hooks, "d", OTHER)
        await receiver.first(2)
        started = time.monotonic()
        await hooks.close(0.2)
        assert time.monotonic() - started < 10
        post(hooks, "late")
        await hooks.close()
    assert hooks.statistics() == {"posted": 5, "delivered": 0, "failed": 0, "given_up": 0, "dropped": 5, "waiting": 0}


async def test_close_before_anything_began(receiver: Receiver) -> None:
    async with RoomWebhooks(receiver.url) as hooks:
        post(hooks, "a")
        await hooks.close(0)
    counts = hooks.statistics()
    assert counts["delivered"] + counts["dropped"] + counts["given_up"] == 1

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from pybackend import __version__
from pybackend.core.journal import KEPT
from pybackend.rpc import endpoint as endpoint_module
from pybackend.rpc.dispatch import RpcFailure
from pybackend.spec.control import CONTROL
from pybackend.spec.surface import surface
from tests.rpc.parts import LONG_S, Peer, Rig, serving

SECRET = "a text that nobody may see"


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with serving() as made:
        yield made


@pytest.fixture
async def peer(rig: Rig) -> Peer:
    return rig.peer()


class TestErrors:
    @pytest.mark.parametrize("text", [b"nonsense", b"", b"\xff\xfe", b'{"jsonrpc":'])
    async def test_no_json(self, peer: Peer, text: bytes) -> None:
        await peer.send(text)
        assert (await peer.receive())[0] == {
            "jsonrpc": "2.0",
            "error": {"code": -32700, "message": "Parse error"},
            "id": None,
        }
        assert await peer.call("ping") == "pong"

    @pytest.mark.parametrize(
        "message",
        [
            5,
            None,
            "ping",
            [],
            {},
            {"method": "ping", "id": 1},
            {"jsonrpc": "1.0", "method": "ping", "id": 1},
            {"jsonrpc": "2.0", "method": 5, "id": 1},
            {"jsonrpc": "2.0", "id": 1},
            {"jsonrpc": "2.0", "method": "ping", "id": {}},
            {"jsonrpc": "2.0", "method": "ping", "id": True},
        ],
    )
    async def test_no_request(self, peer: Peer, message: Any) -> None:
        await peer.send(message)
        assert (await peer.receive())[0]["error"] == {"code": -32600, "message": "Invalid Request"}
        assert await peer.call("ping") == "pong"

    async def test_no_such_method(self, peer: Peer) -> None:
        for name in ("dance", "_by_name", "__class__", "", "emit"):
            assert await peer.error(name) == {"code": -32601, "message": "Method not found"}

    @pytest.mark.parametrize(
        ("method", "params", "field"),
        [
            ("enterRoom", 3, "params"),
            ("enterRoom", "x", "params"),
            ("enterRoom", {"params": 3, "scene": 0}, "params"),
            ("enterRoom", {"params": {"roomId": "7"}, "scene": 0}, "params.roomId"),
            ("enterRoom", {"params": {}}, "scene"),
            ("enterRoom", [None, 0, 1], "params[2]"),
            ("muteLocalAudio", [1], "mute"),
            ("muteLocalAudio", {}, "mute"),
            ("muteLocalAudio", {"mute": True, "now": True}, "now"),
            ("muteLocalAudio", {"mute": True, "cloud": "0"}, "cloud"),
            ("muteLocalAudio", {"mute": True, "cloud": True}, "cloud"),
            ("startLocalPreview", [5], "views"),
            ("hello", {"client": 5, "protocol": 1}, "client"),
            ("hello", {"client": "x", "protocol": 1, "lease_s": 0}, "lease_s"),
            ("on", {"event": "onDancing"}, "event"),
            ("off", {}, "event"),
            ("events.replay", {"since": "0"}, "since"),
        ],
    )
    async def test_bad_params_name_their_field(
        self, rig: Rig, peer: Peer, method: str, params: Any, field: str
    ) -> None:
        await peer.call("on", ["*"])
        error = await peer.error(method, params)
        assert (error["code"], error["data"]) == (-32602, {"field": field})
        assert rig.answers.calls == []
        assert await peer.silent(0.05)

    async def test_a_missing_frame(self, peer: Peer) -> None:
        await peer.send({"jsonrpc": "2.0", "id": 1, "method": "sendSEIMsg", "params": [{"$bin": 2}, 1]}, b"x")
        assert (await peer.receive())[0]["error"]["code"] == -32700
        assert (await peer.ask("sendSEIMsg", [{"$bin": 1}, 1]))["error"]["data"] == {"field": "msg"}

    async def test_no_exception_text_ever(self, rig: Rig, peer: Peer) -> None:
        """P55."""

        def fail() -> Any:
            raise ValueError(SECRET)

        rig.answers.script["exitRoom"] = fail
        error = await peer.error("exitRoom")
        assert error["code"] in (-32603, -32000)
        assert SECRET not in str(error)
        assert "data" not in error

    async def test_what_cannot_be_sent_is_an_error_of_that_call_alone(self, rig: Rig, peer: Peer) -> None:
        rig.answers.script["getConfigObject"] = lambda: 2**70
        await peer.call("on", ["*"])
        assert await peer.error("getConfigObject") == {"code": -32603, "message": "Internal error"}
        rig.emit("onError", 2**70, SECRET)
        rig.emit("onError", 5, "")
        assert (await peer.until("onError"))["args"] == [5, ""]

    async def test_deep_nesting(self, peer: Peer) -> None:
        depth = 900
        value = b'{"a":' * depth + b"1" + b"}" * depth
        await peer.send(b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + value + b"}", b"x")
        assert "error" in (await peer.receive())[0]
        assert await peer.call("ping") == "pong"

    async def test_a_destroyed_cloud(self, peer: Peer) -> None:
        error = await peer.error("exitRoom", {"cloud": 7})
        assert error["data"] == {"field": "cloud"}
        assert error["code"] < 0

    async def test_failures_of_our_own(self, rig: Rig, peer: Peer) -> None:
        def fail() -> Any:
            raise RpcFailure(-32050, "so it is", {"why": 1})

        rig.answers.script["exitRoom"] = fail
        assert await peer.error("exitRoom") == {"code": -32050, "message": "so it is", "data": {"why": 1}}


class TestCalls:
    async def test_by_name_by_position_and_without(self, rig: Rig, peer: Peer) -> None:
        await peer.call("muteLocalVideo", {"mute": True, "streamType": 2, "cloud": 1})
        await peer.call("muteLocalVideo", [True])
        await peer.call("exitRoom")
        await peer.call("exitRoom", {})
        await peer.call("exitRoom", [])
        assert rig.answers.calls[:2] == [("muteLocalVideo", 1, [True, 2]), ("muteLocalVideo", 0, [True, None])]
        assert rig.answers.calls[2:] == [("exitRoom", 0, [])] * 3

    async def test_ids_come_back_as_they_were(self, peer: Peer) -> None:
        for number in (0, -5, 1.5, "text", None):
            await peer.send({"jsonrpc": "2.0", "id": number, "method": "ping"})
            assert (await peer.receive())[0] == {"jsonrpc": "2.0", "id": number, "result": "pong"}

    async def test_notifications_are_not_answered_whatever_they_are(self, rig: Rig, peer: Peer) -> None:
        await peer.send({"jsonrpc": "2.0", "method": "exitRoom"})
        await peer.send({"jsonrpc": "2.0", "method": "dance"})
        await peer.send({"jsonrpc": "2.0", "method": "muteLocalAudio", "params": [5]})
        assert await peer.call("ping") == "pong"
        assert peer.order == ["reply"]
        assert [name for name, _, _ in rig.answers.calls] == ["exitRoom"]

    async def test_a_batch_is_carried_out_in_its_order(self, rig: Rig, peer: Peer) -> None:
        batch = [
            {"jsonrpc": "2.0", "id": 1, "method": "muteLocalAudio", "params": [True]},
            {"jsonrpc": "2.0", "method": "exitRoom"},
            5,
            {"jsonrpc": "2.0", "id": 2, "method": "dance"},
            {"jsonrpc": "2.0", "id": 3, "method": "muteLocalAudio", "params": [False]},
        ]
        await peer.send(batch)
        answers, _ = await peer.receive()
        assert [(answer["id"], "error" in answer) for answer in answers] == [
            (1, False),
            (None, True),
            (2, True),
            (3, False),
        ]
        assert [name for name, _, _ in rig.answers.calls] == ["muteLocalAudio", "exitRoom", "muteLocalAudio"]
        await peer.send([{"jsonrpc": "2.0", "method": "exitRoom"}])
        assert await peer.call("ping") == "pong"

    async def test_binary_values_both_ways(self, rig: Rig, peer: Peer) -> None:
        rig.answers.script["sendSEIMsg"] = lambda: {"data": b"there"}
        answer = await peer.ask("sendSEIMsg", [{"$bin": 1}, 1], b"here")
        assert rig.answers.calls[-1][2][0] == b"here"
        assert answer["result"] == {"data": {"$bin": 1}}
        assert peer.frames == [b"there"]

    async def test_a_thousand_calls_at_once_keep_their_order(self, rig: Rig, peer: Peer) -> None:
        for number in range(1000):
            await peer.send({"jsonrpc": "2.0", "id": number, "method": "setAudioCaptureVolume", "params": [number]})
        assert [(await peer.receive())[0]["id"] for _ in range(1000)] == list(range(1000))
        assert [args[0] for _, _, args in rig.answers.calls] == list(range(1000))

    async def test_the_document(self, peer: Peer) -> None:
        document = await peer.call("rpc.discover")
        names = {method["name"] for method in document["methods"]}
        assert names == set(surface().methods) | set(CONTROL)
        assert document["openrpc"].startswith("1.")


class TestGreeting:
    async def test_hello(self, rig: Rig, peer: Peer) -> None:
        rig.emit("onExitRoom", 0)
        greeting = await peer.call("hello", {"client": "test", "protocol": 1})
        assert greeting["protocol"] == 1
        assert greeting["seq"] == 1
        assert {"version", "clouds", "devices"} <= greeting.keys()

    async def test_another_protocol(self, peer: Peer) -> None:
        error = await peer.error("hello", {"client": "test", "protocol": 2})
        assert error["data"] == {"protocol": 1, "version": __version__}

    async def test_an_owner_that_stays_silent(self, rig: Rig, peer: Peer) -> None:
        """P38, P62: any message renews the lease; silence ends it."""
        await peer.call("hello", {"client": "owner", "protocol": 1, "owner": True, "lease_s": 0.5})
        for _ in range(6):
            await asyncio.sleep(0.15)
            await peer.call("ping")
        assert not rig.orphaned.is_set()
        await asyncio.wait_for(rig.orphaned.wait(), LONG_S)

    async def test_an_owner_that_comes_back_by_another_connection(self, rig: Rig, peer: Peer) -> None:
        hello = {"client": "owner", "protocol": 1, "owner": True, "lease_s": 0.5}
        await peer.call("hello", hello)
        other = rig.peer()
        await other.call("hello", hello)
        for _ in range(8):
            await other.call("ping")
            await asyncio.sleep(0.15)
        assert not rig.orphaned.is_set()
        await other.call("hello", {**hello, "owner": False})
        await asyncio.sleep(0.8)
        assert not rig.orphaned.is_set()

    async def test_who_is_no_owner_may_be_silent(self, rig: Rig, peer: Peer) -> None:
        await peer.call("hello", {"client": "x", "protocol": 1, "lease_s": 0.1})
        await asyncio.sleep(0.5)
        assert not rig.orphaned.is_set()


class TestEvents:
    async def test_only_for_those_who_asked(self, rig: Rig) -> None:
        everything, one, nothing = rig.peer(), rig.peer(), rig.peer()
        await everything.call("on", {"event": "*"})
        await one.call("on", {"event": "onError"})
        await nothing.call("ping")
        rig.emit("onError", 1, "")
        rig.emit("onExitRoom", 0)
        assert (await everything.until("onError"))["seq"] == 1
        assert (await everything.until("onExitRoom"))["seq"] == 2
        assert (await one.until("onError"))["args"] == [1, ""]
        assert await one.silent()
        assert await nothing.silent()

    async def test_the_shape(self, rig: Rig, peer: Peer) -> None:
        await peer.call("on", ["*"])
        rig.emit("onExitRoom", 0, cloud=1)
        message, _ = await peer.receive()
        ts = message["params"].pop("ts")
        assert ts > 1_700_000_000_000
        assert message == {
            "jsonrpc": "2.0",
            "method": "onExitRoom",
            "params": {"cloud": 1, "seq": 1, "session": "s", "args": [0], "detail": {}},
        }

    async def test_off(self, rig: Rig, peer: Peer) -> None:
        for event in ("onError", "onWarning"):
            await peer.call("on", [event])
        await peer.call("off", ["onError"])
        rig.emit("onError", 1, "")
        rig.emit("onWarning", 1, "", {})
        assert (await peer.receive())[0]["method"] == "onWarning"
        await peer.call("off", ["*"])
        rig.emit("onWarning", 1, "", {})
        assert await peer.silent()

    async def test_never_before_the_reply_to_the_call_that_caused_it(self, rig: Rig, peer: Peer) -> None:
        other = rig.peer()
        await other.call("on", ["*"])
        await peer.call("on", ["*"])
        rig.answers.script["exitRoom"] = lambda: rig.emit("onExitRoom", 0)
        for _ in range(20):
            await peer.call("exitRoom")
            await peer.until("onExitRoom")
            assert (await other.until("onExitRoom"))["args"] == [0]
        assert [what for what in peer.order if what != "reply"] == []
        await peer.send([{"jsonrpc": "2.0", "id": 7, "method": "exitRoom"}] * 3)
        assert isinstance((await peer.receive())[0], list)
        assert [(await peer.receive())[0]["method"] for _ in range(3)] == ["onExitRoom"] * 3

    async def test_replay(self, rig: Rig, peer: Peer) -> None:
        for number in range(5):
            rig.emit("onError", number, "")
        replayed = await peer.call("events.replay", {"since": 2})
        assert replayed["complete"] is True
        assert [event["params"]["seq"] for event in replayed["events"]] == [3, 4, 5]
        assert replayed["events"][0]["method"] == "onError"
        for _ in range(KEPT):
            rig.emit("onWarning", 1, "", {})
        assert (await peer.call("events.replay", {"since": 4}))["complete"] is False
        assert (await peer.call("events.replay", {"since": 5}))["complete"] is True

    async def test_subscriptions_are_per_connection(self, rig: Rig, peer: Peer) -> None:
        await peer.call("hello", {"client": "same", "protocol": 1})
        await peer.call("on", ["*"])
        other = rig.peer()
        await other.call("hello", {"client": "same", "protocol": 1})
        rig.emit("onError", 1, "")
        assert await other.silent()


async def test_a_client_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for it is bounded; others are served; it sees the gap by `seq`, and a replay fills it (P54)."""
    monkeypatch.setattr(endpoint_module, "HIGH_WATER", 20)
    async with serving() as rig:
        slow, quick = Peer(rig.endpoint), rig.peer()
        slow.socket.rcvhwm = 1
        rig.peers.append(slow)
        await slow.call("on", ["*"])
        await quick.call("on", ["onWarning"])
        padding = "x" * 20_000
        for number in range(300):
            rig.emit("onError", number, padding)
        rig.emit("onWarning", 1, "", {})
        assert (await quick.until("onWarning"))["args"][0] == 1
        seen = []
        while not await slow.silent():
            seen.append(slow.events.pop()["params"]["seq"])
        assert seen == list(range(1, len(seen) + 1))
        assert len(seen) < 300
        rig.emit("onError", 1, "")
        assert await slow.silent(0.1), "it gets none until it says something"
        await slow.call("ping")
        rig.emit("onError", 2, "")
        assert (await slow.until("onError"))["seq"] > len(seen) + 1
        missed = await slow.call("events.replay", {"since": seen[-1]})
        assert missed["complete"]
        assert [event["params"]["seq"] for event in missed["events"]] == list(range(len(seen) + 1, 304))


async def test_a_client_that_is_gone_is_forgotten(rig: Rig) -> None:
    gone = rig.peer()
    await gone.call("on", ["*"])
    rig.peers.remove(gone)
    gone.close()
    known = rig.server._clients._known
    async with asyncio.timeout(LONG_S):
        while known:
            rig.emit("onError", 1, "")
            await asyncio.sleep(0.01)
    for _ in range(3):
        peer = rig.peer()
        await peer.call("ping")
    assert known == {}


@pytest.mark.skipif(sys.platform == "win32", reason="no ipc there")
async def test_the_last_words_still_go_out() -> None:
    async with serving() as rig:
        peer = Peer(rig.endpoint)
        await peer.call("on", ["*"])
        rig.emit("onExitRoom", 0)
    assert (await peer.until("onExitRoom"))["args"] == [0]
    peer.close()

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from pybackend.core.jsonrpc import RemoteError
from pybackend.signal import (
    LinkDown,
    LinkTimes,
    Lost,
    MediaReset,
    MemberEntered,
    MemberLeft,
    MessageArrived,
    Recovered,
    Recovering,
    Removed,
    StreamsChanged,
)
from pybackend.spec.exit import ExitCause, LeaveReason
from pybackend.spec.protocol import Ask, Refusal
from tests.signal.parts import LONG_S, Refuse, Script, Silence, Stay, member, serving


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
async def stay(script: Script) -> AsyncIterator[Stay]:
    """In the room, with nothing told yet."""
    async with serving(script):
        stay = Stay(script.url)
        yield stay
        await stay.link.close()


async def enter(stay: Stay) -> None:
    await stay.link.enter()
    stay.link.begin()


class TestEntering:
    async def test_who_is_there_is_told_after_begin(self, script: Script, stay: Stay) -> None:
        script.members = [member("anna", video=True), member("ben")]
        await stay.link.enter()
        assert stay.told == []
        stay.link.begin()
        assert stay.kinds() == ["MemberEntered", "StreamsChanged", "MemberEntered"]
        assert set(stay.link.members) == {"anna", "ben"}
        (params,) = script.calls("enter")
        assert (params["protocol"], params["attempt"], params["session"]) == (1, 1, "me-1")

    async def test_what_happens_before_begin_is_told_after_the_snapshot(self, script: Script, stay: Stay) -> None:
        script.members = [member("anna")]

        async def more(method: str, socket: web.WebSocketResponse) -> None:
            await script.tell("member.left", user="anna", session="anna-1", reason=0)
            await script.tell("member.entered", **member("ben"))

        script.after = more
        await stay.link.enter()
        script.after = None
        await stay.link.ask(Ask.PING, {})
        assert stay.told == []
        stay.link.begin()
        assert stay.kinds() == ["MemberEntered", "MemberLeft", "MemberEntered"]

    async def test_a_refusal_is_raised_at_once(self, script: Script, stay: Stay) -> None:
        def refuse(_: dict[str, Any]) -> Any:
            raise Refuse(Refusal.BAD_SIGNATURE, -100018)

        script.answers["enter"] = refuse
        with pytest.raises(RemoteError) as caught:
            await stay.link.enter()
        assert caught.value.code == -100018
        assert len(script.calls("enter")) == 1

    async def test_no_answer_ends_in_time(self, script: Script) -> None:
        def silent(_: dict[str, Any]) -> Any:
            raise Silence

        script.answers["enter"] = silent
        async with serving(script):
            stay = Stay(script.url, LinkTimes(connect_s=0.2, answer_s=0.1, enter_s=0.4))
            began = time.monotonic()
            with pytest.raises(LinkDown):
                await stay.link.enter()
            assert 0.3 < time.monotonic() - began < 4
            attempts = [params["attempt"] for params in script.calls("enter")]
            assert attempts == list(range(1, len(attempts) + 1))
            assert len(attempts) >= 2
            await stay.link.close()

    async def test_a_service_that_comes_up_late(self, script: Script) -> None:
        async with serving(script) as port:
            pass
        stay = Stay(f"ws://127.0.0.1:{port}/signal")
        entering = asyncio.create_task(stay.link.enter())
        await asyncio.sleep(0.1)
        async with serving(script, port):
            await entering
            await stay.link.close()

    @pytest.mark.parametrize("answer", [None, 5, {}, {"session": "x", "token": "y", "members": [5]}])
    async def test_nonsense_is_an_answer_that_does_not_count(self, script: Script, stay: Stay, answer: Any) -> None:
        good = script.snapshot
        script.answers["enter"] = lambda params: good(params) if params["attempt"] == 3 else answer
        await stay.link.enter()
        assert [params["attempt"] for params in script.calls("enter")] == [1, 2, 3]

    async def test_a_connection_that_breaks_with_the_answer_is_noticed(self, script: Script, stay: Stay) -> None:
        """Or the stay would go on for ever with a dead socket."""

        async def close(method: str, socket: web.WebSocketResponse) -> None:
            script.after = None
            script.cut()

        script.after = close
        await enter(stay)
        async with asyncio.timeout(LONG_S):
            while True:
                try:
                    await stay.link.ask(Ask.PING, {})
                    break
                except LinkDown:
                    await asyncio.sleep(0.01)

    async def test_a_removal_that_comes_with_the_answer_is_final(self, script: Script, stay: Stay) -> None:
        """P15."""

        async def remove(method: str, socket: web.WebSocketResponse) -> None:
            await script.tell("removed", cause="duplicate-login")
            await socket.close()

        script.after = remove
        await enter(stay)
        assert (await stay.until(Removed)).cause is ExitCause.DUPLICATE_LOGIN
        await asyncio.sleep(0.1)
        assert stay.kinds() == ["Removed"]
        assert len(script.asked) == 1

    async def test_leaving_while_entering(self, script: Script, stay: Stay) -> None:
        """P22."""

        def silent(_: dict[str, Any]) -> Any:
            raise Silence

        script.answers["enter"] = silent
        entering = asyncio.create_task(stay.link.enter())
        while not script.asked:
            await asyncio.sleep(0.01)
        stay.link.stop()
        assert not await stay.link.leave(0.1)
        await stay.link.close()
        with pytest.raises(LinkDown):
            await entering
        assert stay.told == []


class TestNotices:
    async def test_each_kind(self, script: Script, stay: Stay) -> None:
        await enter(stay)
        await script.tell("member.entered", **member("anna", audio=True))
        await script.tell("member.streams", user="anna", session="anna-1", streams=member("anna", sub=True)["streams"])
        await script.tell("message", user="anna", kind="custom", cmdId=2, data="hi", seq=4)
        await script.tell("media.reset")
        await script.tell("blocked", audio=True, video=False)
        await script.tell("member.left", user="anna", session="anna-1", reason=2)
        assert (await stay.until(MemberLeft)).reason is LeaveReason.REMOVED
        assert stay.kinds() == [
            "MemberEntered",
            "StreamsChanged",
            "StreamsChanged",
            "MessageArrived",
            "MediaReset",
            "MemberLeft",
        ]
        assert stay.told[3] == MessageArrived("anna", "custom", 2, "hi", 4)
        assert stay.told[4] == MediaReset()

    async def test_what_is_not_understood_is_passed_over(self, script: Script, stay: Stay) -> None:
        await enter(stay)
        await script.sockets[-1].send_str("not JSON")
        await script.sockets[-1].send_str("[]")
        await script.sockets[-1].send_bytes(b"\0")
        await script.tell("member.danced", user="anna")
        await script.tell("member.entered", user="anna")
        await script.tell("member.left", user="anna", session="anna-1", reason=99)
        await script.tell("removed", cause="bad mood")
        await script.tell("member.left", user="nobody", session="x", reason=0)
        await script.tell("member.streams", user="nobody", session="x", streams={"audio": True})
        await script.tell("member.entered", **member("ben"))
        await stay.until(MemberEntered)
        assert stay.kinds() == ["MemberEntered"]

    async def test_another_session_of_a_user_is_another_member(self, script: Script, stay: Stay) -> None:
        await enter(stay)
        await script.tell("member.entered", **member("anna"))
        await script.tell("member.entered", **member("anna", "anna-2"))
        await script.tell("member.left", user="anna", session="anna-1", reason=0)
        await script.tell("member.streams", user="anna", session="anna-1", streams=member("x", audio=True)["streams"])
        await script.tell("message", user="anna", kind="custom", cmdId=1, data="", seq=1)
        await stay.until(MessageArrived)
        assert stay.kinds() == ["MemberEntered", "MemberLeft", "MemberEntered", "MessageArrived"]
        assert stay.link.members["anna"].session == "anna-2"

    async def test_after_stop_nothing_is_told(self, script: Script, stay: Stay) -> None:
        """P19, P21."""
        await enter(stay)
        stay.link.stop()
        await script.tell("member.entered", **member("anna"))
        await stay.link.ask(Ask.PING, {})
        script.cut()
        await asyncio.sleep(0.1)
        assert stay.told == []


class TestComingBack:
    async def test_a_kept_stay_is_resumed(self, script: Script, stay: Stay) -> None:
        await enter(stay)
        script.cut()
        assert await stay.until(Recovered) == Recovered(media_kept=True)
        assert stay.told == [Lost(), Recovering(1), Recovered(media_kept=True)]
        assert script.calls("resume") == [{"session": "me-1", "token": "token 1", "attempt": 2}]
        script.cut()
        await stay.until(Recovered, 2)
        assert script.calls("resume")[-1] == {"session": "me-1", "token": "token 2", "attempt": 3}

    async def test_who_came_and_went_meanwhile_is_told_as_a_difference(self, script: Script, stay: Stay) -> None:
        """P25: nobody is left on the screen who is not there."""
        script.members = [member("anna", audio=True), member("ben"), member("cleo")]
        await enter(stay)
        stay.told.clear()
        script.members = [member("anna", video=True), member("cleo", "cleo-2"), member("dora")]
        script.cut()
        await stay.until(Recovered)
        after = stay.told[stay.kinds().index("Recovered") + 1 :]
        left = {(notice.member.user, notice.reason) for notice in after if isinstance(notice, MemberLeft)}
        assert left == {("ben", LeaveReason.TIMEOUT), ("cleo", LeaveReason.TIMEOUT)}
        assert {notice.member.session for notice in after if isinstance(notice, MemberEntered)} == {"cleo-2", "dora-1"}
        (changed,) = [notice for notice in after if isinstance(notice, StreamsChanged)]
        assert (changed.before.audio, changed.member.streams.video) == (True, True)
        assert set(stay.link.members) == {"anna", "cleo", "dora"}

    async def test_a_restarted_service_is_entered_anew(self, script: Script) -> None:
        other = Script()

        def gone(_: dict[str, Any]) -> Any:
            raise Refuse(Refusal.SESSION_GONE)

        other.answers["resume"], other.media_kept = gone, False
        async with serving(script) as port:
            stay = Stay(script.url, role=20)
            await enter(stay)
            stay.link.update(role=21)
        async with serving(other, port):
            assert (await stay.until(Recovered)).media_kept is False
            (params,) = other.calls("enter")
            assert (params["session"], params["role"], params["protocol"]) == ("me-1", 21, 1)
            assert params["attempt"] > other.calls("resume")[-1]["attempt"]
            await stay.link.close()

    @pytest.mark.parametrize(
        ("refusal", "cause"),
        [(Refusal.BANNED, ExitCause.BANNED), (Refusal.BAD_SIGNATURE, ExitCause.TOKEN_EXPIRED)],
    )
    async def test_some_refusals_end_the_stay(self, script: Script, stay: Stay, refusal: Refusal, cause: Any) -> None:
        """P16, P20."""
        await enter(stay)

        def refuse(params: dict[str, Any]) -> Any:
            raise Refuse(Refusal.SESSION_GONE if "token" in params else refusal)

        script.answers = {"resume": refuse, "enter": refuse}
        script.cut()
        assert (await stay.until(Removed)).cause is cause
        asked = len(script.asked)
        await asyncio.sleep(0.1)
        assert len(script.asked) == asked
        assert stay.kinds() == ["Lost", "Recovering", "Removed"]

    async def test_other_refusals_do_not(self, script: Script, stay: Stay) -> None:
        await enter(stay)

        def refuse(params: dict[str, Any]) -> Any:
            if params["attempt"] < 5:
                raise Refuse(Refusal.UNKNOWN_APP)
            return script.snapshot(params)

        script.answers["resume"] = refuse
        script.cut()
        await stay.until(Recovered)
        assert stay.kinds() == ["Lost", *["Recovering"] * 4, "Recovered"]

    async def test_a_removal_ends_the_stay_without_a_way_back(self, script: Script, stay: Stay) -> None:
        """P15."""
        await enter(stay)
        await script.tell("removed", cause="removed")
        await script.tell("member.entered", **member("anna"))
        await stay.until(Removed)
        script.cut()
        await asyncio.sleep(0.1)
        assert stay.kinds() == ["Removed"]
        assert [method for method, _ in script.asked] == ["enter"]

    async def test_a_service_that_falls_silent_counts_as_gone(self, script: Script, stay: Stay) -> None:
        """P26: our own heartbeat decides."""
        script.silence_s = 0.4
        await enter(stay)
        while not script.calls("ping"):
            await asyncio.sleep(0.01)
        await stay.link.ask(Ask.PING, {})

        def silent(_: dict[str, Any]) -> Any:
            raise Silence

        script.answers["ping"] = silent
        await stay.until(Lost)
        del script.answers["ping"]
        await stay.until(Recovered)
        while not stay.link.rtt_ms:
            await asyncio.sleep(0.01)
        assert 0 < stay.link.rtt_ms < 10_000

    async def test_leaving_while_coming_back(self, script: Script, stay: Stay) -> None:
        await enter(stay)

        def refuse(_: dict[str, Any]) -> Any:
            raise Refuse(Refusal.UNKNOWN_APP)

        script.answers["resume"] = refuse
        script.cut()
        await stay.until(Recovering, 3)
        stay.link.stop()
        told = len(stay.told)
        began = time.monotonic()
        assert not await stay.link.leave(1.0)
        assert time.monotonic() - began < 1.0
        await asyncio.sleep(0.1)
        assert len(stay.told) == told


class TestAsking:
    async def test_without_an_answer(self, script: Script) -> None:
        def silent(_: dict[str, Any]) -> Any:
            raise Silence

        script.answers["streams"] = silent
        async with serving(script):
            stay = Stay(script.url, LinkTimes(connect_s=2, answer_s=0.1, enter_s=3))
            await enter(stay)
            with pytest.raises(LinkDown):
                await stay.link.ask(Ask.STREAMS, {})
            await stay.link.close()

    async def test_a_connection_that_breaks_fails_what_waits(self, script: Script, stay: Stay) -> None:
        def cut(_: dict[str, Any]) -> Any:
            script.cut()
            raise Silence

        script.answers["streams"] = cut
        await enter(stay)
        with pytest.raises(LinkDown):
            await stay.link.ask(Ask.STREAMS, {})

    async def test_a_goodbye_is_answered(self, script: Script, stay: Stay) -> None:
        await enter(stay)
        assert await stay.link.leave(2.0)
        assert [method for method, _ in script.asked] == ["enter", "leave"]
        await stay.link.close()
        await stay.link.close()
        with pytest.raises(LinkDown):
            await stay.link.ask(Ask.PING, {})
        assert not await stay.link.leave(1.0)

    async def test_before_entering(self, stay: Stay) -> None:
        with pytest.raises(LinkDown):
            await stay.link.ask(Ask.PING, {})
        assert stay.link.rtt_ms == 0.0
        await stay.link.close()

"""Connections that break, backends that come back, events that are doubled, late or missing."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq

from pybackend.client import (
    AsyncTRTCCloud,
    AuthRefused,
    ClientError,
    ConnectionLost,
    Deadlines,
    Gap,
    Options,
    RpcTimeout,
    TRTCCloud,
)
from pybackend.testing.faults import Cut
from tests.client.conftest import QUICK
from tests.client.peer import Peer, Refusal, Silence


@pytest.fixture
def link(peer: Peer) -> Iterator[Cut]:
    """What the backend is reached by."""
    host, port = peer.endpoint.removeprefix("tcp://").split(":")
    with Cut((host, int(port))) as link:
        yield link


@pytest.fixture
def linked(link: Cut) -> Iterator[TRTCCloud]:
    """A client that is attached by way of it."""
    with TRTCCloud.attach(f"tcp://{link.host}:{link.port}", options=QUICK) as cloud:
        yield cloud


def until(happened: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_nobody_there_is_a_timeout() -> None:
    options = Options(deadlines=Deadlines(connect=0.1))
    with pytest.raises(RpcTimeout, match="no backend answers"):
        TRTCCloud.attach("tcp://127.0.0.1:1", options=options)


def test_a_backend_that_does_not_greet_is_a_timeout(peer: Peer) -> None:
    def silent(_: Any) -> None:
        raise Silence

    peer.script["hello"] = silent
    with pytest.raises(RpcTimeout):
        TRTCCloud.attach(peer.endpoint, options=Options(deadlines=Deadlines(connect=0.2)))


def test_a_greeting_that_failed_after_an_outage_is_tried_again(peer: Peer, link: Cut, linked: TRTCCloud) -> None:
    greet = peer.script["hello"]

    def refuse(_: Any) -> None:
        peer.script["hello"] = greet
        raise Refusal(-32000, "not now")

    peer.script["hello"] = refuse
    link.cut()
    until(lambda: len(peer.asked("hello")) == 3)
    linked.ping()
    peer.emit("onExitRoom", 0)
    linked.wait_for("onExitRoom")


@pytest.mark.parametrize("endpoint", ["nonsense", "tcp://127.0.0.1", "ipc://"])
def test_a_bad_endpoint_is_said_so(endpoint: str) -> None:
    with pytest.raises(ClientError):
        TRTCCloud.attach(endpoint, options=Options(deadlines=Deadlines(connect=0.2)))


def test_plain_passwords() -> None:
    with Peer(password="right") as peer:
        auth = {"mechanism": "PLAIN", "username": "pybackend", "password": "right"}
        with TRTCCloud.attach(peer.endpoint, auth) as cloud:
            cloud.ping()
        with pytest.raises(AuthRefused):
            TRTCCloud.attach(peer.endpoint, auth | {"password": "wrong"}, options=QUICK)
        with pytest.raises(AuthRefused):
            TRTCCloud.attach(peer.endpoint, options=QUICK)


@pytest.mark.parametrize("auth", [{"mechanism": "GSSAPI"}, {"mechanism": 1}, {"user": "x"}, {"mechanism": "CURVE"}])
def test_odd_credentials_are_refused_at_once(auth: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"auth|mechanism|CURVE"):
        TRTCCloud.attach("tcp://127.0.0.1:1", auth)


@pytest.mark.parametrize("live_first", [False, True])
def test_events_of_an_outage_come_once_and_in_order(peer: Peer, link: Cut, linked: TRTCCloud, live_first: bool) -> None:
    """P54."""
    peer.emit("onEnterRoom", 1)
    linked.wait_for("onEnterRoom")
    if live_first:
        replay = peer.script["events.replay"]

        def slow(params: Any) -> Any:
            answer = replay(params)
            peer.emit("onRemoteUserEnterRoom", "live")
            return answer

        peer.script["events.replay"] = slow
    link.refuse()
    link.cut()
    for name in ("a", "b", "c"):
        peer.emit("onRemoteUserEnterRoom", name)
    link.accept()
    peer_done = "live" if live_first else "c"
    linked.wait_for("onRemoteUserEnterRoom", lambda user: user == peer_done)
    assert [event.args[0] for event in linked.events.of("onRemoteUserEnterRoom")][:3] == ["a", "b", "c"]
    sequence = [event.seq for event in linked.events]
    assert sequence == sorted(set(sequence))
    assert {"since": 1} in peer.asked("events.replay")
    assert len(peer.asked("on")) == len(peer.asked("hello")) == 2


def test_a_doubled_event_is_delivered_once(peer: Peer, cloud: TRTCCloud) -> None:
    event = peer.event("onEnterRoom", 1)
    for _ in range(3):
        peer.send(event)
    peer.emit("onExitRoom", 0)
    cloud.wait_for("onExitRoom")
    assert cloud.events.names() == ["onEnterRoom", "onExitRoom"]


def test_a_missing_event_is_asked_for(peer: Peer, cloud: TRTCCloud) -> None:
    peer.event("onEnterRoom", 1)
    peer.event("onUserAudioAvailable", "bob", 1)
    peer.emit("onExitRoom", 0)
    cloud.wait_for("onExitRoom")
    assert cloud.events.names() == ["onEnterRoom", "onUserAudioAvailable", "onExitRoom"]
    assert [event.seq for event in cloud.events] == [1, 2, 3]


def test_a_last_event_that_was_lost_is_found(peer: Peer) -> None:
    """P19: nothing comes after it that would show the gap."""
    with TRTCCloud.attach(peer.endpoint, options=Options(lease_s=0.15)) as cloud:
        peer.event("onExitRoom", 0)
        assert cloud.wait_for("onExitRoom").seq == 1
        cloud.ping()
        assert cloud.events.names() == ["onExitRoom"]


def test_what_is_lost_for_good_is_reported(peer: Peer, cloud: TRTCCloud) -> None:
    gaps: list[Gap] = []
    known = threading.Event()
    cloud.on_gap(gaps.append)
    cloud.on_gap(lambda _: known.set())
    peer.complete = False
    peer.event("onEnterRoom", 1)
    peer.journal.clear()
    peer.emit("onExitRoom", 0)
    cloud.wait_for("onExitRoom")
    assert known.wait(5)
    assert gaps == [Gap(0, 2)]


def test_a_replay_that_fails_holds_nothing_back(peer: Peer, cloud: TRTCCloud) -> None:
    peer.script["events.replay"] = lambda _: {"events": "none"}
    peer.event("onEnterRoom", 1)
    peer.emit("onExitRoom", 0)
    assert cloud.wait_for("onExitRoom").seq == 2


def test_a_call_during_an_outage_waits_and_is_sent_once(peer: Peer, link: Cut, linked: TRTCCloud) -> None:
    link.refuse()
    link.cut()
    until(lambda: not link.connections)
    threading.Timer(0.2, link.accept).start()
    linked.exitRoom()
    assert peer.asked("exitRoom") == [{}]


def test_a_call_that_timed_out_during_an_outage_is_never_sent(peer: Peer, link: Cut, linked: TRTCCloud) -> None:
    link.refuse()
    link.cut()
    with pytest.raises(ClientError):
        linked.call("exitRoom", timeout=0.1)
    with pytest.raises(RpcTimeout):
        linked.call("exitRoom", timeout=0.1)
    before = len(peer.asked("exitRoom"))
    link.accept()
    linked.ping()
    assert len(peer.asked("exitRoom")) == before <= 1


def test_a_call_under_way_fails_when_the_connection_breaks(peer: Peer, link: Cut, linked: TRTCCloud) -> None:
    asked = threading.Event()

    def silent(_: Any) -> None:
        asked.set()
        raise Silence

    peer.script["exitRoom"] = silent

    def cut() -> None:
        asked.wait(5)
        link.cut()

    thread = threading.Thread(target=cut)
    thread.start()
    with pytest.raises(ConnectionLost, match="broke"):
        linked.exitRoom()
    thread.join()
    linked.ping()


def test_a_stalled_connection_is_a_timeout_and_recovers(peer: Peer, link: Cut, linked: TRTCCloud) -> None:
    link.stall()
    with pytest.raises(RpcTimeout):
        linked.call("ping", timeout=0.2)
    link.flow()
    linked.ping()


def test_another_backend_in_its_place_ends_the_rooms_of_the_old_one() -> None:
    with Peer(seq=100) as old:
        cloud = TRTCCloud.attach(old.endpoint, options=QUICK)
        old.emit("onEnterRoom", 5)
        old.emit("onUserAudioAvailable", "bob", 1)
        cloud.wait_for("onUserAudioAvailable")
        endpoint = old.endpoint
    with cloud, Peer(endpoint) as new:
        left = cloud.wait_for("onExitRoom")
        assert (left.args, left.detail, left.session) == ((1,), {"cause": "backend-lost"}, "s")
        cloud.ping()
        new.emit("onEnterRoom", 6)
        assert cloud.wait_for("onEnterRoom", lambda result: result == 6).seq == 1


def test_an_owner_says_so_and_pings(peer: Peer) -> None:
    options = Options("tests", owner=True, lease_s=0.15)
    with TRTCCloud.attach(peer.endpoint, options=options):
        until(lambda: len(peer.asked("ping")) >= 3)
    assert peer.asked("hello") == [{"client": "tests", "protocol": 1, "owner": True, "lease_s": 0.15}]


def test_threads_may_call_at_the_same_time(peer: Peer, cloud: TRTCCloud) -> None:
    peer.script["getMusicDurationInMS"] = lambda params: int(params["path"])
    wrong: list[int] = []

    def work(first: int) -> None:
        wrong.extend(number for number in range(first, first + 50) if cloud.getMusicDurationInMS(str(number)) != number)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 400, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(peer.asked("getMusicDurationInMS")) == 200


async def test_cancelling_a_call_leaves_nothing_behind(peer: Peer, async_cloud: AsyncTRTCCloud) -> None:
    def silent(_: Any) -> None:
        raise Silence

    peer.script["exitRoom"] = silent
    task = asyncio.create_task(async_cloud.exitRoom())
    while not peer.asked("exitRoom"):
        await async_cloud.ping()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await async_cloud.ping()


async def test_a_burst_of_events_arrives_whole(peer: Peer, async_cloud: AsyncTRTCCloud) -> None:
    for number in range(2000):
        peer.emit("onUserAudioAvailable", "bob", number % 2)
    peer.emit("onExitRoom", 0)
    assert (await async_cloud.wait_for("onExitRoom")).seq == 2001
    assert len(async_cloud.events) == 2001


def test_a_client_leaves_no_threads_or_sockets(peer: Peer) -> None:
    """P37."""
    with TRTCCloud.attach(peer.endpoint):
        pass
    before = threading.active_count()
    for _ in range(20):
        with TRTCCloud.attach(peer.endpoint) as cloud:
            cloud.ping()
    assert threading.active_count() <= before


@pytest.mark.skipif(not zmq.has("ipc"), reason="no ipc here")
def test_ipc(tmp_path: Any) -> None:
    with Peer(f"ipc://{tmp_path}/s") as peer, TRTCCloud.attach(peer.endpoint) as cloud:
        cloud.ping()

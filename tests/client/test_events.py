"""Listeners, waiting, and the log."""

import logging
import threading
import time

import pytest

from pybackend.client import AsyncTRTCCloud, CloudEvent, ConnectionLost, EventTimeout, TRTCCloud
from pybackend.spec.structs_generated import TRTCQualityInfo, TRTCStatistics
from tests.client.peer import Peer


def flushed(peer: Peer, cloud: TRTCCloud) -> None:
    """Returns when the listeners of all events so far have run."""
    done = threading.Event()
    cloud.once("onScreenCaptureCovered", done.set)
    peer.emit("onScreenCaptureCovered")
    assert done.wait(5)


def test_listeners_get_the_sdks_arguments_in_the_order_of_registration(peer: Peer, cloud: TRTCCloud) -> None:
    got: list[object] = []
    cloud.on("onUserVideoAvailable", lambda user, available: got.append((1, user, available)))
    cloud.on("onUserVideoAvailable", lambda user, available: got.append((2, user, available)))
    peer.emit("onUserVideoAvailable", "bob", 1)
    flushed(peer, cloud)
    assert got == [(1, "bob", 1), (2, "bob", 1)]


def test_off_once_and_remove_all(peer: Peer, cloud: TRTCCloud) -> None:
    got: list[int] = []
    cloud.on("onExitRoom", got.append).once("onExitRoom", lambda reason: got.append(10 + reason))
    peer.emit("onExitRoom", 0)
    peer.emit("onExitRoom", 1)
    flushed(peer, cloud)
    cloud.off("onExitRoom", got.append).off("onExitRoom", got.append)
    peer.emit("onExitRoom", 2)
    cloud.on("onExitRoom", got.append).removeAllListeners("onExitRoom")
    peer.emit("onExitRoom", 2)
    flushed(peer, cloud)
    assert got == [0, 10, 1]


def test_a_listener_that_raises_is_logged_and_stops_nobody(
    peer: Peer, cloud: TRTCCloud, caplog: pytest.LogCaptureFixture
) -> None:
    """P34."""
    got: list[int] = []
    cloud.on("onExitRoom", lambda reason: 1 // reason)
    cloud.on("onExitRoom", got.append)
    with caplog.at_level(logging.ERROR):
        peer.emit("onExitRoom", 0)
        flushed(peer, cloud)
    assert got == [0]
    assert "a listener of onExitRoom failed" in caplog.text


def test_a_listener_may_call_and_wait(peer: Peer, cloud: TRTCCloud) -> None:
    seen: list[object] = []

    def listener(result: int) -> None:
        cloud.muteLocalAudio(True)
        peer.emit("onExitRoom", 0)
        seen.append((result, cloud.wait_for("onExitRoom").args))

    cloud.on("onEnterRoom", listener)
    peer.emit("onEnterRoom", 5)
    flushed(peer, cloud)
    assert seen == [(5, (0,))]
    assert peer.asked("muteLocalAudio") == [{"mute": True}]


def test_data_classes_come_revived(peer: Peer, cloud: TRTCCloud) -> None:
    peer.emit("onNetworkQuality", {"userId": "", "quality": 1}, [{"userId": "bob", "quality": 2, "new": 1}])
    peer.emit("onStatistics", {"rtt": 3, "localStatisticsArray": [{"width": 640}]})
    assert cloud.wait_for("onNetworkQuality").args == (TRTCQualityInfo("", 1), [TRTCQualityInfo("bob", 2)])
    (statistics,) = cloud.wait_for("onStatistics").args
    assert isinstance(statistics, TRTCStatistics)
    assert statistics.localStatisticsArray[0].width == 640


def test_on_event_gets_the_whole_event(peer: Peer, cloud: TRTCCloud) -> None:
    got: list[CloudEvent] = []
    remove = cloud.on_event(got.append)
    peer.emit("onExitRoom", 1, cause="banned")
    flushed(peer, cloud)
    remove()
    peer.emit("onExitRoom", 1)
    flushed(peer, cloud)
    event = got[0]
    assert (event.name, event.args, event.seq, event.session, event.ts) == ("onExitRoom", (1,), 1, "s", 1)
    assert event.detail == {"cause": "banned"}
    assert [event.name for event in got] == ["onExitRoom", "onScreenCaptureCovered"]


def test_an_event_is_returned_by_one_wait_only(peer: Peer, cloud: TRTCCloud) -> None:
    for result in (1, 2, 3):
        peer.emit("onEnterRoom", result)
    assert cloud.wait_for("onEnterRoom", lambda result: result > 1).args == (2,)
    assert [cloud.wait_for("onEnterRoom").args for _ in range(2)] == [(1,), (3,)]
    with pytest.raises(EventTimeout, match=r"onEnterRoom did not come within 0\.05 s; what came: onEnterRoom\(1,\), "):
        cloud.wait_for("onEnterRoom", timeout=0.05)
    assert cloud.wait_for("onEnterRoom", since=2).args == (3,)


def test_expect_counts_only_what_comes_in_its_block(peer: Peer, cloud: TRTCCloud) -> None:
    peer.emit("onExitRoom", 2)
    cloud.wait_for("onExitRoom", since=0)
    with cloud.expect("onExitRoom") as left:
        peer.emit("onExitRoom", 0)
    assert left.args == (0,)
    assert cloud.events.names() == ["onExitRoom", "onExitRoom"]
    assert [event.seq for event in cloud.events.of("onExitRoom", since=1)] == [2]


def test_a_predicates_error_is_the_waiters(peer: Peer, cloud: TRTCCloud) -> None:
    peer.emit("onExitRoom", 0)
    with pytest.raises(ZeroDivisionError):
        cloud.wait_for("onExitRoom", lambda reason: 1 // reason)


def test_closing_ends_every_wait(cloud: TRTCCloud) -> None:
    timer = threading.Timer(0.1, cloud.close)
    timer.start()
    began = time.monotonic()
    with pytest.raises(ConnectionLost, match="closed"):
        cloud.wait_for("onExitRoom", timeout=30)
    timer.join()
    assert time.monotonic() - began < 10
    with pytest.raises(ConnectionLost):
        cloud.ping()
    cloud.close()


def test_a_listener_may_close(peer: Peer, cloud: TRTCCloud) -> None:
    closed = threading.Event()

    def close(_: int) -> None:
        cloud.close()
        closed.set()

    cloud.on("onExitRoom", close)
    peer.emit("onExitRoom", 0)
    assert closed.wait(5)


def test_sub_clouds_have_events_and_calls_of_their_own(peer: Peer, cloud: TRTCCloud) -> None:
    def create(_: object) -> int:
        peer.emit("onError", -1, "before its answer", cloud=3)
        return 3

    peer.script["createSubCloud"] = create
    sub = cloud.createSubCloud()
    assert sub is not None
    assert sub.number == 3
    got: list[int] = []
    with sub:
        sub.on("onExitRoom", got.append)
        peer.emit("onExitRoom", 0)
        peer.emit("onExitRoom", 1, cloud=3)
        flushed(peer, sub.getTRTCShareInstance())
        sub.exitRoom()
    assert got == [1]
    assert sub.wait_for("onError").args[0] == -1
    assert peer.asked("exitRoom") == peer.asked("destroy") == [{"cloud": 3}]
    assert sub.getTRTCShareInstance() is cloud
    cloud.ping()


def test_no_sub_cloud_of_a_sub_cloud(peer: Peer, cloud: TRTCCloud) -> None:
    peer.script["createSubCloud"] = lambda _: None
    assert cloud.createSubCloud() is None


async def test_async_listeners_finish_one_after_the_other(peer: Peer, async_cloud: AsyncTRTCCloud) -> None:
    order: list[str] = []

    async def slow(result: int) -> None:
        await async_cloud.muteLocalAudio(True)
        order.append(f"slow {result}")

    async_cloud.on("onEnterRoom", slow)
    async_cloud.on("onEnterRoom", lambda result: order.append(f"quick {result}"))
    async with async_cloud.expect("onExitRoom") as left:
        peer.emit("onEnterRoom", 1)
        peer.emit("onEnterRoom", 2)
        peer.emit("onExitRoom", 0)
    assert left.args == (0,)
    while len(order) < 4:
        await async_cloud.ping()
    assert order == ["slow 1", "quick 1", "slow 2", "quick 2"]


async def test_async_failures_are_isolated(
    peer: Peer, async_cloud: AsyncTRTCCloud, caplog: pytest.LogCaptureFixture
) -> None:
    """P34."""

    async def failing(_: int) -> None:
        raise ValueError

    got: list[int] = []
    async_cloud.on("onExitRoom", failing).on("onExitRoom", got.append)
    peer.emit("onExitRoom", 0)
    while not got:
        await async_cloud.ping()
    assert "a listener of onExitRoom failed" in caplog.text
    with pytest.raises(EventTimeout):
        await async_cloud.wait_for("onEnterRoom", timeout=0.05)

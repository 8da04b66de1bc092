"""Entering and leaving again and again leaves nothing behind (P37, P42): descriptors, threads, tasks, memory."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest

from pybackend.testing.callers import Caller

SETTLED = 50
"""Cycles after which memory has to be flat."""

GROWTH = 8 * 1024 * 1024
"""Bytes between the medians of 40 cycles early and late; 5 % of what a backend takes, and what it varies by anyway."""


def cycle(alice: Caller, bob: Caller, number: int) -> dict[str, Any]:
    """In with camera and sound, seen by Bob, and out again; what is open afterwards."""
    alice.startLocalPreview(None)
    alice.startLocalAudio()
    with bob.expect("onUserVideoAvailable", lambda user, available: (user, available) == ("alice", 1), timeout=20):
        assert alice.enter(400, timeout=20) > 0
    alice.startRemoteView("bob", None, 0)
    if number % 5 == 0:
        alice.wait_for("onFirstVideoFrame", lambda user, *_: user == "bob", timeout=20, since=alice.events.seq - 20)
    assert alice.leave(timeout=20) == 0
    return alice.diagnostics()


def run(trtc_cloud: Callable[..., Caller], cycles: int, settled: int) -> list[dict[str, Any]]:
    """What was open after each cycle. Nothing may be more in the end than once things had settled."""
    alice, bob = trtc_cloud("alice"), trtc_cloud("bob")
    bob.startLocalPreview(None)
    bob.startLocalAudio()
    assert bob.enter(400) > 0
    measured = [cycle(alice, bob, number) for number in range(cycles)]
    assert all(one["devices"] == [] for one in measured)
    for what in ("fds", "threads", "tasks"):
        early = min(one[what] for one in measured[5:settled])
        wait_for_at_most(alice, what, early)
    return measured


def wait_for_at_most(caller: Caller, what: str, most: int) -> None:
    """Sockets are closed a moment after `onExitRoom`: it waits for devices only."""
    end = time.monotonic() + 10
    while (now := caller.diagnostics()[what]) > most:
        assert time.monotonic() < end, f"{what} grew from {most} to {now}"
        time.sleep(0.05)


@pytest.mark.timeout(150)
def test_forty_cycles(trtc_cloud: Callable[..., Caller]) -> None:
    run(trtc_cloud, 40, 20)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_two_hundred_cycles(trtc_cloud: Callable[..., Caller]) -> None:
    measured = run(trtc_cloud, 200, SETTLED)
    early, late = (
        statistics.median(one["rss_bytes"] for one in part) for part in (measured[SETTLED : SETTLED + 40], measured[-40:])
    )
    assert late - early <= GROWTH, f"resident memory grew by {(late - early) / 2**20:.1f} MB"

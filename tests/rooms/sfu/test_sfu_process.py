"""The child process: its start, its end, its restart, and how connections live and end."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pybackend.rooms.media import MediaEngine, MediaError, Source, StreamKind
from pybackend.rooms.sfu import EmbeddedSfu
from pybackend.rooms.sfu.__main__ import reachable_address
from pybackend.rooms.sfu.process import Supervision
from tests.rooms.sfu.peer import KEY_FRAME, LONG_S, Peer, Room, Stream, room, running

AUDIO = StreamKind.AUDIO
QUICK = Supervision(inquire_s=0.05, reply_s=1.0, pause_s=0.02, restarts=2)

PARENT = """
import asyncio
from pybackend.rooms.sfu import EmbeddedSfu
async def main():
    sfu = EmbeddedSfu("127.0.0.1")
    await sfu.start()
    print(sfu.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def engine(sfu: EmbeddedSfu) -> MediaEngine:
    return sfu  # mypy: it fulfils the protocol


async def until_gone(pid: int, limit_s: float) -> float:
    began = time.monotonic()
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() - began < limit_s
        await asyncio.sleep(0.01)
    return time.monotonic() - began


async def test_child_ends_within_a_second_of_its_killed_parent() -> None:
    """P38: no orphan keeps the port, or keeps forwarding."""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    child = int(await asyncio.wait_for(parent.stdout.readline(), LONG_S))
    assert psutil.pid_exists(child)
    parent.kill()
    await parent.wait()
    await until_gone(child, 1.0)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP")
async def test_stop_is_polite_and_forces_what_hangs() -> None:
    sfu = EmbeddedSfu("127.0.0.1", supervision=Supervision(leave_s=0.2, terminate_s=0.1))
    await sfu.stop()  # was never started
    await sfu.start()
    pid = sfu.pid
    assert pid is not None
    await sfu.stop()
    assert sfu.rung.name == "POLITE"
    assert not psutil.pid_exists(pid)
    await sfu.stop()
    with pytest.raises(MediaError, match="gone"):
        await sfu.subscribe("a", "")
    await sfu.start()
    assert sfu.pid is not None
    os.kill(sfu.pid, signal.SIGSTOP)
    await sfu.stop()
    assert sfu.rung.name == "KILLED"


@pytest.mark.parametrize(
    "how", ["killed", pytest.param("hangs", marks=pytest.mark.skipif(os.name == "nt", reason="SIGSTOP"))]
)
async def test_child_that_dies_or_hangs_is_restarted_and_members_are_told(how: str) -> None:
    async with running(EmbeddedSfu("127.0.0.1", supervision=QUICK)) as sfu:
        engine(sfu)
        reset = asyncio.Event()
        sfu.on_reset(lambda: 1 // 0)  # a callback's trouble is its own
        sfu.on_reset(reset.set)
        await sfu.block("blocked", audio=True, video=False)
        await sfu.block("forgiven", audio=True, video=False)
        await sfu.block("forgiven", audio=False, video=False)
        first = sfu.pid
        os.kill(first, signal.SIGSTOP if how == "hangs" else signal.SIGTERM)
        await asyncio.wait_for(reset.wait(), LONG_S)
        assert sfu.pid not in (None, first)
        assert sfu.statistics()["restarts"] == 1
        with room(sfu) as here:
            names = ("blocked", "forgiven")
            subscriber = await here.subscriber(
                "s", ("audio",) * 2, {i: Source(name, AUDIO) for i, name in enumerate(names)}
            )
            for name in names:
                publisher = await here.publisher(name, (AUDIO,))
                publisher.send(0, 0, 0, KEY_FRAME)
            await subscriber.until(lambda: subscriber.packets)
            assert subscriber.received(0) == []


async def test_calls_made_meanwhile_wait_for_the_next_child(sfu: EmbeddedSfu) -> None:
    pid = sfu.pid
    assert pid is not None
    psutil.Process(pid).kill()
    await until_gone(pid, LONG_S)
    with pytest.raises(MediaError) as caught:
        await sfu.assign("a", {})
    assert caught.value.reason in ("no-session", "gone")
    await sfu.close_session("a")


async def test_start_fails_if_the_port_is_taken() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        sfu = EmbeddedSfu("127.0.0.1", taken.getsockname()[1], supervision=QUICK)
        with pytest.raises(MediaError, match="gone"):
            await sfu.start()
        with pytest.raises(MediaError, match="gone"):
            await sfu.subscribe("a", "")


async def test_advertised_address_and_fixed_port_are_in_the_answer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    peer = await Peer.open([Stream("audio", "recvonly")])
    async with running(EmbeddedSfu("127.0.0.1", port, "203.0.113.5")) as sfu:
        answer = await sfu.subscribe("a", peer.offer())
    peer.close()
    assert f"203.0.113.5 {port} typ host" in answer


def test_all_interfaces_are_told_as_one_that_can_be_reached() -> None:
    assert reachable_address("127.0.0.1") == "127.0.0.1"
    assert reachable_address("0.0.0.0") != "0.0.0.0"


def test_child_says_one_line_and_ends_with_its_stdin() -> None:
    command = [sys.executable, "-m", "pybackend.rooms.sfu", "--host", "127.0.0.1"]
    began = time.monotonic()
    done = subprocess.run(
        command, input=b"", capture_output=True, timeout=LONG_S, cwd=Path(__file__).parents[3], check=True
    )
    assert done.stdout.startswith(b'{"host":"127.0.0.1","port":')
    assert done.stdout.count(b"\n") == 1
    assert time.monotonic() - began < LONG_S


async def test_silent_peer_loses_its_connection_and_checks_keep_it() -> None:
    async with running(EmbeddedSfu("127.0.0.1", consent_s=0.5, supervision=QUICK)) as sfu:
        told: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue(10)
        sfu.on_lost(lambda *ending: told.put_nowait(ending))
        with room(sfu) as here:
            silent, alive = await here.publisher("silent", (AUDIO,)), await here.publisher("alive", (AUDIO,))

            async def keep_checking() -> None:
                while True:
                    alive.check()
                    await asyncio.sleep(0.05)

            checking = asyncio.create_task(keep_checking())
            assert await asyncio.wait_for(told.get(), LONG_S) == ("silent", "uplink", "consent")
            checking.cancel()
            assert silent.goodbye
            await sfu.session_statistics("alive")


async def test_address_follows_a_nominating_check(raw: Room) -> None:
    subscriber = await raw.subscriber("s", ("audio",), {0: Source("a", AUDIO)})
    publisher = await raw.publisher("a", (AUDIO,))
    publisher.send(0, 0, 0, KEY_FRAME)
    await subscriber.until(lambda: subscriber.packets)
    loop = asyncio.get_running_loop()
    old = subscriber.transport
    subscriber.transport, _ = await loop.create_datagram_endpoint(lambda: subscriber, local_addr=("127.0.0.1", 0))
    old.close()
    before = subscriber.datagrams
    subscriber.check()
    await subscriber.until(lambda: subscriber.datagrams > before)
    publisher.send(0, 1, 960, KEY_FRAME)
    await subscriber.until(lambda: len(subscriber.packets) == 2)

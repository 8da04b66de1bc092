"""`pybackend serve` and `rooms` as programs: their ready lines, their parents, their exit codes."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pybackend.client.program import Ending
from pybackend.devices import CameraFormat
from pybackend.testing.callers import Caller
from pybackend.testing.processes import Backend, RoomService
from tests.rpc.parts import LONG_S, Peer

ROOMS = "ws://127.0.0.1:9/signal"
COMMAND = [sys.executable, "-m", "pybackend"]


def run(*words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs to its end."""
    given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=30, check=False, **given)


@pytest.mark.parametrize(
    ("words", "stdin", "says"),
    [
        (["serve"], None, "--rooms"),
        (["serve", "--rooms", "http://x"], None, "ws:// or wss://"),
        (["serve", "--rooms", ROOMS, "--camera", "file:/no/such/clip"], None, "no such file"),
        (["serve", "--rooms", ROOMS, "--endpoint", "udp://x"], None, "ipc://PATH"),
        (["serve", "--rooms", ROOMS, "--endpoint", "ipc:///no/such/directory/rpc"], None, "no directory"),
        (["serve", "--rooms", ROOMS, "--parent-watch"], "", "first line on stdin"),
        (["serve", "--rooms", ROOMS, "--parent-watch"], "[]\n", "JSON object"),
        (["serve", "--rooms", ROOMS, "--parent-watch"], '{"clientKeys": 5}\n', "clientKeys"),
        (["rooms", "--port", "x"], None, "--port"),
        (["rooms", "--app", "x"], None, "SDKAPPID:SECRETKEY"),
        (["rooms", "--config", "/no/such/file"], None, "No such file"),
        (["rooms", "--host", "192.0.2.1"], None, "192.0.2.1"),
        (["rooms", "--tls-cert", "/no/such/file"], None, "No such file"),
        (["rooms", "--member-timeout", "0"], None, "seconds"),
        (["dance"], None, "invalid choice"),
    ],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, list) else None,
)
def test_bad_arguments_end_with_2_and_one_clear_line(words: list[str], stdin: str | None, says: str) -> None:
    ended = run(*words, stdin=stdin)
    assert (ended.returncode, ended.stdout) == (2, "")
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith("pybackend")
    assert says in last
    assert "Traceback" not in ended.stderr


def test_a_rooms_file_of_bad_values(tmp_path: Path) -> None:
    path = tmp_path / "rooms.toml"
    path.write_text("port = 'x'")
    path.chmod(0o600)
    ended = run("rooms", "--config", str(path))
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
    assert "port" in ended.stderr


def test_ready_lines(trtc_rooms: RoomService, trtc_backend: Backend) -> None:
    assert {"ready", "pid", "signal", "admin", "metrics", "version"} <= trtc_rooms.ready.keys()
    assert trtc_rooms.ready["signal"].endswith("/signal")
    assert {"ready", "pid", "endpoint", "frames", "auth", "version"} == trtc_backend.ready.keys()
    assert trtc_backend.ready["frames"].startswith("ws://127.0.0.1:")
    assert "/frames?token=" in trtc_backend.ready["frames"]


@pytest.mark.parametrize("signal", [True, False], ids=["signal", "end of stdin"])
def test_a_backend_leaves_its_room_before_it_ends(
    trtc_cloud: Callable[..., Caller], trtc_rooms: RoomService, signal: bool
) -> None:
    """P38: the others hear reason 0, at once, and not a time-out."""
    ben, anna = trtc_cloud("ben"), trtc_cloud("anna")
    ben.enter(4711)
    anna.enter(4711)
    anna.startLocalPreview(None)
    ben.wait_for("onRemoteUserEnterRoom", since=0)
    anna.wait_for("onCameraDidReady", since=0)
    assert anna.backend is not None
    with ben.expect("onRemoteUserLeaveRoom") as left:
        assert anna.backend.stop(terminate=signal) is Ending.ASKED
    assert left.args == ("anna", 0)
    assert anna.backend.ended.result() == 0


def test_a_signal_ends_a_backend_whose_parent_goes_on_listening() -> None:
    """Its thread waits on stdin all the time; that must not get in the way of an end in order."""
    command = [*COMMAND, "serve", "--rooms", ROOMS, "--virtual-devices", "--parent-watch"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    for _ in range(3):
        with subprocess.Popen(command, text=True, **pipes) as backend:
            assert backend.stdin is not None
            assert backend.stdout is not None
            assert backend.stderr is not None
            backend.stdin.write("{}\n")
            backend.stdin.flush()
            assert json.loads(backend.stdout.readline())["ready"] is True
            backend.terminate()
            assert backend.wait(20) == 0, backend.stderr.read()


async def test_a_ping_is_answered_while_a_slow_camera_opens(tmp_path: Path) -> None:
    """P56. The camera takes its time without a word; other calls, other clients and the exit do not wait for it."""
    from pybackend.devices import DeviceInfo, DeviceKind, Line, Order
    from pybackend.engine.backend import BackendConfig
    from pybackend.rpc import service

    closed = threading.Event()

    class Slow:
        def __init__(self, order: Order) -> None:
            assert isinstance(order.format, CameraFormat)

        def run(self, line: Line) -> None:
            closed.wait(LONG_S)

    config = service.ServeConfig(
        BackendConfig(ROOMS, openers={"slow:": Slow}),
        virtual_devices=True,
        extra_devices=(DeviceInfo(DeviceKind.CAMERA, "slow:1", "slow"),),
    )
    async with service.backend_service(config) as (ready, gone):
        peer, other = Peer(ready["endpoint"]), Peer(ready["endpoint"])
        await peer.call("on", ["*"])
        assert (await peer.call("getCurrentCameraDevice"))["deviceId"] == "slow:1"
        await peer.call("startLocalPreview", [None])
        while not (await other.call("diagnostics"))["devices"]:
            await asyncio.sleep(0)
        for _ in range(20):
            assert await peer.call("ping") == "pong"
        diagnostics = await other.call("diagnostics")
        assert diagnostics["devices"] == [{"kind": "camera", "id": "slow:1", "open": True, "owners": ["cloud 0"]}]
        assert diagnostics["clouds"] == [{"id": 0, "state": "idle", "room": None}]
        assert {"rss_bytes", "fds", "threads", "tasks", "loop_lag_ms"} <= diagnostics.keys()
        await peer.call("exitRoom")
        assert await peer.call("ping") == "pong"
        assert "onExitRoom" not in peer.order, "not before the device is free"
        closed.set()
        left = await peer.until("onExitRoom")
        assert left["args"] == [0]
        assert (await other.call("diagnostics"))["devices"] == []
        assert not gone.is_set()
        peer.close()
        other.close()
    assert json.dumps(ready)


async def test_frames_of_the_local_camera(trtc_backend: Backend) -> None:
    from websockets.asyncio.client import connect

    peer = Peer(trtc_backend.endpoint)
    await peer.call("startLocalPreview", [True])
    async with connect(trtc_backend.frames, proxy=None, max_size=None) as socket:
        await socket.send(json.dumps({"want": [{"cloud": 0, "user": "", "stream": 0}], "credit": 1}))
        (source,) = json.loads(await socket.recv())["sources"]
        frame = await asyncio.wait_for(socket.recv(), 10)
        assert isinstance(frame, bytes)
        width, height = int.from_bytes(frame[4:6], "little"), int.from_bytes(frame[6:8], "little")
        assert len(frame) == 32 + width * height * 3 // 2
        assert int.from_bytes(frame[8:12], "little") == source["id"]
    await peer.call("stopLocalPreview")
    peer.close()

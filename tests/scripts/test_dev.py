"""`scripts/dev.py` starts everything and ends everything: with a screen the Electron app, without one its page for a browser."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from pybackend.client.program import Program
from pybackend.testing.processes import RoomService
from scripts import machine, shells, window

ROOT = Path(__file__).resolve().parents[2]
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js"),
    pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX"),
    pytest.mark.timeout(120),
]


class Dev:
    """A running dev.py, and what it said on stdout first."""

    def __init__(self, environment: dict[str, str], *words: str) -> None:
        self.program = subprocess.Popen(
            [sys.executable, "scripts/dev.py", *words],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.program.stdout is not None
        self.said: dict[str, Any] = json.loads(self.program.stdout.readline())

    def end(self) -> tuple[int, str]:
        """Ctrl-C: its exit status and its log. Nothing that it has started is left."""
        family = psutil.Process(self.program.pid).children(recursive=True)
        self.program.send_signal(signal.SIGINT)
        _, log = self.program.communicate(timeout=30)
        _, left = psutil.wait_procs(family, timeout=10)
        assert [process for process in left if process.status() != psutil.STATUS_ZOMBIE] == []
        return self.program.returncode, log


@pytest.fixture
def dev() -> Iterator[Callable[..., Dev]]:
    started: list[Dev] = []

    def start(environment: dict[str, str], *words: str) -> Dev:
        started.append(Dev(environment, *words))
        return started[-1]

    yield start
    for one in started:
        if one.program.poll() is None:
            one.program.kill()
            one.program.communicate()


@pytest.fixture
def screen() -> Iterator[str]:
    if shutil.which("Xvfb") is None:
        pytest.skip("needs Xvfb")
    with subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        yield f":{server.stdout.readline().strip()}"
        server.terminate()


def without_screen() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}


def test_without_a_screen_it_says_where_the_page_is(dev: Callable[..., Dev]) -> None:
    running = dev(without_screen())
    shell, rooms = running.said["shell"], running.said["rooms"]
    assert shell["kind"] == "browser"
    with DIRECT.open(shell["url"], timeout=10) as page:
        assert "Join a room" in page.read().decode()
    told = urllib.request.Request(
        shell["url"] + "prefill", b"{}", {"Origin": re.sub(r"(//[^/]+)/.*", r"\1", shell["url"])}
    )
    with DIRECT.open(told, timeout=10) as answer:
        prefill = json.load(answer)
    assert prefill == {
        "server": rooms["signal"],
        "sdkAppId": rooms["dev"]["sdkAppId"],
        "user": "alice",
        "room": "1",
        "signs": True,
    }
    status, log = running.end()
    assert status == 0
    assert "the page is at http://127.0.0.1:" in log
    assert rooms["dev"]["secretKey"] not in log


@pytest.mark.skipif(shells.electron() is None, reason="needs Electron")
def test_with_a_screen_there_is_a_window(dev: Callable[..., Dev], screen: str, tmp_path: Path) -> None:
    environment = without_screen() | {"DISPLAY": screen, "XDG_CONFIG_HOME": str(tmp_path)}
    running = dev(environment)
    assert running.said["shell"]["kind"] == "electron"
    shell = psutil.Process(running.said["shell"]["pid"])

    def backend() -> list[psutil.Process]:
        return [child for child in shell.children() if "serve" in child.cmdline()]

    while not backend():  # it is started when the page asks for it
        assert running.program.poll() is None
        psutil.wait_procs([shell], timeout=0.1)
    words = backend()[0].cmdline()
    assert running.said["rooms"]["signal"] in words
    assert "--virtual-devices" in words
    status, _ = running.end()
    assert status == 0


def test_where_electron_cannot_be_told_anything_a_browser_is_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(shells, "electron", lambda: Path(sys.executable))
    monkeypatch.setattr(machine, "missing_system", lambda _: [])
    chosen = []
    for hears in (True, False):
        monkeypatch.setattr(window, "HEARS", hears)
        chosen += [window.choose(None), window.choose("electron"), window.choose("browser")]
    assert chosen == ["electron", "electron", "browser", "browser", "electron", "browser"]


def test_a_program_that_does_not_start_is_said_in_words(capfd: pytest.CaptureFixture[str]) -> None:
    class NoRooms(RoomService):
        def __init__(self) -> None:
            super().__init__(["--host", "192.0.2.1"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "RoomService", NoRooms)
        patch.setattr(signal, "signal", lambda *_: None)
        assert window.run([], shell="browser") == 1
    said = capfd.readouterr().err
    assert "cannot forward media on 192.0.2.1" in said
    assert "Traceback" not in said


def test_lines_of_the_log_say_whose_they_are(capfd: pytest.CaptureFixture[str]) -> None:
    lines = "import sys; print('[pybackend] one', 'two', sep='\\n', file=sys.stderr)"
    program = Program([sys.executable, "-c", lines])
    program.ended.result(10)
    program.stop()
    ending = threading.Event()
    ending.set()
    window.follow("shell", program, ending)
    assert capfd.readouterr().err == "backend  one\nshell    two\n"


def test_a_shell_that_cannot_be_had_is_one_clear_line() -> None:
    ended = subprocess.run(
        [sys.executable, "scripts/dev.py", "--shell", "electron"],
        cwd=ROOT,
        env=without_screen(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "no screen" in ended.stderr
    assert "Traceback" not in ended.stderr

"""Everything in one command: a room service, the shell, and the backend that the shell keeps; their logs side by side.

The shell is the Electron app, or, without an Electron binary and on Windows, the same page in a browser by way of the gateway.
Where there is no screen the gateway says where its page is.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from pybackend.client.program import Program, StartFailed
from pybackend.testing.processes import RoomService

from . import machine, shells

APP = machine.SHELL / "app"
BACKEND = "[pybackend] "
"""Begins the lines that the shell passes on from its backend."""

HEARS = sys.platform != "win32"
"""Whether an Electron app is told anything by its stdin, which on Windows is always at its end."""

WINDOW_S = 5.0
"""How long a browser may take to close."""

BROWSER_FLAGS = ("--no-first-run", "--no-default-browser-check", "--disable-background-networking", "--disable-sync")


def has_screen() -> bool:
    """Whether a window can be seen."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _as_root() -> list[str]:
    """Chromium refuses to run as root in a sandbox."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


class Shell:
    """The Electron app or the gateway, told whom to sign for."""

    def __init__(self, kind: str, rooms: RoomService, arguments: Sequence[str], stack: ExitStack) -> None:
        self.kind = kind
        self.url = ""
        self.window: subprocess.Popen[bytes] | None = None
        told = {"sdkAppId": rooms.sdk_app_id, "secretKey": rooms.secret_key, "user": "alice", "room": "1"}
        environment = {
            "PYBACKEND_COMMAND": json.dumps([sys.executable, "-m", "pybackend", "serve", *arguments]),
            "PYBACKEND_ROOMS": rooms.signal,
            "TRTC_APP_STDIN": "1",
        }
        self.program = stack.enter_context(
            Program(self._command(), first_line=json.dumps(told), environment=environment)
        )
        if kind == "browser":
            ready = self.program.wait_ready()
            self.url = ready["url"]
            machine.say(f"the page is at {self.url}")
            if has_screen():
                self._browse(ready["once"], stack)

    def _command(self) -> list[str]:
        if self.kind == "electron":
            return [str(shells.electron()), *_as_root(), str(APP)]
        return [str(shutil.which("node")), str(APP / "gateway")]

    def _browse(self, once: str, stack: ExitStack) -> None:
        """A window of its own where there is a Chromium, else a tab of the default browser. Anybody may read its arguments."""
        browser = shells.browser()
        if browser is None:
            webbrowser.open(once)
            return
        profile = stack.enter_context(tempfile.TemporaryDirectory(prefix="pybackend-", ignore_cleanup_errors=True))
        words = [browser, f"--app={once}", f"--user-data-dir={profile}", *BROWSER_FLAGS, *_as_root()]
        self.window = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stack.callback(_end, self.window)

    @property
    def closed(self) -> bool:
        """Whether the window, if it is ours, is closed."""
        return self.window is not None and self.window.poll() is not None

    def describe(self) -> dict[str, Any]:
        """For the line on stdout."""
        return {"kind": self.kind, "pid": self.program.pid, **({"url": self.url} if self.url else {})}


def _end(window: "subprocess.Popen[bytes]") -> None:
    window.terminate()
    try:
        window.wait(WINDOW_S)
    except subprocess.TimeoutExpired:
        window.kill()
        window.wait()


def choose(wanted: str | None) -> str | None:
    """`electron` or `browser`; None, with what to do said, where neither can be had."""
    if wanted == "electron" and not HEARS:
        machine.say("Electron has no stdin on Windows: the app will ask for a UserSig (pybackend usersig makes one)")
    fits = wanted == "electron" or (wanted is None and HEARS)
    if fits and has_screen() and shells.electron() is not None:
        missing = machine.missing_system(shells.LIBRARIES)
        if not missing or machine.ensure_system(shells.LIBRARIES, "Electron's window"):
            return "electron"
    if wanted == "electron":
        machine.say(
            "there is no Electron, or no screen to show it on: npm install electron (in electron-shell), or leave --shell out"
        )
        return None
    if not machine.has_node():
        machine.say("without Node.js there is no shell; try: python3 scripts/dev.py --headless")
        return None
    return "browser"


def follow(name: str, program: Program, stop: threading.Event) -> None:
    """Prints what a program logs, with a name before each line: its own, or that of the backend that it keeps."""
    seen = 0
    while True:
        ending, now = stop.is_set(), program.log_lines
        for line in program.log(seen).splitlines() if now > seen else ():
            who = "backend" if line.startswith(BACKEND) else name
            print(f"{who:<8} {line.removeprefix(BACKEND)}", file=sys.stderr, flush=True)
        seen = now
        if ending:
            return
        stop.wait(0.1)


def run(cameras: Sequence[str], *, real_devices: bool = False, shell: str | None = None) -> int:
    """Runs until it is interrupted, the window is closed, or a program ends by itself; 1 for an end that nobody asked for."""
    kind = choose(shell)
    if kind is None:
        return 1
    try:
        return _play(kind, cameras, real_devices=real_devices)
    except StartFailed as error:
        machine.say(str(error))
        return 1


def _play(kind: str, cameras: Sequence[str], *, real_devices: bool) -> int:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    arguments = [] if real_devices else ["--virtual-devices"]
    arguments += [word for path in cameras for word in ("--camera", f"file:{path}")]
    with ExitStack() as stack:
        rooms = stack.enter_context(RoomService())
        started = Shell(kind, rooms, arguments, stack)
        programs = {"rooms": rooms, "shell": started.program}
        logs = [threading.Thread(target=follow, args=(*item, stop), daemon=True) for item in programs.items()]
        for log in logs:
            log.start()
        for program in programs.values():
            program.on_end(stop.set)
        print(json.dumps({"rooms": rooms.ready, "shell": started.describe()}), flush=True)
        machine.say("Ctrl-C ends it")
        while not stop.wait(0.5):  # in steps, so that signals are taken on every platform
            if started.closed:
                stop.set()
        for log in logs:
            log.join()
        if not rooms.alive:
            machine.say(rooms.obituary())
        failed = not rooms.alive or (not started.program.alive and started.program.ended.result() != 0)
        if failed and rooms.alive:
            machine.say(started.program.obituary())
    return int(failed)

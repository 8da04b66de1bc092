"""The main job without a window: two backends meet in a room, see and hear each other, and leave it in every way there is."""

import io
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from pybackend.client import CloudEvent
from pybackend.testing.callers import Caller
from pybackend.testing.processes import Backend, RoomService

SHOWN: Final = {
    "onEnterRoom": "in the room after {0} ms",
    "onFirstVideoFrame": "first picture of {0}, {2}×{3}",
    "onFirstAudioFrame": "first sound of {0}",
    "onRemoteUserEnterRoom": "{0} came",
    "onRemoteUserLeaveRoom": "{0} left, reason {1}",
    "onExitRoom": "out of the room, reason {0}",
    "onError": "error {0}: {1}",
}
"""The events of the timeline, with their arguments in words."""

DEADLINE_S: Final = 15.0


class Failed(Exception):
    """Something did not happen."""


@dataclass(slots=True)
class Timeline:
    """What happened, as it is printed."""

    as_json: bool
    console: Console
    started: float = field(default_factory=time.monotonic)
    failures: list[str] = field(default_factory=list)

    def heading(self, text: str) -> None:
        """A part of the play begins."""
        if self.as_json:
            print(json.dumps({"part": text}), flush=True)
        else:
            self.console.print(f"\n[bold]{text}[/]")

    def line(self, who: str, what: str, text: str, **more: Any) -> None:
        """One thing happened."""
        at = round((time.monotonic() - self.started) * 1000)
        if self.as_json:
            print(json.dumps({"ms": at, "who": who, "what": what, "text": text, **more}), flush=True)
        else:
            colour = {"alice": "magenta", "bob": "cyan"}.get(who, "yellow")
            self.console.print(f"[dim]{at:>6} ms[/]  [{colour}]{who:<8}[/] [dim]{what:<22}[/] {text}", highlight=False)

    def event(self, who: str, event: CloudEvent) -> None:
        """An event, if it belongs to the timeline."""
        if event.name in SHOWN:
            args = ["itself" if arg == "" else arg for arg in event.args]
            text = SHOWN[event.name].format(*args)
            if "cause" in event.detail:
                text += f" ({event.detail['cause']})"
            self.line(who, event.name, text, args=list(event.args))


class Play:
    """Alice and Bob, a room service, and the ways to part."""

    def __init__(self, timeline: Timeline, cameras: Sequence[str]) -> None:
        self._timeline = timeline
        self._cameras = list(cameras)
        self.rooms = RoomService()
        self.alice = self._join("alice", 0)
        self.bob = self._join("bob", 1)

    def _join(self, user: str, number: int) -> Caller:
        chosen = [self._cameras[number % len(self._cameras)]] if self._cameras else []
        caller = Caller.of(user, self.rooms, Backend(self.rooms.signal, virtual_devices=True, cameras=chosen))
        caller.on_event(lambda event: self._timeline.event(user, event))
        return caller

    def close(self) -> None:
        """Ends every program."""
        for caller in (self.alice, self.bob):
            caller.close()
        self.rooms.stop()

    # -- scenes ------------------------------------------------------------------------------------------------------

    def meet(self, room: int | str) -> None:
        """Both enter; each sees and hears the other."""
        for caller, other in ((self.alice, self.bob), (self.bob, self.alice)):
            caller.startLocalPreview(None)
            caller.startLocalAudio()
            if caller.enter(room) <= 0:
                raise Failed(f"{caller.user} could not enter")
            caller.startRemoteView(other.user, None, 0)
        for caller, other in ((self.alice, self.bob), (self.bob, self.alice)):
            caller.wait_for("onFirstVideoFrame", lambda user, *_, who=other.user: user == who, timeout=DEADLINE_S)
            caller.wait_for("onFirstAudioFrame", lambda user, who=other.user: user == who, timeout=DEADLINE_S)
            self._devices(caller, expected=3)

    def part(
        self, act: Callable[[], None], leaver: Caller, reason: int, other: Caller | None, other_reason: int | None
    ) -> None:
        """Somebody leaves by `act`; what that means for both is checked."""
        started = time.monotonic()
        with leaver.expect("onExitRoom", timeout=DEADLINE_S) as exited:
            act()
        took = (time.monotonic() - started) * 1000
        self._devices(leaver, expected=0)
        self._check(exited.args[0] == reason, f"{leaver.user}: onExitRoom({exited.args[0]}), expected {reason}")
        self._timeline.line("", "", f"{leaver.user} was out after {took:.0f} ms", took_ms=round(took))
        if other is not None and other_reason is not None:
            left = other.wait_for("onRemoteUserLeaveRoom", lambda user, _: user == leaver.user, timeout=DEADLINE_S)
            self._check(
                left.args[1] == other_reason, f"{other.user}: told reason {left.args[1]}, expected {other_reason}"
            )

    def leave(self, caller: Caller) -> None:
        """The one who stayed leaves as well."""
        self.part(caller.exitRoom, caller, 0, None, None)

    def _devices(self, caller: Caller, *, expected: int) -> None:
        devices = caller.diagnostics()["devices"]
        names = ", ".join(device["id"] for device in devices) or "none"
        self._timeline.line(caller.user, "devices open", names, open=len(devices))
        self._check(len(devices) == expected, f"{caller.user}: {len(devices)} devices open, expected {expected}")

    def _check(self, fine: bool, text: str) -> None:
        if not fine:
            self._timeline.failures.append(text)

    def run(self) -> None:
        """Every way there is."""
        alice, bob, rooms = self.alice, self.bob, self.rooms
        say = self._timeline.heading
        say("Alice leaves by herself")
        self.meet(1)
        self.part(alice.exitRoom, alice, 0, bob, 0)
        self.leave(bob)
        for room in (2, "two"):
            say(f"Alice is removed by the server API (room {room!r})")
            self.meet(room)
            self.part(lambda room=room: rooms.remove_user(room, "alice"), alice, 1, bob, 2)  # type: ignore[misc]
            self.leave(bob)
        for room in (3, "three"):
            say(f"The room is dismissed (room {room!r})")
            self.meet(room)
            with bob.expect("onExitRoom", lambda reason: reason == 2, timeout=DEADLINE_S):
                self.part(lambda room=room: rooms.dismiss(room), alice, 2, None, None)  # type: ignore[misc]
            self._devices(bob, expected=0)
        say("Bob's backend is killed")
        self.meet(4)
        bob_backend = bob.backend
        assert bob_backend is not None
        bob_backend.kill()
        left = alice.wait_for("onRemoteUserLeaveRoom", lambda user, _: user == "bob", timeout=DEADLINE_S)
        self._check(left.args[1] == 1, f"alice: told reason {left.args[1]}, expected 1")
        self.leave(alice)


def _draw(console: Console, path: str) -> None:
    """The beginning and the end of what was printed, as a picture without foreign fonts."""
    lines = console.export_text(styles=True).splitlines()
    parts = [index for index, line in enumerate(lines) if line and not line.startswith("\x1b[2m")]
    picture = Console(record=True, width=96, file=io.StringIO(), force_terminal=True)
    for line in [*lines[: parts[1]], *lines[parts[-2] :]]:
        picture.print(Text.from_ansi(line))
    picture.save_svg(path, title="python3 scripts/dev.py --headless")
    text = re.sub(r"@font-face \{.*?\}", "", Path(path).read_text("utf-8"), flags=re.DOTALL)
    Path(path).write_text(text.replace("Fira Code", "ui-monospace, Menlo, Consolas"), "utf-8")


def play(cameras: Sequence[str], *, as_json: bool, svg: str | None) -> int:
    """Plays the call; 0 only if everything happened."""
    console = Console(record=bool(svg), width=100, stderr=as_json)
    timeline = Timeline(as_json, console)
    scene = Play(timeline, cameras)
    timeline.started = time.monotonic()
    try:
        scene.run()
    except Exception as error:
        timeline.failures.append(f"{type(error).__name__}: {error}")
    finally:
        scene.close()
    for failure in timeline.failures:
        console.print(f"[bold red]✗[/] {failure}")
    if not timeline.failures:
        console.print("\n[bold green]✓[/] everything happened")
    if svg:
        _draw(console, svg)
    return int(bool(timeline.failures))

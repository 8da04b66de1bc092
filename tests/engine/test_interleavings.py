"""Whatever an application, a room service, a network and slow devices do, in whatever order: the promises hold."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pybackend.core.journal import Event
from pybackend.core.session import State
from pybackend.engine.backend import NoSuchCloud
from pybackend.spec.protocol import Refused, Streams
from tests.engine.parts import SEVEN, Stage, stage

ROOM_EVENTS: Final = {
    "onRemoteUserEnterRoom",
    "onRemoteUserLeaveRoom",
    "onUserEnter",
    "onUserExit",
    "onUserVideoAvailable",
    "onUserAudioAvailable",
    "onUserSubStreamAvailable",
    "onTryToReconnect",
    "onConnectionRecovery",
    "onConnectionLost",
    "onRecvCustomCmdMsg",
    "onStatistics",
    "onNetworkQuality",
    "onSendFirstLocalVideoFrame",
    "onSendFirstLocalAudioFrame",
    "onFirstAudioFrame",
}
"""What can only be told while in a room."""


class Promises:
    """Looks at every event at the moment when it is emitted, and at the whole story in the end."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.broken: list[str] = []
        self.entered: set[str] = set()
        self.ended: set[str] = set()
        self.exits = 0
        stage.backend.listen(self._hear)

    def _expect(self, condition: bool, text: str) -> None:
        if not condition:
            self.broken.append(text)

    def _hear(self, event: Event) -> None:
        state = self._stage.backend.clouds[event.cloud].session.state
        session = event.session or ""
        self._expect(session not in self.ended, f"{event.name} of a room that was left")
        if event.name == "onExitRoom":
            self.exits += 1
            self._expect("overrun" not in event.detail or event.detail["overrun"] == "goodbye", str(event.detail))
            self._expect(not self._stage.open_devices, f"onExitRoom while {self._stage.open_devices} is open")
            self._expect(event.args[0] == 0 or session in self.entered, "put out of a room that was not entered")
            if session:
                self.ended.add(session)
        elif event.name == "onEnterRoom" and event.args[0] > 0:
            self._expect(state is State.IN and session not in self.entered, f"entered in state {state}")
            self.entered.add(session)
        elif event.name in ROOM_EVENTS:
            in_room = state in (State.IN, State.RECONNECTING) and session in self.entered
            self._expect(in_room, f"{event.name} in state {state}")

    def kept(self) -> None:
        assert self.broken == []
        assert self.entered <= self.ended, "a room was entered and never left"


class World:
    """What can happen, one method each."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.rooms = stage.house.rooms
        self.others = 0
        self.waiting_for_exit = 0
        self.tasks: list[asyncio.Task[Any]] = []

    def _call(self, name: str, *args: Any) -> None:
        try:
            self.stage.call(name, *args)
        except NoSuchCloud:
            assert self.stage.backend.clouds[0].destroyed

    def enter(self) -> None:
        self._call("enterRoom", self.stage.params(), 0)

    def enter_refused(self) -> None:
        self._call("enterRoom", self.stage.params(userSig="garbage"), 0)

    def exit(self) -> None:
        self._call("exitRoom")

    def destroy(self) -> None:
        self.stage.backend.call("destroy", {})
        self.stage.backend.call("destroy", {})

    def revive(self) -> None:
        self.stage.backend.call("getTRTCShareInstance", {})

    def owner_gone(self) -> None:
        self.stage.backend.abandon()

    def preview(self) -> None:
        self._call("startLocalPreview", True)

    def stop_preview(self) -> None:
        self._call("stopLocalPreview")

    def microphone(self) -> None:
        self._call("startLocalAudio")

    def camera_test(self) -> None:
        self._call("startCameraDeviceTest", True)

    def microphone_test(self) -> None:
        self._call("startMicDeviceTest", 50, False)

    def snapshot(self) -> None:
        self._call("snapshotVideo", "", 0)

    def message(self) -> None:
        self._call("sendCustomCmdMsg", 1, "hello", True, True)

    def mute_all(self) -> None:
        self._call("muteAllRemoteAudio", False)

    def other_comes(self) -> None:
        self.others += 1
        guest = self.stage.house.enter(f"u{self.others}", session=f"u{self.others}-1")
        self.rooms.set_streams(guest.occupant, Streams(audio=True, video=True))

    def duplicate_login(self) -> None:
        self.others += 1
        with contextlib.suppress(Refused):  # banned
            self.stage.house.enter("me", session=f"other me {self.others}")

    def _service(self, work: Any) -> None:
        self.tasks.append(asyncio.create_task(work))

    def kick(self) -> None:
        self._service(self.rooms.remove_users(SEVEN, ["me"], 0))

    def ban(self) -> None:
        self._service(self.rooms.remove_users(SEVEN, ["me"], 0.05))

    def dismiss(self) -> None:
        self._service(self.rooms.dismiss(SEVEN))

    def restart(self) -> None:
        """Of the media engine."""
        self.stage.house.media.reset()

    def cut(self) -> None:
        self.stage.network.cut()

    def stall(self) -> None:
        self.stage.network.flowing.clear()

    def flow(self) -> None:
        self.stage.network.flowing.set()

    def refuse(self) -> None:
        self.stage.network.refusing = True

    def accept(self) -> None:
        self.stage.network.refusing = False

    def sweep(self) -> None:
        self.stage.house.passes(0.25)

    def slow_devices(self) -> None:
        self.stage.bench.open_s = 0.03

    def quick_devices(self) -> None:
        self.stage.bench.open_s = 0.0


ACTIONS: Final[dict[str, Callable[[World], None]]] = {
    name: function for name, function in vars(World).items() if not name.startswith("_")
}

OFTEN: Final = ("enter", "enter", "exit", "exit", "preview", "microphone", "cut", "kick", "dismiss", "other_comes")

Steps = list[tuple[str, float]]


class Errors(logging.Handler):
    """Keeps what is logged as an error: a task that failed, an illegal input."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(f"{record.getMessage()}: {record.exc_info[1] if record.exc_info else ''}")


@contextlib.asynccontextmanager
async def no_errors() -> AsyncIterator[None]:
    errors = Errors()
    logging.getLogger("pybackend").addHandler(errors)
    try:
        yield
    finally:
        logging.getLogger("pybackend").removeHandler(errors)
    assert errors.records == []


async def play(steps: Steps) -> None:
    """Each step, then so many turns of the loop (or, from 1 on, milliseconds) for what it set in motion."""
    async with stage() as set_up, no_errors():
        world, promises = World(set_up), Promises(set_up)
        for action, pause in steps:
            ACTIONS[action](world)
            if pause < 0:
                for _ in range(int(-pause)):
                    await asyncio.sleep(0)
            elif pause:
                await asyncio.sleep(pause / 1000)
        world.flow()
        world.accept()
        world.revive()
        exits = promises.exits
        world.exit()
        cloud = set_up.backend.clouds[0]
        await set_up.when(lambda: cloud.session.state is State.IDLE and not set_up.open_devices)
        assert promises.exits > exits, "exitRoom was not answered"
        await asyncio.gather(*world.tasks)
        await asyncio.sleep(0.02)
        assert set_up.open_devices == []
        assert cloud.session.state is State.IDLE
        promises.kept()


steps_of = st.lists(
    st.tuples(st.sampled_from([*ACTIONS, *OFTEN]), st.sampled_from([0, -1, -2, -4, -9, 1, 5, 20, 60])), max_size=25
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps_of)
@example([("enter", -2), ("exit", 0)])
@example([("enter", 20), ("slow_devices", 0), ("preview", 5), ("exit", 0), ("preview", 0)])
@example([("enter", 20), ("cut", -2), ("refuse", 5), ("kick", 0), ("accept", 20), ("exit", 0), ("enter", 20)])
@example([("enter", 20), ("other_comes", 20), ("exit", 0), ("mute_all", 20)])
@example([("enter", 20), ("exit", 0), ("enter", 0), ("exit", 0), ("enter", 20), ("destroy", 0), ("revive", 0)])
@example([("stall", 0), ("enter", 5), ("exit", 250)])
@example([("enter", 20), ("stall", 0), ("exit", 20), ("enter", 20), ("kick", 5)])
@example([("preview", 5), ("enter_refused", 20), ("destroy", 0), ("exit", 0), ("revive", 0), ("exit", 0)])
def test_any_interleaving_keeps_the_promises(steps: Steps) -> None:
    """P1, P2, P15, P19, P21, P22, P23, P28: one onExitRoom per entered room, after the last device is closed, with nothing of
    that room after it, and no onEnterRoom after an exit.
    """
    with asyncio.Runner() as runner:
        runner.run(play(steps))

"""The parent's side of the SFU: starts the child, speaks to it, notices its end and starts it again.

One task, `_supervise`, owns the child for its whole life: spawn, wait for `Ready`, read answers until end of file, reap. If
that was not asked for, waiting calls fail with MediaError("gone"), and after a pause, which grows with every failure in a
row, the next child starts. Who was blocked is blocked there too; once it is ready the `on_reset` callbacks are called. A child
that hangs (it is asked for its counters every second) is killed and counts as dead. After `Supervision.restarts` failures in
a row it is given up.
"""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any, Final

import orjson

from pybackend.rooms.media import MediaError, Source, StreamKind
from pybackend.rooms.sfu import control

log = logging.getLogger(__name__)

_PACKAGE_HOME: Final = str(Path(__file__).parents[3])


@dataclass(frozen=True, slots=True)
class Supervision:
    """Deadlines and limits; seconds."""

    ready_s: float = 15.0
    reply_s: float = 5.0
    """A command that takes longer means that the child hangs."""
    inquire_s: float = 1.0
    leave_s: float = 1.0
    """From the end of its stdin to the child's end."""
    terminate_s: float = 0.5
    pause_s: float = 0.05
    longest_pause_s: float = 5.0
    restarts: int = 10
    """Failures in a row; one that held for `stable_s` begins the count anew."""
    stable_s: float = 10.0


class Rung(Enum):
    """How far `stop` had to go."""

    NONE = auto()
    POLITE = auto()
    TERMINATED = auto()
    KILLED = auto()


@dataclass(slots=True)
class _Child:
    process: asyncio.subprocess.Process
    waiting: dict[int, asyncio.Future[Any]] = field(default_factory=dict)


class EmbeddedSfu:
    """A `MediaEngine` that forwards by itself, in a process of its own.

    Needs a loop that can run subprocesses (any but Windows' SelectorEventLoop). While the child is being restarted, calls
    wait for the next one, at most `reply_s`.
    """

    def __init__(
        self,
        host: str,
        port: int = 0,
        advertise: str | None = None,
        *,
        consent_s: float = 15.0,
        supervision: Supervision | None = None,
    ) -> None:
        self.rung = Rung.NONE
        self._command = [
            sys.executable,
            "-m",
            __package__,
            "--host",
            host,
            "--port",
            str(port),
            "--consent",
            str(consent_s),
        ]
        if advertise is not None:
            self._command += ["--advertise", advertise]
        self._limits = supervision or Supervision()
        self._child: _Child | None = None
        self._ready = asyncio.Event()
        self._was_ready = False
        self._given_up = False
        self._stopping = False
        self._supervisor: asyncio.Task[None] | None = None
        self._resets: list[Callable[[], None]] = []
        self._losses: list[Callable[[str, str, str], None]] = []
        self._counters: dict[str, float] = {}
        self._restarts = 0
        self._number = 0
        self._blocks: dict[str, control.Block] = {}

    # -- life ----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Returns when the child is ready. Raises MediaError("gone") if it does not get there."""
        self._stopping = False
        self._supervisor = asyncio.create_task(self._supervise(), name="sfu")
        ready = asyncio.create_task(self._ready.wait())
        try:
            async with asyncio.timeout(self._limits.ready_s):
                await asyncio.wait((ready, self._supervisor), return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            pass
        finally:
            ready.cancel()
        if not self._ready.is_set():
            await self.stop()
            raise MediaError("gone")

    async def stop(self) -> None:
        """Ends the child: end of file, then SIGTERM, then SIGKILL; `rung` says which it took. Idempotent."""
        self._stopping = True
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is None:
            return
        if self._child is not None:
            await self._end(self._child.process)
        supervisor.cancel()
        await asyncio.wait((supervisor,))

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is not None:
            process.stdin.close()
        steps = (
            (Rung.POLITE, None, self._limits.leave_s),
            (Rung.TERMINATED, process.terminate, self._limits.terminate_s),
            (Rung.KILLED, process.kill, None),
        )
        for rung, act, patience in steps:
            self.rung = rung
            with contextlib.suppress(TimeoutError, ProcessLookupError):
                if act is not None:
                    log.warning("the SFU does not end: %s", rung.name)
                    act()
                await asyncio.wait_for(process.wait(), patience)
                return

    @property
    def pid(self) -> int | None:
        return self._child.process.pid if self._child is not None else None

    # -- MediaEngine ---------------------------------------------------------------------------------------------------

    async def publish(self, session: str, sdp: str, tracks: Mapping[str, StreamKind]) -> str:
        return str(await self._call(control.Publish(session, sdp, tracks)))

    async def subscribe(self, session: str, sdp: str) -> str:
        return str(await self._call(control.Subscribe(session, sdp)))

    async def assign(self, session: str, slots: Mapping[str, Source | None]) -> None:
        await self._call(control.Assign(session, slots))

    async def block(self, session: str, *, audio: bool, video: bool) -> None:
        command = control.Block(session, audio, video)
        await self._call(command)
        if audio or video:
            self._blocks[session] = command
        else:
            self._blocks.pop(session, None)

    async def close_session(self, session: str) -> None:
        self._blocks.pop(session, None)
        with contextlib.suppress(MediaError):
            await self._call(control.Close(session))

    def on_reset(self, callback: Callable[[], None]) -> None:
        self._resets.append(callback)

    def on_lost(self, callback: Callable[[str, str, str], None]) -> None:
        """`callback(session, "uplink" | "downlink", "consent" | "peer" | "handshake")`: a connection ended by itself;
        called at most `inquire_s` after it was noticed."""
        self._losses.append(callback)

    def statistics(self) -> Mapping[str, float]:
        """The last counters, not older than `inquire_s`. Those of a child begin at zero."""
        return {**self._counters, "restarts": self._restarts}

    async def session_statistics(self, session: str) -> Mapping[str, float]:
        """Counters of one session's connections. Raises MediaError("no-session")."""
        values: dict[str, float] = await self._call(control.Inquire(session))
        return values

    # -- the pipe ------------------------------------------------------------------------------------------------------

    async def _call(self, command: control.Command) -> Any:
        try:
            async with asyncio.timeout(self._limits.reply_s):
                if self._given_up or self._supervisor is None:
                    raise MediaError("gone")
                await self._ready.wait()
                return await self._ask(command)
        except TimeoutError as error:
            raise MediaError("gone") from error

    async def _ask(self, command: control.Command) -> Any:
        child = self._child
        if child is None or child.process.stdin is None:
            raise MediaError("gone")
        self._number += 1
        number = self._number
        answer = child.waiting[number] = asyncio.get_running_loop().create_future()
        try:
            child.process.stdin.write(control.encode(number, command))
            await child.process.stdin.drain()
            return await answer
        except OSError as error:
            raise MediaError("gone") from error
        finally:
            del child.waiting[number]

    async def _read(self, child: _Child) -> None:
        """Until end of file."""
        while (output := child.process.stdout) is not None and (line := await output.readline()):
            reply = orjson.loads(line)
            answer = child.waiting.get(reply["id"])
            if answer is None or answer.done():
                continue
            if "error" in reply:
                answer.set_exception(MediaError(reply["error"]))
            else:
                answer.set_result(reply["ok"])

    async def _inquire(self, child: _Child) -> None:
        """Fetches the counters each second; kills a child that does not answer."""
        while True:
            try:
                async with asyncio.timeout(self._limits.reply_s):
                    values = await self._ask(control.Inquire())
            except (TimeoutError, MediaError):
                log.error("the SFU does not answer: killed")
                with contextlib.suppress(ProcessLookupError):
                    child.process.kill()
                return
            self._counters = values["counters"]
            for ending in values["endings"]:
                self._tell(self._losses, *ending)
            await asyncio.sleep(self._limits.inquire_s)

    # -- supervision ---------------------------------------------------------------------------------------------------

    async def _supervise(self) -> None:
        failures = 0
        loop = asyncio.get_running_loop()
        while failures <= self._limits.restarts:
            if failures:
                await asyncio.sleep(min(self._limits.pause_s * 2 ** (failures - 1), self._limits.longest_pause_s))
            began = loop.time()
            try:
                code: int | OSError | None = await self._live()
            except OSError as error:  # could not even be started, or the pipe broke
                code = error
            if self._stopping:
                return
            if code == control.CANNOT_BIND and not self._was_ready:
                break  # a setting, which no further try will make better
            log.error("the SFU ended by itself (%s)", code)
            failures = 1 if loop.time() - began > self._limits.stable_s else failures + 1
            self._restarts += 1
        else:
            log.critical("the SFU fails again and again: given up")
        self._given_up = True

    async def _live(self) -> int | None:
        """One child, from its start to its end. Returns its exit code."""
        paths = [_PACKAGE_HOME, *filter(None, [os.environ.get("PYTHONPATH")])]
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=control.MAX_LINE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        self._child = child = _Child(process)
        inquiry: asyncio.Task[None] | None = None
        try:
            if process.stdout is not None and await process.stdout.readline():  # Ready, or end of file
                self._block_again(process)
                self._ready.set()
                self._was_ready = True
                inquiry = asyncio.create_task(self._inquire(child), name="sfu-inquiry")
                if self._restarts:
                    self._tell(self._resets)
                await self._read(child)
            return await process.wait()
        finally:
            self._ready.clear()
            self._child = None
            for answer in child.waiting.values():
                if not answer.done():
                    answer.set_exception(MediaError("gone"))
            if inquiry is not None:
                inquiry.cancel()
                await asyncio.wait((inquiry,))
            if process.returncode is None:
                process.kill()
                await process.wait()

    def _block_again(self, process: asyncio.subprocess.Process) -> None:
        """Who was blocked stays blocked in the next child, before anybody can publish there."""
        if process.stdin is not None:
            for command in self._blocks.values():
                process.stdin.write(control.encode(0, command))  # nobody waits for the answer to number 0

    @staticmethod
    def _tell(callbacks: list[Callable[..., None]], *arguments: str) -> None:
        for callback in callbacks:
            try:
                callback(*arguments)
            except Exception:
                log.exception("a callback of the SFU failed")

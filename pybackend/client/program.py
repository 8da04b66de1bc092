"""A program as a child process: started, awaited until it says that it is ready, listened to, ended. It never leaks.

The program prints one JSON line on stdout when it is ready and logs to stderr. Three threads of each `Program` read its
two pipes (so that it never blocks on a full one) and wait for its end. Everything that differs between platforms in
starting and ending processes is here.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import IO, Any, Final, Self

if sys.platform == "win32":
    GROUP, END = subprocess.CREATE_NEW_PROCESS_GROUP, signal.CTRL_BREAK_EVENT
else:
    GROUP, END = 0, signal.SIGTERM

LOG_LINES: Final = 2000
"""Lines of stderr that are kept; the oldest are forgotten first."""

KILLED_S: Final = 10.0
"""How long the system may take to end a killed process."""


class StartFailed(Exception):
    """The program ended before it was ready, or was not ready in time; the message ends with its log."""


class Ending(IntEnum):
    """How far `stop` had to go."""

    ASKED = 1
    TERMINATED = 2
    KILLED = 3


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for the ready line, and for the end after asking and after terminating."""

    ready: float = 30.0
    asked: float = 10.0
    terminated: float = 2.0


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with suppress(OSError):
        process.kill()


class Program:
    """One child process. `first_line` is written to its stdin, which stays open: its end tells the child to end."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        first_line: str | None = None,
        environment: Mapping[str, str] | None = None,
        directory: str | Path | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.command = list(command)
        self.patience = patience or Patience()
        self.ended: Future[int] = Future()
        """The exit code, once there is one."""
        self._ready: Future[dict[str, Any]] = Future()
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._lines = 0
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=directory,
            env=None if environment is None else {**os.environ, **environment},
            creationflags=GROUP,
        )
        self._safety = weakref.finalize(self, _kill, self._process)
        self._drains = [self._thread(self._drain_log), self._thread(self._drain_output)]
        self._thread(self._wait)
        if first_line is not None:
            self._say(first_line)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return not self.ended.done()

    @property
    def log_lines(self) -> int:
        """How many lines of log there were so far: a mark for `log(since)`."""
        return self._lines

    def log(self, since: int = 0) -> str:
        """What it wrote to stderr after the mark, as far as it is kept."""
        kept = list(self._log)
        return "\n".join(kept[max(0, since - self._lines + len(kept)) :])

    def wait_ready(self) -> dict[str, Any]:
        """The ready line; raises StartFailed, and then the process is gone."""
        try:
            return self._ready.result(self.patience.ready)
        except TimeoutError:
            self.kill()
            raise StartFailed(self._obituary(f"was not ready within {self.patience.ready:g} s")) from None
        except EOFError:
            self.kill()
            raise StartFailed(self._obituary(f"ended with {self.ended.result()} before it was ready")) from None

    def obituary(self) -> str:
        """How it ended, with the end of its log."""
        return self._obituary(f"ended with {self.ended.result()}" if self.ended.done() else "is running")

    def on_end(self, callback: Callable[[], object]) -> None:
        """Calls back, on some thread, when the process has ended; at once if it has already."""
        self.ended.add_done_callback(lambda _: callback())

    def stop(self, *, terminate: bool = False) -> Ending:
        """Asks it to end (end of stdin; `terminate`: by signal), then terminates, then kills it. May be called twice."""
        ending = Ending.ASKED
        self._close_input()
        if terminate:
            self._terminate()
        if not self._ended_within(self.patience.asked):
            ending = Ending.TERMINATED
            self._terminate()
            if not self._ended_within(self.patience.terminated):
                ending = Ending.KILLED
                _kill(self._process)
        self._bury()
        return ending

    def kill(self) -> None:
        """Ends it without asking (SIGKILL), and waits until it is gone."""
        _kill(self._process)
        self._bury()

    def _bury(self) -> None:
        self.ended.result(KILLED_S)
        self._safety.detach()
        self._close_input()
        for drain in self._drains:
            drain.join(self.patience.terminated)

    def _ended_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            self.ended.result(seconds)
        return self.ended.done()

    def _terminate(self) -> None:
        with suppress(OSError):
            self._process.send_signal(END)

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def _close_input(self) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()

    def _obituary(self, what: str) -> str:
        tail = "\n".join(list(self._log)[-30:])
        return f"{Path(self.command[0]).name} {' '.join(self.command[1:])} {what}" + (
            f"; its log:\n{tail}" if tail else ""
        )

    def _thread(self, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, name=f"{work.__name__} {self._process.pid}", daemon=True)
        thread.start()
        return thread

    def _drain_log(self) -> None:
        for line in _lines(self._process.stderr):
            self._log.append(line)
            self._lines += 1

    def _drain_output(self) -> None:
        for line in _lines(self._process.stdout):
            with suppress(ValueError):
                ready = json.loads(line)
                if not self._ready.done() and isinstance(ready, dict) and ready.get("ready") is True:
                    self._ready.set_result(ready)
        if not self._ready.done():
            self._ready.set_exception(EOFError())

    def _wait(self) -> None:
        self.ended.set_result(self._process.wait())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _lines(stream: IO[bytes] | None) -> Sequence[str] | Any:
    assert stream is not None
    with stream:
        for line in stream:
            yield line.decode(errors="replace").rstrip("\r\n")

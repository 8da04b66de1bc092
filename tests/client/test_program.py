"""Programs that end well, badly, late and never."""

import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from pybackend.client import Ending, Patience, Program, StartFailed

SOON = Patience(ready=10.0, asked=5.0, terminated=5.0)

READY = "import sys, json, time; print(json.dumps({'ready': True, 'pid': 1}), flush=True);"
LISTENING = READY + "first = sys.stdin.readline(); print('first', first, file=sys.stderr, flush=True); sys.stdin.read()"
DEAF = READY + "time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + DEAF


def program(code: str, patience: Patience = SOON, first_line: str | None = None) -> Program:
    return Program([sys.executable, "-c", code], patience=patience, first_line=first_line)


def test_it_is_ready_and_ends_when_its_input_does() -> None:
    with program(LISTENING, first_line="{}") as child:
        assert child.wait_ready()["pid"] == 1
        assert child.alive
        assert child.stop() is Ending.ASKED
        assert child.stop() is Ending.ASKED
    assert (child.ended.result(), child.log()) == (0, "first {}\n".rstrip("\n") + "\n")


@pytest.mark.parametrize(("code", "ending"), [(DEAF, Ending.TERMINATED), (STUBBORN, Ending.KILLED)])
def test_one_that_does_not_listen_is_ended_harder(code: str, ending: Ending) -> None:
    if sys.platform == "win32" and ending is Ending.KILLED:
        pytest.skip("no SIGTERM to ignore")
    child = program(code, Patience(10, 0.05, 0.3))
    child.wait_ready()
    assert child.stop() is ending
    assert not psutil.pid_exists(child.pid)


def test_kill_does_not_ask() -> None:
    child = program(STUBBORN)
    child.wait_ready()
    child.kill()
    assert not child.alive
    child.kill()
    child.stop()


def test_one_that_ends_at_once_says_why() -> None:
    with pytest.raises(StartFailed, match=r"(?s)ended with 3 before it was ready; its log:\nno luck"):
        program("import sys; print('no luck', file=sys.stderr); sys.exit(3)").wait_ready()


def test_one_that_is_never_ready_is_killed() -> None:
    child = program(
        "import time; print('{}', flush=True); print('not json', flush=True); time.sleep(60)", Patience(0.3)
    )
    with pytest.raises(StartFailed, match=r"was not ready within 0\.3 s"):
        child.wait_ready()
    assert not child.alive


def test_a_talkative_one_never_blocks_and_its_log_is_bounded() -> None:
    code = READY + "[print('x' * 1000, n, file=sys.stderr) or print(n) for n in range(5000)]"
    child = program(code)
    child.wait_ready()
    assert child.ended.result(20) == 0
    child.stop()
    assert child.log_lines == 5000
    assert len(child.log().splitlines()) == 2000
    assert child.log(4999).endswith(" 4999")
    assert child.log(5000) == ""


def test_its_end_is_told() -> None:
    told = threading.Event()
    child = program(DEAF)
    child.on_end(told.set)
    child.wait_ready()
    child.kill()
    assert told.wait(5)
    child.on_end(told.clear)
    assert not told.is_set()


def test_a_forgotten_one_is_killed() -> None:
    """P38."""
    code = f"""
import sys
from pybackend.client import Program
child = Program([sys.executable, "-c", {DEAF!r}])
print(child.wait_ready() and child.pid)
"""
    import subprocess

    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    end = time.monotonic() + 10
    while psutil.pid_exists(int(out.stdout)):
        with suppress(psutil.NoSuchProcess):
            if psutil.Process(int(out.stdout)).status() == psutil.STATUS_ZOMBIE:
                break
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Program([str(tmp_path / "nothing")])

"""Everything in one command: a room service and a backend that stay, with their logs side by side.

The shell that shows a window joins them as soon as it is there; until then, scripts and `pybackend call` are the front end.
"""

import json
import signal
import sys
import threading
import time
from collections.abc import Sequence

from pybackend.client.program import Program
from pybackend.testing.processes import Backend, RoomService

from . import machine


def _follow(name: str, program: Program, stop: threading.Event) -> None:
    """Prints what a program logs, with its name before each line."""
    seen = 0
    while not stop.is_set():
        lines, now = program.log(seen), program.log_lines
        for line in lines.splitlines() if now > seen else ():
            print(f"{name:<8} {line}", file=sys.stderr, flush=True)
        seen = now
        stop.wait(0.2)


def run(cameras: Sequence[str]) -> int:
    """Runs until it is interrupted, or a program ends by itself."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with RoomService() as rooms, Backend(rooms.signal, virtual_devices=True, cameras=cameras) as backend:
        programs = {"rooms": rooms, "backend": backend}
        for name, program in programs.items():
            threading.Thread(target=_follow, args=(name, program, stop), daemon=True).start()
        print(json.dumps({"rooms": rooms.ready, "backend": backend.ready}), flush=True)
        machine.say(f"a backend answers at {backend.endpoint}; try: pybackend call --endpoint {backend.endpoint} getSDKVersion")
        machine.say("Ctrl-C ends it")
        while not stop.is_set() and all(program.alive for program in programs.values()):
            time.sleep(0.1)
        ended = [name for name, program in programs.items() if not program.alive]
        for name in ended:
            machine.say(f"{name} ended by itself: {programs[name].obituary()}")
        stop.set()
    return int(bool(ended))

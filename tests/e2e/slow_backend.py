"""A backend whose first camera takes its time: its driver opens the file, then hangs for a while and cannot be interrupted.

    python slow_backend.py serve --rooms URL … (as `pybackend`)
"""

import sys
import time
from pathlib import Path

from pybackend.cli import parser, serve
from pybackend.core import clock
from pybackend.devices import DeviceInfo, DeviceKind, Line, Order, pattern

HANGS_S = 1.5


class SlowCamera:
    """Holds its file open for as long as it holds the device."""

    def __init__(self, order: Order) -> None:
        self._path = Path(order.device_id.removeprefix("slow:"))

    def run(self, line: Line) -> None:
        with self._path.open("rb"):
            time.sleep(HANGS_S)
            number = 0
            while not line.stopped.wait(0.05):
                line.give(pattern.draw(number, clock.now_us(), 640, 360))
                number += 1


if __name__ == "__main__":
    film = sys.argv.pop(1)
    options = parser().parse_args()
    device = DeviceInfo(DeviceKind.CAMERA, f"slow:{film}", "Slow camera")
    sys.exit(serve.run(options, [device], {"slow:": SlowCamera}))

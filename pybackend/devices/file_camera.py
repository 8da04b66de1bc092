"""`file:PATH` as a camera: a clip in a loop at its own frame rate, or a still picture. Needs neither OpenCV nor a display."""

import contextlib
import itertools
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Final

from pybackend.core import clock
from pybackend.core.frames import Picture
from pybackend.devices.driver import Line, Order, paced
from pybackend.devices.model import DeviceError, DeviceFailure

PREFIX: Final = "file:"
_LATE_S: Final = 0.5


class FileCamera:
    """Shows the clip at its own size, by its time stamps; the file is closed when it stops."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._path = Path(order.device_id.removeprefix(PREFIX))

    def run(self, line: Line) -> None:
        numbers = itertools.count()
        epoch = time.monotonic()
        while True:  # a round of the loop
            last, length_s, shown = None, 0.0, 0
            with contextlib.closing(self._frames()) as frames:
                for frame, at_s, lasts_s in frames:
                    late_s = time.monotonic() - epoch - at_s
                    if late_s > _LATE_S:  # a suspended machine, or one that is too slow for this clip
                        epoch += late_s
                    if line.stopped.wait(max(0.0, -late_s)):
                        return
                    last, length_s, shown = frame, at_s + lasts_s, shown + 1
                    line.give(_picture(frame, next(numbers)))
            if last is None:
                raise self._order.error(DeviceFailure.BAD_FORMAT, f"{self._path} holds no picture.")
            if shown == 1:
                self._still(line, last, numbers)
                return
            epoch += length_s

    def _still(self, line: Line, frame: Any, numbers: Iterator[int]) -> None:
        for _ in paced(line.stopped, max(1.0, self._order.format.fps)):
            line.give(_picture(frame, next(numbers)))

    def _frames(self) -> Generator[tuple[Any, float, float]]:
        """Decoded frames, when each is due and how long it lasts, in seconds from the start of the clip."""
        import av

        try:
            with contextlib.closing(av.open(str(self._path))) as container:
                if not container.streams.video:
                    raise self._order.error(DeviceFailure.BAD_FORMAT, f"{self._path} holds no picture.")
                stream = container.streams.video[0]
                stream.thread_count = 1
                interval_s = float(1 / stream.average_rate) if stream.average_rate else 1 / 25
                start_s, due_s = None, -interval_s
                for frame in container.decode(stream):
                    start_s = frame.time if start_s is None else start_s
                    due_s = due_s + interval_s if frame.time is None or start_s is None else frame.time - start_s
                    yield frame, due_s, interval_s
        except OSError as error:
            raise self._failure(error) from error
        except av.FFmpegError as error:
            raise self._order.error(
                DeviceFailure.BAD_FORMAT, f"{self._path} cannot be decoded ({error.strerror})."
            ) from error

    def _failure(self, error: OSError) -> DeviceError:
        """FFmpeg's errors are OSErrors too; those of the file system say which."""
        match error:
            case FileNotFoundError():
                return self._order.error(DeviceFailure.NOT_FOUND, f"There is no file {self._path}.")
            case PermissionError():
                return self._order.error(DeviceFailure.NOT_AUTHORIZED, f"The file {self._path} may not be read.")
        return self._order.error(DeviceFailure.BAD_FORMAT, f"{self._path} cannot be read ({error.strerror or error}).")


def _picture(frame: Any, number: int) -> Picture:
    width, height = max(2, frame.width & ~1), max(2, frame.height & ~1)
    if frame.format.name != "yuv420p" or (width, height) != (frame.width, frame.height):
        frame = frame.reformat(width, height, "yuv420p")
    return Picture(width, height, frame.to_ndarray(), clock.now_us(), number, int(-frame.rotation // 90) % 4)

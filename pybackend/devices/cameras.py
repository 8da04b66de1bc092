"""Real cameras, by OpenCV: opening with what each platform needs, pictures as I420, and errors that say what to do."""

import errno
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pybackend.core import clock
from pybackend.core.frames import Picture
from pybackend.devices import libraries, platforms
from pybackend.devices.driver import Line, Order
from pybackend.devices.model import DeviceError, DeviceFailure

_APIS: Final[Mapping[str, tuple[str, ...]]] = {
    "linux": ("CAP_V4L2",),
    "win32": ("CAP_MSMF", "CAP_DSHOW"),
    "darwin": ("CAP_AVFOUNDATION",),
}
_MISSED: Final = 3  # reads without a picture, one after the other, until a camera counts as lost
_HINTS: Final = {
    "darwin": "Allow the program to use the camera in System Settings, Privacy & Security, Camera; and close others that use it.",
    "win32": "Allow desktop apps to use the camera in Settings, Privacy, Camera; and close others that use it.",
    "linux": "Close other programs that use the camera, or unplug it and plug it in again.",
}


class Camera:
    """One real camera. `run` opens, reads and releases in one thread, as OpenCV wants it."""

    def __init__(self, order: Order) -> None:
        self._order = order

    def run(self, line: Line) -> None:
        try:
            cv2 = libraries.cv2()
        except libraries.LibraryError as error:
            raise self._order.error(DeviceFailure.UNAVAILABLE, error.hint) from error
        index = platforms.camera_index(self._order.device_id)
        if index is None:
            raise self._order.error(DeviceFailure.NOT_FOUND, "The camera is not plugged in.")
        capture = self._open(cv2, index, line)
        try:
            self._serve(cv2, capture, line)
        finally:
            capture.release()

    def _open(self, cv2: Any, index: int, line: Line) -> Any:
        for api in _APIS.get(sys.platform, ("CAP_ANY",)):
            if line.stopped.is_set():
                break
            capture = cv2.VideoCapture(index, getattr(cv2, api), self._wishes(cv2, api))
            if not capture.isOpened():  # some backends refuse to open with a wish that they cannot fulfil
                capture = cv2.VideoCapture(index, getattr(cv2, api))
            if capture.isOpened():
                return capture
            capture.release()
        raise self._failure(index)

    def _wishes(self, cv2: Any, api: str) -> list[int]:
        """All at once, in the call that opens: on Windows each one set later costs seconds."""
        want = self._order.format
        wishes = {
            cv2.CAP_PROP_FRAME_WIDTH: want.width,
            cv2.CAP_PROP_FRAME_HEIGHT: want.height,
            cv2.CAP_PROP_FPS: round(want.fps),
        }
        if (
            api == "CAP_V4L2" and want.width * want.height > 640 * 480
        ):  # raw pictures of that size do not fit through USB 2
            wishes = {cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*"MJPG"), **wishes}
        return [number for wish in wishes.items() for number in wish]

    def _serve(self, cv2: Any, capture: Any, line: Line) -> None:
        number = missed = 0
        while not line.stopped.is_set():
            good, image = capture.read()
            if line.stopped.is_set():
                return
            missed = 0 if good else missed + 1
            if missed >= _MISSED:
                raise self._order.error(
                    DeviceFailure.LOST, "The camera no longer delivers pictures. Is it still plugged in?"
                )
            if good:
                line.give(_picture(cv2, image, number))
                number += 1

    def _failure(self, index: int) -> DeviceError:
        """Asks the operating system why the camera cannot be opened."""
        if sys.platform == "linux":
            path = platforms.video_node(index)
            reason = _refusal(path)
            if reason == errno.EBUSY or (reason is None and (holder := platforms.holder(path))):
                who = f" ({holder})" if reason is None else ""
                return self._order.error(
                    DeviceFailure.BUSY, f"Another program{who} uses the camera. Close it and try again."
                )
            if reason in (errno.EACCES, errno.EPERM):
                return self._order.error(
                    DeviceFailure.NOT_AUTHORIZED, f"Run: sudo usermod -aG video $USER (for {path})"
                )
            if reason in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
                return self._order.error(DeviceFailure.NOT_FOUND, "The camera is not plugged in.")
        return self._order.error(DeviceFailure.START_FAILED, _HINTS.get(sys.platform, _HINTS["linux"]))


def _refusal(path: Path) -> int | None:
    """The errno with which the device node refuses to be opened."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    except OSError as error:
        return error.errno
    return None


def _picture(cv2: Any, image: Any, number: int) -> Picture:
    now = clock.now_us()
    height, width = image.shape[0] & ~1, image.shape[1] & ~1
    return Picture(width, height, cv2.cvtColor(image[:height, :width], cv2.COLOR_BGR2YUV_I420), now, number)

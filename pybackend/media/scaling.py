"""Pictures to encoder frames and back: turned upright, cropped at the centre, scaled; never stretched or padded."""

from typing import Final

import numpy as np
from av import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from pybackend.core.frames import Picture

Plane = NDArray[np.uint8]

_SUBSAMPLING: Final = (1, 2, 2)


def planes_of(picture: Picture) -> list[Plane]:
    """The planes Y, U, V as views on the picture's pixels, turned as `rotation` asks."""
    pixels = np.frombuffer(picture.data, np.uint8)
    planes: list[Plane] = []
    start = 0
    for divisor in _SUBSAMPLING:
        width, height = picture.width // divisor, picture.height // divisor
        plane = pixels[start : start + width * height].reshape(height, width)
        planes.append(np.rot90(plane, -picture.rotation) if picture.rotation % 4 else plane)
        start += width * height
    return planes


def centre_crop(width: int, height: int, wanted_width: int, wanted_height: int) -> tuple[int, int, int, int]:
    """The largest rectangle (x, y, width, height; all even) at the centre of a picture that has the wanted aspect."""
    if width * wanted_height > height * wanted_width:
        cut_width, cut_height = max(2, round(height * wanted_width / wanted_height / 2) * 2), height
    else:
        cut_width, cut_height = width, max(2, round(width * wanted_height / wanted_width / 2) * 2)
    return (width - cut_width) // 4 * 2, (height - cut_height) // 4 * 2, cut_width, cut_height


class Scaler:
    """Makes frames of one size for an encoder. Belongs to one thread; keeps the tables of the last conversion."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def frame(self, picture: Picture, width: int, height: int) -> VideoFrame:
        """`picture` at `width` × `height`; costs one copy, and a conversion if the size differs."""
        planes = planes_of(picture)
        full_height, full_width = planes[0].shape
        x, y, cut_width, cut_height = centre_crop(full_width, full_height, width, height)
        frame = VideoFrame(cut_width, cut_height, "yuv420p")
        for plane, source, divisor in zip(frame.planes, planes, _SUBSAMPLING, strict=True):
            left, top, columns, rows = x // divisor, y // divisor, cut_width // divisor, cut_height // divisor
            _pixels(plane)[:, :columns] = source[top : top + rows, left : left + columns]
        if (cut_width, cut_height) == (width, height):
            return frame
        return self._reformatter.reformat(frame, width, height, interpolation=Interpolation.AREA)


def picture_of(frame: VideoFrame, time_us: int, number: int) -> Picture:
    """A decoded frame (yuv420p) as a picture: one copy, without padding, cut to even sizes."""
    width, height = frame.width & ~1, frame.height & ~1
    data = np.empty(width * height * 3 // 2, np.uint8)
    start = 0
    for plane, divisor in zip(frame.planes, _SUBSAMPLING, strict=True):
        columns, rows = width // divisor, height // divisor
        data[start : start + columns * rows].reshape(rows, columns)[:] = _pixels(plane)[:rows, :columns]
        start += columns * rows
    return Picture(width, height, data, time_us, number)


def _pixels(plane: object) -> Plane:
    """A plane of a frame with its padding, writable."""
    height, line_size = plane.height, plane.line_size  # type: ignore[attr-defined]
    return np.frombuffer(plane, np.uint8).reshape(height, line_size)  # type: ignore[call-overload,no-any-return]

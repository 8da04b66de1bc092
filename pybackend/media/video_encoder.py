"""VP8 and H.264 for live pictures: no look-ahead, a key frame only at the start, at a change and on request."""

import os
from fractions import Fraction
from typing import Any, Final

import av
from av import VideoFrame
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from .formats import VideoCodec

VIDEO_CLOCK: Final = 90_000
"""Hz, of RTP time stamps of pictures."""

TIME_BASE: Final = Fraction(1, VIDEO_CLOCK)

_KEY_EVERY: Final = 3000  # frames; whoever needs a key frame asks for it
_SMOOTHING: Final = 0.05
_LONGEST: Final = VIDEO_CLOCK // 4  # a longer interval is a pause, not a frame rate
_LIBRARY: Final[dict[VideoCodec, str]] = {"VP8": "libvpx", "H264": "libx264"}


class VideoEncoder:
    """Belongs to one thread. Neither library changes its bit rate while it runs: a change costs a new context and a key frame."""

    def __init__(self, codec: VideoCodec) -> None:
        self._codec = codec
        self._settings: tuple[int, int, int, int] | None = None
        self._context: VideoCodecContext | None = None
        self._interval = 0.0
        self._last = self._even = 0.0

    def encode(self, frame: VideoFrame, pts: int, *, fps: int, bitrate_bps: int, key: bool) -> "Packet[Any] | None":
        """`pts` counts by VIDEO_CLOCK and only rises. None if the encoder dropped the frame to keep its bit rate.

        Raises av.FFmpegError; the next frame then begins anew.
        """
        settings = frame.width, frame.height, fps, bitrate_bps
        if self._context is None or settings != self._settings:
            self._context, self._settings = self._open(*settings), settings
            self._interval = VIDEO_CLOCK / fps
            self._last = pts
        frame.pts, frame.time_base = self._evened(pts), TIME_BASE
        frame.pict_type = PictureType.I if key else PictureType.NONE
        try:
            packets = self._context.encode(frame)
        except av.FFmpegError:
            self._context = None
            raise
        if not packets:
            return None
        packet = packets[0]
        packet.pts, packet.time_base = pts, TIME_BASE
        return packet

    def _evened(self, pts: int) -> int:
        """The time stamp for the encoder alone: libvpx takes each interval for the frame rate, uneven ones cost it 20 %."""
        if pts > self._last:
            self._interval += _SMOOTHING * (min(pts - self._last, _LONGEST) - self._interval)
        self._last = pts
        self._even += self._interval
        return round(self._even)

    def _open(self, width: int, height: int, fps: int, bitrate_bps: int) -> VideoCodecContext:
        context = av.CodecContext.create(_LIBRARY[self._codec], "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.framerate, context.time_base = Fraction(fps, 1), TIME_BASE
        context.bit_rate = bitrate_bps
        context.gop_size = _KEY_EVERY
        context.thread_count = 1 if width * height <= 1280 * 720 else min(4, max(1, (os.cpu_count() or 1) // 2))
        if self._codec == "VP8":
            context.qmin, context.qmax = 2, 56
        context.options = _OPTIONS[self._codec](bitrate_bps)
        return context


def _vp8_options(bitrate_bps: int) -> dict[str, str]:
    """Constant bit rate over a buffer of one second; frames are dropped rather than the rate exceeded."""
    rate = str(bitrate_bps)
    return {
        "deadline": "realtime",
        "cpu-used": "-6",
        "lag-in-frames": "0",
        "minrate": rate,
        "maxrate": rate,
        "bufsize": rate,
        "undershoot-pct": "100",
        "overshoot-pct": "15",
        "drop-threshold": "30",
        "static-thresh": "1",
    }


def _h264_options(bitrate_bps: int) -> dict[str, str]:
    """Constrained baseline, as every browser and aiortc decode it."""
    return {
        "preset": "superfast",
        "tune": "zerolatency",
        "profile": "baseline",
        "forced-idr": "1",
        "maxrate": str(bitrate_bps),
        "bufsize": str(bitrate_bps // 2),
        "x264-params": "scenecut=0",
    }


_OPTIONS: Final = {"VP8": _vp8_options, "H264": _h264_options}

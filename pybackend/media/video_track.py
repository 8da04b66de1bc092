"""Pictures out: latest wins, paced, cropped, scaled and encoded in a thread of their own."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pybackend.core.clock import now_us
from pybackend.core.frames import Picture

from .bitrate import BitrateControl
from .formats import VideoCodec, VideoFormat
from .pacer import Pacer
from .scaling import Scaler
from .sending import Encoded, SendingTrack
from .statistics import StreamStatistics
from .video_encoder import VIDEO_CLOCK, VideoEncoder

_STILL_S: Final = 0.25
"""A key frame is wanted and no new picture came for so long: the last one is sent again."""


class VideoTrack(SendingTrack[Picture]):
    """Sends nothing until it has a format. The codec is settled by negotiation, before the first picture is encoded."""

    clock_rate = VIDEO_CLOCK

    def __init__(self) -> None:
        super().__init__("video", capacity=1)
        self.codec: VideoCodec = "VP8"
        self._format: VideoFormat | None = None
        self._bitrate = BitrateControl(0)
        self._size = (0, 0)
        self._key = False
        # of the encoder's thread
        self._encoder: VideoEncoder | None = None
        self._scaler = Scaler()
        self._pacer = (0, Pacer(1))
        self._last: Picture | None = None
        self._origin_us: int | None = None
        self._pts = -1

    @property
    def statistics(self) -> StreamStatistics:
        """Size, rate and amount of what was sent."""
        fps, bytes_per_s = self.meter.rates()
        width, height = self._size if fps else (0, 0)
        return StreamStatistics(width, height, fps, bytes_per_s * 8 / 1000, self.meter.count, bytes=self.meter.total)

    def set_format(self, video: VideoFormat | None) -> None:
        """From the next picture on; begins with a key frame. None sends nothing, and forgets the last picture."""
        if video == self._format:
            return
        if video is None:
            self._mailbox.clear()
        else:
            if self._format is None:
                self._arm()
            self._bitrate.configure(video.bitrate_kbps * 1000, video.min_bitrate_kbps * 1000)
        self._format = video
        self.request_key()

    def request_key(self) -> None:
        """The next picture becomes a key frame; if the source stands still, its last picture does."""
        self._key = True
        self._mailbox.nudge()

    def estimate(self, bitrate_bps: int) -> None:
        """What the receiving side says it can take (REMB)."""
        self._bitrate.estimate(bitrate_bps, self.meter.rates()[1] * 8, time.monotonic())

    def _drop(self, excess: int) -> None:
        """What follows a gap needs a key frame to be of use."""
        self._ready.clear()
        self.request_key()

    def _encode_patience_s(self) -> float | None:
        return _STILL_S if self._key and self._last is not None else None

    def _encode(self, item: Picture | None) -> Sequence[Encoded]:
        video = self._format
        if video is None:
            self._last = None
            return ()
        picture = item or self._still()
        if picture is None or (item is not None and not self._admit(item, video.fps)):
            return ()
        self._last = picture
        key, self._key = self._key, False
        frame = self._scaler.frame(picture, video.width & ~1, video.height & ~1)
        if self._encoder is None:
            self._encoder = VideoEncoder(self.codec)
        pts = self._next_pts(picture.time_us)
        packet = self._encoder.encode(frame, pts, fps=video.fps, bitrate_bps=self._bitrate.target_bps, key=key)
        if packet is None:
            self._key = self._key or key
            return ()
        self._size = frame.width, frame.height
        return ((packet, picture.time_us),)

    def _still(self) -> Picture | None:
        """The last picture with the time of now, if a key frame is wanted and nothing newer came in time."""
        now = now_us()
        if not self._key or self._last is None or now - self._last.time_us < _STILL_S * 1e6:
            return None
        return replace(self._last, time_us=now)

    def _admit(self, picture: Picture, fps: int) -> bool:
        if self._pacer[0] != fps:
            self._pacer = fps, Pacer(fps)
        return self._pacer[1].admit(picture.time_us)

    def _next_pts(self, time_us: int) -> int:
        if self._origin_us is None:
            self._origin_us = time_us
        self._pts = max((time_us - self._origin_us) * 9 // 100, self._pts + 1)
        return self._pts

"""Opus in packets of 20 ms."""

from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from av import AudioFrame
from av.audio.codeccontext import AudioCodecContext
from av.packet import Packet
from numpy.typing import NDArray

from pybackend.core.frames import SAMPLE_RATE

from .formats import AudioFormat

Samples = NDArray[np.int16]
"""One row per sample, one column per channel."""

TIME_BASE: Final = Fraction(1, SAMPLE_RATE)

_VOICE_KBPS: Final = (
    24  # up to here Opus' voice model sounds better; above, it only makes silence dear (23 kbit/s, not 1)
)


class AudioEncoder:
    """Belongs to one thread."""

    def __init__(self, audio_format: AudioFormat) -> None:
        self.format = audio_format
        self._layout = "stereo" if audio_format.channels == 2 else "mono"
        context = av.CodecContext.create("libopus", "w")
        assert isinstance(context, AudioCodecContext)
        context.bit_rate = audio_format.bitrate_kbps * 1000
        context.format, context.layout, context.sample_rate = "s16", self._layout, SAMPLE_RATE
        context.time_base = TIME_BASE
        application = "voip" if audio_format.bitrate_kbps <= _VOICE_KBPS else "audio"
        context.options = {"application": application, "vbr": "constrained", "frame_duration": "20"}
        self._context = context

    def encode(self, block: Samples, pts: int) -> "Packet[Any] | None":
        """`block` is 20 ms in the format's channels; `pts` counts samples. Raises av.FFmpegError."""
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(block).reshape(1, -1), format="s16", layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, pts, TIME_BASE
        packets = self._context.encode(frame)
        if not packets:
            return None
        packet = packets[0]
        packet.pts, packet.time_base = pts, TIME_BASE
        return packet


def in_channels(samples: object, channels: int, wanted: int) -> Samples:
    """Interleaved 16-bit samples (a buffer or an array) as rows with the wanted number of channels."""
    rows = np.frombuffer(samples, np.int16).reshape(-1, channels)  # type: ignore[call-overload]
    if channels == wanted:
        return rows  # type: ignore[no-any-return]
    if wanted == 1:
        return (rows.astype(np.int32).sum(axis=1, keepdims=True) // channels).astype(np.int16)  # type: ignore[no-any-return]
    return np.repeat(rows[:, :1], wanted, axis=1)

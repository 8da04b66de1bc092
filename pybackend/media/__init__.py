"""Media: the two connections to the SFU, encoders, the mixer, and the hub that hands pictures out.

Devices push into an `Uplink`; a `Downlink` hands sound to a `Playout` and pictures to a `FrameHub`.
"""

from .downlink import Downlink
from .formats import AudioFormat, LinkState, MediaConfig, VideoCodec, VideoFormat
from .frame_hub import FrameHub, FrameKey, FrameStatistics, Subscription
from .level import level
from .playout import Playout
from .snapshot import encode_png_data_url, to_png
from .statistics import LinkStatistics, StreamStatistics
from .uplink import Uplink

__all__ = [
    "AudioFormat",
    "Downlink",
    "FrameHub",
    "FrameKey",
    "FrameStatistics",
    "LinkState",
    "LinkStatistics",
    "MediaConfig",
    "Playout",
    "StreamStatistics",
    "Subscription",
    "Uplink",
    "VideoCodec",
    "VideoFormat",
    "encode_png_data_url",
    "level",
    "to_png",
]

"""What a link is told and what it says of itself: formats, configuration, states."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

VideoCodec = Literal["VP8", "H264"]


class LinkState(StrEnum):
    """CONNECTING → CONNECTED → FAILED or CLOSED; FAILED may come at any time before CLOSED, and only `close` gives CLOSED."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class MediaConfig:
    """How links reach the SFU.

    `ice_servers` are STUN and TURN URLs (`turn:user:password@host:port`). `loopback`: the SFU is on 127.0.0.1, so offer and use
    that address only. A link that is not connected `connect_s` after it accepted the answer has failed.
    """

    ice_servers: tuple[str, ...] = ()
    loopback: bool = False
    connect_s: float = 10.0


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What an encoder has to produce. The bit rate is a ceiling: the network may lower it, but not below `min_bitrate_kbps`.

    The codec counts when the link makes its offer; a link keeps the codec that was negotiated.
    """

    width: int = 640
    height: int = 360
    fps: int = 15
    bitrate_kbps: int = 550
    min_bitrate_kbps: int = 0
    codec: VideoCodec = "VP8"


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """Opus: speech 16 kbit/s, default 50, music 128 in stereo."""

    bitrate_kbps: int = 50
    channels: int = 1

"""What the SFU reads of an RTP packet: its header, where the payload lies, and whether a key frame starts there.

The payload is never decoded: the two codecs' key frames are told by their first few bytes (RFC 7741 §4, RFC 6184 §5).
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

HEADER: Final = struct.Struct(">BBHII")
"""Flags, marker and payload type, sequence number, timestamp, SSRC."""

EXTENDED: Final = struct.Struct(">BBHIIHHI")
"""The same, followed by a one-byte header extension (RFC 8285) of one word."""

PLAIN_FLAGS: Final = 0x80
EXTENDED_FLAGS: Final = 0x90
ONE_BYTE: Final = 0xBEDE


@dataclass(slots=True)
class Packet:
    """A packet as it is kept for forwarding and for sending again.

    `index` is the sequence number counted on beyond 16 bits; `marker` is 0x80 or 0. `word` is what goes, or'ed with the
    subscriber's id, into the header extension: the time of sending (video) or the loudness (audio).
    """

    index: int
    timestamp: int
    marker: int
    payload: bytes
    word: int


def payload_bounds(view: memoryview, size: int) -> tuple[int, int]:
    """Where the payload starts and ends. Raises ValueError if the header claims more than there is."""
    flags = view[0]
    start = 12 + 4 * (flags & 15)
    end = size
    if flags & 0x10 and start + 4 <= size:
        start += 4 + 4 * int.from_bytes(view[start + 2 : start + 4], "big")
    if flags & 0x20 and end > start:
        end -= view[end - 1]
    if start > end:
        raise ValueError("RTP header is longer than the packet")
    return start, end


def extension(view: memoryview, size: int, wanted: int) -> bytes | None:
    """The value of the one-byte header extension of id `wanted`, if the packet carries it."""
    at = 12 + 4 * (view[0] & 15)
    if not view[0] & 0x10 or at + 4 > size or int.from_bytes(view[at : at + 2], "big") != ONE_BYTE:
        return None
    end = min(size, at + 4 + 4 * int.from_bytes(view[at + 2 : at + 4], "big"))
    at += 4
    while at < end:
        ident, length = view[at] >> 4, (view[at] & 15) + 1
        if not ident:  # padding
            at += 1
        elif ident == wanted:
            return bytes(view[at + 1 : at + 1 + length])
        else:
            at += 1 + length
    return None


def unwrap(number: int, near: int, bits: int = 16) -> int:
    """The count whose lowest `bits` are `number`, that is nearest to `near`."""
    half = 1 << (bits - 1)
    return near + ((number - near + half) & (2 * half - 1)) - half


def starts_key_frame(codec: str, payload: bytes) -> bool:
    """Whether a key frame begins with this packet. False for codecs that have none, and for what is malformed."""
    test = _TESTS.get(codec)
    return test is not None and len(payload) > 1 and test(payload)


def _vp8(payload: bytes) -> bool:
    first = payload[0]
    if first & 0x17 != 0x10:  # not the start of partition 0
        return False
    at = 1
    if first & 0x80:
        flags = payload[1]
        at = 2
        if flags & 0x80:  # a picture id of one byte or two
            at += 2 if len(payload) > at and payload[at] & 0x80 else 1
        at += bool(flags & 0x40) + bool(flags & 0x30)
    return len(payload) > at and not payload[at] & 1


def _h264(payload: bytes) -> bool:
    kind = payload[0] & 31
    if kind == 28:  # FU-A: the first fragment of an IDR slice
        return bool(payload[1] & 0x80) and payload[1] & 31 in _H264_KEY
    if kind != 24:
        return kind in _H264_KEY
    at = 1
    while at + 2 < len(payload):  # STAP-A
        if payload[at + 2] & 31 in _H264_KEY:
            return True
        at += 2 + int.from_bytes(payload[at : at + 2], "big")
    return False


_H264_KEY: Final = (5, 7)  # IDR slice, sequence parameter set
_TESTS: Final[Mapping[str, Callable[[bytes], bool]]] = {"vp8": _vp8, "h264": _h264}

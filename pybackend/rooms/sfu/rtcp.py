"""RTCP, as far as an SFU speaks it: reports and feedback, read into dataclasses and written from numbers.

RFC 3550 §6 (reports, SDES), RFC 4585 (NACK, PLI), RFC 5104 (FIR), draft-alvestrand-rmcat-remb-03 (REMB). What is not
understood is skipped; a compound packet that does not add up raises ValueError. Goodbyes are not read: a stream ends when
the signalling or the transport says so.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

SENDER_REPORT, RECEIVER_REPORT, SDES, RTP_FEEDBACK, PAYLOAD_FEEDBACK = 200, 201, 202, 205, 206

_BLOCK: Final = struct.Struct(">IIIIII")
_NTP_UNIX: Final = 2_208_988_800


@dataclass(frozen=True, slots=True)
class SenderReport:
    """`ntp` is 32.32 fixed point since 1900."""

    ssrc: int
    ntp: int
    rtp: int


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver says of a stream: `fraction` in 256ths, `jitter` in clock units, the last two in 16.16 seconds."""

    ssrc: int
    fraction: int
    lost: int
    highest: int
    jitter: int
    last_report: int
    delay: int


@dataclass(frozen=True, slots=True)
class Nack:
    ssrc: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """PLI or FIR."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class Remb:
    bitrate: int
    ssrcs: tuple[int, ...]


Message = SenderReport | ReportBlock | Nack | KeyRequest | Remb


def ntp(now_us: int) -> int:
    """Microseconds since 1970 as NTP time."""
    return (_NTP_UNIX << 32) + (now_us << 32) // 1_000_000


def parse(data: bytes) -> list[Message]:
    """Reads a compound packet, already opened."""
    messages: list[Message] = []
    at = 0
    while at < len(data):
        if len(data) - at < 4 or data[at] >> 6 != 2:
            raise ValueError("not RTCP")
        count, kind = data[at] & 31, data[at + 1]
        end = at + 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data):
            raise ValueError("truncated RTCP")
        read = _READERS.get(kind)
        if read is not None:
            try:
                messages += read(count, data[at + 4 : end])
            except struct.error as error:
                raise ValueError("truncated RTCP") from error
        at = end
    return messages


def _sender_report(count: int, body: bytes) -> Iterable[Message]:
    ssrc, time, rtp = struct.unpack_from(">IQI", body)
    return [SenderReport(ssrc, time, rtp), *_blocks(count, body[24:])]


def _blocks(count: int, body: bytes) -> list[ReportBlock]:
    blocks = []
    for i in range(count):
        ssrc, loss, highest, jitter, last, delay = _BLOCK.unpack_from(body, 24 * i)
        lost = loss & 0xFFFFFF
        blocks.append(ReportBlock(ssrc, loss >> 24, lost - ((lost & 0x800000) << 1), highest, jitter, last, delay))
    return blocks


def _rtp_feedback(count: int, body: bytes) -> Iterable[Message]:
    if count != 1:
        return []
    (ssrc,) = struct.unpack_from(">I", body, 4)
    numbers: list[int] = []
    for first, mask in struct.iter_unpack(">HH", body[8:]):
        numbers.append(first)
        numbers += [(first + 1 + bit) & 0xFFFF for bit in range(16) if mask >> bit & 1]
    return [Nack(ssrc, tuple(numbers))]


def _payload_feedback(count: int, body: bytes) -> Iterable[Message]:
    if count == 1:
        return [KeyRequest(*struct.unpack_from(">I", body, 4))]
    if count == 4:
        return [KeyRequest(ssrc) for ssrc, _ in struct.iter_unpack(">II", body[8:])]
    if count == 15 and body[8:12] == b"REMB":
        ssrcs, high, low = struct.unpack_from(">BBH", body, 12)
        bitrate = ((high & 3) << 16 | low) << (high >> 2)
        return [Remb(bitrate, struct.unpack_from(f">{ssrcs}I", body, 16))]
    return []


_READERS: Final[Mapping[int, Callable[[int, bytes], Iterable[Message]]]] = {
    SENDER_REPORT: _sender_report,
    RECEIVER_REPORT: lambda count, body: _blocks(count, body[4:]),
    RTP_FEEDBACK: _rtp_feedback,
    PAYLOAD_FEEDBACK: _payload_feedback,
}


def sender_report(ssrc: int, time: int, rtp: int, packets: int, octets: int) -> bytes:
    body = struct.pack(">IQIII", ssrc, time, rtp & 0xFFFFFFFF, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    return _packet(SENDER_REPORT, 0, body)


def receiver_report(sender: int, blocks: Sequence[ReportBlock] = ()) -> bytes:
    """At most 31 blocks."""
    body = struct.pack(">I", sender)
    for b in blocks:
        loss = b.fraction << 24 | max(-0x800000, min(b.lost, 0x7FFFFF)) & 0xFFFFFF
        body += _BLOCK.pack(b.ssrc, loss, b.highest & 0xFFFFFFFF, b.jitter, b.last_report, b.delay)
    return _packet(RECEIVER_REPORT, len(blocks), body)


def sdes(ssrcs: Sequence[int], cname: str) -> bytes:
    """At most 31 sources, of one name."""
    name = cname.encode()[:255]
    item = struct.pack(">BB", 1, len(name)) + name
    item += bytes(4 - len(item) % 4)  # at least one zero ends the list
    return _packet(SDES, len(ssrcs), b"".join(struct.pack(">I", ssrc) + item for ssrc in ssrcs))


def nack(sender: int, media: int, numbers: Sequence[int]) -> bytes:
    """`numbers` in their order, modulo 2^16."""
    pairs: list[tuple[int, int]] = []
    for number in numbers:
        ahead = (number - pairs[-1][0] - 1) & 0xFFFF if pairs else 16
        if ahead < 16:
            pairs[-1] = (pairs[-1][0], pairs[-1][1] | 1 << ahead)
        else:
            pairs.append((number & 0xFFFF, 0))
    return _packet(RTP_FEEDBACK, 1, struct.pack(">II", sender, media) + b"".join(struct.pack(">HH", *p) for p in pairs))


def pli(sender: int, media: int) -> bytes:
    return _packet(PAYLOAD_FEEDBACK, 1, struct.pack(">II", sender, media))


def remb(sender: int, bitrate: int, ssrcs: Sequence[int]) -> bytes:
    exponent = max(0, bitrate.bit_length() - 18)
    mantissa = bitrate >> exponent
    body = struct.pack(">II4sBBH", sender, 0, b"REMB", len(ssrcs), exponent << 2 | mantissa >> 16, mantissa & 0xFFFF)
    return _packet(PAYLOAD_FEEDBACK, 15, body + struct.pack(f">{len(ssrcs)}I", *ssrcs))


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0x80 | count, kind, len(body) // 4) + body

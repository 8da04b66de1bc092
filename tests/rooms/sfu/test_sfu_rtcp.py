"""RTCP against aiortc's implementation, both ways."""

from typing import Any

import pytest
from aiortc import rtp as other
from hypothesis import given
from hypothesis import strategies as st

from pybackend.rooms.sfu import rtcp


def read_by_aiortc(data: bytes) -> list[Any]:
    return list(other.RtcpPacket.parse(data))


def test_reports_are_understood_by_aiortc() -> None:
    block = rtcp.ReportBlock(7, 51, -3, 70_000, 12, 0x1234, 99)
    data = (
        rtcp.sender_report(5, 1 << 40, 1 << 33 | 6, 3, 4) + rtcp.receiver_report(6, [block]) + rtcp.sdes([5, 6], "name")
    )
    sender, receiver, names = read_by_aiortc(data)
    assert (sender.ssrc, sender.sender_info) == (5, other.RtcpSenderInfo(1 << 40, 6, 3, 4))
    assert receiver.reports == [other.RtcpReceiverInfo(7, 51, -3, 70_000, 12, 0x1234, 99)]
    assert next((chunk.ssrc, chunk.items) for chunk in names.chunks) == (5, [(1, b"name")])
    assert rtcp.parse(data) == [rtcp.SenderReport(5, 1 << 40, 6), block]


@pytest.mark.parametrize("name", ["", "a", "ab", "abc", "abcd"])
def test_names_are_padded(name: str) -> None:
    data = rtcp.sdes([1], name)
    assert len(data) % 4 == 0
    assert len(data) == 4 + 4 * int.from_bytes(data[2:4], "big")
    assert data[-1] == 0


@given(st.lists(st.integers(0, 300), min_size=1, max_size=60, unique=True), st.integers(0, 65535))
def test_nack_keeps_every_number(steps: list[int], start: int) -> None:
    numbers = [(start + step) & 0xFFFF for step in sorted(steps)]
    assert rtcp.parse(rtcp.nack(1, 2, numbers)) == [rtcp.Nack(2, tuple(numbers))]
    (message,) = read_by_aiortc(rtcp.nack(1, 2, numbers))
    assert {number & 0xFFFF for number in message.lost} == set(numbers)


def test_feedback_is_understood_by_aiortc() -> None:
    pli, remb = read_by_aiortc(rtcp.pli(1, 2) + rtcp.remb(1, 1_234_567, [7, 8]))
    assert (pli.fmt, pli.media_ssrc) == (other.RTCP_PSFB_PLI, 2)
    bitrate, ssrcs = other.unpack_remb_fci(remb.fci)
    assert bitrate == pytest.approx(1_234_567, rel=1e-4)
    assert ssrcs == [7, 8]


def test_feedback_of_others_is_read() -> None:
    fir = other.RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=(9).to_bytes(4, "big") + bytes(4))
    remb = other.RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=other.pack_remb_fci(500_000, [3]))
    nack = other.RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=4, lost=[5, 6, 40])
    goodbye = other.RtcpByePacket(sources=[1])
    data = b"".join(bytes(packet) for packet in (fir, remb, nack, goodbye))
    assert rtcp.parse(data) == [rtcp.KeyRequest(9), rtcp.Remb(500_000, (3,)), rtcp.Nack(4, (5, 6, 40))]


@given(st.binary(max_size=100), st.sampled_from([200, 201, 202, 205, 206]), st.integers(0, 31))
def test_nonsense_is_a_value_error(body: bytes, kind: int, count: int) -> None:
    head = bytes([0x80 | count, kind]) + (len(body) // 4).to_bytes(2, "big")
    for data in (body, head + body):
        try:
            rtcp.parse(data)
        except ValueError:
            continue


def test_ntp_counts_from_1900() -> None:
    assert rtcp.ntp(500_000) == (2_208_988_800 << 32) + (1 << 31)

"""Headers and key frames, against aiortc's packets and encoders."""

import contextlib
import fractions

import pytest
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtpPacket
from av import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from pybackend.rooms.sfu.rtp import HEADER, extension, payload_bounds, starts_key_frame, unwrap
from pybackend.rooms.sfu.sdp import AUDIO_LEVEL, MID


def frame(number: int) -> VideoFrame:
    picture = VideoFrame(320, 240, "yuv420p")
    for plane in picture.planes:
        plane.update(bytes((number * 40 + i // 7) & 255 for i in range(plane.buffer_size)))
    picture.pts, picture.time_base = number * 3000, fractions.Fraction(1, 90_000)
    return picture


@pytest.mark.parametrize(("codec", "encoder"), [("vp8", Vp8Encoder), ("h264", H264Encoder)])
def test_key_frames_are_told_by_their_first_packet(codec: str, encoder: type) -> None:
    source = encoder()
    found = []
    for number in range(6):
        payloads, _ = source.encode(frame(number), number in (0, 4))
        starts = [starts_key_frame(codec, payload) for payload in payloads]
        assert codec == "h264" or not any(starts[1:])
        found.append(starts[0])
    assert found == [True, False, False, False, True, False]


@pytest.mark.parametrize(
    ("payload", "starts"),
    [
        (b"\x10\x00", True),
        (b"\x10\x01", False),
        (b"\x00\x00", False),  # not the first packet of its partition
        (b"\x11\x00", False),  # another partition
        (b"\x90\x80\x05\x00", True),  # with a short picture id
        (b"\x90\x80\x85\x05\x01", False),  # with a long one
        (b"\x90\xf0\x85\x05\x01\x20\x00", True),  # with everything
        (b"\x90\xf0\x85", False),  # truncated
        (b"\x10", False),
        (b"", False),
    ],
)
def test_vp8_descriptor(payload: bytes, starts: bool) -> None:
    assert starts_key_frame("vp8", payload) is starts


@pytest.mark.parametrize(
    ("payload", "starts"),
    [
        (b"\x67\x42", True),
        (b"\x65\x88", True),
        (b"\x41\x9a", False),
        (b"\x7c\x85", True),  # the first fragment of an IDR slice
        (b"\x7c\x45", False),  # a later one
        (b"\x78\x00\x01\x68\x00\x02\x67\x42", True),  # aggregated, not at the first place
        (b"\x78\xff\xff\x68", False),
        (b"\x78\x00", False),
    ],
)
def test_h264_units(payload: bytes, starts: bool) -> None:
    assert starts_key_frame("h264", payload) is starts


def test_header_fields_of_aiortc() -> None:
    ids = HeaderExtensionsMap()
    ids.configure(
        RTCRtpParameters(
            headerExtensions=[
                RTCRtpHeaderExtensionParameters(id=1, uri=MID),
                RTCRtpHeaderExtensionParameters(id=2, uri=AUDIO_LEVEL),
            ]
        )
    )
    packet = RtpPacket(payload_type=96, marker=1, sequence_number=9, timestamp=8, ssrc=7, payload=b"payload")
    packet.csrc = [1, 2]
    packet.padding_size = 3
    packet.extensions.mid = "cam"
    packet.extensions.audio_level = (False, 55)
    data = packet.serialize(ids)
    view = memoryview(data)
    assert HEADER.unpack_from(view)[1:] == (0x80 | 96, 9, 8, 7)
    start, end = payload_bounds(view, len(data))
    assert data[start:end] == b"payload"
    assert extension(view, len(data), 1) == b"cam"
    assert extension(view, len(data), 2) == bytes([55])
    assert extension(view, len(data), 5) is None


@given(st.binary(min_size=12, max_size=80))
def test_headers_of_any_bytes_stay_inside_the_packet(data: bytes) -> None:
    view = memoryview(data)
    try:
        start, end = payload_bounds(view, len(data))
    except ValueError:
        pass
    else:
        assert 12 <= start <= end <= len(data)
    with contextlib.suppress(IndexError):
        extension(view, len(data), 3)
    for codec in ("vp8", "h264", "opus"):
        starts_key_frame(codec, data)


@given(st.integers(0, 1 << 40), st.integers(-30_000, 30_000))
def test_unwrap_finds_the_nearest(near: int, step: int) -> None:
    assert unwrap((near + step) & 0xFFFF, near) == near + step

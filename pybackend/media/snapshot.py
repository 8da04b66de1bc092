"""A picture as PNG, for `snapshotVideo`."""

import base64

import numpy as np
from av import CodecContext, VideoFrame
from av.video.codeccontext import VideoCodecContext

from pybackend.core.frames import Picture

from .scaling import Scaler


def to_png(picture: Picture) -> bytes:
    """The picture, upright, as a PNG file. Takes some milliseconds: call it in a thread."""
    turned = picture.rotation % 2
    width, height = (picture.height, picture.width) if turned else (picture.width, picture.height)
    rgb = np.ascontiguousarray(Scaler().frame(picture, width, height).to_ndarray(format="rgb24"), np.uint8)
    encoder = CodecContext.create("png", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "rgb24"
    encoder.thread_count = 1
    packets = [*encoder.encode(VideoFrame.from_ndarray(rgb, format="rgb24")), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def encode_png_data_url(picture: Picture) -> str:
    """`to_png` as a `data:` URL."""
    return "data:image/png;base64," + base64.b64encode(to_png(picture)).decode("ascii")

"""What a camera is opened with: the size of the encoder or of the application's choice, as many pictures as the encoder takes."""

from typing import Any

import pytest

from pybackend.devices import CameraFormat
from tests.engine.parts import stage

HD = {"videoResolution": 112, "videoFps": 30}
CAPTURE = {"mode": 3, "width": 1920, "height": 1081}


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([], CameraFormat(640, 360, 15)),
        ([("setVideoEncoderParam", HD)], CameraFormat(1280, 720, 30)),
        ([("setVideoEncoderParam", HD | {"resMode": 1})], CameraFormat(720, 1280, 30)),
        ([("setVideoEncoderParam", HD | {"videoFps": 5})], CameraFormat(1280, 720, 15)),
        ([("setCameraCaptureParams", CAPTURE)], CameraFormat(1920, 1080, 15)),
        ([("setCameraCaptureParams", CAPTURE), ("setVideoEncoderParam", HD)], CameraFormat(1920, 1080, 30)),
        (
            [("setCameraCaptureParams", CAPTURE), ("setCameraCaptureParams", CAPTURE | {"mode": 0})],
            CameraFormat(640, 360, 15),
        ),
    ],
)
async def test_the_camera_is_opened_with(calls: list[tuple[str, dict[str, Any]]], expected: CameraFormat) -> None:
    async with stage() as made:
        for name, params in calls:
            made.call(name, params)
        made.call("startLocalPreview", True)
        await made.until("onCameraDidReady")
        assert [order.format for order in made.bench.orders] == [expected]

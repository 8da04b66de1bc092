"""The local camera: preview, what of it is sent, and the camera test."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from pybackend.core.frames import Picture
from pybackend.devices import CameraFormat, DeviceError, DeviceKind, Lease
from pybackend.media import VideoFormat
from pybackend.spec.enums_generated import TRTCVideoStreamType as Stream
from pybackend.spec.surface import surface

from .context import Context
from .faults import device_code
from .wanted import WantedDevice

LOCAL: Final = ""
CAMERA_TEST: Final = 3
"""The stream number under which frames of the camera test are handed out."""


LONGEST_SIDE: Final = 3840
"""Of a picture, in pixels."""


@dataclass(frozen=True, slots=True)
class CameraWish:
    """Which camera, and how it should deliver."""

    device: str
    format: CameraFormat


class CameraView:
    """One use of the camera, the preview or the test, with its first frame announced and its frames in the hub."""

    def __init__(
        self,
        context: Context,
        stream: int,
        camera: Callable[[], CameraWish],
        opened: Callable[[], None],
        failed: Callable[[DeviceError], None],
    ) -> None:
        self._context = context
        self._key = (context.cloud, LOCAL, stream)
        self._stream = stream
        self._camera = camera
        self._opened = opened
        self._failed = failed
        self._first = False
        self._shown = False
        self.latest: Picture | None = None
        self.sink: Callable[[Picture], None] | None = None
        self.device = WantedDevice(context.registry, self._open, self._ready, self._fault)

    def start(self, *, shown: bool) -> None:
        """Wants the camera; `shown`: its pictures are for viewers too."""
        self.show(shown=shown)
        if not self.device.wanted:
            self._first = True
        self.device.want(self._camera())

    def stop(self) -> None:
        """Wants it no longer."""
        self.device.want(None)
        self.latest = None
        self._context.hub.drop(self._key)

    def show(self, *, shown: bool) -> None:
        """Whether its pictures are for viewers."""
        self._shown = shown
        if not shown:
            self._context.hub.drop(self._key)

    def renew(self) -> None:
        """Another camera, or another format, was chosen."""
        if self.device.wanted:
            self.device.want(self._camera())

    async def _open(self, wish: CameraWish) -> Lease:
        context = self._context
        return await context.registry.open_camera(
            context.owner, wish.device, wish.format, self._picture, self.device.lost
        )

    def _picture(self, picture: Picture) -> None:
        self.latest = picture
        if self._shown:
            self._context.hub.publish(self._key, picture)
        if (sink := self.sink) is not None:
            sink(picture)
        if self._first:
            self._first = False
            self._context.from_thread(self._announce, picture.width, picture.height)

    def _announce(self, width: int, height: int) -> None:
        if self.device.wanted:
            self._context.emit("onFirstVideoFrame", LOCAL, self._stream % CAMERA_TEST, width, height)

    def _ready(self) -> None:
        self._context.emit("onCameraDidReady")
        self._opened()

    def _fault(self, error: DeviceError) -> None:
        self.stop()
        self._context.emit("onError", device_code(error), error.hint, detail={"failure": error.failure})
        self._failed(error)


class LocalVideo:
    """Preview and sending of the camera. `changed` is called whenever `sending` may have changed."""

    def __init__(self, context: Context, current: Callable[[DeviceKind], str], changed: Callable[[], None]) -> None:
        self._current = current
        self._changed = changed
        self._capture: CameraFormat | None = None
        self.format = VideoFormat()
        self.muted = False
        self.preview = CameraView(context, Stream.TRTCVideoStreamTypeBig, self._wish, changed, lambda _: changed())
        self.test = CameraView(context, CAMERA_TEST, self._wish, _nothing, lambda _: None)

    @property
    def sending(self) -> bool:
        """Whether there are pictures to send."""
        return self.preview.device.open and not self.muted

    def _wish(self) -> CameraWish:
        size = self._capture or CameraFormat(self.format.width, self.format.height)
        return CameraWish(self._current(DeviceKind.CAMERA), replace(size, fps=max(self.format.fps, 15)))

    def start(self, view: bool | None) -> None:
        """startLocalPreview."""
        self.preview.start(shown=bool(view))

    def stop(self) -> None:
        """stopLocalPreview."""
        self.preview.stop()
        self._changed()

    def show(self, view: bool | None) -> None:
        """updateLocalView."""
        self.preview.show(shown=bool(view))

    def mute(self, muted: bool, stream: int | None) -> None:
        """muteLocalVideo: nothing is sent; the camera stays open."""
        if stream in (None, Stream.TRTCVideoStreamTypeBig):
            self.muted = muted
            self._changed()

    def set_encoder(self, params: dict[str, Any]) -> None:
        """setVideoEncoderParam; values out of range are brought into it."""
        width, height, *_ = surface().resolutions.get(params["videoResolution"], (640, 360))
        if params["resMode"] == 1:
            width, height = height, width
        self.format = replace(
            self.format,
            width=width,
            height=height,
            fps=int(min(max(params["videoFps"], 1), 60)),
            bitrate_kbps=int(min(max(params["videoBitrate"], 50), 10_000)),
            min_bitrate_kbps=int(max(params["minVideoBitrate"], 0)),
        )
        self._changed()

    def set_codec(self, codec: str) -> bool:
        """VP8 or H264, for the next uplink; False for another word."""
        if codec not in ("VP8", "H264"):
            return False
        self.format = replace(self.format, codec=codec)  # type: ignore[arg-type]
        return True

    def set_capture(self, params: dict[str, Any]) -> None:
        """setCameraCaptureParams: mode 3 is a size of the application's choice, all others are ours."""
        manual = params["mode"] == 3 and params["width"] > 0 and params["height"] > 0
        sides = [int(min(params[side], LONGEST_SIDE)) & ~1 for side in ("width", "height")]
        self._capture = CameraFormat(*sides) if manual and all(sides) else None
        self.preview.renew()

    def renew(self) -> None:
        """Another camera was chosen."""
        self.preview.renew()
        self.test.renew()

    def hold(self) -> None:
        """A room is being left: no camera, until `resume`."""
        for view in (self.preview, self.test):
            view.stop()
            view.device.hold()

    def resume(self) -> None:
        """The room is left; wishes of meanwhile come true, and nothing is muted."""
        self.muted = False
        for view in (self.preview, self.test):
            view.device.resume()


def _nothing() -> None:
    """Nobody is told."""

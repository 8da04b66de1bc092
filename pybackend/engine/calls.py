"""Every method of the surface, and what it does: a table from names to functions of a cloud and the checked arguments.

Three kinds: those that do the real thing (`CALLS`), those that only concern a page and have nothing to do here
(`PAGE_ONLY`), and those that are not built yet, which warn and give the documented failure value.
"""

import json
import logging
import time
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final

from pybackend.devices import DeviceKind
from pybackend.spec.params import binder
from pybackend.spec.surface import surface
from pybackend.spec.types import BadType

from .cloud import Cloud
from .faults import NOT_SUPPORTED_YET

logger: Final = logging.getLogger(__name__)

Call = Callable[..., Any]

CAMERA, MIC, SPEAKER = DeviceKind.CAMERA, DeviceKind.MIC, DeviceKind.SPEAKER

LOG_LEVELS: Final = {
    0: logging.DEBUG,
    1: logging.DEBUG,
    2: logging.INFO,
    3: logging.WARNING,
    4: logging.ERROR,
    5: logging.CRITICAL,
}


def _choose(kind: DeviceKind) -> Call:
    def call(cloud: Cloud, device_id: str) -> None:
        if not cloud.choice.choose(kind, device_id):
            cloud.emit("onWarning", -1, f"{kind}: there is no device {device_id!r}", {"deviceId": device_id})

    return call


def _volume(kind: DeviceKind) -> Call:
    return lambda cloud: cloud.levels.get(kind, cloud.choice.current_id(kind)).volume


def _muted(kind: DeviceKind) -> Call:
    return lambda cloud: cloud.levels.get(kind, cloud.choice.current_id(kind)).muted


def _set_level(kind: DeviceKind, what: str) -> Call:
    def call(cloud: Cloud, value: Any) -> None:
        cloud.set_level(kind, **{what: value})

    return call


def _set_receive_mode(cloud: Cloud, audio: bool, video: bool) -> None:
    cloud.remote.auto_audio, cloud.remote.auto_video = audio, video


def _set_log_level(_: Cloud, level: float) -> None:
    logging.getLogger("pybackend").setLevel(LOG_LEVELS.get(int(level), logging.CRITICAL))


def _log(_: Cloud, info: str) -> None:
    logging.getLogger("pybackend.app").info("%s", info)


def _experimental(cloud: Cloud, text: str) -> Any:
    """`{"api": name, "params": …}`: a method of the surface by its name, with one argument; others are ours, or unknown."""
    try:
        wanted = json.loads(text)
        api, params = str(wanted["api"]), wanted.get("params")
    except (ValueError, TypeError, KeyError, RecursionError):
        cloud.emit("onWarning", -1, 'callExperimentalAPI: jsonStr: {"api": …, "params": …} expected', {})
        return None
    if api == "setVideoCodec" and isinstance(params, dict) and cloud.video.set_codec(str(params.get("codec"))):
        return None
    if api == "reportOnlineLog":
        return None
    if api in surface().methods and api not in ("callExperimentalAPI", "createSubCloud", "getTRTCShareInstance"):
        try:
            _, args = binder(api)([] if params is None else [params])
        except BadType as bad:
            cloud.emit("onWarning", -1, f"callExperimentalAPI: {api}: {bad}", {})
            return None
        return call(cloud, api, args)
    cloud.emit("onWarning", NOT_SUPPORTED_YET, f"callExperimentalAPI: {api!r} is not known here", {"api": api})
    return None


CALLS: Final[MappingProxyType[str, Call]] = MappingProxyType(
    {
        "enterRoom": Cloud.enter,
        "exitRoom": Cloud.exit,
        "switchRole": lambda cloud, role, key: cloud.role.switch(role, key),
        "setDefaultStreamRecvMode": _set_receive_mode,
        # local video
        "startLocalPreview": lambda cloud, views: cloud.video.start(views),
        "stopLocalPreview": lambda cloud: cloud.video.stop(),
        "updateLocalView": lambda cloud, views: cloud.video.show(views),
        "muteLocalVideo": lambda cloud, mute, stream: cloud.video.mute(mute, stream),
        "setVideoEncoderParam": lambda cloud, params: cloud.video.set_encoder(params),
        "setCameraCaptureParams": lambda cloud, params: cloud.video.set_capture(params),
        "snapshotVideo": Cloud.snapshot,
        "startCameraDeviceTest": lambda cloud, view: cloud.video.test.start(shown=bool(view)),
        "stopCameraDeviceTest": lambda cloud: cloud.video.test.stop(),
        # local audio
        "startLocalAudio": lambda cloud, quality: cloud.audio.start(quality),
        "stopLocalAudio": lambda cloud: cloud.audio.stop(),
        "muteLocalAudio": lambda cloud, mute: cloud.audio.mute(mute),
        "setAudioQuality": lambda cloud, quality: cloud.audio.set_quality(quality),
        "setAudioCaptureVolume": lambda cloud, volume: cloud.audio.set_volume(volume),
        "getAudioCaptureVolume": lambda cloud: cloud.audio.volume,
        "startMicDeviceTest": lambda cloud, interval, _playback: cloud.audio.start_test(interval),
        "stopMicDeviceTest": lambda cloud: cloud.audio.stop_test(),
        "enableAudioVolumeEvaluation": lambda cloud, interval: cloud.volume.set_interval(interval),
        # remote users
        "startRemoteView": lambda cloud, user, view, stream: cloud.remote.start_view(user, view, stream),
        "updateRemoteView": lambda cloud, user, view, stream: cloud.remote.show(user, view, stream),
        "stopRemoteView": lambda cloud, user, stream: cloud.remote.stop_view(user, stream),
        "startRemoteSubStreamView": lambda cloud, user, view: cloud.remote.start_view(user, view, 2),
        "stopRemoteSubStreamView": lambda cloud, user: cloud.remote.stop_view(user, 2),
        "stopAllRemoteView": lambda cloud: cloud.remote.stop_all_views(),
        "muteRemoteVideoStream": lambda cloud, user, mute, stream: cloud.remote.mute_video(user, mute, stream),
        "muteAllRemoteVideoStreams": lambda cloud, mute: cloud.remote.mute_all_video(mute),
        "muteRemoteAudio": lambda cloud, user, mute: cloud.remote.mute_audio(user, mute),
        "muteAllRemoteAudio": lambda cloud, mute: cloud.remote.mute_all_audio(mute),
        "setRemoteAudioVolume": lambda cloud, user, volume: cloud.speaker.set_user_volume(user, volume),
        "setAudioPlayoutVolume": lambda cloud, volume: cloud.speaker.set_volume(volume),
        "getAudioPlayoutVolume": lambda cloud: cloud.speaker.mixer.volume,
        # devices
        "getCameraDevicesList": lambda cloud: cloud.choice.list(CAMERA),
        "getMicDevicesList": lambda cloud: cloud.choice.list(MIC),
        "getSpeakerDevicesList": lambda cloud: cloud.choice.list(SPEAKER),
        "getCurrentCameraDevice": lambda cloud: cloud.choice.current(CAMERA),
        "getCurrentMicDevice": lambda cloud: cloud.choice.current(MIC),
        "getCurrentSpeakerDevice": lambda cloud: cloud.choice.current(SPEAKER),
        "setCurrentCameraDevice": _choose(CAMERA),
        "setCurrentMicDevice": _choose(MIC),
        "setCurrentSpeakerDevice": _choose(SPEAKER),
        "getCurrentMicDeviceVolume": _volume(MIC),
        "getCurrentSpeakerVolume": _volume(SPEAKER),
        "getCurrentMicDeviceMute": _muted(MIC),
        "getCurrentSpeakerDeviceMute": _muted(SPEAKER),
        "setCurrentMicDeviceVolume": _set_level(MIC, "volume"),
        "setCurrentSpeakerVolume": _set_level(SPEAKER, "volume"),
        "setCurrentMicDeviceMute": _set_level(MIC, "muted"),
        "setCurrentSpeakerDeviceMute": _set_level(SPEAKER, "muted"),
        # messages, logs, others
        "sendCustomCmdMsg": lambda cloud, cmd_id, text, reliable, ordered: cloud.messages.send(
            cloud.room_link, cmd_id, text, reliable=reliable, ordered=ordered
        ),
        "getSDKVersion": lambda _: surface().version,
        "getConfigObject": lambda _: {},
        "generateCustomPTS": lambda _: time.monotonic_ns() // 1_000_000,
        "setLogLevel": _set_log_level,
        "log": _log,
        "callExperimentalAPI": _experimental,
    }
)

PAGE_ONLY: Final = frozenset(
    {
        "setLocalRenderParams",
        "setRemoteRenderParams",
        "setLocalViewFillMode",
        "setRemoteViewFillMode",
        "setLocalViewRotation",
        "setRemoteViewRotation",
        "setLocalViewMirror",
        "setRemoteSubStreamViewFillMode",
        "setRemoteSubStreamViewRotation",
        "setRenderMode",
        "setEnableRenderFrame",
        "setExternalRenderEnabled",
        "addLocalVideoRenderCallback",
        "removeLocalVideoRenderCallback",
        "setLocalVideoRenderCallback",
        "setRemoteVideoRenderCallback",
        "setConsoleEnabled",
        "setLogCompressEnabled",
        "setLogDirPath",
        "setLogCallback",
        "setNetworkQosParam",
        "setPriorRemoteVideoStreamType",
        "setRemoteVideoStreamType",
        "enableFollowingDefaultAudioDevice",
    }
)
"""Drawing is the viewer's; the rest are wishes that hold already or change nothing that can be noticed."""

FAILURES: Final = MappingProxyType(
    {
        "startAudioRecording": -4,
        "startSpeedTest": -1,
        "setLocalVideoRenderCallback": 0,
        "setRemoteVideoRenderCallback": 0,
        "sendSEIMsg": False,
        "getScreenCaptureSources": [],
    }
)

PER_FRAME: Final = frozenset({"sendCustomAudioData", "mixExternalAudioFrame"})
"""Called many times a second: one warning says it, and leaves room in the journal for other events."""

_BY_TYPE: Final = MappingProxyType({"number": -1, "boolean": False, "string": ""})


def failure_value(name: str) -> Any:
    """What a method returns when it could not do its work."""
    if name in FAILURES:
        return FAILURES[name]
    returns = surface().methods[name].returns
    return -1 if "number" in returns else _BY_TYPE.get(returns)


def call(cloud: Cloud, name: str, args: list[Any]) -> Any:
    """Carries out a method with checked arguments."""
    if (function := CALLS.get(name)) is not None:
        return function(cloud, *args)
    if name not in PAGE_ONLY and name not in cloud.said:
        cloud.emit("onWarning", NOT_SUPPORTED_YET, f"{name} is not supported yet", {"method": name})
        cloud.said.update(PER_FRAME & {name})
    return failure_value(name)

"""The Python client: `TRTCCloud` for scripts, `AsyncTRTCCloud` for those who have an event loop.

    with TRTCCloud.start("ws://127.0.0.1:8000/signal", virtual_devices=True) as cloud:
        cloud.on("onExitRoom", lambda reason: print("left", reason))
        cloud.enterRoom(TRTCParams(sdkAppId=1, userId="alice", userSig=sig, roomId=7), TRTCAppScene.TRTCAppSceneVideoCall)
        cloud.wait_for("onEnterRoom", lambda result: result > 0)

The data classes and enums are in `pybackend.spec.structs_generated` and `pybackend.spec.enums_generated`.
"""

from .async_cloud import AsyncTRTCCloud
from .backend import Backend
from .cloud import TRTCCloud
from .connection import Call
from .errors import AuthRefused, BackendGone, ClientError, ConnectionLost, EventTimeout, RpcError, RpcTimeout
from .event import CloudEvent, Gap
from .frames import Format, Frame
from .options import Auth, Deadlines, Options
from .program import Ending, Patience, Program, StartFailed

__all__ = [
    "AsyncTRTCCloud",
    "Auth",
    "AuthRefused",
    "Backend",
    "BackendGone",
    "Call",
    "ClientError",
    "CloudEvent",
    "ConnectionLost",
    "Deadlines",
    "Ending",
    "EventTimeout",
    "Format",
    "Frame",
    "Gap",
    "Options",
    "Patience",
    "Program",
    "RpcError",
    "RpcTimeout",
    "StartFailed",
    "TRTCCloud",
]

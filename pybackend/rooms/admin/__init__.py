"""The server API: Tencent Cloud API 3.0 of service `trtc`, so that its SDKs call this room service unchanged."""

from .actions import RoomControl
from .handler import AdminPolicy, admin_routes
from .tc3 import SignaturePolicy

__all__ = ["AdminPolicy", "RoomControl", "SignaturePolicy", "admin_routes"]

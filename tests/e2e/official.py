"""The server API by way of Tencent's own SDK, unchanged."""

from typing import Any

from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.trtc.v20190722 import models
from tencentcloud.trtc.v20190722.trtc_client import TrtcClient

from pybackend.testing.processes import RoomService


class OfficialApi:
    """`tencentcloud-sdk-python-trtc` with its endpoint set to a room service."""

    def __init__(self, rooms: RoomService) -> None:
        endpoint = rooms.admin.removeprefix("http://").rstrip("/")
        profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=endpoint))
        self._client = TrtcClient(Credential(rooms.secret_id, rooms.admin_key), "ap-guangzhou", profile)
        self._app = rooms.sdk_app_id

    def _call(self, action: str, **fields: Any) -> Any:
        request = getattr(models, f"{action}Request")()
        for name, value in {"SdkAppId": self._app, **fields}.items():
            setattr(request, name, value)
        return getattr(self._client, action)(request)

    def remove(self, room: int | str, user: str) -> None:
        """RemoveUser, RemoveUserByStrRoomId."""
        action = "RemoveUserByStrRoomId" if isinstance(room, str) else "RemoveUser"
        self._call(action, RoomId=room, UserIds=[user])

    def dismiss(self, room: int | str) -> None:
        """DismissRoom, DismissRoomByStrRoomId."""
        self._call("DismissRoomByStrRoomId" if isinstance(room, str) else "DismissRoom", RoomId=room)

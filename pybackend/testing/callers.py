"""A user in a test: a `TRTCCloud` that knows who it is and where it may go."""

from typing import Any

from pybackend.client import Backend, TRTCCloud
from pybackend.spec.enums_generated import TRTCAppScene
from pybackend.spec.structs_generated import TRTCParams

from .processes import RoomService


class Caller(TRTCCloud):
    """Made by the fixture `trtc_cloud`; its backend is its own."""

    user: str
    rooms: RoomService

    @classmethod
    def of(cls, user: str, rooms: RoomService, backend: Backend) -> "Caller":
        """A user of a room service, by way of a backend that ends with it."""
        caller = cls.own(backend)
        caller.user, caller.rooms = user, rooms
        return caller

    def params(self, room: int | str, **more: Any) -> TRTCParams:
        """What it enters a room with; `more` are further fields, or others in their place."""
        where = {"strRoomId": room} if isinstance(room, str) else {"roomId": room}
        known = {"sdkAppId": self.rooms.sdk_app_id, "userId": self.user, "userSig": self.rooms.user_sig(self.user)}
        return TRTCParams(**{**known, **where, **more})

    def enter(
        self,
        room: int | str,
        scene: TRTCAppScene = TRTCAppScene.TRTCAppSceneVideoCall,
        *,
        timeout: float = 10.0,
        **more: Any,
    ) -> int:
        """Enters and waits until it is in; gives back the milliseconds that it took, or a negative error code."""
        with self.expect("onEnterRoom", timeout=timeout) as entered:
            self.enterRoom(self.params(room, **more), scene)
        result: int = entered.args[0]
        return result

    def leave(self, *, timeout: float = 10.0) -> int:
        """Leaves and waits until it is out; gives back the reason."""
        with self.expect("onExitRoom", timeout=timeout) as left:
            self.exitRoom()
        reason: int = left.args[0]
        return reason

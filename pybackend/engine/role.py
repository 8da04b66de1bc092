"""Anchor or audience: switchRole, and who may publish."""

from collections.abc import Callable
from typing import Final

from pybackend.core.jsonrpc import RemoteError
from pybackend.core.session import State
from pybackend.core.tasks import Tasks
from pybackend.signal import LinkDown
from pybackend.spec.enums_generated import TRTCAppScene, TRTCRoleType
from pybackend.spec.enums_generated import TXLiteAVError as Error
from pybackend.spec.protocol import Ask

from .session import Entry, RoomSession

LIVE_SCENES: Final = (TRTCAppScene.TRTCAppSceneLIVE, TRTCAppScene.TRTCAppSceneVoiceChatRoom)


class Role:
    """The role in the room one is in. It counts in live scenes only; in calls everybody may publish."""

    def __init__(self, emit: Callable[..., None], session: RoomSession, changed: Callable[[], None]) -> None:
        self._emit = emit
        self._session = session
        self._changed = changed
        self._tasks = Tasks("switching roles")
        self._role = int(TRTCRoleType.TRTCRoleAnchor)
        self._scene = 0

    def entered(self, entry: Entry) -> None:
        """The role that the room was entered with."""
        self._role, self._scene = entry.role, entry.scene

    @property
    def may_publish(self) -> bool:
        """Whether what is captured is sent."""
        return self._scene not in LIVE_SCENES or self._role == TRTCRoleType.TRTCRoleAnchor

    def switch(self, role: float, private_map_key: str | None) -> None:
        """switchRole; the answer is onSwitchRole(code, text)."""
        if role not in (20, 21):
            self._emit("onSwitchRole", int(Error.ERR_SERVER_CENTER_INVALID_ROLE), "role: 20 (anchor) or 21 (audience)")
        elif self._session.state is not State.IN or self._session.link is None:
            self._emit("onSwitchRole", int(Error.ERR_ROOM_ENTER_FAIL), "switchRole: not in a room")
        else:
            self._tasks.spawn(self._switch(int(role), private_map_key))

    async def _switch(self, role: int, private_map_key: str | None) -> None:
        session = self._session.name
        link = self._session.link
        key = {"privateMapKey": private_map_key} if private_map_key else {}
        before = self._role
        try:
            if link is None:
                raise LinkDown("the room was left")
            if role == TRTCRoleType.TRTCRoleAudience:
                self._become(role)  # what is sent ends before the others hear of it
            await link.ask(Ask.ROLE, {"role": role, **key})
        except (LinkDown, RemoteError) as error:
            code, text = (error.code, error.message) if isinstance(error, RemoteError) else (-3301, str(error))
        else:
            code, text = 0, ""
            link.update(role=role)
        if self._session.name == session and self._session.state is not State.EXITING:
            self._become(role if code == 0 else before)
            self._emit("onSwitchRole", code, text)

    def _become(self, role: int) -> None:
        self._role = role
        self._changed()

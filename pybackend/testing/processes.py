"""A room service and a backend as child processes, with what tests ask of them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pybackend.client.backend import MODULE, Backend
from pybackend.client.program import Ending, Patience, Program, StartFailed
from pybackend.core.usersig import generate

from . import tc3

__all__ = ["Backend", "Ending", "Patience", "Program", "RoomService", "StartFailed"]

_SAMPLE: Final = re.compile(r"^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)", re.MULTILINE)

ANSWER_S: Final = 10.0


class RoomService(Program):
    """`pybackend rooms` in dev mode, with keys of its own. `arguments` are further ones of the command."""

    def __init__(
        self,
        arguments: Sequence[str] = (),
        *,
        command: Sequence[str] = MODULE,
        environment: Mapping[str, str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Starts it and waits until it is ready; raises StartFailed."""
        super().__init__([*command, "rooms", *arguments], environment=environment, patience=patience)
        self.ready: dict[str, Any] = self.wait_ready()
        self.signal: str = self.ready["signal"]
        self.admin: str = self.ready["admin"]
        keys: dict[str, Any] = self.ready.get("dev", {})
        self.sdk_app_id: int = keys.get("sdkAppId", 0)
        self.secret_key: str = keys.get("secretKey", "")
        self.secret_id: str = keys.get("secretId", "")
        self.admin_key: str = keys.get("adminKey", "")

    def user_sig(self, user: str, expire: int = 86_400) -> str:
        """Lets a user in."""
        return generate(self.sdk_app_id, self.secret_key, user, expire)

    def act(self, action: str, **fields: Any) -> dict[str, Any]:
        """An action of the server API; raises `tc3.ActionFailed`."""
        fields = {"SdkAppId": self.sdk_app_id} | fields
        return tc3.call(self.admin, self.secret_id, self.admin_key, action, fields, timeout=ANSWER_S)

    def remove_user(self, room: int | str, *users: str, ban_seconds: int = 0) -> None:
        """Puts users out of a room."""
        action = "RemoveUserByStrRoomId" if isinstance(room, str) else "RemoveUser"
        self.act(action, RoomId=room, UserIds=list(users), **({"BanSeconds": ban_seconds} if ban_seconds else {}))

    def dismiss(self, room: int | str) -> None:
        """Ends a room for everybody."""
        self.act("DismissRoomByStrRoomId" if isinstance(room, str) else "DismissRoom", RoomId=room)

    def block_user(self, room: int | str, user: str, *, audio: bool = True, video: bool = True) -> None:
        """Stops forwarding what a user sends, or lets it pass again (neither)."""
        mute = {(False, False): 0, (True, True): 1, (True, False): 2, (False, True): 3}[audio, video]
        if isinstance(room, str):
            self.act("SetUserBlockedByStrRoomId", StrRoomId=room, UserId=user, IsMute=mute)
        else:
            self.act("SetUserBlocked", RoomId=room, UserId=user, IsMute=mute)

    def metrics(self) -> dict[str, float]:
        """The samples of /metrics by name, labels included."""
        with tc3.DIRECT.open(self.ready["metrics"], timeout=ANSWER_S) as answer:
            return {name: float(value) for name, value in _SAMPLE.findall(answer.read().decode())}

    def stop(self, *, terminate: bool = True) -> Ending:
        """Ends it by signal, then harder. May be called twice."""
        return super().stop(terminate=terminate)

"""What the server API asks of the room service."""

from collections.abc import Sequence
from typing import Protocol

from pybackend.spec.rooms import RoomKey


class RoomControl(Protocol):
    """Carries out what an app's own server has decided. Nothing here raises for a room or user that is not there."""

    def knows_app(self, sdk_app_id: int) -> bool:
        """Whether this service serves the app."""
        ...

    async def remove_users(self, room: RoomKey, users: Sequence[str], ban_s: float) -> bool:
        """Puts users out, and keeps them out for `ban_s` seconds; users who are not there are fine. False: no such room."""
        ...

    async def dismiss(self, room: RoomKey) -> bool:
        """Puts everybody out and closes the room. False: no such room."""
        ...

    async def block(self, room: RoomKey, user: str, *, audio: bool, video: bool) -> bool | None:
        """Stops passing on what a user sends, or lets it pass again. None: no such room; False: no such user."""
        ...

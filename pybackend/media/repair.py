"""Asks again for packets that were lost, and when that does not help goes on at the next key frame.

aiortc asks once, and then waits for about 5 s.
"""

from typing import Final, Protocol

from .reassembly import PictureReassembly

REPAIR_EVERY_S: Final = 0.05
_ASK_EVERY_S: Final = 0.1
_GIVE_UP_S: Final = 0.4
_MOST: Final = 100
"""Packets asked for at once; when more are missing a key frame is cheaper."""


class Sender(Protocol):
    """The way back to whoever sends."""

    async def request(self, missing: list[int]) -> None: ...

    async def request_key(self) -> None: ...


class Repair:
    """Of one slot; `tick` is called every REPAIR_EVERY_S."""

    def __init__(self, pictures: PictureReassembly, sender: Sender) -> None:
        self._pictures = pictures
        self._sender = sender
        self._hole: int | None = None
        self._since_s = self._asked_s = 0.0

    async def tick(self, now_s: float) -> None:
        """Looks at the hole that is waited for, if there is one."""
        hole = self._pictures.hole
        if hole != self._hole:  # aiortc has asked for it once
            self._hole, self._since_s, self._asked_s = hole, now_s, now_s
        if hole is None:
            return
        missing = self._pictures.missing
        if now_s - self._since_s >= _GIVE_UP_S or len(missing) > _MOST:
            self._pictures.skip()
            await self._sender.request_key()
        elif now_s - self._asked_s >= _ASK_EVERY_S:
            self._asked_s = now_s
            await self._sender.request(missing)

"""sendCustomCmdMsg and its receiving end."""

from collections.abc import Callable
from typing import Final

from pybackend.core.jsonrpc import RemoteError
from pybackend.core.ratelimit import RateLimit
from pybackend.core.tasks import Tasks
from pybackend.signal import LinkDown, MessageArrived, RoomLink
from pybackend.spec.enums_generated import TXLiteAVError as Error
from pybackend.spec.protocol import Ask

LONGEST: Final = 1000
"""Bytes of one message."""

PER_SECOND: Final = 30
BYTES_PER_SECOND: Final = 8 * 1024


class Messages:
    """The messages of one cloud. Numbers count up per room."""

    def __init__(self, emit: Callable[..., None]) -> None:
        self._emit = emit
        self._tasks = Tasks("messages")
        self._seq = 0
        self._calls = RateLimit(rate=PER_SECOND, burst=PER_SECOND)
        self._bytes = RateLimit(rate=BYTES_PER_SECOND, burst=BYTES_PER_SECOND)

    def send(self, link: RoomLink | None, cmd_id: float, text: str, *, reliable: bool, ordered: bool) -> bool:
        """Whether the message was accepted. What is refused by the limits is not sent later."""
        size = len(text.encode())
        if cmd_id not in range(1, 11) or reliable != ordered or not text or link is None:
            return False
        if size > LONGEST or not self._calls.take() or not self._bytes.take(size):
            return False
        self._seq += 1
        self._tasks.spawn(self._send(link, {"kind": "custom", "cmdId": int(cmd_id), "data": text, "seq": self._seq}))
        return True

    async def _send(self, link: RoomLink, message: dict[str, int | str]) -> None:
        try:
            await link.ask(Ask.MESSAGE, message)
        except (LinkDown, RemoteError) as error:
            self._emit("onWarning", int(Error.ERR_ROOM_ENTER_FAIL), f"a custom message was not sent: {error}", {})

    def arrived(self, message: MessageArrived) -> None:
        """From another member."""
        if message.kind == "custom":
            self._emit("onRecvCustomCmdMsg", message.user, message.cmd_id, message.seq, message.data)

    def reset(self) -> None:
        """The room is left: what was accepted before has gone out ahead of the goodbye."""
        self._tasks.stop()
        self._seq = 0

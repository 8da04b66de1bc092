"""What the room service asks of whatever forwards its media, embedded or not.

A *session* is one member's stay in one room. It has at most one uplink (the connection it publishes by) and one downlink
(the connection it receives by). The downlink has slots, one per m-line; `assign` says whose stream a slot carries.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class StreamKind(StrEnum):
    """What one m-line of an uplink carries. `small` is a second encoding of the same camera."""

    AUDIO = "audio"
    VIDEO = "video"
    SMALL = "small"
    SUB = "sub"


@dataclass(frozen=True, slots=True)
class Source:
    """A stream that somebody publishes."""

    session: str
    kind: StreamKind


class MediaError(Exception):
    """The media engine refused: `reason` is a stable word (`bad-sdp`, `no-session`, `no-slot`, `gone`)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MediaEngine(Protocol):
    """Forwards media. Every call but `close_session` may raise MediaError."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def publish(self, session: str, sdp: str, tracks: Mapping[str, StreamKind]) -> str:
        """Answers the offer of the session's uplink; `tracks` says what each mid carries. A new offer replaces the old uplink."""
        ...

    async def subscribe(self, session: str, sdp: str) -> str:
        """Answers the offer of the session's downlink. An offer with the ICE credentials of the last one adds slots to it."""
        ...

    async def assign(self, session: str, slots: Mapping[str, Source | None]) -> None:
        """Says, by mid, what slots of the session's downlink carry from now on. A source that publishes later is waited for."""
        ...

    async def block(self, session: str, *, audio: bool, video: bool) -> None:
        """Stops forwarding what the session publishes, or lets it pass again."""
        ...

    async def close_session(self, session: str) -> None:
        """Ends sending and receiving of the session at once. Unknown sessions are fine."""
        ...

    def on_reset(self, callback: Callable[[], None]) -> None:
        """`callback` is called when every connection was lost (the engine was restarted): members have to connect anew."""
        ...

    def statistics(self) -> Mapping[str, float]:
        """Counters for /metrics: packets and bytes in and out, transports, restarts."""
        ...

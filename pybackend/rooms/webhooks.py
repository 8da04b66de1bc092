"""Webhooks: what happens in rooms, told to the app's own server as TRTC tells it (event groups 1 and 2).

Beyond the documented fields, EventInfo carries `Sequence`, which counts up by 1 from a room's creation to its dismissal
(a gap means that events were dropped), and for events of a member `SessionId`, which pairs enter and exit of one stay.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final, Self

import orjson

from pybackend.core.clock import now_ms
from pybackend.spec.exit import LeaveReason
from pybackend.spec.rooms import RoomKey

from .journal import Happening, RoomNews
from .outbox import Message, Outbox, WebhookPolicy

__all__ = ["RoomWebhooks", "WebhookEvent", "WebhookPolicy", "sign", "translate"]


class WebhookEvent(IntEnum):
    """EventType; the hundreds are EventGroupId."""

    CREATE_ROOM = 101
    DISMISS_ROOM = 102
    ENTER_ROOM = 103
    EXIT_ROOM = 104
    CHANGE_ROLE = 105
    START_VIDEO = 201
    STOP_VIDEO = 202
    START_AUDIO = 203
    STOP_AUDIO = 204
    START_SUBSTREAM = 205
    STOP_SUBSTREAM = 206


def sign(key: str, body: bytes) -> str:
    """The `Sign` header of a body."""
    return base64.b64encode(hmac.digest(key.encode(), body, hashlib.sha256)).decode()


_EXIT_REASONS: Final = MappingProxyType({LeaveReason.LEFT: 1, LeaveReason.TIMEOUT: 2, LeaveReason.REMOVED: 3})

_ENTRY: Final = MappingProxyType({"TerminalType": 100, "UserType": 3, "Reason": 1})
"""Some other terminal, native SDK, normal entry: the service knows no more."""

_Fields = Callable[[RoomNews], dict[str, Any]]

_EVENTS: Final[Mapping[tuple[Happening, str], tuple[WebhookEvent, _Fields]]] = MappingProxyType(
    {
        (Happening.ROOM_OPENED, ""): (WebhookEvent.CREATE_ROOM, lambda _: {}),
        (Happening.ROOM_CLOSED, ""): (WebhookEvent.DISMISS_ROOM, lambda _: {}),
        (Happening.ENTERED, ""): (WebhookEvent.ENTER_ROOM, lambda news: {"Role": news.role, **_ENTRY}),
        (Happening.EXITED, ""): (
            WebhookEvent.EXIT_ROOM,
            lambda news: {"Role": news.role, "Reason": _EXIT_REASONS[news.reason or LeaveReason.LEFT]},
        ),
        (Happening.ROLE_CHANGED, ""): (WebhookEvent.CHANGE_ROLE, lambda news: {"Role": news.role}),
        (Happening.STREAM_STARTED, "video"): (WebhookEvent.START_VIDEO, lambda _: {}),
        (Happening.STREAM_STOPPED, "video"): (WebhookEvent.STOP_VIDEO, lambda _: {"Reason": 0}),
        (Happening.STREAM_STARTED, "audio"): (WebhookEvent.START_AUDIO, lambda _: {}),
        (Happening.STREAM_STOPPED, "audio"): (WebhookEvent.STOP_AUDIO, lambda _: {"Reason": 0}),
        (Happening.STREAM_STARTED, "sub"): (WebhookEvent.START_SUBSTREAM, lambda _: {}),
        (Happening.STREAM_STOPPED, "sub"): (WebhookEvent.STOP_SUBSTREAM, lambda _: {"Reason": 0}),
    }
)


def translate(news: RoomNews) -> tuple[WebhookEvent, dict[str, Any]]:
    """A piece of news as a webhook event and its EventInfo."""
    event, fields = _EVENTS[news.what, news.stream]
    whose = {name: value for name, value in (("UserId", news.user), ("SessionId", news.session)) if value}
    return event, whose | fields(news)


class RoomWebhooks:
    """Posts what happens to one URL, ordered per room, signed if there is a key; "" is off. Used as `async with`."""

    def __init__(self, url: str, key: str = "", policy: WebhookPolicy | None = None) -> None:
        self._key = key
        self._outbox = Outbox(url, policy or WebhookPolicy()) if url else None
        self._sequences: dict[RoomKey, int] = {}

    async def __aenter__(self) -> Self:
        if self._outbox is not None:
            await self._outbox.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self, deadline_s: float | None = None) -> None:
        """Takes nothing more, tries what waits once more, and ends at the deadline (by default the policy's)."""
        if self._outbox is not None:
            await self._outbox.close(deadline_s)

    def post(self, news: RoomNews) -> None:
        """Queues what happened just now."""
        if self._outbox is None:
            return
        room, now = news.room, now_ms()
        event, info = translate(news)
        sequence = self._sequences[room] = self._sequences.get(room, 0) + 1
        if event is WebhookEvent.DISMISS_ROOM:
            del self._sequences[room]
        told = {"RoomId": room.id, "EventTs": now // 1000, "EventMsTs": now, **info, "Sequence": sequence}
        self._outbox.post(
            room, Message(f"{event.name} #{sequence} of {room}", lambda: self._request(room.app, event, told))
        )

    def _request(self, app: int, event: WebhookEvent, info: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
        body = orjson.dumps(
            {"EventGroupId": event // 100, "EventType": int(event), "CallbackTs": now_ms(), "EventInfo": info}
        )
        headers = {"Content-Type": "application/json", "SdkAppId": str(app)}
        return headers | ({"Sign": sign(self._key, body)} if self._key else {}), body

    def statistics(self) -> dict[str, int]:
        """What became of the events so far, for metrics."""
        return self._outbox.statistics() if self._outbox is not None else {}

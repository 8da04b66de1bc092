"""What goes over the pipe between the room service and its SFU: one JSON object per line.

Down: `{"id": n, "do": "assign", …fields of the command}`. Up, for each command and in their order: `{"id": n, "ok": value}`
or `{"id": n, "error": reason}` with the reason of a MediaError. The child's first line is `Ready`, unasked; it says nothing
else unasked, so that a parent that does not read cannot block it for long.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import orjson

from pybackend.rooms.media import Source, StreamKind

MAX_LINE: Final = 4 << 20
"""Bytes of the longest line."""

CANNOT_BIND: Final = 3
"""Exit code of a child that was given an address it cannot have."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The socket is bound."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Publish:
    """Answered with an SDP."""

    session: str
    sdp: str
    tracks: Mapping[str, StreamKind]


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Answered with an SDP."""

    session: str
    sdp: str


@dataclass(frozen=True, slots=True)
class Assign:
    session: str
    slots: Mapping[str, Source | None]


@dataclass(frozen=True, slots=True)
class Block:
    session: str
    audio: bool
    video: bool


@dataclass(frozen=True, slots=True)
class Close:
    session: str


@dataclass(frozen=True, slots=True)
class Inquire:
    """Answered with counters: of everything, and `endings` since the last time; or of one session."""

    session: str = ""


Command = Publish | Subscribe | Assign | Block | Close | Inquire

_COMMANDS: Final[Mapping[str, type[Command]]] = {
    "publish": Publish,
    "subscribe": Subscribe,
    "assign": Assign,
    "block": Block,
    "close": Close,
    "inquire": Inquire,
}
_NAMES: Final = {command: name for name, command in _COMMANDS.items()}


def encode(number: int, command: Command) -> bytes:
    values = {field.name: getattr(command, field.name) for field in fields(command)}
    return orjson.dumps({"id": number, "do": _NAMES[type(command)], **values}) + b"\n"


def decode(line: bytes) -> tuple[int, Command]:
    """Raises ValueError, KeyError or TypeError: the two ends do not match, which is our own mistake."""
    values: dict[str, Any] = orjson.loads(line)
    number, kind = values.pop("id"), _COMMANDS[values.pop("do")]
    if kind is Publish:
        values["tracks"] = {mid: StreamKind(track) for mid, track in values["tracks"].items()}
    elif kind is Assign:
        values["slots"] = {mid: source and _source(source) for mid, source in values["slots"].items()}
    return number, kind(**values)


def _source(values: Mapping[str, str]) -> Source:
    return Source(values["session"], StreamKind(values["kind"]))

"""Parameters of a call: read from JSON or from a query, then brought to the types that the action's table asks for."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from pybackend.rooms.room import MAX_ROOM_NUMBER, ROOM_TEXT

from .errors import ApiError, Code

_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_INDEXED: Final = re.compile(r"([A-Za-z]+)\.([0-9]{1,4})")
MAX_QUERY_FIELDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of the table: its name, how it is read from a query's text (what does not read stays text), what fits it."""

    name: str
    from_text: Callable[[str], Any]
    fits: Callable[[Any], bool]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


INT: Final = Kind(
    "a whole number", lambda text: int(text) if _INTEGER.fullmatch(text) else text, lambda v: type(v) is int
)
TEXT: Final = Kind("a string", str, lambda v: isinstance(v, str))
TEXTS: Final = Kind(
    "an array of strings", lambda text: text, lambda v: isinstance(v, list) and all(isinstance(one, str) for one in v)
)
SECONDS: Final = Kind("a number of seconds", _number, lambda v: type(v) in (int, float) and math.isfinite(v))


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter. `coded` is what stands for it in error codes ("" where none is documented); `bad_value` is the code
    for a value of the right type that is none of `allowed`."""

    name: str
    kind: Kind
    allowed: str
    accepts: Callable[[Any], bool]
    coded: str = ""
    bad_value: Code = Code.INVALID_PARAMETER
    required: bool = True

    def check(self, value: Any) -> None:
        """Raises ApiError, naming the field, unless the value will do."""
        if not self.kind.fits(value):
            raise ApiError(Code.INVALID_PARAMETER, f"{self.name}: has to be {self.kind.name}", suffix=self.coded)
        if not self.accepts(value):
            raise ApiError(self.bad_value, f"{self.name}: has to be {self.allowed}", suffix=self.coded)


def _room(name: str, kind: Kind, allowed: str, accepts: Callable[[Any], bool]) -> Field:
    return Field(name, kind, allowed, accepts, "RoomId", Code.INVALID_VALUE)


_ROOM_TEXT_RULE: Final = "1 to 64 characters out of letters, digits, space and !#$%&()+-:;<=.>?@[]^_{}|~,"
APP: Final = Field("SdkAppId", INT, "from 1 to 4294967295", lambda v: 0 < v < 2**32, "SdkAppId")
ROOM_NUMBER: Final = _room("RoomId", INT, f"from 1 to {MAX_ROOM_NUMBER}", lambda v: 0 < v <= MAX_ROOM_NUMBER)
ROOM_STRING: Final = _room("RoomId", TEXT, _ROOM_TEXT_RULE, lambda v: ROOM_TEXT.fullmatch(v) is not None)
STR_ROOM: Final = _room("StrRoomId", TEXT, _ROOM_TEXT_RULE, ROOM_STRING.accepts)
USERS: Final = Field(
    "UserIds", TEXTS, "1 to 10 user ids, none of them empty", lambda v: 0 < len(v) <= 10 and all(v), "UserIds"
)
USER: Final = Field("UserId", TEXT, "a user id, not empty", bool, "UserId")
MUTE: Final = Field("IsMute", INT, "0 (nothing), 1 (audio and video), 2 (audio) or 3 (video)", lambda v: 0 <= v <= 3)
BAN: Final = Field("BanSeconds", SECONDS, "0 or more", lambda v: v >= 0, required=False)


def from_body(body: bytes) -> dict[str, Any]:
    """The JSON object of a POST."""
    try:
        given = orjson.loads(body)
    except ValueError:
        raise ApiError(Code.INVALID_PARAMETER, "the body is not JSON in UTF-8") from None
    if not isinstance(given, dict):
        raise ApiError(Code.INVALID_PARAMETER, "the body is not a JSON object")
    return given


def from_query(query: str, fields: Sequence[Field]) -> dict[str, Any]:
    """The parameters of a GET: `UserIds.0=a&UserIds.1=b`, everything a string until the table says otherwise."""
    kinds = {field.name: field.kind for field in fields}
    given: dict[str, Any] = {}
    listed: dict[str, dict[int, str]] = {}
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS
        )
    except ValueError:
        raise ApiError(Code.INVALID_PARAMETER, "the query cannot be read") from None
    for name, text in pairs:
        item = _INDEXED.fullmatch(name)
        if item is not None and kinds.get(item[1]) is TEXTS:
            listed.setdefault(item[1], {})[int(item[2])] = text
        else:
            given[name] = kinds[name].from_text(text) if name in kinds else text
    return given | {name: [items[at] for at in sorted(items)] for name, items in listed.items()}


def checked(given: Mapping[str, Any], fields: Sequence[Field]) -> dict[str, Any]:
    """The parameters, each of its type and range; raises ApiError for the first that is not. null counts as not given."""
    values = {name: value for name, value in given.items() if value is not None}
    for name in values.keys() - {field.name for field in fields}:
        raise ApiError(Code.UNKNOWN_PARAMETER, f"{name[:64]}: this action has no such parameter")
    for field in fields:
        if field.name in values:
            field.check(values[field.name])
        elif field.required:
            raise ApiError(Code.MISSING_PARAMETER, f"{field.name}: is required", suffix=field.coded)
    return values

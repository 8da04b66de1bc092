"""Parameters of actions: what each has to be, and the error codes for when it is not there, or something else."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from .errors import ApiError, Code

Read = Callable[[Any], Any]
"""Takes a JSON value; raises TypeError (another type) or ValueError (out of range), with what it should be as text."""

_MOST_IN_QUERY: Final = 64
_INDEXED: Final = re.compile(r"(\w+)\.(\d{1,3})")
_NUMBER: Final = re.compile(r"-?\d{1,19}(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter. Without a `missing` code it is optional and `default` takes its place. `number`: a GET's text is one."""

    name: str
    read: Read
    missing: Code | None = None
    wrong_type: Code = Code.INVALID_PARAMETER
    wrong_value: Code = Code.INVALID_PARAMETER
    default: Any = None
    number: bool = False

    def take(self, given: Mapping[str, Any]) -> Any:
        """The value among those given; raises ApiError."""
        value = given.get(self.name)
        if value is None:
            if self.missing is not None:
                raise ApiError(self.missing, f"{self.name}: is missing")
            return self.default
        try:
            return self.read(value)
        except TypeError as error:
            raise ApiError(self.wrong_type, f"{self.name}: {error}") from None
        except ValueError as error:
            raise ApiError(self.wrong_value, f"{self.name}: {error}") from None


def whole(low: int, high: int) -> Read:
    """A whole number."""
    text = f"a whole number from {low} to {high}"

    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return read


def seconds(most: float) -> Read:
    """A length of time."""
    text = f"seconds, from 0 to {most:g}"

    def read(value: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise TypeError(text)
        if not math.isfinite(value) or not 0 <= value <= most:
            raise ValueError(text)
        return float(value)

    return read


def text(pattern: re.Pattern[str], meaning: str) -> Read:
    """A string of a certain make."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"a string: {meaning}")
        if not pattern.fullmatch(value):
            raise ValueError(meaning)
        return value

    return read


def texts(most: int, one: Read) -> Read:
    """A list of strings, each of which `one` reads."""

    def read(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise TypeError(f"a list of 1 to {most} strings")
        if not 1 <= len(value) <= most:
            raise ValueError(f"1 to {most} strings, not {len(value)}")
        return tuple(one(item) for item in value)

    return read


def take_all(fields: Sequence[Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of an action by name; raises ApiError, for a parameter that it does not have too."""
    names = {field.name for field in fields}
    for name in given:
        if name not in names:
            raise ApiError(Code.UNKNOWN_PARAMETER, f"{name[:64]}: no such parameter; there are {', '.join(names)}")
    return {field.name: field.take(given) for field in fields}


def from_query(query: str, fields: Sequence[Field]) -> dict[str, Any]:
    """The parameters of a GET, which flattens lists (`UserIds.0=a`) and turns numbers into text."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=_MOST_IN_QUERY)
    except ValueError:
        raise ApiError(
            Code.INVALID_PARAMETER, f"query: at most {_MOST_IN_QUERY} parameters of the form name=value"
        ) from None
    numbers = {field.name for field in fields if field.number}
    given: dict[str, Any] = {}
    lists: dict[str, dict[int, str]] = {}
    for name, value in pairs:
        if (indexed := _INDEXED.fullmatch(name)) is not None:
            lists.setdefault(indexed[1], {})[int(indexed[2])] = value
        elif name in numbers and (number := _NUMBER.fullmatch(value)) is not None:
            given[name] = float(value) if number[1] else int(value)
        else:
            given[name] = value
    return given | {name: [items[index] for index in sorted(items)] for name, items in lists.items()}

"""TypeScript type expressions, compiled into checks of JSON values.

A check takes a value and the path to it, and gives back the value to use: data classes with their defaults filled in,
whole floats as integers, bytes for binary values. It raises `BadType`, which names the field, and nothing else.

On the wire a page's elements and an application's functions travel as `true` or `null`: what counts is whether there is one.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from .surface import MISSING, Field, surface

_EXACT: Final = 2**53
"""Up to here every whole number is one that JSON numbers keep exactly; it fits into 64 bits as well."""

Check = Callable[[Any, str], Any]


class BadType(Exception):
    """A value is not of its declared type. `field` is the path to it, `expected` what it should have been."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: {expected} expected")
        self.field = field
        self.expected = expected


def _number(value: Any, path: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadType(path, "number")
    whole = isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT
    return int(value) if whole else value


def _plain(kind: type, name: str) -> Check:
    def check(value: Any, path: str) -> Any:
        if not isinstance(value, kind):
            raise BadType(path, name)
        return value

    return check


def _null(value: Any, path: str) -> None:
    if value is not None:
        raise BadType(path, "null")


def _presence(value: Any, path: str) -> bool | None:
    """An element or a function: `true` or `null`; `false` counts as null."""
    if value is not None and not isinstance(value, bool):
        raise BadType(path, "true or null")
    return value or None


def _anything(value: Any, path: str) -> Any:
    return value


_BASIC: Final[dict[str, Check]] = {
    "number": _number,
    "string": _plain(str, "string"),
    "boolean": _plain(bool, "boolean"),
    "null": _null,
    "any": _anything,
    "object": _plain(dict, "object"),
    "Record<string, any>": _plain(dict, "object"),
    "HTMLElement": _presence,
    "TRTCVideoRenderCallback": _presence,
    "TRTCAudioFrameCallback": _presence,
    "TRTCMusicPlayObserver": _presence,
    "ArrayBuffer": _plain(bytes, "binary value"),
    "ArrayBufferView": _plain(bytes, "binary value"),
    "Buffer": _plain(bytes, "binary value"),
}

_DEFAULTS: Final[dict[str, Callable[[], Any]]] = {
    "ArrayBuffer(0)": bytes,
    "Float32Array(0)": list,
    "new TRTCImageBuffer()": lambda: compile_type("TRTCImageBuffer")({}, ""),
}

_ARRAY: Final = re.compile(r"Array<(?P<generic>.+)>|(?P<suffix>.+)\[\]")


def default_of(field: Field) -> Any:
    """A fresh default value of a field; None where it has none."""
    if field.default is MISSING:
        return None
    if isinstance(field.default, str) and field.default in _DEFAULTS:
        return _DEFAULTS[field.default]()
    return list(field.default) if isinstance(field.default, list) else field.default


def _split(text: str, separator: str) -> list[str]:
    """Splits at the separator, but not inside <…>, {…} or (…)."""
    parts, depth, current = [], 0, ""
    for index, char in enumerate(text):
        depth += char in "<{("
        depth -= char in "})" or (char == ">" and text[index - 1] != "=")
        if char == separator and not depth:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    return [*parts, current.strip()]


def _union(expression: str, members: list[str]) -> Check:
    checks = [compile_type(member) for member in members]

    def check(value: Any, path: str) -> Any:
        deepest: BadType | None = None
        for member in checks:
            try:
                return member(value, path)
            except BadType as error:
                if error.field != path:
                    deepest = error
        raise deepest or BadType(path, expression)

    return check


def _array(item: Check) -> Check:
    def check(value: Any, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise BadType(path, "array")
        return [item(entry, f"{path}[{index}]") for index, entry in enumerate(value)]

    return check


def _struct(name: str, fields: tuple[Field, ...]) -> Check:
    compiled: list[tuple[Field, Check]] = [(field, compile_type(field.type)) for field in fields]

    def check(value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise BadType(path, name)
        result = {}
        for field, of_field in compiled:
            if field.name in value and not (value[field.name] is None and field.optional):
                inner = f"{path}.{field.name}" if path else field.name
                result[field.name] = of_field(value[field.name], inner)
            elif field.default is MISSING and not field.optional:
                raise BadType(f"{path}.{field.name}" if path else field.name, field.type)
            else:
                result[field.name] = default_of(field)
        return result

    return check


def _inline(expression: str) -> Check:
    fields = []
    for entry in filter(None, _split(expression[1:-1].strip(), ";")):
        name, _, kind = entry.partition(":")
        fields.append(Field(name.strip().rstrip("?"), kind.strip(), name.strip().endswith("?")))
    return _struct("object", tuple(fields))


def compile_type(expression: str) -> Check:
    """The check for a type expression of `surface.json`; raises KeyError for one that is not known."""
    return _compile(expression.strip())


@cache
def _compile(expression: str) -> Check:
    if expression in _BASIC:
        return _BASIC[expression]
    if "=>" in expression:
        return _presence
    members = _split(expression, "|")
    if any("HTMLElement" in member for member in members):
        return _presence
    if len(members) > 1:
        return _union(expression, members)
    if match := _ARRAY.fullmatch(expression):
        return _array(compile_type(match["generic"] or match["suffix"]))
    if expression.startswith("{"):
        return _inline(expression)
    if expression in surface().enums:
        return _BASIC["string" if isinstance(next(iter(surface().enums[expression].values())), str) else "number"]
    if expression == "Float32Array":
        return _array(_number)
    return _struct(expression, surface().classes[expression])

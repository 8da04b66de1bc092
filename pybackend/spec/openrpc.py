"""The OpenRPC document of the whole RPC, made from the surface."""

from functools import cache
from typing import Any

from .control import CONTROL
from .surface import MISSING, Field, Method, surface

_JSON_TYPES = {"number": "number", "string": "string", "boolean": "boolean", "null": "null"}


_BINARY = {"type": "object", "properties": {"$bin": {"type": "integer"}}, "required": ["$bin"]}


def _schema(expression: str) -> dict[str, Any]:
    """The JSON schema of a type expression."""
    if "HTMLElement" in expression or "=>" in expression:
        return {"enum": [True, None]}
    members = [part.strip() for part in expression.split("|")]
    if len(members) == 1:
        return _simple(expression)
    if all(member in _JSON_TYPES for member in members):
        return {"type": [_JSON_TYPES[member] for member in members]}
    return {"anyOf": [_schema(member) for member in members]}


def _simple(expression: str) -> dict[str, Any]:
    """Of one that is no union."""
    if expression in _JSON_TYPES:
        return {"type": _JSON_TYPES[expression]}
    if expression in surface().classes:
        return {"$ref": f"#/components/schemas/{expression}"}
    if expression in surface().enums:
        return {"enum": list(surface().enums[expression].values()), "title": expression}
    if expression.endswith("[]"):
        return {"type": "array", "items": _schema(expression[:-2])}
    if expression.startswith("Array<"):
        return {"type": "array", "items": _schema(expression[6:-1])}
    return _BINARY if expression in ("ArrayBuffer", "ArrayBufferView", "Buffer") else {"title": expression}


def _described(field: Field) -> dict[str, Any]:
    described: dict[str, Any] = {"name": field.name, "required": not field.optional, "schema": _schema(field.type)}
    if field.default is not MISSING:
        described["schema"] = {**described["schema"], "default": field.default}
    return described


def _method(method: Method) -> dict[str, Any]:
    return {
        "name": method.name,
        "paramStructure": "either",
        "params": [_described(param) for param in method.params],
        "result": {"name": "result", "schema": _schema("null" if method.returns == "void" else method.returns)},
        "tags": [{"name": method.group}],
        "deprecated": method.deprecated,
    }


def _class(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {"type": "object", "properties": {field.name: _described(field)["schema"] for field in fields}}


@cache
def openrpc(version: str) -> dict[str, Any]:
    """The document that `rpc.discover` answers; `version` is the backend's."""
    methods = [*CONTROL.values(), *surface().methods.values()]
    events = [
        {"name": event.name, "args": [{"name": arg.name, "schema": _schema(arg.type)} for arg in event.args]}
        for event in surface().events.values()
    ]
    return {
        "openrpc": "1.3.2",
        "info": {"title": "pybackend", "version": version},
        "methods": [_method(method) for method in methods],
        "components": {"schemas": {name: _class(fields) for name, fields in surface().classes.items()}},
        "x-events": events,
    }

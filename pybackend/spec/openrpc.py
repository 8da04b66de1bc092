"""The OpenRPC document of the whole RPC, made from the surface."""

from functools import cache
from typing import Any

from .control import CONTROL
from .surface import MISSING, Field, Method, surface

_JSON_TYPES = {"number": "number", "string": "string", "boolean": "boolean", "null": "null"}


def _schema(expression: str) -> dict[str, Any]:
    members = [part.strip() for part in expression.split("|")] if "=>" not in expression else [expression]
    if any("HTMLElement" in member or "=>" in member for member in members):
        return {"enum": [True, None]}
    if all(member in _JSON_TYPES for member in members):
        kinds = [_JSON_TYPES[member] for member in members]
        return {"type": kinds[0] if len(kinds) == 1 else kinds}
    if len(members) > 1:
        return {"anyOf": [_schema(member) for member in members]}
    if expression in surface().classes:
        return {"$ref": f"#/components/schemas/{expression}"}
    if expression in surface().enums:
        return {"enum": list(surface().enums[expression].values()), "title": expression}
    if expression.endswith("[]") or expression.startswith("Array<"):
        inner = expression[:-2] if expression.endswith("[]") else expression[6:-1]
        return {"type": "array", "items": _schema(inner)}
    if expression in ("ArrayBuffer", "ArrayBufferView", "Buffer"):
        return {"type": "object", "properties": {"$bin": {"type": "integer"}}, "required": ["$bin"]}
    return {"title": expression}


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

"""`surface.json`, loaded: methods, events, data classes and enums under the names that applications use."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

CLOUD: Final = "TRTCCloud"


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""The default of a field or parameter that has none."""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of a method, or a field of a data class. `type` is a TypeScript expression, as checked on the wire."""

    name: str
    type: str
    optional: bool = False
    default: Any = MISSING


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the cloud. `returns` is `void` for those that return nothing."""

    name: str
    params: tuple[Field, ...]
    returns: str
    group: str
    tier: int
    static: bool
    deprecated: bool


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the cloud, with the names and types of its arguments in their order."""

    name: str
    args: tuple[Field, ...]
    group: str
    deprecated: bool


@dataclass(frozen=True, slots=True)
class Surface:
    """Everything, by name, read-only."""

    version: str
    methods: Mapping[str, Method]
    events: Mapping[str, Event]
    classes: Mapping[str, tuple[Field, ...]]
    enums: Mapping[str, Mapping[str, int | str]]
    resolutions: Mapping[int, tuple[int, int, int, int]]
    """value → width, height, recommended kbps in calls, recommended kbps in live rooms."""


def _field(raw: Mapping[str, Any]) -> Field:
    return Field(
        raw["name"],
        raw.get("wire", raw["type"]),
        raw.get("optional", False),
        raw.get("default", MISSING),
    )


def _fields(raw: list[Mapping[str, Any]]) -> tuple[Field, ...]:
    return tuple(_field(entry) for entry in raw)


def _method(raw: Mapping[str, Any]) -> Method:
    return Method(
        raw["name"],
        _fields(raw["params"]),
        raw["returns"],
        raw["group"],
        raw["tier"],
        raw.get("static", False),
        raw.get("deprecated", False),
    )


def document() -> dict[str, Any]:
    """The raw data, for generators; a fresh copy per call."""
    text = resources.files(__package__).joinpath("surface.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def surface() -> Surface:
    """The surface of the cloud class, loaded once per process."""
    raw = document()
    return Surface(
        version=raw["version"],
        methods=MappingProxyType(
            {m["name"]: _method(m) for m in raw["methods"] if m["class"] == CLOUD and m.get("kind") != "constructor"}
        ),
        events=MappingProxyType(
            {
                e["name"]: Event(e["name"], _fields(e["args"]), e["group"], e.get("deprecated", False))
                for e in raw["events"]
                if e["class"] == CLOUD
            }
        ),
        classes=MappingProxyType({name: _fields(c["fields"]) for name, c in raw["classes"].items() if "fields" in c}),
        enums=MappingProxyType({name: MappingProxyType(e["values"]) for name, e in raw["enums"].items()}),
        resolutions=MappingProxyType(
            {r["value"]: (r["width"], r["height"], r["callKbps"], r["liveKbps"]) for r in raw["videoResolutions"]}
        ),
    )

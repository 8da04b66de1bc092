"""Turns the plain objects of the wire into the surface's data classes.

What does not have the shape that the surface gives it is left as it came: the client reads, it does not validate.
"""

import dataclasses
from collections.abc import Callable
from functools import cache
from typing import Any

from pybackend.spec import structs_generated
from pybackend.spec.surface import surface

Revive = Callable[[Any], Any]


def _unchanged(value: Any) -> Any:
    return value


def _array(item: Revive) -> Revive:
    return lambda value: [item(entry) for entry in value] if isinstance(value, list) else value


def _struct(kind: Any) -> Revive:
    fields = {field.name: revival(field.type) for field in surface().classes[kind.__name__]}
    required = {
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }

    def revive(value: Any) -> Any:
        if not isinstance(value, dict) or not required <= value.keys():
            return value
        return kind(**{name: fields[name](entry) for name, entry in value.items() if name in fields})

    return revive


@cache
def revival(expression: str) -> Revive:
    """What revives values of a type of the surface."""
    for member in expression.split(" | "):
        item = member.removesuffix("[]") if member.endswith("[]") else member.removeprefix("Array<").removesuffix(">")
        if (kind := getattr(structs_generated, item, None)) and item in surface().classes:
            return _struct(kind) if item == member else _array(_struct(kind))
    return _unchanged


@cache
def _of_event(name: str) -> tuple[Revive, ...]:
    event = surface().events.get(name)
    return tuple(revival(arg.type) for arg in event.args) if event else ()


def event_args(name: str, args: list[Any]) -> tuple[Any, ...]:
    """The arguments of an event as its listeners get them."""
    revivals = _of_event(name)
    return tuple(revivals[index](arg) if index < len(revivals) else arg for index, arg in enumerate(args))


def result(method: str, value: Any) -> Any:
    """The result of a method as its caller gets it."""
    known = surface().methods.get(method)
    return revival(known.returns)(value) if known else value

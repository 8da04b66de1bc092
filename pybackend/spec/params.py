"""Binds the `params` of a JSON-RPC call to a method of the surface."""

from collections.abc import Callable
from functools import cache
from typing import Any

from .control import CONTROL
from .surface import Method, surface
from .types import BadType, Check, compile_type, default_of

Bind = Callable[[Any], tuple[int, list[Any]]]


def _by_name(method: Method, params: dict[str, Any]) -> tuple[int, list[Any]]:
    known = {param.name for param in method.params}
    for name in params:
        if name not in known and name != "cloud":
            raise BadType(name, f"no parameter of {method.name}, which takes {', '.join(sorted(known)) or 'none'},")
    cloud = params.get("cloud", 0)
    if isinstance(cloud, bool) or not isinstance(cloud, int):
        raise BadType("cloud", "integer")
    return cloud, [params.get(param.name) for param in method.params]


def _by_position(method: Method, params: list[Any]) -> tuple[int, list[Any]]:
    if len(params) > len(method.params):
        raise BadType(f"params[{len(method.params)}]", f"at most {len(method.params)} parameters")
    return 0, params + [None] * (len(method.params) - len(params))


@cache
def binder(name: str) -> Bind:
    """The function that turns `params` into the cloud's number and the arguments in order; it raises BadType."""
    return make_binder(CONTROL.get(name) or surface().methods[name])


def make_binder(method: Method) -> Bind:
    """`binder` of any method."""
    checks: list[Check] = [compile_type(param.type) for param in method.params]

    def bind(params: Any) -> tuple[int, list[Any]]:
        if params is None:
            params = {}
        if isinstance(params, dict):
            cloud, values = _by_name(method, params)
        elif isinstance(params, list):
            cloud, values = _by_position(method, params)
        else:
            raise BadType("params", "object or array")
        for index, param in enumerate(method.params):
            if values[index] is None and param.optional:
                values[index] = default_of(param)
            else:
                values[index] = checks[index](values[index], param.name)
        return cloud, values

    return bind

"""The methods beside the surface: greeting, events, diagnostics. Described like those of the surface."""

from types import MappingProxyType
from typing import Final

from .surface import Field, Method

PROTOCOL: Final = 1
"""The version of the RPC that `hello` agrees on."""

LEASE_S: Final = 5.0

_DESCRIBED: Final = (
    (
        "hello",
        "object",
        (
            Field("client", "string"),
            Field("protocol", "number"),
            Field("owner", "boolean", True, False),
            Field("lease_s", "number", True, LEASE_S),
        ),
    ),
    ("on", "null", (Field("event", "string"),)),
    ("off", "null", (Field("event", "string"),)),
    ("events.replay", "object", (Field("since", "number"),)),
    ("ping", "string", ()),
    ("diagnostics", "object", ()),
    ("rpc.discover", "object", ()),
)

CONTROL: Final = MappingProxyType(
    {
        name: Method(name, params, returns, "rpc", 0, static=False, deprecated=False)
        for name, returns, params in _DESCRIBED
    }
)

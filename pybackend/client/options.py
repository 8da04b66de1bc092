"""How the client introduces itself, what it proves itself with, and how long it waits for what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

UNSENT: Final = 1000
"""Calls that may wait for the connection to come back; more are refused."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds."""

    connect: float = 10.0
    """From the attempt to connect until the backend has introduced itself."""
    call: float = 10.0


@dataclass(frozen=True, slots=True)
class Options:
    """`client` is a label for logs. An `owner` keeps its lease by pings; when it falls silent, its rooms are left."""

    client: str = "python"
    owner: bool = False
    lease_s: float = 5.0
    events: bool = True
    """Whether events are wanted at all."""
    deadlines: Deadlines = field(default_factory=Deadlines)


@dataclass(frozen=True, slots=True)
class Auth:
    """Credentials for one backend. `keys` is the client's own CURVE pair, public and secret, in Z85."""

    mechanism: str = "NULL"
    username: str = ""
    password: str = field(default="", repr=False)
    server_key: str = ""
    keys: tuple[str, str] | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, ready: "Auth | Mapping[str, Any] | None", keys: tuple[str, str] | None = None) -> "Auth":
        """From the ready line's `auth`; raises ValueError for what is none."""
        if isinstance(ready, Auth):
            return ready
        values = {"mechanism": "NULL"} | dict(ready or {})
        known = {"mechanism", "username", "password", "server_key"}
        if not values.keys() <= known or not all(isinstance(value, str) for value in values.values()):
            raise ValueError(f"auth is an object of {', '.join(sorted(known))}, all strings")
        if values["mechanism"] not in {"NULL", "PLAIN", "CURVE"}:
            raise ValueError(f"unknown mechanism {values['mechanism']}")
        if values["mechanism"] == "CURVE" and keys is None:
            raise ValueError("CURVE needs the client's own keys, which the backend was told at its start")
        return cls(**values, keys=keys)

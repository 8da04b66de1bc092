"""Events as they arrive."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .revive import event_args


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One event of one cloud.

    `args` are the SDK's arguments in its order, data classes revived. `seq` counts up by one per backend, `session` is
    the stay in a room that it belongs to, `ts` is Unix milliseconds. `detail` says more than the SDK's integers do
    (`{"cause": "banned"}`).
    """

    name: str
    args: tuple[Any, ...] = ()
    cloud: int = 0
    seq: int = 0
    session: str | None = None
    ts: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, message: Any) -> "CloudEvent":
        """From a notification; raises ValueError if it is none."""
        name, params = (message.get("method"), message.get("params")) if isinstance(message, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(params, dict):
            raise ValueError("neither a response nor an event")
        seq, cloud, args = params.get("seq"), params.get("cloud", 0), params.get("args")
        if type(seq) is not int or type(cloud) is not int or not isinstance(args, list):
            raise ValueError(f"{name} without seq, cloud or args")
        detail = params.get("detail")
        return cls(
            name,
            event_args(name, args),
            cloud,
            seq,
            params.get("session"),
            params.get("ts", 0),
            detail if isinstance(detail, dict) else {},
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """Events that are lost for good: the backend no longer has all those after number `since` up to `until`."""

    since: int
    until: int

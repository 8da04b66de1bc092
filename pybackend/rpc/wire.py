"""Messages as ZeroMQ frames: JSON first, then binary values, which the JSON names as `{"$bin": i}`."""

from collections.abc import Sequence
from typing import Any

import orjson


def encode(message: Any) -> list[bytes]:
    """The frames of a message; bytes anywhere in it become frames of their own."""
    binaries: list[bytes] = []

    def outsource(value: Any) -> dict[str, int]:
        if not isinstance(value, bytes | bytearray | memoryview):
            raise TypeError(f"{type(value).__name__} cannot be sent")
        binaries.append(bytes(value))
        return {"$bin": len(binaries)}

    return [orjson.dumps(message, default=outsource, option=orjson.OPT_NON_STR_KEYS), *binaries]


def decode(frames: Sequence[bytes]) -> Any:
    """The message; raises ValueError for what is not JSON, or names a frame that is not there."""
    message = orjson.loads(frames[0])
    return _insource(message, frames) if len(frames) > 1 and isinstance(message, dict) else message


def _insource(value: Any, frames: Sequence[bytes]) -> Any:
    if isinstance(value, list):
        return [_insource(item, frames) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$bin"}:
        index = value["$bin"]
        if not isinstance(index, int) or not 1 <= index < len(frames):
            raise ValueError("$bin names a frame that is not there")
        return frames[index]
    return {key: _insource(item, frames) for key, item in value.items()}

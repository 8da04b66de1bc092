"""JSON-RPC messages to ZeroMQ frames and back. Binary values travel as frames of their own, `{"$bin": i}` in the JSON."""

from collections.abc import Sequence
from typing import Any

import orjson


def encode(message: Any) -> list[bytes]:
    """The frames of a message. Data classes, enums and bytes are fine; raises TypeError for what JSON cannot say."""
    frames = [b""]

    def binary(value: Any) -> dict[str, int]:
        if not isinstance(value, bytes | bytearray | memoryview):
            raise TypeError(f"{type(value).__name__} cannot be sent")
        if isinstance(message, list):
            raise TypeError("a batch carries no binary values")
        frames.append(bytes(value))
        return {"$bin": len(frames) - 1}

    frames[0] = orjson.dumps(message, default=binary, option=orjson.OPT_SERIALIZE_NUMPY)
    return frames


def _filled(value: Any, frames: Sequence[bytes]) -> Any:
    if isinstance(value, list):
        return [_filled(entry, frames) for entry in value]
    if not isinstance(value, dict):
        return value
    index = value.get("$bin")
    if len(value) == 1 and isinstance(index, int) and 0 < index < len(frames):
        return frames[index]
    return {name: _filled(entry, frames) for name, entry in value.items()}


def decode(frames: Sequence[bytes]) -> Any:
    """The message; raises ValueError for what is not JSON."""
    message = orjson.loads(frames[0])
    return _filled(message, frames) if len(frames) > 1 else message

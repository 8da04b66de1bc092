"""One clock for every time stamp of a process: Unix time, but as steady as the monotonic clock.

It is read from the system once, at import, and counts on by the monotonic clock: a wall clock that is set while a call
runs moves no picture and reorders no event.
"""

import time
from typing import Final

_ORIGIN_NS: Final = time.time_ns() - time.monotonic_ns()


def now_us() -> int:
    """Microseconds since 1970."""
    return (_ORIGIN_NS + time.monotonic_ns()) // 1000


def now_ms() -> int:
    """Milliseconds since 1970."""
    return (_ORIGIN_NS + time.monotonic_ns()) // 1_000_000

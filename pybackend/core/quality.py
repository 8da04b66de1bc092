"""TRTCQuality from what is measured: the worst of loss and delay decides."""

from typing import Final

UNKNOWN: Final = 0
DOWN: Final = 6

_STEPS: Final = (
    # quality, loss up to (percent), round trip up to (ms)
    (1, 1.0, 100.0),
    (2, 3.0, 200.0),
    (3, 8.0, 400.0),
    (4, 15.0, 800.0),
    (5, 40.0, 2000.0),
)


def quality(loss_percent: float, rtt_ms: float) -> int:
    """1 (excellent) to 6 (down)."""
    for grade, most_loss, most_rtt in _STEPS:
        if loss_percent <= most_loss and rtt_ms <= most_rtt:
            return grade
    return DOWN

"""Loudness as TRTC reports it, 0 to 100."""

from typing import Any, Final

import numpy as np

_QUIETEST_DB: Final = 60.0
"""dB below full scale that count as silence."""


def level(samples: Any) -> int:
    """The loudness of 16-bit samples (a buffer or an int16 array): 0 is silence (-60 dBFS and less), 100 full scale."""
    values = (
        samples if isinstance(samples, np.ndarray) and samples.dtype == np.int16 else np.frombuffer(samples, np.int16)
    )
    if not values.size:
        return 0
    flat = values.ravel().astype(np.float32)
    power = float(np.dot(flat, flat)) / flat.size / 32768.0**2
    if power <= 0.0:
        return 0
    return round(100 * min(1.0, max(0.0, 1.0 + 10.0 * float(np.log10(power)) / _QUIETEST_DB)))

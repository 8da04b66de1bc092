"""How long to wait before the next attempt to reach the room service."""

import random
from collections.abc import Callable
from typing import Final, Protocol

DELAYS: Final = (0.0, 0.3, 1.2, 2.7, 4.8)
LATER: Final = 5.0
JITTER: Final = 0.2


class ReconnectPolicy(Protocol):
    """Decides on the pause before attempt `attempt` (0 is the first), in seconds."""

    def delay(self, attempt: int) -> float: ...


class Backoff:
    """Quick at first, then every five seconds, spread a little so that a whole room does not come back at once."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance

    def delay(self, attempt: int) -> float:
        """Seconds before the attempt; only the first ones are exact."""
        if attempt < len(DELAYS):
            return DELAYS[attempt]
        return LATER * (1 + JITTER * (2 * self._chance() - 1))

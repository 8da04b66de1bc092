"""Calls that wait for their answers. Each gets one outcome: a result, or an exception as a value."""

import asyncio
import itertools
from collections.abc import Container, Mapping
from typing import Any

from .errors import ClientError, RpcError

Outcome = asyncio.Future[Any]


class Outstanding:
    """By the number of the call."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._outcomes: dict[int, Outcome] = {}

    def open(self) -> tuple[int, Outcome]:
        """A number for a new call, and where its outcome will be."""
        number = next(self._numbers)
        outcome = self._outcomes[number] = asyncio.get_running_loop().create_future()
        return number, outcome

    def settle(self, answer: Mapping[str, Any]) -> bool:
        """Takes a response; False if nobody waits for it (any more)."""
        number = answer.get("id")
        outcome = self._outcomes.pop(number, None) if isinstance(number, int) else None
        if outcome is None or outcome.done():
            return False
        error = answer.get("error")
        if isinstance(error, dict):
            outcome.set_result(RpcError(error.get("code", 0), str(error.get("message", "")), error.get("data")))
        else:
            outcome.set_result(answer.get("result"))
        return True

    def drop(self, number: int) -> None:
        """Nobody waits any more."""
        self._outcomes.pop(number, None)

    def fail(self, error: ClientError, spared: Container[int] = ()) -> None:
        """No answer will come, except to those spared."""
        for number, outcome in list(self._outcomes.items()):
            if number not in spared and not outcome.done():
                outcome.set_result(error)

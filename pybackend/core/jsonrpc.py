"""JSON-RPC 2.0 messages as dicts, and the table of requests that wait for an answer. For links that ask in both directions."""

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any


class RemoteError(Exception):
    """The other side answered with an error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    @property
    def cause(self) -> str:
        """The stable word of the error's data, or nothing."""
        found = self.data.get("cause", "") if isinstance(self.data, dict) else ""
        return found if isinstance(found, str) else ""


def request(number: int, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """A call that wants an answer."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def notification(method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """A call that wants none."""
    return {"jsonrpc": "2.0", "method": method, "params": params}


def result(number: Any, value: Any) -> dict[str, Any]:
    """The answer to a call."""
    return {"jsonrpc": "2.0", "id": number, "result": value}


def error(number: Any, code: int, message: str, data: Any = None) -> dict[str, Any]:
    """The answer to a call that failed; `data` is left out when there is none."""
    body = {"code": code, "message": message} | ({} if data is None else {"data": data})
    return {"jsonrpc": "2.0", "id": number, "error": body}


class Pending:
    """Requests on their way. Whatever happens to the link, every one of them is answered or failed."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    def open(self) -> tuple[int, asyncio.Future[Any]]:
        """A number for a new request, and what will hold its answer."""
        number = next(self._numbers)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        future.add_done_callback(lambda _: self._waiting.pop(number, None))
        return number, future

    def settle(self, message: Mapping[str, Any]) -> None:
        """Takes a response; one that nobody waits for any more is ignored."""
        number = message.get("id")
        future = self._waiting.get(number) if isinstance(number, int) else None
        if future is None or future.done():
            return
        if isinstance(failure := message.get("error"), dict):
            future.set_exception(
                RemoteError(failure.get("code", 0), str(failure.get("message", "")), failure.get("data"))
            )
        else:
            future.set_result(message.get("result"))

    def fail_all(self, reason: Exception) -> None:
        """The link is gone: nobody waits in vain."""
        for future in list(self._waiting.values()):
            if not future.done():
                future.set_exception(reason)
                future.exception()

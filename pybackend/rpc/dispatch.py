"""JSON-RPC requests to method calls, by jsonrpcserver. The only module that knows it.

Its defaults are replaced where they are slow (a JSON schema per request) or tell too much (exception texts in errors).
Params reach a method as they came, as one argument: binding them is the surface's own business.
"""

import inspect
import logging
import warnings
from collections.abc import Callable
from typing import Any, Final

from pybackend.spec.types import BadType

with warnings.catch_warnings():  # 5.0.9 reads its schema by a function of importlib that is deprecated
    warnings.simplefilter("ignore", DeprecationWarning)
    from jsonrpcserver import Success, dispatch_to_response
    from jsonrpcserver.exceptions import JsonRpcError
    from jsonrpcserver.response import to_serializable_one

logger: Final = logging.getLogger(__name__)

INVALID_PARAMS: Final = -32602
NO_SUCH_CLOUD: Final = -32010
WRONG_PROTOCOL: Final = -32011

_TEXTS: Final = {
    -32700: "Parse error",
    -32600: "Invalid Request",
    -32601: "Method not found",
    -32603: "Internal error",
    -32000: "Server error",
}
"""Errors of the library's own making: their texts are these, and they carry no data."""

_SIGNATURE: Final = inspect.Signature(
    [
        inspect.Parameter("context", inspect.Parameter.POSITIONAL_ONLY),
        inspect.Parameter("params", inspect.Parameter.POSITIONAL_ONLY),
    ]
)

Function = Callable[[Any, Any], Any]
"""Called with the connection and the raw params; returns the result. May raise RpcFailure or BadType."""


class RpcFailure(Exception):
    """A call that ends with an error of our own."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


def method(function: Function) -> Callable[..., Any]:
    """A function as jsonrpcserver wants it."""

    def wrapped(context: Any, params: Any) -> Any:
        try:
            return Success(function(context, params))
        except BadType as bad:
            raise JsonRpcError(INVALID_PARAMS, f"Invalid params: {bad}", {"field": bad.field}) from None
        except RpcFailure as failure:
            raise JsonRpcError(failure.code, failure.message, failure.data) from None

    wrapped.__signature__ = _SIGNATURE  # type: ignore[attr-defined]
    return wrapped


def _prepared(message: Any) -> Any:
    """Params become one argument, whatever they are."""
    if isinstance(message, dict):
        return {**message, "params": [message.get("params")]}
    return message


def _valid(message: Any) -> Any:
    """A request or a notification as JSON-RPC 2.0 has it, apart from its params."""
    number = message.get("id")
    if (
        message.get("jsonrpc") != "2.0"
        or not isinstance(message.get("method"), str)
        or isinstance(number, bool)
        or not isinstance(number, str | int | float | None)
    ):
        raise ValueError
    return message


def _sanitized(response: dict[str, Any]) -> dict[str, Any]:
    if "error" in response and (text := _TEXTS.get(response["error"]["code"])) is not None:
        response["error"] = {"code": response["error"]["code"], "message": text}
    return response


def error(code: int) -> dict[str, Any]:
    """The answer to what is not even a request."""
    return {"jsonrpc": "2.0", "error": {"code": code, "message": _TEXTS[code]}, "id": None}


def dispatch(message: Any, methods: dict[str, Any], context: Any) -> Any:
    """The answer to a request or a batch; None when nobody wants one. A batch is carried out in its order."""
    if isinstance(message, list):
        if not message:
            return error(-32600)
        answers = [dispatch(item, methods, context) if isinstance(item, dict) else error(-32600) for item in message]
        return [answer for answer in answers if answer is not None] or None
    if not isinstance(message, dict):
        return error(-32600)
    response: Any = dispatch_to_response(
        message,  # type: ignore[arg-type]  # parsed already; any deserializer of ours takes it
        methods,
        context=context,
        deserializer=_prepared,
        validator=_valid,
        post_process=to_serializable_one,
    )
    return None if response is None else _sanitized(response)

"""The server API over HTTP. Two traps of the official SDKs shape every answer.

Errors are HTTP 200, or the SDKs lose their code; and the content type is `application/json` without a charset, or the
Python SDK takes an error for a success.
"""

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiohttp import web

from pybackend.core.ratelimit import RateLimit

from .actions import ACTIONS, Action
from .control import RoomControl
from .errors import ApiError, Code
from .fields import from_query
from .tc3 import Signed, verify

logger: Final = logging.getLogger(__name__)

VERSION: Final = "2019-07-22"


@dataclass(frozen=True, slots=True)
class AdminPolicy:
    """Limits: seconds, calls per second of one action by one SecretId, bytes."""

    window_s: float = 300.0
    calls_per_s: float = 20.0
    burst: int = 20
    max_body: int = 10 * 1024 * 1024
    max_query: int = 32 * 1024


class _Api:
    """Takes requests apart, checks them, and has the action carried out."""

    def __init__(
        self, control: RoomControl, keys: Mapping[str, str], clock: Callable[[], float], policy: AdminPolicy
    ) -> None:
        self._control = control
        self._keys = keys
        self._clock = clock
        self._policy = policy
        self._limits: dict[tuple[str, str], RateLimit] = {}

    async def handle(self, request: web.Request) -> web.Response:
        """The aiohttp handler: every outcome is an HTTP 200 with a RequestId."""
        request_id = str(uuid.uuid4())
        content: dict[str, Any] = {}
        try:
            await self._carry_out(request)
        except ApiError as error:
            logger.info("%s: %s: %s", request_id, error.code, error)
            content["Error"] = {"Code": error.code, "Message": str(error)}
        except Exception:
            logger.exception("%s: failed", request_id)
            content["Error"] = {
                "Code": Code.INTERNAL_ERROR,
                "Message": "internal error; see the log of the room service",
            }
        content["RequestId"] = request_id
        return web.Response(body=orjson.dumps({"Response": content}), content_type="application/json")

    async def _carry_out(self, request: web.Request) -> None:
        if request.method not in ("GET", "POST"):
            raise ApiError(Code.UNSUPPORTED_PROTOCOL, f"{request.method}: only POST and GET")
        query, body = request.raw_path.partition("?")[2], await self._body(request)
        if request.method == "GET" and len(query) > self._policy.max_query:
            raise ApiError(Code.REQUEST_SIZE_LIMIT_EXCEEDED, f"query: at most {self._policy.max_query} bytes")
        signed = Signed(request.method, query, request.headers, body)
        secret_id = verify(signed, self._keys, self._clock(), self._policy.window_s)
        name, version = (_header(request, header) for header in ("X-TC-Action", "X-TC-Version"))
        if version != VERSION:
            raise ApiError(Code.NO_SUCH_VERSION, f"X-TC-Version: {version[:32]!r}; there is {VERSION}")
        if name not in ACTIONS:
            raise ApiError(Code.INVALID_ACTION, f"X-TC-Action: {name[:64]!r}; there are {', '.join(ACTIONS)}")
        self._limit(secret_id, name)
        await ACTIONS[name].carry_out(self._control, _parameters(request, ACTIONS[name], query, body))

    async def _body(self, request: web.Request) -> bytes:
        try:
            return await request.clone(client_max_size=self._policy.max_body).read()
        except web.HTTPRequestEntityTooLarge:
            raise ApiError(Code.REQUEST_SIZE_LIMIT_EXCEEDED, f"body: at most {self._policy.max_body} bytes") from None

    def _limit(self, secret_id: str, action: str) -> None:
        policy = self._policy
        limit = self._limits.get((secret_id, action))
        if limit is None:
            limit = self._limits[secret_id, action] = RateLimit(rate=policy.calls_per_s, burst=policy.burst)
        if not limit.take():
            raise ApiError(Code.REQUEST_LIMIT_EXCEEDED, f"{action}: at most {policy.calls_per_s:g} calls per second")


def _header(request: web.Request, name: str) -> str:
    if not (value := request.headers.get(name, "")):
        raise ApiError(Code.MISSING_PARAMETER, f"{name}: this header is missing")
    return value


def _parameters(request: web.Request, action: Action, query: str, body: bytes) -> dict[str, Any]:
    if request.method == "GET":
        return from_query(query, action.fields)
    if request.content_type != "application/json":
        raise ApiError(Code.UNSUPPORTED_PROTOCOL, f"Content-Type: application/json, not {request.content_type[:64]!r}")
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise ApiError(Code.INVALID_PARAMETER, "body: a JSON object with the parameters of the action")
    return given


def admin_routes(
    control: RoomControl,
    keys: Mapping[str, str],
    *,
    clock: Callable[[], float] = time.time,
    policy: AdminPolicy = AdminPolicy(),
) -> list[web.RouteDef]:
    """The server API at `/`. `keys` maps SecretId to SecretKey; `clock` tells seconds since 1970."""
    return [web.route("*", "/", _Api(control, keys, clock, policy).handle)]

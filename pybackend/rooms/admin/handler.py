"""The server API over HTTP: `/`, POST with JSON or GET with a query. Whatever happens is HTTP 200 with a RequestId."""

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from aiohttp import web

from pybackend.core.ratelimit import RateLimit

from .actions import ACTIONS, Action, RoomControl
from .errors import ApiError, Code
from .params import checked, from_body, from_query
from .tc3 import SignaturePolicy, Signed, Verifier

logger: Final = logging.getLogger(__name__)

VERSION: Final = "2019-07-22"


@dataclass(frozen=True, slots=True)
class AdminPolicy:
    """Limits. `rate` is calls per second, per key and action; sizes are in bytes, of the query and of the body.

    The web server has limits of its own, which have to be no smaller: aiohttp's `max_line_size` and `client_max_size`.
    """

    rate: float = 20.0
    max_query: int = 32 * 1024
    max_body: int = 10 * 1024 * 1024
    signatures: SignaturePolicy = field(default_factory=SignaturePolicy)


def admin_routes(
    control: RoomControl,
    keys: Mapping[str, str],
    *,
    clock: Callable[[], float] = time.time,
    policy: AdminPolicy | None = None,
) -> list[web.RouteDef]:
    """The routes of the server API. `keys` maps SecretId to SecretKey; `clock` is Unix time in seconds."""
    return [web.route("*", "/", _Api(control, keys, clock, policy or AdminPolicy()).handle)]


class _Api:
    def __init__(
        self, control: RoomControl, keys: Mapping[str, str], clock: Callable[[], float], policy: AdminPolicy
    ) -> None:
        self._control = control
        self._policy = policy
        self._verifier = Verifier(keys, clock, policy.signatures)
        self._limits = {
            (key, action): RateLimit(rate=policy.rate, burst=policy.rate) for key in keys for action in ACTIONS
        }

    async def handle(self, request: web.Request) -> web.Response:
        """One call. The content type has no charset: Tencent's Python SDK takes an error for a success if it has one."""
        number = str(uuid.uuid4())
        answer: dict[str, Any] = {"RequestId": number}
        try:
            await self._call(request)
        except ApiError as error:
            answer["Error"] = {"Code": error.code, "Message": error.text}
        except Exception:
            logger.exception("server API: request %s failed", number)
            answer["Error"] = {"Code": Code.INTERNAL_ERROR, "Message": "internal error; the service's log has more"}
        return web.Response(body=orjson.dumps({"Response": answer}), content_type="application/json")

    async def _call(self, request: web.Request) -> None:
        if request.method not in ("GET", "POST"):
            raise ApiError(Code.UNSUPPORTED_PROTOCOL, f"{request.method}: only POST and GET are served")
        query = request.raw_path.partition("?")[2]
        if len(query) > self._policy.max_query:
            raise ApiError(Code.REQUEST_SIZE, f"the query is longer than {self._policy.max_query} bytes")
        claim = self._verifier.examine(request.headers)
        body = await self._body(request)
        self._verifier.check(claim, Signed(request.method, query, request.headers), body)
        name = request.headers.get("X-TC-Action", "")
        action = self._action(name, request)
        if not self._limits[claim.secret_id, name].take():
            raise ApiError(Code.REQUEST_LIMIT, f"{name}: more than {self._policy.rate:g} calls a second")
        given = from_query(query, action.fields) if request.method == "GET" else from_body(body)
        await action.run(self._control, checked(given, action.fields))

    async def _body(self, request: web.Request) -> bytes:
        if request.method == "GET":
            return b""
        if request.content_type != "application/json":
            raise ApiError(Code.UNSUPPORTED_PROTOCOL, "Content-Type: a POST has to be application/json")
        limit = self._policy.max_body
        try:
            body = await request.read() if (request.content_length or 0) <= limit else None
        except web.HTTPRequestEntityTooLarge:
            body = None
        if body is None or len(body) > limit:
            raise ApiError(Code.REQUEST_SIZE, f"the body is longer than {limit} bytes")
        return body

    @staticmethod
    def _action(name: str, request: web.Request) -> Action:
        version = request.headers.get("X-TC-Version", "")
        for header, value in (("X-TC-Action", name), ("X-TC-Version", version)):
            if not value:
                raise ApiError(Code.MISSING_PARAMETER, f"{header}: is required")
        if version != VERSION:
            raise ApiError(Code.NO_SUCH_VERSION, f"X-TC-Version: {version[:32]} is not served, {VERSION} is")
        if name not in ACTIONS:
            raise ApiError(Code.INVALID_ACTION, f"X-TC-Action: {name[:64]} is none of {', '.join(ACTIONS)}")
        return ACTIONS[name]

"""The server API by hand: other ways of signing than the Python SDK's, and requests that nobody sane sends."""

import hashlib
import hmac
import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from pybackend.rooms.admin import AdminPolicy
from tests.rooms.admin.caller import APP, ID, KEY, NUMBER_ROOM, Service, serving

DISMISS = json.dumps({"SdkAppId": APP, "RoomId": 123}).encode()


@dataclass
class Call:
    """A signed request, written down from the description of the algorithm; every part can be made wrong."""

    body: bytes = DISMISS
    method: str = "POST"
    query: str = ""
    action: str = "DismissRoom"
    content_type: str = "application/json"
    service: str = "trtc"
    signed_host: str = "127.0.0.1"
    signed: tuple[str, ...] = ("content-type", "host")
    lower_case: bool = False
    payload: bytes | None = None
    """What is signed in place of the body."""
    at: float | None = None
    """Unix time; now, by default."""
    date: str = ""
    change: Mapping[str, str | None] = field(default_factory=dict)
    """Headers that are replaced, or left out, after signing."""

    def headers(self) -> dict[str, str]:
        at = int(time.time() if self.at is None else self.at)
        headers = {
            "Content-Type": self.content_type,
            "X-TC-Action": self.action,
            "X-TC-Version": "2019-07-22",
            "X-TC-Timestamp": str(at),
        }
        headers["Authorization"] = self._authorization(
            at, {"host": self.signed_host} | {k.lower(): v for k, v in headers.items()}
        )
        changed = headers | dict(self.change)
        return {name: value for name, value in changed.items() if value is not None}

    def _authorization(self, at: int, values: Mapping[str, str]) -> str:
        date = self.date or datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
        lines = "".join(f"{name}:{values[name].lower() if self.lower_case else values[name]}\n" for name in self.signed)
        payload = self.body if self.payload is None else self.payload
        request = (
            f"{self.method}\n/\n{self.query}\n{lines}\n{';'.join(self.signed)}\n{hashlib.sha256(payload).hexdigest()}"
        )
        scope = f"{date}/{self.service}/tc3_request"
        text = f"TC3-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        key = f"TC3{KEY}".encode()
        for part in (date, self.service, "tc3_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        signed = ";".join(self.signed)
        return f"TC3-HMAC-SHA256 Credential={ID}/{scope}, SignedHeaders={signed}, Signature={signature}"

    async def to(self, service: Service) -> dict[str, Any]:
        """The content of `Response`, after a look at what holds for every answer."""
        url = f"http://127.0.0.1:{service.port}/" + (f"?{self.query}" if self.query else "")
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                self.method, url, data=io.BytesIO(self.body) if self.body else None, headers=self.headers()
            ) as answer,
        ):
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "application/json"
            response = (await answer.json())["Response"]
            assert response["RequestId"]
            assert isinstance(response, dict)
            return response

    async def refused(self, service: Service) -> str:
        """The error code."""
        response = await self.to(service)
        assert not service.rooms.asked
        code = response["Error"]["Code"]
        assert isinstance(code, str)
        return code


@pytest.mark.parametrize("scope", ["127", "localhost:18080", "trtc"])
async def test_as_node_signs(service: Service, scope: str) -> None:
    """Node signs the host without port and names the service after its endpoint."""
    assert "Error" not in await Call(service=scope).to(service)
    assert service.rooms.asked == [("dismiss", NUMBER_ROOM)]


@pytest.mark.parametrize("lower_case", [False, True])
async def test_more_signed_headers(service: Service, lower_case: bool) -> None:
    """The action may be signed as well; the documented form has it in lower case."""
    signed = ("content-type", "host", "x-tc-action", "x-tc-timestamp")
    assert "Error" not in await Call(signed=signed, lower_case=lower_case).to(service)
    forged = Call(signed=signed, lower_case=lower_case, change={"X-TC-Action": "DissolveRoom"})
    service.rooms.asked.clear()
    assert await forged.refused(service) == "AuthFailure.SignatureFailure"


async def test_content_type_with_charset(service: Service) -> None:
    assert "Error" not in await Call(content_type="application/json; charset=utf-8").to(service)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (Call(payload=b"{}"), "AuthFailure.SignatureFailure"),
        (Call(signed_host="example.com"), "AuthFailure.SignatureFailure"),
        (Call(change={"Content-Type": "application/json; charset=utf-8"}), "AuthFailure.SignatureFailure"),
        (Call(query="a=1", change={}, payload=b"x"), "AuthFailure.SignatureFailure"),
        (Call(change={"Authorization": None}), "AuthFailure.InvalidAuthorization"),
        (Call(change={"Authorization": "Bearer x"}), "AuthFailure.InvalidAuthorization"),
        (Call(signed=("content-type",)), "AuthFailure.InvalidAuthorization"),
        (Call(signed=("host",)), "AuthFailure.InvalidAuthorization"),
        (Call(date="2019-07-22"), "AuthFailure.InvalidAuthorization"),
        (Call(at=0), "AuthFailure.SignatureExpire"),
        (Call(change={"X-TC-Timestamp": None}), "MissingParameter"),
        (Call(change={"X-TC-Timestamp": "soon"}), "InvalidParameter"),
        (Call(change={"X-TC-Action": None}), "MissingParameter"),
        (Call(change={"X-TC-Version": None}), "MissingParameter"),
        (Call(change={"X-TC-Version": "2016-01-01"}), "NoSuchVersion"),
        (Call(action="x" * 1000), "InvalidAction"),
        (Call(content_type="application/x-www-form-urlencoded"), "UnsupportedProtocol"),
        (Call(content_type="multipart/form-data; boundary=x"), "UnsupportedProtocol"),
        (Call(method="PUT"), "UnsupportedProtocol"),
        (Call(method="DELETE"), "UnsupportedProtocol"),
        (Call(body=b""), "InvalidParameter"),
        (Call(body=b"[]"), "InvalidParameter"),
        (Call(body=b"\xff"), "InvalidParameter"),
        (Call(body=b"[" * 100_000), "InvalidParameter"),
        (Call(body=b'{"SdkAppId":NaN}'), "InvalidParameter"),
        (Call(body=b'{"SdkAppId":null,"RoomId":1}'), "MissingParameter.SdkAppId"),
        (Call(body=b'{"SdkAppId":%d,"RoomId":%s}' % (APP, b"9" * 40)), "InvalidParameter.RoomId"),
        (Call(method="GET", body=b"", query="SdkAppId"), "InvalidParameter"),
        (
            Call(method="GET", body=b"", query="SdkAppId=1&" + "&".join(f"a{n}=1" for n in range(80))),
            "InvalidParameter",
        ),
    ],
)
async def test_refusals(service: Service, call: Call, code: str) -> None:
    assert await call.refused(service) == code


async def test_sizes(service: Service) -> None:
    """A long body or query is answered like any other mistake, not by a closed connection."""
    async with serving(policy=AdminPolicy(max_body=1000, max_query=1000), max_line=4000) as small:
        assert await Call(body=b" " * 1001).refused(small) == "RequestSizeLimitExceeded"
        assert await Call(method="GET", body=b"", query="a=" + "b" * 1000).refused(small) == "RequestSizeLimitExceeded"
        assert "Error" not in await Call(body=DISMISS.ljust(1000)).to(small)


async def test_large_body_within_the_limit(service: Service) -> None:
    """10 MB may be sent, more than aiohttp takes by itself."""
    assert "Error" not in await Call(body=DISMISS.ljust(2_000_000)).to(service)

"""A client of the server API: one signed POST (TC3-HMAC-SHA256), so that tests need no official SDK."""

import hashlib
import hmac
import json
import time
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

SERVICE: Final = "trtc"
VERSION: Final = "2019-07-22"
ALGORITHM: Final = "TC3-HMAC-SHA256"
CONTENT_TYPE: Final = "application/json"

DIRECT: Final = build_opener(ProxyHandler({}))
"""Opens URLs without any proxy that the environment names."""


class ActionFailed(Exception):
    """The server API answered with an error; `code` is its stable word."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def sign(secret_id: str, secret_key: str, host: str, body: bytes, now: int) -> str:
    """The Authorization header of a POST of `body` at Unix time `now`."""
    date = time.strftime("%Y-%m-%d", time.gmtime(now))
    scope = f"{date}/{SERVICE}/tc3_request"
    headers = f"content-type:{CONTENT_TYPE}\nhost:{host}\n"
    canonical = f"POST\n/\n\n{headers}\ncontent-type;host\n{hashlib.sha256(body).hexdigest()}"
    key = f"TC3{secret_key}".encode()
    for word in (date, SERVICE, "tc3_request"):
        key = _hmac(key, word)
    signature = _hmac(key, f"{ALGORITHM}\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}").hex()
    return f"{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders=content-type;host, Signature={signature}"


def call(
    url: str, secret_id: str, secret_key: str, action: str, fields: dict[str, Any], *, timeout: float = 10.0
) -> dict[str, Any]:
    """Carries out an action, directly (no proxy); gives back its `Response`, or raises ActionFailed."""
    body, now, host = json.dumps(fields).encode(), int(time.time()), urlsplit(url).netloc
    headers = {
        "Content-Type": CONTENT_TYPE,
        "Host": host,
        "Authorization": sign(secret_id, secret_key, host, body, now),
        "X-TC-Action": action,
        "X-TC-Version": VERSION,
        "X-TC-Timestamp": str(now),
        "X-TC-Region": "ap-guangzhou",
    }
    with DIRECT.open(Request(url, body, headers), timeout=timeout) as answer:
        response: dict[str, Any] = json.load(answer)["Response"]
    if error := response.get("Error"):
        raise ActionFailed(error["Code"], error["Message"])
    return response

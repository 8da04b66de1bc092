"""TC3-HMAC-SHA256: is a request signed by somebody who has the key?

The SDKs do not agree on two things. Node signs the host without its port, and takes for the service whatever stands
before the first dot of the endpoint; so the host is tried both ways and the service is the one that the caller names.
The documented form has header values in lower case, the SDKs sign them as they are; both are tried as well.

The action is not part of what the SDKs sign: over plain HTTP, who can read a request can send it again, with another
action, for five minutes. Plain HTTP is for loopback.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from .errors import ApiError, Code

_ALGORITHM: Final = "TC3-HMAC-SHA256"
_TERMINATOR: Final = "tc3_request"
_UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_ALWAYS_SIGNED: Final = frozenset({"content-type", "host"})

_AUTHORIZATION: Final = re.compile(
    rf"{_ALGORITHM} +Credential=(?P<id>[^/,\s]+)/(?P<date>\d{{4}}-\d\d-\d\d)/(?P<service>[^/,\s]+)/{_TERMINATOR}, *"
    r"SignedHeaders=(?P<headers>[^,\s]+), *Signature=(?P<signature>[0-9a-fA-F]{64})"
)


@dataclass(frozen=True, slots=True)
class Signed:
    """What of a request goes into its signature. `headers` looks names up without regard to case; `query` is as sent."""

    method: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def digests(self, names: list[str]) -> Iterator[str]:
        """The hashes of the canonical request, in each form that is in use."""
        unsigned = self.headers.get("X-TC-Content-SHA256") == _UNSIGNED
        payload = _UNSIGNED.encode() if unsigned else b"" if self.method == "GET" else self.body
        values = {name: self.headers.get(name, "").strip() for name in names}
        host = re.sub(r":\d+$", "", values["host"])
        for form in (values, values | {"host": host}):
            for lower in (False, True):
                lines = "".join(f"{name}:{value.lower() if lower else value}\n" for name, value in form.items())
                parts = [self.method, "/", self.query, lines, ";".join(names), hashlib.sha256(payload).hexdigest()]
                yield hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), hashlib.sha256)


def _moment(headers: Mapping[str, str], now: float, window_s: float) -> str:
    stamp = headers.get("X-TC-Timestamp", "")
    if not stamp:
        raise ApiError(Code.MISSING_PARAMETER, "X-TC-Timestamp: this header is missing")
    if not re.fullmatch(r"[0-9]{1,11}", stamp):
        raise ApiError(Code.INVALID_PARAMETER, f"X-TC-Timestamp: seconds since 1970, not {stamp[:32]!r}")
    if abs(now - int(stamp)) > window_s:
        raise ApiError(
            Code.SIGNATURE_EXPIRE,
            f"X-TC-Timestamp: {stamp} is more than {window_s:g} s away from the server's time, {int(now)}",
        )
    return stamp


def verify(request: Signed, keys: Mapping[str, str], now: float, window_s: float) -> str:
    """The secret id by which a request is signed; raises ApiError. `now` is in seconds since 1970."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        raise ApiError(
            Code.INVALID_AUTHORIZATION,
            f"Authorization: is {_ALGORITHM} Credential=…/date/service/{_TERMINATOR}, SignedHeaders=…, Signature=…",
        )
    names = found["headers"].lower().split(";")
    if not _ALWAYS_SIGNED.issubset(names):
        raise ApiError(Code.INVALID_AUTHORIZATION, "Authorization: SignedHeaders has to have content-type and host")
    stamp = _moment(request.headers, now, window_s)
    date = datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%d")
    if found["date"] != date:
        raise ApiError(
            Code.INVALID_AUTHORIZATION, f"Authorization: its date is not that of X-TC-Timestamp in UTC, {date}"
        )
    key = keys.get(found["id"])
    if key is None:
        raise ApiError(Code.SECRET_ID_NOT_FOUND, f"Authorization: there is no SecretId {found['id'][:64]}")
    derived = _hmac(_hmac(_hmac(f"TC3{key}".encode(), date), found["service"]), _TERMINATOR)
    scope = f"{date}/{found['service']}/{_TERMINATOR}"
    for digest in request.digests(names):
        expected = _hmac(derived, f"{_ALGORITHM}\n{stamp}\n{scope}\n{digest}").hex()
        if hmac.compare_digest(expected, found["signature"].lower()):
            return found["id"]
    raise ApiError(Code.SIGNATURE_FAILURE, "Authorization: the signature does not verify; check the SecretKey")

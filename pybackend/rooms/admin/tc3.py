"""TC3-HMAC-SHA256: who signed a request, and whether it is what was signed. No I/O.

Tencent's SDKs differ once their endpoint is `host:port`: Python signs the Host header as it is sent, Node signs it
without the port and names the text before the endpoint's first dot as the service. Both are accepted. When further
headers are signed, the documented form lower-cases their values; SDKs do not. Both are accepted, too.
"""

import hashlib
import hmac
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from .errors import ApiError, Code

_ALGORITHM: Final = "TC3-HMAC-SHA256"
_AUTHORIZATION: Final = re.compile(
    rf"{_ALGORITHM} +Credential=(?P<id>[^/,\s]+)/(?P<date>\d{{4}}-\d\d-\d\d)/(?P<service>[^/,\s]+)/tc3_request, *"
    r"SignedHeaders=(?P<headers>[A-Za-z0-9;\-]+), *Signature=(?P<signature>[0-9a-f]{64})",
    re.ASCII,
)
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
_PORT: Final = re.compile(r":\d+$")
UNSIGNED: Final = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True)
class SignaturePolicy:
    """`window_s`: how far a request's clock may be off, either way. `replays`: how many signatures are remembered so that
    none is accepted twice; 0 allows it (two equal calls within one second carry the same signature)."""

    window_s: float = 300.0
    replays: int = 0


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as far as the signature is concerned. `query` is as it came, still escaped; header names any case."""

    method: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """What the headers of a request claim: not verified yet."""

    secret_id: str
    date: str
    service: str
    signed_headers: str
    signature: str
    timestamp: str


def signature_of(claim: Claim, secret_key: str, canonical_request: str) -> str:
    """The signature that fits the request."""
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    scope = f"{claim.date}/{claim.service}/tc3_request"
    key = f"TC3{secret_key}".encode()
    for part in (claim.date, claim.service, "tc3_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    text = f"{_ALGORITHM}\n{claim.timestamp}\n{scope}\n{digest}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Verifier:
    """Knows the keys. `examine` looks at the headers alone, so that a stranger's body is never read; then `check`."""

    def __init__(self, keys: Mapping[str, str], clock: Callable[[], float], policy: SignaturePolicy) -> None:
        self._keys = keys
        self._clock = clock
        self._policy = policy
        self._seen: set[str] = set()
        self._seen_until: deque[tuple[float, str]] = deque()

    def examine(self, headers: Mapping[str, str]) -> Claim:
        """What the request claims; raises ApiError when that cannot be right whatever its body."""
        found = _AUTHORIZATION.fullmatch(headers.get("Authorization", "").strip())
        if found is None:
            raise ApiError(Code.INVALID_AUTHORIZATION, f"Authorization: missing, or not of the form of {_ALGORITHM}")
        timestamp = headers.get("X-TC-Timestamp", "")
        if not _TIMESTAMP.fullmatch(timestamp):
            raise ApiError(Code.MISSING_PARAMETER, "X-TC-Timestamp: missing, or not Unix seconds")
        claim = Claim(found["id"], found["date"], found["service"], found["headers"], found["signature"], timestamp)
        if claim.secret_id not in self._keys:
            raise ApiError(Code.SECRET_ID_NOT_FOUND, "Authorization: no such SecretId")
        if headers.get("X-TC-Token"):
            raise ApiError(Code.TOKEN_FAILURE, "X-TC-Token: there are no temporary keys here")
        if abs(self._clock() - int(timestamp)) > self._policy.window_s:
            raise ApiError(
                Code.SIGNATURE_EXPIRE,
                f"X-TC-Timestamp: more than {self._policy.window_s:g} seconds off; check the clocks",
            )
        if datetime.fromtimestamp(int(timestamp), UTC).strftime("%Y-%m-%d") != claim.date:
            raise ApiError(
                Code.SIGNATURE_FAILURE, "Authorization: the date in Credential is not that of X-TC-Timestamp"
            )
        names = claim.signed_headers.lower().split(";")
        if not {"content-type", "host"} <= set(names):
            raise ApiError(Code.INVALID_AUTHORIZATION, "Authorization: content-type and host have to be signed")
        return claim

    def check(self, claim: Claim, request: Signed, body: bytes) -> None:
        """Returns if the claim is true; raises ApiError otherwise."""
        expected = (
            signature_of(claim, self._keys[claim.secret_id], text) for text in _canonical_forms(claim, request, body)
        )
        if not any(hmac.compare_digest(signature, claim.signature) for signature in expected):
            raise ApiError(Code.SIGNATURE_FAILURE, "Authorization: the signature does not fit the request and the key")
        if self._policy.replays:
            self._refuse_replay(claim.signature)

    def _refuse_replay(self, signature: str) -> None:
        """A full memory refuses, rather than forget a signature that is still good."""
        now = self._clock()
        while self._seen_until and self._seen_until[0][0] < now:
            self._seen.discard(self._seen_until.popleft()[1])
        if signature in self._seen:
            raise ApiError(Code.SIGNATURE_FAILURE, "Authorization: this signature was used before")
        if len(self._seen) >= self._policy.replays:
            raise ApiError(Code.REQUEST_LIMIT, "too many calls: signatures cannot be remembered")
        self._seen.add(signature)
        self._seen_until.append((now + 2 * self._policy.window_s, signature))


def _canonical_forms(claim: Claim, request: Signed, body: bytes) -> Iterator[str]:
    """The same request in every form that an SDK may have signed."""
    payload = body if request.method == "POST" else b""
    if request.headers.get("X-TC-Content-SHA256") == UNSIGNED:
        payload = UNSIGNED.encode()
    hashed = hashlib.sha256(payload).hexdigest()
    query = request.query if request.method == "GET" else ""
    host = request.headers.get("Host", "")
    for signed_host in dict.fromkeys((host, _PORT.sub("", host))):
        headers = {
            name: signed_host if name.lower() == "host" else request.headers.get(name, "").strip()
            for name in claim.signed_headers.split(";")
        }
        for lowered in (False, True):
            lines = "".join(
                f"{name.lower()}:{value.lower() if lowered else value}\n" for name, value in headers.items()
            )
            yield f"{request.method}\n/\n{query}\n{lines}\n{claim.signed_headers}\n{hashed}"

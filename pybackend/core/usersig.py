"""UserSig: the signature by which an app's own server vouches for a user. Made and checked as Tencent's libraries do.

It is JSON, deflated, in base64 with three characters replaced. Its HMAC covers identifier, app, time, expiry and, if
there is one, a "userbuf". Everything read here comes from strangers: sizes are bounded before anything is unpacked.
"""

import hashlib
import hmac
import json
import time
import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, TypeVar

_MAX_CHARS: Final = 8192
_MAX_INFLATED: Final = 16384
_VERSION: Final = "2.0"
_ESCAPE: Final = str.maketrans("+/=", "*-_")
_UNESCAPE: Final = str.maketrans("*-_", "+/=")

T = TypeVar("T")


class UserSigFault(IntEnum):
    """Why a signature does not verify; the value is a number for logs. The application is told -100018 for all of them."""

    EXPIRED = -70001
    EMPTY = -70002
    MALFORMED = -70003
    WRONG_KEY = -70009
    WRONG_USER = -70013
    WRONG_APP = -70014
    WRONG_ROOM = -100006


class UserSigError(Exception):
    """The signature does not verify, for the `reason` given."""

    def __init__(self, reason: UserSigFault) -> None:
        super().__init__(f"{reason.name.lower().replace('_', ' ')} ({reason.value})")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Claims:
    user: str
    app: int
    time: int
    expire: int
    userbuf: str | None

    def signature(self, secret_key: str) -> bytes:
        text = f"TLS.identifier:{self.user}\nTLS.sdkappid:{self.app}\nTLS.time:{self.time}\nTLS.expire:{self.expire}\n"
        if self.userbuf is not None:
            text += f"TLS.userbuf:{self.userbuf}\n"
        return b64encode(hmac.digest(secret_key.encode(), text.encode(), hashlib.sha256))


def generate(
    sdk_app_id: int,
    secret_key: str,
    user_id: str,
    expire_s: int = 86400,
    now: float | None = None,
    userbuf: bytes | None = None,
) -> str:
    """A UserSig, good from `now` (Unix seconds) for `expire_s` seconds."""
    start = int(time.time() if now is None else now)
    claims = _Claims(user_id, sdk_app_id, start, expire_s, None if userbuf is None else b64encode(userbuf).decode())
    fields: dict[str, Any] = {
        "TLS.ver": _VERSION,
        "TLS.identifier": user_id,
        "TLS.sdkappid": sdk_app_id,
        "TLS.time": start,
        "TLS.expire": expire_s,
        "TLS.sig": claims.signature(secret_key).decode(),
    }
    if claims.userbuf is not None:
        fields["TLS.userbuf"] = claims.userbuf
    return b64encode(zlib.compress(json.dumps(fields).encode())).decode().translate(_ESCAPE)


def verify(user_sig: str, *, sdk_app_id: int, secret_key: str, user_id: str, now: float | None = None) -> bytes | None:
    """The userbuf, if any, of what the app's key signed for the user and has not expired; raises UserSigError otherwise."""
    claims, signature, expected = _opened(user_sig, secret_key)
    moment = time.time() if now is None else now
    faults = (
        (claims.app != sdk_app_id, UserSigFault.WRONG_APP),
        (claims.user != user_id, UserSigFault.WRONG_USER),
        (not hmac.compare_digest(signature, expected), UserSigFault.WRONG_KEY),
        (moment > claims.time + claims.expire or claims.expire <= 0, UserSigFault.EXPIRED),
    )
    for at_fault, reason in faults:
        if at_fault:
            raise UserSigError(reason)
    try:
        return None if claims.userbuf is None else b64decode(claims.userbuf, validate=True)
    except ValueError:
        raise UserSigError(UserSigFault.MALFORMED) from None


def _opened(user_sig: str, secret_key: str) -> tuple[_Claims, bytes, bytes]:
    """The claims, the signature that came with them, and the one they should have."""
    if not user_sig:
        raise UserSigError(UserSigFault.EMPTY)
    try:
        fields = json.loads(_inflated(user_sig))
        claims = _Claims(
            _typed(fields, "TLS.identifier", str),
            _typed(fields, "TLS.sdkappid", int),
            _typed(fields, "TLS.time", int),
            _typed(fields, "TLS.expire", int),
            _typed(fields, "TLS.userbuf", str) if "TLS.userbuf" in fields else None,
        )
        if _typed(fields, "TLS.ver", str) != _VERSION:
            raise ValueError("version")
        return claims, _typed(fields, "TLS.sig", str).encode(), claims.signature(secret_key)
    except (ValueError, TypeError, KeyError, RecursionError, zlib.error):
        raise UserSigError(UserSigFault.MALFORMED) from None


def _inflated(user_sig: str) -> bytes:
    if len(user_sig) > _MAX_CHARS:
        raise ValueError("too long")
    stream = zlib.decompressobj()
    data = stream.decompress(b64decode(user_sig.translate(_UNESCAPE), validate=True), _MAX_INFLATED)
    if not stream.eof or stream.unused_data:
        raise ValueError("truncated, too large, or followed by something")
    return data


def _typed(fields: Any, name: str, kind: type[T]) -> T:
    value = fields[name]
    if type(value) is not kind:
        raise TypeError(name)
    return value

"""UserSig: the signature by which an app's own server vouches for a user. Made and checked as Tencent's libraries do.

JSON with the user, the app, the time and an HMAC-SHA256 over them; deflated; base64 with `* - _` for `+ / =`.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
import zlib
from enum import Enum
from typing import Any, Final

_LARGEST: Final = 64 * 1024
"""Bytes of JSON; a longer one is an attack."""

_ESCAPE: Final = str.maketrans("+/=", "*-_")
_UNESCAPE: Final = str.maketrans("*-_", "+/=")


class UserSigFault(Enum):
    """What is wrong with a signature, with its number for logs. The application is told -100018 for all of them."""

    EMPTY = -70002
    EXPIRED = -70001
    MALFORMED = -70003
    WRONG_KEY = -70009
    WRONG_USER = -70013
    WRONG_APP = -70014


class UserSigError(Exception):
    """The signature does not verify."""

    def __init__(self, reason: UserSigFault) -> None:
        super().__init__(f"{reason.name.lower().replace('_', ' ')} ({reason.value})")
        self.reason = reason


def _signature(key: str, user: str, app: int, made: int, expire: int, userbuf: str | None) -> str:
    text = f"TLS.identifier:{user}\nTLS.sdkappid:{app}\nTLS.time:{made}\nTLS.expire:{expire}\n"
    if userbuf is not None:
        text += f"TLS.userbuf:{userbuf}\n"
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()


def generate(
    sdk_app_id: int,
    secret_key: str,
    user_id: str,
    expire_s: int = 86400,
    now: float | None = None,
    userbuf: bytes | None = None,
) -> str:
    """A UserSig that is valid from now for `expire_s` seconds. `userbuf` makes it a PrivateMapKey."""
    made = int(time.time() if now is None else now)
    buffer = None if userbuf is None else base64.b64encode(userbuf).decode()
    fields: dict[str, Any] = {
        "TLS.ver": "2.0",
        "TLS.identifier": user_id,
        "TLS.sdkappid": sdk_app_id,
        "TLS.expire": expire_s,
        "TLS.time": made,
        "TLS.sig": _signature(secret_key, user_id, sdk_app_id, made, expire_s, buffer),
    }
    if buffer is not None:
        fields["TLS.userbuf"] = buffer
    return base64.b64encode(zlib.compress(json.dumps(fields).encode())).decode().translate(_ESCAPE)


def _unpack(user_sig: str) -> dict[str, Any]:
    try:
        packed = base64.b64decode(user_sig.translate(_UNESCAPE), validate=True)
        inflate = zlib.decompressobj()
        text = inflate.decompress(packed, _LARGEST)
        if inflate.unconsumed_tail or not inflate.eof:
            raise UserSigError(UserSigFault.MALFORMED)
        fields = json.loads(text)
    except (ValueError, binascii.Error, zlib.error):
        raise UserSigError(UserSigFault.MALFORMED) from None
    if not isinstance(fields, dict):
        raise UserSigError(UserSigFault.MALFORMED)
    return fields


def verify(user_sig: str, *, sdk_app_id: int, secret_key: str, user_id: str, now: float | None = None) -> dict[str, Any]:
    """The fields of a signature that is this user's, for this app, by this key, and still valid; raises UserSigError."""
    if not user_sig:
        raise UserSigError(UserSigFault.EMPTY)
    fields = _unpack(user_sig)
    try:
        app, made, expire = (int(fields[f"TLS.{name}"]) for name in ("sdkappid", "time", "expire"))
        user, given = fields["TLS.identifier"], str(fields["TLS.sig"])
    except (KeyError, TypeError, ValueError):
        raise UserSigError(UserSigFault.MALFORMED) from None
    if app != sdk_app_id:
        raise UserSigError(UserSigFault.WRONG_APP)
    if user != user_id:
        raise UserSigError(UserSigFault.WRONG_USER)
    expected = _signature(secret_key, user, app, made, expire, fields.get("TLS.userbuf"))
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise UserSigError(UserSigFault.WRONG_KEY)
    if (time.time() if now is None else now) > made + expire:
        raise UserSigError(UserSigFault.EXPIRED)
    return fields

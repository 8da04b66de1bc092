"""UserSig and PrivateMapKey, the signed proofs of who a user is and what it may do in a room.

A UserSig is JSON, deflated, in base64 with three characters replaced. Its HMAC covers identifier, app, time, expiry and,
if there is one, a "userbuf". A PrivateMapKey is a UserSig whose userbuf names a room and the privileges in it.
Everything read here comes from strangers: sizes are bounded before anything is unpacked.
"""

import hashlib
import hmac
import json
import struct
import time
import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any, Final, TypeVar

APP_CODE: Final = -100018
"""What the app is told of any UserSig that does not verify; the fault is for our logs."""

MAP_KEY_APP_CODE: Final = -100006
"""The same for a PrivateMapKey."""

_MAX_CHARS: Final = 8192
_MAX_INFLATED: Final = 16384
_VERSION: Final = "2.0"
_ESCAPE: Final = str.maketrans("+/=", "*-_")
_UNESCAPE: Final = str.maketrans("*-_", "+/=")

T = TypeVar("T")


class UserSigFault(IntEnum):
    """Why a signature does not verify; the value is the account service's number for it."""

    EXPIRED = -70001
    EMPTY = -70002
    MALFORMED = -70003
    WRONG_KEY = -70009
    WRONG_USER = -70013
    WRONG_APP = -70014
    WRONG_ROOM = MAP_KEY_APP_CODE


class UserSigError(Exception):
    """The signature does not verify, for the `reason` given."""

    def __init__(self, reason: UserSigFault) -> None:
        super().__init__(f"{reason.name.lower().replace('_', ' ')} ({reason.value})")
        self.reason = reason


class Privilege(IntFlag):
    """What a PrivateMapKey allows."""

    CREATE_ROOM = 1
    ENTER_ROOM = 2
    SEND_AUDIO = 4
    RECEIVE_AUDIO = 8
    SEND_VIDEO = 16
    RECEIVE_VIDEO = 32
    SEND_SUBSTREAM = 64
    RECEIVE_SUBSTREAM = 128
    ALL = 255


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


def verify(user_sig: str, *, sdk_app_id: int, secret_key: str, user_id: str, now: float | None = None) -> None:
    """Returns if the app's key signed this for the user and it has not expired; raises UserSigError otherwise."""
    _verified(user_sig, sdk_app_id, secret_key, user_id, time.time() if now is None else now)


def _verified(user_sig: str, sdk_app_id: int, secret_key: str, user_id: str, now: float) -> _Claims:
    claims, signature, expected = _opened(user_sig, secret_key)
    faults = (
        (claims.app != sdk_app_id, UserSigFault.WRONG_APP),
        (claims.user != user_id, UserSigFault.WRONG_USER),
        (not hmac.compare_digest(signature, expected), UserSigFault.WRONG_KEY),
        (now > claims.time + claims.expire or claims.expire <= 0, UserSigFault.EXPIRED),
    )
    for at_fault, reason in faults:
        if at_fault:
            raise UserSigError(reason)
    return claims


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


# -- PrivateMapKey -----------------------------------------------------------------------------------------------------

_COUNTED: Final = struct.Struct(">BH")
_RIGHTS: Final = struct.Struct(">IIIII")
_TEXT_LENGTH: Final = struct.Struct(">H")


def generate_map_key(
    sdk_app_id: int,
    secret_key: str,
    user_id: str,
    room: int | str,
    *,
    privileges: Privilege = Privilege.ALL,
    expire_s: int = 86400,
    now: float | None = None,
) -> str:
    """A PrivateMapKey for a room, by number (int) or by text (str)."""
    start = time.time() if now is None else now
    userbuf = _pack(_Rights(user_id, sdk_app_id, room, int(start) + expire_s, privileges))
    return generate(sdk_app_id, secret_key, user_id, expire_s, start, userbuf=userbuf)


def verify_map_key(
    map_key: str, *, sdk_app_id: int, secret_key: str, user_id: str, room: int | str, now: float | None = None
) -> Privilege:
    """What the key allows the user in the room; raises UserSigError when it is not a valid key for both."""
    when = time.time() if now is None else now
    claims = _verified(map_key, sdk_app_id, secret_key, user_id, when)
    try:
        rights = _unpack(b64decode(claims.userbuf or "", validate=True))
    except (ValueError, struct.error):
        raise UserSigError(UserSigFault.MALFORMED) from None
    if (rights.user, rights.app) != (user_id, sdk_app_id):
        raise UserSigError(UserSigFault.WRONG_USER)
    if type(rights.room) is not type(room) or rights.room != room:
        raise UserSigError(UserSigFault.WRONG_ROOM)
    if when > rights.expire_at:
        raise UserSigError(UserSigFault.EXPIRED)
    return rights.privileges


@dataclass(frozen=True, slots=True)
class _Rights:
    user: str
    app: int
    room: int | str
    expire_at: int
    privileges: Privilege


def _pack(rights: _Rights) -> bytes:
    user, by_text = rights.user.encode(), isinstance(rights.room, str)
    number = 0 if isinstance(rights.room, str) else rights.room
    fixed = _RIGHTS.pack(rights.app, number, rights.expire_at, rights.privileges, 0)
    text = str(rights.room).encode()
    return _COUNTED.pack(by_text, len(user)) + user + fixed + (_TEXT_LENGTH.pack(len(text)) + text if by_text else b"")


def _unpack(data: bytes) -> _Rights:
    by_text, length = _COUNTED.unpack_from(data)
    at = _COUNTED.size + length
    user = data[_COUNTED.size : at].decode()
    app, room, expire_at, privileges, _ = _RIGHTS.unpack_from(data, at)
    at += _RIGHTS.size
    if by_text:
        (length,) = _TEXT_LENGTH.unpack_from(data, at)
        at += _TEXT_LENGTH.size + length
        room = data[at - length :].decode()
    if at != len(data):
        raise ValueError("length")
    return _Rights(user, app, room, expire_at, Privilege(privileges & Privilege.ALL))

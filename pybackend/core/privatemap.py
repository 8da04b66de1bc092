"""PrivateMapKey: what a user may do in one room. A UserSig whose userbuf names the room and the privileges.

Big endian: u8 kind of room (1: by text), u16 length and the user, u32 app, u32 room number (0 if by text), u32 Unix time
of expiry, u32 privileges, u32 kind of account (0); for a room by text, u16 length and the text.
"""

import struct
import time
from enum import IntFlag
from typing import Final

from pybackend.spec.rooms import RoomKey, RoomKind

from . import usersig
from .usersig import UserSigError, UserSigFault

_HEAD: Final = struct.Struct(">BH")
_RIGHTS: Final = struct.Struct(">IIIII")
_LENGTH: Final = struct.Struct(">H")


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


def generate(
    room: RoomKey,
    secret_key: str,
    user_id: str,
    privileges: Privilege = Privilege.ALL,
    expire_s: int = 86400,
    now: float | None = None,
) -> str:
    """A PrivateMapKey that is valid from now for `expire_s` seconds."""
    start = int(time.time() if now is None else now)
    user, number, text = user_id.encode(), 0, b""
    if isinstance(room.id, int):
        number = room.id
    else:
        text = _LENGTH.pack(len(room.id.encode())) + room.id.encode()
    head = _HEAD.pack(room.kind is RoomKind.STRING, len(user)) + user
    userbuf = head + _RIGHTS.pack(room.app, number, start + expire_s, privileges, 0) + text
    return usersig.generate(room.app, secret_key, user_id, expire_s, start, userbuf)


def verify(map_key: str, *, room: RoomKey, secret_key: str, user_id: str, now: float | None = None) -> Privilege:
    """What the key allows the user in the room; raises UserSigError when it is not a valid key for both."""
    moment = time.time() if now is None else now
    userbuf = usersig.verify(map_key, sdk_app_id=room.app, secret_key=secret_key, user_id=user_id, now=moment)
    try:
        user, named, expire_at, privileges = _unpack(userbuf or b"")
    except (ValueError, struct.error):
        raise UserSigError(UserSigFault.MALFORMED) from None
    faults = (
        (user != user_id, UserSigFault.WRONG_USER),
        (named != room, UserSigFault.WRONG_ROOM),
        (moment > expire_at, UserSigFault.EXPIRED),
    )
    for at_fault, reason in faults:
        if at_fault:
            raise UserSigError(reason)
    return privileges


def _unpack(userbuf: bytes) -> tuple[str, RoomKey, int, Privilege]:
    by_text, length = _HEAD.unpack_from(userbuf)
    at = _HEAD.size + length
    user = userbuf[_HEAD.size : at].decode()
    app, number, expire_at, privileges, _ = _RIGHTS.unpack_from(userbuf, at)
    at += _RIGHTS.size
    room = RoomKey(app, RoomKind.NUMBER, number)
    if by_text:
        (length,) = _LENGTH.unpack_from(userbuf, at)
        at += _LENGTH.size
        room = RoomKey(app, RoomKind.STRING, userbuf[at : at + length].decode())
        at += length
    if at != len(userbuf):
        raise ValueError("length")
    return user, room, expire_at, Privilege(privileges & Privilege.ALL)

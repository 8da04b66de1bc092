"""PrivateMapKey, against the userbuf as documented and Tencent's own UserSig library."""

import struct

import pytest
import TLSSigAPIv2

from pybackend.core import usersig
from pybackend.core.privatemap import Privilege, generate, verify
from pybackend.core.usersig import UserSigError, UserSigFault
from pybackend.spec.rooms import RoomKey, RoomKind
from tests.core.test_usersig import APP, KEY, NOW, USER, fixed_time, unpacked

__all__ = ["fixed_time"]


def key_of(room: int | str, app: int = APP) -> RoomKey:
    return RoomKey(app, RoomKind.NUMBER if isinstance(room, int) else RoomKind.STRING, room)


def rights(key: str, room: int | str, *, user: str = USER, now: float = NOW) -> Privilege:
    return verify(key, room=key_of(room), secret_key=KEY, user_id=user, now=now)


@pytest.mark.parametrize("room", [1, 2147483648, 4294967294, "a room", "r" * 64])
def test_map_keys_come_back(room: int | str) -> None:
    wanted = Privilege.ENTER_ROOM | Privilege.RECEIVE_AUDIO | Privilege.RECEIVE_VIDEO
    key = generate(key_of(room), KEY, USER, wanted, now=NOW)
    assert rights(key, room) == wanted == 42


@pytest.mark.usefixtures("fixed_time")
@pytest.mark.parametrize(
    ("room", "tail"),
    [(7, struct.pack(">IIIII", APP, 7, int(NOW) + 60, 255, 0)),
     ("7", struct.pack(">IIIIIH", APP, 0, int(NOW) + 60, 255, 0, 1) + b"7")],
)  # fmt: skip
def test_map_keys_of_the_official_library(room: int | str, tail: bytes) -> None:
    """Its PyPI edition leaves the bytes of the userbuf to its caller."""
    userbuf = struct.pack(">BH", isinstance(room, str), len(USER)) + USER.encode() + tail
    theirs = TLSSigAPIv2.TLSSigAPIv2(APP, KEY).gen_sig_with_userbuf(USER, 60, userbuf)
    assert rights(theirs, room) is Privilege.ALL
    assert unpacked(theirs) == unpacked(generate(key_of(room), KEY, USER, expire_s=60, now=NOW))


def test_a_map_key_is_for_one_user_in_one_room_for_some_time() -> None:
    key = generate(key_of(7), KEY, USER, expire_s=60, now=NOW)
    for room, user, now, reason in (
        (8, USER, NOW, UserSigFault.WRONG_ROOM),
        ("7", USER, NOW, UserSigFault.WRONG_ROOM),
        (7, "bob", NOW, UserSigFault.WRONG_USER),
        (7, USER, NOW + 61, UserSigFault.EXPIRED),
    ):
        with pytest.raises(UserSigError) as caught:
            rights(key, room, user=user, now=now)
        assert caught.value.reason is reason


@pytest.mark.parametrize("userbuf", [None, b"", b"\x00\xff\xff", b"\x00\x00\x03ann"])
def test_other_userbufs_are_malformed(userbuf: bytes | None) -> None:
    with pytest.raises(UserSigError) as caught:
        rights(usersig.generate(APP, KEY, USER, 60, NOW, userbuf=userbuf), 7)
    assert caught.value.reason is UserSigFault.MALFORMED


def test_rights_that_ran_out_before_their_signature() -> None:
    expired = struct.pack(">BH", 0, 3) + b"ann" + struct.pack(">IIIII", APP, 7, int(NOW) - 1, 255, 0)
    with pytest.raises(UserSigError) as caught:
        rights(usersig.generate(APP, KEY, USER, 60, NOW, userbuf=expired), 7)
    assert caught.value.reason is UserSigFault.EXPIRED

"""SRTP in place: a packet is written once into a buffer that C can see, and protected or opened right there.

pylibsrtp's own `protect` copies a packet three times and makes five objects for it; at ten thousand packets a second that
is a third of the time. Its binding (`pylibsrtp._binding`) is private, hence the pinned version and `test_srtp.py`, which
guards every name used here.

Nonces: AES counter modes must never see two plaintexts under one (SSRC, sequence number). A packet that is sent again
therefore is built from the same parts as the first time, down to its header extension.
"""

from dataclasses import dataclass
from typing import Any, Final

from pylibsrtp import Error, Policy, Session
from pylibsrtp._binding import ffi, lib

ROOM: Final = 2048
"""Bytes of the largest datagram taken in."""

TRAILER: Final = 16 + 4
"""What protection adds at most, with our profiles: a tag, and for RTCP an index."""

_OK: Final = lib.srtp_err_status_ok
_WINDOW: Final = 1024  # packets that may come late


@dataclass(frozen=True, slots=True)
class Keys:
    """Master keys with salt, of both directions, seen from here."""

    profile: int
    inbound: bytes
    outbound: bytes


@dataclass(frozen=True, slots=True)
class Profile:
    openssl: bytes
    srtp: int
    key: int
    salt: int

    @property
    def secret_size(self) -> int:
        return 2 * (self.key + self.salt)

    def split(self, secret: bytes, *, server: bool) -> Keys:
        """Client key, server key, client salt, server salt (RFC 5764 §4.2)."""
        client, theirs, client_salt, salt = (
            secret[a : a + n]
            for a, n in zip(
                (0, self.key, 2 * self.key, 2 * self.key + self.salt),
                (self.key, self.key, self.salt, self.salt),
                strict=True,
            )
        )
        pair = (client + client_salt, theirs + salt)
        return Keys(self.srtp, *pair) if server else Keys(self.srtp, *reversed(pair))


def _is_built_in(profile: Profile) -> bool:
    try:
        Policy(srtp_profile=profile.srtp)
    except Error:
        return False
    return True


PROFILES: Final = tuple(
    filter(
        _is_built_in,  # GCM needs a libsrtp with OpenSSL; it costs 2.1 µs a packet where the other takes 2.8
        (
            Profile(b"SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
            Profile(b"SRTP_AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
        ),
    )
)


class PacketBuffer:
    """Room for one datagram that Python (`view`) and libsrtp (`pointer`) share."""

    __slots__ = ("length", "pointer", "view")

    def __init__(self) -> None:
        size = ROOM + 64
        self.pointer: Any = ffi.new("char[]", size)
        self.length: Any = ffi.new("int *")
        self.view = memoryview(ffi.buffer(self.pointer, size)).cast("B")


class Srtp:
    """Opens what comes from one peer and protects what goes to it. Every call returns the new size, or -1 if libsrtp refused."""

    __slots__ = ("_in", "_out", "_sessions")

    def __init__(self, keys: Keys) -> None:
        inbound = Session(_policy(keys.profile, keys.inbound, Policy.SSRC_ANY_INBOUND))
        outbound = Session(_policy(keys.profile, keys.outbound, Policy.SSRC_ANY_OUTBOUND))
        self._sessions = (inbound, outbound)  # keeps what the two pointers point to
        self._in: Any = inbound._srtp[0]
        self._out: Any = outbound._srtp[0]

    def open_rtp(self, buffer: PacketBuffer, size: int) -> int:
        return _run(lib.srtp_unprotect, self._in, buffer, size)

    def open_rtcp(self, buffer: PacketBuffer, size: int) -> int:
        return _run(lib.srtp_unprotect_rtcp, self._in, buffer, size)

    def protect_rtp(self, buffer: PacketBuffer, size: int) -> int:
        return _run(lib.srtp_protect, self._out, buffer, size)

    def protect_rtcp(self, buffer: PacketBuffer, size: int) -> int:
        return _run(lib.srtp_protect_rtcp, self._out, buffer, size)


def _run(function: Any, session: Any, buffer: PacketBuffer, size: int) -> int:
    length = buffer.length
    length[0] = size
    return int(length[0]) if function(session, buffer.pointer, length) == _OK else -1


def _policy(profile: int, key: bytes, direction: int) -> Policy:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile)
    policy.window_size = _WINDOW
    policy.allow_repeat_tx = direction == Policy.SSRC_ANY_OUTBOUND  # answers to NACKs
    return policy

"""The seam to pylibsrtp: its private binding is used to protect packets in place, so every name of it is guarded here."""

import os

import pylibsrtp
import pytest
from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi, lib

from pybackend.rooms.sfu import rtcp
from pybackend.rooms.sfu.rtp import HEADER
from pybackend.rooms.sfu.srtp import PROFILES, TRAILER, Keys, PacketBuffer, Profile, Srtp


def pair(profile: Profile) -> tuple[Srtp, Keys]:
    size = profile.key + profile.salt
    keys = Keys(profile.srtp, os.urandom(size), os.urandom(size))
    return Srtp(keys), keys


def other_end(keys: Keys, key: bytes, direction: int) -> Session:
    return Session(Policy(key=key, ssrc_type=direction, srtp_profile=keys.profile))


def put(buffer: PacketBuffer, data: bytes) -> int:
    buffer.view[: len(data)] = data
    return len(data)


def test_binding_is_the_one_we_know() -> None:
    """What `srtp` uses of pylibsrtp beyond its documentation."""
    assert pylibsrtp.__version__.startswith("1.")
    for name in ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp"):
        signature = ffi.typeof(getattr(lib, name))
        assert [argument.cname for argument in signature.args] == ["struct srtp_ctx_t_ *", "void *", "int *"]
    assert lib.srtp_err_status_ok == 0
    assert ffi.typeof(Session()._srtp).cname == "struct srtp_ctx_t_ * *"


def test_both_profiles_are_there() -> None:
    assert {profile.openssl for profile in PROFILES} == {b"SRTP_AEAD_AES_128_GCM", b"SRTP_AES128_CM_SHA1_80"}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.openssl.decode())
def test_in_place_is_what_pylibsrtp_does_by_copies(profile: Profile) -> None:
    srtp, keys = pair(profile)
    buffer = PacketBuffer()
    packet = HEADER.pack(0x80, 96, 1, 2, 3) + bytes(range(200))
    report = rtcp.receiver_report(1)
    theirs = other_end(keys, keys.outbound, Policy.SSRC_ANY_INBOUND)
    size = srtp.protect_rtp(buffer, put(buffer, packet))
    assert len(packet) < size <= len(packet) + TRAILER
    assert theirs.unprotect(bytes(buffer.view[:size])) == packet
    size = srtp.protect_rtcp(buffer, put(buffer, report))
    assert size <= len(report) + TRAILER
    assert theirs.unprotect_rtcp(bytes(buffer.view[:size])) == report
    sender = other_end(keys, keys.inbound, Policy.SSRC_ANY_OUTBOUND)
    protected = sender.protect(packet)
    assert bytes(buffer.view[: srtp.open_rtp(buffer, put(buffer, protected))]) == packet
    assert srtp.open_rtp(buffer, put(buffer, protected)) == -1  # replayed
    assert bytes(buffer.view[: srtp.open_rtcp(buffer, put(buffer, sender.protect_rtcp(report)))]) == report


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.openssl.decode())
def test_repeated_packet_is_protected_to_the_same_bytes(profile: Profile) -> None:
    srtp, _ = pair(profile)
    buffer = PacketBuffer()

    def protect(number: int) -> bytes:
        size = srtp.protect_rtp(buffer, put(buffer, HEADER.pack(0x80, 96, number, 2, 3) + b"payload"))
        assert size > 0
        return bytes(buffer.view[:size])

    first = protect(65530)
    for number in range(65531, 65531 + 600):
        protect(number & 0xFFFF)
    assert protect(65530) == first  # across the roll-over


def test_nonsense_is_refused() -> None:
    srtp, _ = pair(PROFILES[0])
    buffer = PacketBuffer()
    for size in range(12, 300):
        assert srtp.open_rtp(buffer, put(buffer, b"\x80" + os.urandom(size - 1))) == -1
        assert srtp.open_rtcp(buffer, put(buffer, b"\x80\xc8" + os.urandom(size - 2))) == -1

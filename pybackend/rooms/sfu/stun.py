"""The one STUN exchange an ICE-lite agent takes part in: it answers the binding requests of a full agent.

RFC 8489 (format, integrity) and RFC 8445 §7.3 (server side of a check). A request counts only when it is whole, its
FINGERPRINT (if there) is right and its MESSAGE-INTEGRITY was made with our password; anything else gets no answer at all,
so that nobody can make us send to a third party. An answer is never longer than its request was.
"""

import hmac
import ipaddress
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

Address = tuple[str, int] | tuple[str, int, int, int]

MAGIC: Final = 0x2112A442
BINDING_REQUEST: Final = 0x0001
BINDING_SUCCESS: Final = 0x0101
BINDING_ERROR: Final = 0x0111
USERNAME: Final = 0x0006
INTEGRITY: Final = 0x0008
ERROR_CODE: Final = 0x0009
XOR_MAPPED_ADDRESS: Final = 0x0020
USE_CANDIDATE: Final = 0x0025
FINGERPRINT: Final = 0x8028
ICE_CONTROLLED: Final = 0x8029

_HEADER: Final = struct.Struct(">HHI12s")
_INTEGRITY_SIZE: Final = 24  # attribute header and SHA-1
_FINGERPRINT_MASK: Final = 0x5354554E


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """A whole request whose integrity is still to be checked: `signed` is what `integrity` covers."""

    transaction: bytes
    username: str
    use_candidate: bool
    peer_is_controlled: bool
    signed: bytes
    integrity: bytes

    def verify(self, password: str) -> bool:
        return hmac.compare_digest(_sign(self.signed, password), self.integrity)


def parse(data: bytes) -> BindingRequest:
    """Reads a datagram. Raises ValueError for everything that is not a binding request with name and signature."""
    transaction = _transaction(data)
    values: dict[int, bytes] = {}
    signed = b""
    for at, attribute, value in _attributes(data):
        if attribute == FINGERPRINT:
            if int.from_bytes(value, "big") != _fingerprint(data[:at]):
                raise ValueError("wrong fingerprint")
        elif not signed:  # what follows the signature is not covered by it
            values[attribute] = value
            if attribute == INTEGRITY:
                signed = data[:at]
    if not signed or USERNAME not in values:
        raise ValueError("not signed")
    return BindingRequest(
        transaction,
        values[USERNAME].decode("ascii"),
        USE_CANDIDATE in values,
        ICE_CONTROLLED in values,
        signed,
        values[INTEGRITY],
    )


def _transaction(data: bytes) -> bytes:
    if len(data) < _HEADER.size:
        raise ValueError("too short")
    kind, length, magic, transaction = _HEADER.unpack_from(data)
    if kind != BINDING_REQUEST or magic != MAGIC or len(data) != _HEADER.size + length or length % 4:
        raise ValueError("not a binding request")
    return bytes(transaction)


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Where each begins, its type and its value."""
    at = _HEADER.size
    while at + 4 <= len(data):
        attribute, size = struct.unpack_from(">HH", data, at)
        value = data[at + 4 : at + 4 + size]
        if len(value) != size:
            raise ValueError("truncated attribute")
        yield at, attribute, value
        at += 4 + (size + 3) // 4 * 4


def success(request: BindingRequest, address: Address, password: str) -> bytes:
    """The answer to a verified request that came from `address`."""
    packed = ipaddress.ip_address(address[0]).packed
    pad = struct.pack(">I", MAGIC) + request.transaction
    mapped = struct.pack(">BBH", 0, 1 if len(packed) == 4 else 2, address[1] ^ (MAGIC >> 16))
    mapped += bytes(a ^ b for a, b in zip(packed, pad, strict=False))
    return _message(BINDING_SUCCESS, request.transaction, XOR_MAPPED_ADDRESS, mapped, password)


def role_conflict(request: BindingRequest, password: str) -> bytes:
    """Tells a peer that believes to be the controlled side that we are: an ICE-lite agent never controls."""
    return _message(BINDING_ERROR, request.transaction, ERROR_CODE, struct.pack(">HBB", 0, 4, 87), password)


def request(transaction: bytes, username: str, password: str) -> bytes:
    """A nominating check, for tests and benchmarks that play the full agent."""
    name = username.encode()
    body = struct.pack(">HH", USERNAME, len(name)) + name + bytes(-len(name) % 4) + struct.pack(">HH", USE_CANDIDATE, 0)
    return _seal(BINDING_REQUEST, transaction, body, password)


def _message(kind: int, transaction: bytes, attribute: int, value: bytes, password: str) -> bytes:
    return _seal(kind, transaction, struct.pack(">HH", attribute, len(value)) + value, password)


def _seal(kind: int, transaction: bytes, body: bytes, password: str) -> bytes:
    signed = _HEADER.pack(kind, len(body), MAGIC, transaction) + body
    body += struct.pack(">HH", INTEGRITY, 20) + _sign(signed, password)
    unprinted = _HEADER.pack(kind, len(body), MAGIC, transaction) + body
    body += struct.pack(">HHI", FINGERPRINT, 4, _fingerprint(unprinted))
    return _HEADER.pack(kind, len(body), MAGIC, transaction) + body


def _sign(signed: bytes, password: str) -> bytes:
    length = len(signed) - _HEADER.size + _INTEGRITY_SIZE
    return hmac.digest(password.encode(), signed[:2] + struct.pack(">H", length) + signed[4:], "sha1")


def _fingerprint(data: bytes) -> int:
    """CRC-32 of what comes before the attribute, with the length field already counting it."""
    length = len(data) - _HEADER.size + 8
    return zlib.crc32(data[:2] + struct.pack(">H", length) + data[4:]) ^ _FINGERPRINT_MASK

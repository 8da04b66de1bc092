"""DTLS over datagrams that somebody else moves, to agree on SRTP keys (RFC 5764), by OpenSSL memory BIOs.

The SFU is always the server: the client speaks first, after its ICE check was answered, so the handshake never meets a
peer that is not ready and never waits for DTLS's retransmission timer (1 s). A whole flight leaves in as few datagrams as
fit `MTU`; records are never cut. The peer is who the signalling said it is when its certificate has the fingerprints of
the offer: every one whose hash we know has to match, and there has to be one.
"""

import datetime
import secrets
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from pybackend.rooms.sfu.srtp import PROFILES, Keys, Profile

MTU: Final = 1200
_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}
_CIPHERS: Final = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA"


class DtlsState(Enum):
    HANDSHAKE = auto()
    OPEN = auto()
    CLOSED = auto()
    FAILED = auto()


class Identity:
    """A self-signed certificate, made anew per process, and what OpenSSL needs to show it."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, secrets.token_hex(8))])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=3650))
            .sign(key, hashes.SHA256())
        )
        self.fingerprint = fingerprint(certificate, "sha-256")
        self.context = SSL.Context(SSL.DTLS_METHOD)
        self.context.set_options(SSL.OP_NO_TICKET)
        self.context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)  # see fingerprints
        self.context.use_certificate(certificate)
        self.context.use_privatekey(key)
        self.context.set_cipher_list(_CIPHERS)
        self.context.set_tlsext_use_srtp(b":".join(profile.openssl for profile in PROFILES))


def fingerprint(certificate: x509.Certificate, algorithm: str) -> str:
    return certificate.fingerprint(_HASHES[algorithm]).hex(":").upper()


class Dtls:
    """One association. `feed` takes datagrams in; `flight` is what to send after `feed`, `tick` and `close`."""

    def __init__(self, identity: Identity, fingerprints: Mapping[str, str], *, server: bool = True) -> None:
        self._ssl = SSL.Connection(identity.context, None)
        self._fingerprints = fingerprints
        self._server = server
        self.state = DtlsState.HANDSHAKE
        self.keys: Keys | None = None
        self._ssl.set_ciphertext_mtu(MTU)
        if server:
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()

    def start(self) -> list[bytes]:
        """The client's first flight."""
        self._advance()
        return self._flight()

    def feed(self, datagram: bytes) -> list[bytes]:
        """Takes one datagram in. Returns those to send."""
        if self.state in (DtlsState.CLOSED, DtlsState.FAILED):
            return []
        self._ssl.bio_write(datagram)
        if self.state is DtlsState.HANDSHAKE:
            self._advance()
        if self.state is DtlsState.OPEN:
            try:
                self._ssl.recv(2048)  # nobody sends data; this handles alerts and repeated flights
            except SSL.ZeroReturnError:
                self.state = DtlsState.CLOSED
            except SSL.Error:
                pass  # nothing to read, or a record that is not from our peer: DTLS ignores those
        return self._flight()

    def tick(self) -> list[bytes]:
        """To be called now and then while the handshake runs. Returns what has to be repeated by now."""
        if self.state is not DtlsState.HANDSHAKE or self._ssl.DTLSv1_get_timeout() != 0:
            return []
        try:
            self._ssl.DTLSv1_handle_timeout()
        except SSL.Error:
            self.state = DtlsState.FAILED
        return self._flight()

    def close(self) -> list[bytes]:
        """Says goodbye. Returns the close_notify, if there is anybody to send it to."""
        was, self.state = self.state, DtlsState.CLOSED
        if was is not DtlsState.OPEN:
            return []
        try:
            self._ssl.shutdown()
        except SSL.Error:
            return []
        return self._flight()

    def _advance(self) -> None:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error:
            self.state = DtlsState.FAILED
            return
        profile = self._profile()
        if profile is None or not self._peer_is_right():
            self.state = DtlsState.FAILED
            return
        secret = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", profile.secret_size, None)
        self.keys = profile.split(secret, server=self._server)
        self.state = DtlsState.OPEN

    def _profile(self) -> Profile | None:
        chosen = self._ssl.get_selected_srtp_profile()
        return next((profile for profile in PROFILES if profile.openssl == chosen), None)

    def _peer_is_right(self) -> bool:
        certificate = self._ssl.get_peer_certificate(as_cryptography=True)
        known = {name: value for name, value in self._fingerprints.items() if name in _HASHES}
        return (
            certificate is not None
            and bool(known)
            and all(fingerprint(certificate, name) == value for name, value in known.items())
        )

    def _flight(self) -> list[bytes]:
        """Empties the outgoing BIO, which runs records together, into datagrams of whole records."""
        data = bytearray()
        while True:
            try:
                data += self._ssl.bio_read(65536)
            except SSL.Error:
                break
        return pack_records(bytes(data))


def pack_records(data: bytes) -> list[bytes]:
    """Cuts a run of DTLS records into datagrams of at most `MTU` bytes (or one record, where that is longer)."""
    datagrams: list[bytes] = []
    start = at = 0
    while at < len(data):
        long_header = 20 <= data[at] <= 26 and at + 13 <= len(data)
        end = at + 13 + int.from_bytes(data[at + 11 : at + 13], "big") if long_header else len(data)
        if at > start and end - start > MTU:
            datagrams.append(data[start:at])
            start = at
        at = end
    if start < len(data):
        datagrams.append(data[start:])
    return datagrams

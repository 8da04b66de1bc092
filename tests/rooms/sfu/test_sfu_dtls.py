"""The DTLS association: two of ours, and the flights between them."""

import time

import pytest

from pybackend.rooms.sfu.dtls import MTU, Dtls, DtlsState, Identity, pack_records

SERVER, CLIENT = Identity(), Identity()


def pair(server_knows: dict[str, str], client_knows: dict[str, str]) -> tuple[Dtls, Dtls]:
    return Dtls(SERVER, server_knows), Dtls(CLIENT, client_knows, server=False)


def shake(server: Dtls, client: Dtls) -> int:
    """Passes flights until there are none. Returns how many datagrams it took."""
    count = 0
    towards, flight = server, client.start()
    while flight:
        count += len(flight)
        assert all(len(datagram) <= MTU for datagram in flight)
        flight = [reply for datagram in flight for reply in towards.feed(datagram)]
        towards = client if towards is server else server
    return count


def test_keys_agree_and_each_flight_is_one_datagram() -> None:
    """A peer that reads one datagram per flight, as aiortc does, never has to wait for a retransmission."""
    server, client = pair({"sha-256": CLIENT.fingerprint}, {"sha-256": SERVER.fingerprint})
    assert shake(server, client) <= 5
    assert (server.state, client.state) == (DtlsState.OPEN, DtlsState.OPEN)
    assert server.keys is not None
    assert client.keys is not None
    assert (server.keys.inbound, server.keys.outbound) == (client.keys.outbound, client.keys.inbound)
    for datagram in server.close():
        client.feed(datagram)
    assert client.state.name == "CLOSED"
    assert server.close() == server.feed(b"\x16") == []


@pytest.mark.parametrize(
    "knows", [{}, {"sha-1": "AA"}, {"sha-256": "AA"}, {"sha-256": CLIENT.fingerprint, "sha-384": "AA"}]
)
def test_wrong_or_no_fingerprint_is_refused(knows: dict[str, str]) -> None:
    server, client = pair(knows, {"sha-256": SERVER.fingerprint})
    shake(server, client)
    assert server.state is DtlsState.FAILED
    assert server.keys is None


def test_lost_flight_is_repeated_by_the_timer() -> None:
    server, client = pair({"sha-256": CLIENT.fingerprint}, {"sha-256": SERVER.fingerprint})
    for datagram in client.start():
        assert server.feed(datagram)  # these get lost
    assert server.tick() == []
    began = time.monotonic()
    while not (again := server.tick()):
        time.sleep(0.02)
        assert time.monotonic() - began < 5
    for datagram in [reply for flight in again for reply in client.feed(flight)]:
        server.feed(datagram)
    assert server.state is DtlsState.OPEN


def test_garbage_does_not_disturb() -> None:
    server, client = pair({"sha-256": CLIENT.fingerprint}, {"sha-256": SERVER.fingerprint})
    server.feed(bytes([22]) + bytes(50))
    shake(server, client)
    assert server.state is DtlsState.OPEN
    server.feed(bytes([23, 254, 253]) + bytes(60))
    server.feed(bytes([21]) * 30)
    assert server.state is DtlsState.OPEN


def test_records_are_never_cut() -> None:
    record = bytes([22, 254, 253]) + bytes(8) + (500).to_bytes(2, "big") + bytes(500)
    assert [len(datagram) for datagram in pack_records(record * 5)] == [1026, 1026, 513]
    assert pack_records(bytes([0x2F]) + bytes(20)) == [bytes([0x2F]) + bytes(20)]
    assert pack_records(b"") == []

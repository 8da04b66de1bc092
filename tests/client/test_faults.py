"""The faults themselves have to be reliable."""

import socket
from collections.abc import Iterator

import pytest

from pybackend.testing.faults import Cut, Loss
from tests.client.test_reconnect import until


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        yield server


def joined(cut: Cut, listener: socket.socket) -> tuple[socket.socket, socket.socket]:
    near = socket.create_connection((cut.host, cut.port), timeout=5)
    far, _ = listener.accept()
    far.settimeout(5)
    return near, far


def ended(end: socket.socket) -> bool:
    """Whether the other side is gone, in whatever way."""
    try:
        return end.recv(9) == b""
    except ConnectionResetError:
        return True


def test_a_url_keeps_its_path() -> None:
    with Cut("ws://127.0.0.1:9/signal?a=b") as cut:
        assert cut.url == f"ws://127.0.0.1:{cut.port}/signal?a=b"


def test_bytes_pass_both_ways_until_the_cut(listener: socket.socket) -> None:
    with Cut(listener.getsockname()) as cut:
        near, far = joined(cut, listener)
        with near, far:
            near.sendall(b"there")
            far.sendall(b"back")
            assert (far.recv(9), near.recv(9)) == (b"there", b"back")
            assert cut.cut() == 1
            assert ended(near)
            assert ended(far)
            until(lambda: cut.connections == 0)


def test_a_stall_holds_back_and_loses_nothing(listener: socket.socket) -> None:
    with Cut(listener.getsockname()) as cut:
        near, far = joined(cut, listener)
        with near, far:
            cut.stall()
            near.sendall(b"late")
            far.settimeout(0.1)
            with pytest.raises(TimeoutError):
                far.recv(9)
            far.settimeout(5)
            cut.flow()
            assert far.recv(9) == b"late"


def test_an_orderly_end_passes(listener: socket.socket) -> None:
    with Cut(listener.getsockname()) as cut:
        near, far = joined(cut, listener)
        with far:
            near.close()
            assert far.recv(9) == b""


def test_refusing_and_accepting(listener: socket.socket) -> None:
    with Cut(listener.getsockname()) as cut:
        cut.refuse()
        with socket.create_connection((cut.host, cut.port), timeout=5) as near:
            near.settimeout(5)
            assert ended(near)
        cut.accept()
        near, far = joined(cut, listener)
        near.close()
        far.close()
    cut.close()


def test_losses_follow_the_pattern() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as target, socket.socket(type=socket.SOCK_DGRAM) as sender:
        target.bind(("127.0.0.1", 0))
        target.settimeout(5)
        sender.settimeout(5)
        with Loss(target.getsockname(), there="001", back=lambda number: number == 0) as loss:
            for number in range(6):
                sender.sendto(bytes([number]), loss.address)
            got = [target.recvfrom(9) for _ in range(4)]
            assert [data[0] for data, _ in got] == [0, 1, 3, 4]
            _, near = got[0]
            target.sendto(b"lost", near)
            target.sendto(b"back", near)
            assert sender.recv(9) == b"back"
            loss.change(there="0")
            sender.sendto(b"x", loss.address)
            assert target.recv(9) == b"x"
            assert (loss.passed, loss.dropped) == (6, 3)

import asyncio
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from pybackend.rpc.endpoint import LONGEST_PATH, EndpointError, bound_router
from tests.rpc.parts import Peer, serving

unix = pytest.mark.skipif(sys.platform == "win32", reason="no ipc there")


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as path:  # pytest's own are too long for sockets
        yield Path(path)


@unix
async def test_the_default_is_a_socket_in_a_directory_for_the_owner_alone() -> None:
    async with serving() as rig:
        path = Path(rig.endpoint.removeprefix("ipc://"))
        modes = await asyncio.to_thread(lambda: [stat.S_IMODE(it.stat().st_mode) for it in (path.parent, path)])
        assert modes == [0o700, 0o600]
        assert len(os.fsencode(path)) <= LONGEST_PATH
        assert rig.auth == {"mechanism": "NULL"}
        assert await rig.peer().call("ping") == "pong"
    assert not path.parent.exists()


@unix
async def test_a_second_bind_on_a_path_in_use_is_refused(directory: Path) -> None:
    """libzmq would let it steal the first one's clients."""
    endpoint = f"ipc://{directory}/rpc"
    async with serving(endpoint) as rig:
        assert stat.S_IMODE((directory / "rpc").stat().st_mode) == 0o600
        with pytest.raises(EndpointError, match="in use by another program"), bound_router(endpoint, ()):
            pass
        assert await rig.peer().call("ping") == "pong"


@unix
async def test_a_path_that_was_left_behind_is_taken_over(directory: Path) -> None:
    (directory / "rpc").touch()
    async with serving(f"ipc://{directory}/rpc") as rig:
        assert await rig.peer().call("ping") == "pong"


@unix
@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        ("ipc:///no/such/directory/rpc", "no directory /no/such/directory"),
        ("ipc:///" + "x" * 110, "longer than 103 bytes"),
        ("ipc://@abstract", "path of a socket"),
        ("ipc://*", "path of a socket"),
        ("tcp://192.0.2.1:0", "tcp://192.0.2.1:0"),
        ("tcp://nowhere.invalid:0", "tcp://nowhere.invalid:0"),
    ],
)
def test_one_clear_line_for_what_cannot_be_used(endpoint: str, says: str) -> None:
    with pytest.raises(EndpointError) as caught, bound_router(endpoint, ()):
        pass
    assert str(caught.value).startswith("--endpoint: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_loopback_takes_plain_with_a_password_of_its_own() -> None:
    """P58: any local process could connect."""
    async with serving("tcp://127.0.0.1:0") as rig, serving("tcp://127.0.0.1:0") as other:
        assert (rig.auth["mechanism"], rig.auth["username"]) == ("PLAIN", "pybackend")
        assert len(rig.auth["password"]) >= 32
        assert rig.auth["password"] != other.auth["password"]
        assert await rig.peer().call("ping") == "pong"
        for auth in (other.auth, {**rig.auth, "username": "root"}, {**rig.auth, "password": "x"}, None):
            stranger = Peer(rig.endpoint, auth)
            assert await stranger.is_refused()
            stranger.close()
        assert await rig.peer().call("ping") == "pong"


@pytest.mark.skipif(not zmq.has("curve"), reason="libzmq without CURVE")
async def test_any_other_address_takes_curve_and_listed_keys() -> None:
    known, unknown = zmq.curve_keypair(), zmq.curve_keypair()
    async with serving("tcp://0.0.0.0:0", [known[0].decode()]) as rig:
        assert rig.auth["mechanism"] == "CURVE"
        address = rig.endpoint.replace("0.0.0.0", "127.0.0.1")
        friend = Peer(address, rig.auth, known)
        assert await friend.call("ping") == "pong"
        friend.close()
        plain = {"mechanism": "PLAIN", "username": "pybackend", "password": "x"}
        for credentials in ((rig.auth, unknown), (None, None), (plain, None)):
            stranger = Peer(address, *credentials)
            assert await stranger.is_refused()
            stranger.close()

"""STUN against aioice's implementation, and against nonsense."""

import os
import random

import pytest
from aioice import stun as other

from pybackend.rooms.sfu import stun

PASSWORD = "p" * 22


def check(**attributes: object) -> bytes:
    message = other.Message(other.Method.BINDING, other.Class.REQUEST)
    message.attributes.update({"USERNAME": "ours:theirs", "PRIORITY": 1, "ICE-CONTROLLING": 5, **attributes})
    message.add_message_integrity(PASSWORD.encode())
    return bytes(message)


@pytest.mark.parametrize("address", [("192.0.2.7", 54321), ("2001:db8::7", 1)])
def test_answer_is_understood_by_aioice(address: tuple[str, int]) -> None:
    data = check(**{"USE-CANDIDATE": None})
    request = stun.parse(data)
    assert (request.username, request.use_candidate, request.peer_is_controlled) == ("ours:theirs", True, False)
    assert request.verify(PASSWORD)
    answer = stun.success(request, address, PASSWORD)
    assert len(answer) <= len(data) + 8  # nobody gains by using us against a third party
    message = other.parse_message(answer)
    assert message.message_class == other.Class.RESPONSE
    assert message.transaction_id == request.transaction
    assert message.attributes["XOR-MAPPED-ADDRESS"] == address
    assert "FINGERPRINT" in message.attributes
    assert message.check_message_integrity(PASSWORD.encode())


def test_role_conflict_is_487() -> None:
    request = stun.parse(stun.request(b"x" * 12, "ours:theirs", PASSWORD))
    message = other.parse_message(stun.role_conflict(request, PASSWORD))
    assert message.error_code == 487
    assert message.check_message_integrity(PASSWORD.encode())


def test_wrong_password_is_noticed() -> None:
    assert not stun.parse(check()).verify("q" * 22)


def test_anything_else_is_refused() -> None:
    data = check()
    for size in range(len(data)):
        with pytest.raises(ValueError, match=r".*"):
            stun.parse(data[:size])
    generator = random.Random(4)
    for _ in range(2000):
        at = generator.randrange(len(data) - 8)  # the fingerprint may be missing
        broken = data[:at] + bytes([data[at] ^ 1 << generator.randrange(8)]) + data[at + 1 :]
        try:
            assert not stun.parse(broken).verify(PASSWORD)
        except (ValueError, IndexError):
            continue
    with pytest.raises(ValueError, match="not a binding request"):
        stun.parse(b"\0\1" + os.urandom(60))

"""Our signer against the room service's verifier."""

import time

from multidict import CIMultiDict

from pybackend.rooms.admin.tc3 import Signed, verify
from pybackend.testing.tc3 import sign


def test_what_we_sign_is_verified() -> None:
    now = int(time.time())
    names = {"Authorization": sign("id", "key", "127.0.0.1:80", b"{}", now), "X-TC-Timestamp": str(now)}
    headers = CIMultiDict(names | {"Content-Type": "application/json", "Host": "127.0.0.1:80"})
    assert verify(Signed("POST", "", headers, b"{}"), {"id": "key"}, now, 300)

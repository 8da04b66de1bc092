"""UserSig, against Tencent's own library in both directions."""

import base64
import json
import zlib
from typing import Any

import pytest
import TLSSigAPIv2
from hypothesis import given
from hypothesis import strategies as st

from pybackend.core.usersig import UserSigError, UserSigFault, generate, verify

APP, KEY, USER, NOW = 1400000001, "a secret key", "ann", 1_700_000_000.0


def unpacked(sig: str) -> dict[str, Any]:
    fields = json.loads(zlib.decompress(base64.b64decode(sig.translate(str.maketrans("*-_", "+/=")))))
    assert isinstance(fields, dict)
    return fields


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode().translate(str.maketrans("+/=", "*-_"))


def fault(sig: str, *, app: int = APP, key: str = KEY, user: str = USER, now: float = NOW) -> UserSigFault | None:
    try:
        verify(sig, sdk_app_id=app, secret_key=key, user_id=user, now=now)
    except UserSigError as error:
        return error.reason
    return None


@pytest.fixture
def fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TLSSigAPIv2.time, "time", lambda: NOW)


def test_signatures_of_the_official_library_verify() -> None:
    api = TLSSigAPIv2.TLSSigAPIv2(APP, KEY)
    for sig, userbuf in ((api.gen_sig(USER, 60), None), (api.gen_sig_with_userbuf(USER, 60, b"abc"), b"abc")):
        assert verify(sig, sdk_app_id=APP, secret_key=KEY, user_id=USER) == userbuf


@pytest.mark.usefixtures("fixed_time")
@pytest.mark.parametrize("userbuf", [None, b"abc", bytes(range(256))])
def test_ours_are_the_fields_of_the_official_library(userbuf: bytes | None) -> None:
    api = TLSSigAPIv2.TLSSigAPIv2(APP, KEY)
    theirs = api.gen_sig(USER, 60) if userbuf is None else api.gen_sig_with_userbuf(USER, 60, userbuf)
    assert unpacked(generate(APP, KEY, USER, 60, NOW, userbuf=userbuf)) == unpacked(theirs)


@given(user=st.text(min_size=1), expire=st.integers(1, 10**9), key=st.text())
def test_ours_verify(user: str, expire: int, key: str) -> None:
    try:
        user.encode()
        key.encode()
    except UnicodeEncodeError:
        return
    sig = generate(APP, key, user, expire, NOW)
    verify(sig, sdk_app_id=APP, secret_key=key, user_id=user, now=NOW + expire)
    assert set(sig).isdisjoint("+/=")


def test_each_fault_is_told_apart() -> None:
    sig = generate(APP, KEY, USER, 60, NOW)
    assert fault(sig) is None
    assert fault("") is UserSigFault.EMPTY
    assert fault(sig, app=APP + 1) is UserSigFault.WRONG_APP
    assert fault(sig, user="bob") is UserSigFault.WRONG_USER
    assert fault(sig, key="another") is UserSigFault.WRONG_KEY
    assert fault(sig, now=NOW + 60) is None
    assert fault(sig, now=NOW + 61) is UserSigFault.EXPIRED
    assert fault(generate(APP, KEY, USER, 0, NOW)) is UserSigFault.EXPIRED


def test_an_error_carries_the_number_for_logs_and_no_secret() -> None:
    with pytest.raises(UserSigError) as caught:
        verify("x", sdk_app_id=APP, secret_key=KEY, user_id=USER)
    assert str(caught.value) == "malformed (-70003)"


@pytest.mark.parametrize("field", ["TLS.identifier", "TLS.sdkappid", "TLS.time", "TLS.expire", "TLS.sig", "TLS.ver"])
@pytest.mark.parametrize("value", [None, True, [], {}, 1.5, "\ud800", -1])
def test_fields_of_another_kind_never_verify_nor_crash(field: str, value: Any) -> None:
    fields = unpacked(generate(APP, KEY, USER, 60, NOW))
    assert fault(packed(json.dumps(fields | {field: value}).encode())) is not None
    del fields[field]
    assert fault(packed(json.dumps(fields).encode())) is UserSigFault.MALFORMED


@pytest.mark.parametrize(
    "sig",
    [
        "ä",
        "eJw*",
        "=" * 9000,
        packed(b"null"),
        packed(b"[]"),
        packed(b"[" * 10_000),
        packed(b"9" * 9_000),
        packed(b"\xff\xfe{}"),
        packed(b"0" * 5_000_000),
        base64.b64encode(zlib.compress(b"{}") + b"more").decode(),
    ],
    ids=str,
)
def test_garbage_is_malformed(sig: str) -> None:
    """A zip bomb of 5 MB and deep nesting included."""
    assert fault(sig) is UserSigFault.MALFORMED


def test_truncated_at_any_place() -> None:
    sig = generate(APP, KEY, USER, 60, NOW)
    assert {fault(sig[:length]) for length in range(1, len(sig))} == {UserSigFault.MALFORMED}


def test_userbuf_is_signed() -> None:
    fields = unpacked(generate(APP, KEY, USER, 60, NOW, userbuf=b"one"))
    fields["TLS.userbuf"] = base64.b64encode(b"two").decode()
    assert fault(packed(json.dumps(fields).encode())) is UserSigFault.WRONG_KEY

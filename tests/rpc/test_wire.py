from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybackend.rpc.wire import decode, encode

MESSAGES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=4),
    max_leaves=12,
).filter(lambda value: "$bin" not in str(value))


@given(MESSAGES)
def test_what_is_encoded_is_decoded(value: Any) -> None:
    message = {"params": value}
    assert decode(encode(message)) == message


def test_binary_values_are_numbered_from_one() -> None:
    frames = encode({"a": b"x", "b": [bytearray(b"y"), memoryview(b"z")]})
    assert orjson.loads(frames[0]) == {"a": {"$bin": 1}, "b": [{"$bin": 2}, {"$bin": 3}]}
    assert frames[1:] == [b"x", b"y", b"z"]


@pytest.mark.parametrize("index", [0, 2, -1, "1", 1.0, None, [], {}])
def test_an_index_that_names_no_frame(index: Any) -> None:
    with pytest.raises(ValueError, match="frame"):
        decode([orjson.dumps({"params": {"msg": {"$bin": index}}}), b"x"])


def test_not_in_batches_and_not_without_frames() -> None:
    reference = {"$bin": 1}
    assert decode([orjson.dumps({"params": [reference]})]) == {"params": [reference]}
    assert decode([orjson.dumps([reference]), b"x"]) == [reference]


@pytest.mark.parametrize("text", [b"", b"nonsense", b"\xff", b'"\\ud800"', b"NaN", b"[" * 5000])
def test_what_is_not_json(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        decode([text])


def test_what_cannot_be_sent() -> None:
    for value in (object(), 2**70, {1, 2}):
        with pytest.raises(TypeError):
            encode({"result": value})

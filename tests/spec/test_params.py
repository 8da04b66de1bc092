"""Params of calls: what is well typed binds, the same by name and by position; what is not names its field."""

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pybackend.spec.control import CONTROL
from pybackend.spec.params import binder
from pybackend.spec.surface import Method, surface
from pybackend.spec.types import BadType, compile_type
from tests.spec.values import ANYTHING, values, wrong

METHODS = {**surface().methods, **CONTROL}

QUICK = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), database=None)


def arguments(method: Method) -> st.SearchStrategy[list[Any]]:
    return st.tuples(
        *(values(param.type) | st.none() if param.optional else values(param.type) for param in method.params)
    ).map(list)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_well_typed_arguments_bind(name: str) -> None:
    method, bind = METHODS[name], binder(name)

    @QUICK
    @given(arguments(method), st.integers(0, 9))
    def check(args: list[Any], cloud: int) -> None:
        named = {param.name: arg for param, arg in zip(method.params, args, strict=True)}
        by_name = bind(named | {"cloud": cloud})
        assert by_name == (cloud, bind(args)[1])
        assert bind(by_name[1])[1] == by_name[1], "what was bound binds to itself"

    check()


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_wrong_type_names_its_parameter(name: str) -> None:
    method, bind = METHODS[name], binder(name)
    for index, param in enumerate(method.params):
        for value in wrong(param.type):
            args: list[Any] = [_some(other.type) for other in method.params]
            args[index] = value
            with pytest.raises(BadType) as caught:
                bind(args)
            assert caught.value.field == param.name, (param.type, value)


def _some(expression: str) -> Any:
    """A plain value of a type."""
    candidates: tuple[Any, ...] = (None, 0, "", True, {}, [], b"")
    fitting = [value for value in candidates if _binds(expression, value)]
    return fitting[0] if fitting else _least(expression)


def _least(expression: str) -> Any:
    """An object with the fields that have to be there."""
    value: dict[str, Any] = {}
    while not _binds(expression, value):
        with pytest.raises(BadType) as missing:
            compile_type(expression)(value, "")
        value[missing.value.field] = _some(missing.value.expected)
    return value


def _binds(expression: str, value: Any) -> bool:
    try:
        compile_type(expression)(value, "")
    except BadType:
        return False
    return True


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(METHODS)), ANYTHING | st.lists(ANYTHING, max_size=8))
def test_nothing_but_bad_type_is_raised(name: str, params: Any) -> None:
    with contextlib.suppress(BadType):
        binder(name)(params)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"params": 3, "scene": 0}, "params"),
        ({"params": {"roomId": "7"}, "scene": 0}, "params.roomId"),
        ({"params": {}, "scene": "0"}, "scene"),
        ({"params": {}}, "scene"),
        ({"params": {}, "scene": None}, "scene"),
        ({"params": {}, "scene": 0, "cloud": "0"}, "cloud"),
        ({"params": {}, "scene": 0, "cloud": True}, "cloud"),
        ({"params": {}, "scene": 0, "sceen": 0}, "sceen"),
        ([{}, 0, 1], "params[2]"),
        ([{}], "scene"),
        (7, "params"),
        ("text", "params"),
        (True, "params"),
    ],
)
def test_the_field_is_named(params: Any, field: str) -> None:
    with pytest.raises(BadType) as caught:
        binder("enterRoom")(params)
    assert caught.value.field == field


def test_deep_fields_are_named() -> None:
    users = {"mixUsersArray": [{}, {"rect": {"left": "x"}}]}
    with pytest.raises(BadType) as caught:
        binder("setMixTranscodingConfig")([users])
    assert caught.value.field == "config.mixUsersArray[1].rect.left"


def test_missing_fields_take_the_classs_defaults() -> None:
    _, (params, scene) = binder("enterRoom")({"params": {"userId": "a", "unknown": 1}, "scene": 0.0})
    assert params == {
        "sdkAppId": 0,
        "userId": "a",
        "userSig": "",
        "roomId": 0,
        "strRoomId": "",
        "role": 20,
        "privateMapKey": None,
        "businessInfo": None,
        "streamId": None,
        "userDefineRecordId": None,
    }
    assert (scene, type(scene)) == (0, int)


def test_defaults_are_fresh_each_time() -> None:
    _, (first,) = binder("setMixTranscodingConfig")([{}])
    first["mixUsersArray"].append("changed")
    _, (second,) = binder("setMixTranscodingConfig")([{}])
    assert second["mixUsersArray"] == []


@pytest.mark.parametrize(("value", "bound"), [(True, True), (False, None), (None, None)])
def test_views_are_there_or_not(value: Any, bound: Any) -> None:
    assert binder("startLocalPreview")([value]) == (0, [bound])


@pytest.mark.parametrize("params", [None, {}, []])
def test_no_params_are_no_params(params: Any) -> None:
    assert binder("exitRoom")(params) == (0, [])


def test_a_method_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        binder("enterRom")

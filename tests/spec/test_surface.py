"""The surface as data: complete, read-only, consistent in itself."""

import dataclasses
import enum
from typing import Any

import pytest

from pybackend.spec import enums_generated, structs_generated
from pybackend.spec.surface import MISSING, Field, document, surface
from pybackend.spec.types import compile_type


def test_it_is_complete() -> None:
    assert (len(surface().methods), len(surface().events), len(surface().enums)) == (188, 60, 62)
    assert surface().version == "13.3.801"


def test_names_are_said_once() -> None:
    methods = [m["name"] for m in document()["methods"] if m["class"] == "TRTCCloud"]
    assert len(methods) == len(set(methods))


def test_it_cannot_be_changed_but_a_document_can() -> None:
    with pytest.raises(TypeError):
        surface().methods["new"] = surface().methods["exitRoom"]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        surface().methods["exitRoom"].name = "x"  # type: ignore[misc]
    document()["methods"].clear()
    assert document()["methods"]


@pytest.mark.parametrize("name", sorted(surface().methods))
def test_every_parameter_has_a_type_that_compiles(name: str) -> None:
    method = surface().methods[name]
    for param in method.params:
        compile_type(param.type)
    names = [param.name for param in method.params]
    assert len(names) == len(set(names))
    assert "cloud" not in names
    optional = [param.optional for param in method.params]
    assert optional == sorted(optional), "an optional parameter before a required one"
    assert method.tier in (1, 2, 3)


@pytest.mark.parametrize("name", sorted(set(surface().classes) - {"PluginInfo"}))
def test_every_field_has_a_type_that_compiles_and_takes_its_default(name: str) -> None:
    for field in surface().classes[name]:
        if field.type == "number | 0xFFFF00":
            continue  # a mixing manager's, which travels in no call
        check = compile_type(field.type)
        if field.default is not MISSING and not isinstance(field.default, str):
            assert check(field.default, "") == field.default


def test_all_21_resolutions() -> None:
    table = surface().resolutions
    assert set(table) == set(surface().enums["TRTCVideoResolution"].values())
    assert len(table) == 21
    for name, value in surface().enums["TRTCVideoResolution"].items():
        width, height = (int(part) for part in name.split("_")[-2:])
        assert table[int(value)][:2] == (width, height)
        assert all(isinstance(kbps, int) and kbps > 0 for kbps in table[int(value)][2:])
    assert table[108][:2] == (640, 360)


@pytest.mark.parametrize("name", sorted(surface().enums))
def test_enums_are_what_the_surface_says(name: str) -> None:
    kind = getattr(enums_generated, name)
    assert issubclass(kind, enum.IntEnum | enum.StrEnum)
    members = {member.removesuffix("_"): entry.value for member, entry in kind.__members__.items()}
    assert members == {member.removesuffix("_"): value for member, value in surface().enums[name].items()}


def _default(field: Field) -> Any:
    return {"ArrayBuffer(0)": b"", "Float32Array(0)": []}.get(str(field.default), field.default)


@pytest.mark.parametrize("name", sorted(set(surface().classes) & set(vars(structs_generated))))
def test_data_classes_are_what_the_surface_says(name: str) -> None:
    kind = getattr(structs_generated, name)
    described = surface().classes[name]
    assert [field.name for field in dataclasses.fields(kind)] == [field.name for field in described]
    order = document()["classes"][name].get("ctorOrder")
    if order is None:
        assert all(field.kw_only for field in dataclasses.fields(kind))
        return
    assert [field.name for field in dataclasses.fields(kind)][: len(order)] == order
    made = kind()
    for field in described:
        expected = _default(field)
        if expected is not MISSING and expected != "new TRTCImageBuffer()":
            assert getattr(made, field.name) == expected
    assert all(getattr(kind(), f.name) is not getattr(made, f.name) for f in described if isinstance(f.default, list))

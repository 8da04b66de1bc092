"""Values of the surface's types, for property tests. Written from the type's meaning, not from the code that checks it."""

from typing import Any

from hypothesis import strategies as st

from pybackend.spec.surface import MISSING, Field, surface

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)

PRESENCE = st.sampled_from([True, None])

ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)

OBJECTS = st.dictionaries(st.text(max_size=3), ANYTHING, max_size=3)

BASIC: dict[str, st.SearchStrategy[Any]] = {
    "number": NUMBERS,
    "string": st.text(max_size=20),
    "boolean": st.booleans(),
    "null": st.none(),
    "any": ANYTHING,
    "object": OBJECTS,
    "Record<string, any>": OBJECTS,
    "ArrayBuffer": st.binary(max_size=9),
    "ArrayBufferView": st.binary(max_size=9),
    "Buffer": st.binary(max_size=9),
    "Float32Array": st.lists(NUMBERS, max_size=3),
}


def _fields(fields: tuple[Field, ...]) -> st.SearchStrategy[Any]:
    """Objects with any of the fields left out that have defaults."""
    needed = {field.name: values(field.type) for field in fields if field.default is MISSING and not field.optional}
    others = {field.name: values(field.type) for field in fields if field.name not in needed}
    return st.fixed_dictionaries(needed, optional=others)


def _inline(expression: str) -> st.SearchStrategy[Any]:
    entries = [entry.partition(":") for entry in expression.strip("{} ").split(";") if entry.strip()]
    return st.fixed_dictionaries(
        {name.strip(): values(kind) for name, _, kind in entries if not name.strip().endswith("?")},
        optional={name.strip(" ?"): values(kind) for name, _, kind in entries if name.strip().endswith("?")},
    )


def values(expression: str) -> st.SearchStrategy[Any]:
    """Values that the type allows on the wire."""
    expression = expression.strip()
    if "=>" in expression or "HTMLElement" in expression or expression.endswith(("Callback", "Observer")):
        return PRESENCE
    if expression.startswith("{"):
        return _inline(expression)
    if " | " in expression:
        return st.one_of([values(member) for member in expression.split(" | ")])
    if expression in BASIC:
        return BASIC[expression]
    if expression.endswith("[]") or expression.startswith("Array<"):
        item = expression.removesuffix("[]") if expression.endswith("[]") else expression[6:-1]
        return st.lists(values(item), max_size=3)
    if expression in surface().enums:
        return st.sampled_from(list(surface().enums[expression].values()))
    return _fields(surface().classes[expression])


WRONG: dict[type, list[Any]] = {
    dict: ["text", 3, True, []],
    str: [3, True, [], {}],
    bool: ["text", 3, [], {}],
    int: ["text", True, [], {}],
    list: ["text", 3, True, {}],
    bytes: ["text", 3, True, [], {}],
}
"""For each kind of value, those that are never of its type."""


def wrong(expression: str) -> list[Any]:
    """Values that the type never allows."""
    if "=>" in expression or "HTMLElement" in expression or expression.endswith(("Callback", "Observer")):
        return [3, "text", [], {}]
    kinds: set[type] = set()
    for member in [expression] if expression.startswith("{") else expression.split(" | "):
        kinds.add(_kind(member))
    if object in kinds:
        return []
    candidates: list[Any] = ["text", 3, True, [], {}]
    return [value for value in candidates if all(kind is type(None) or value in WRONG[kind] for kind in kinds)]


def _kind(member: str) -> type:
    basic = {"number": int, "string": str, "boolean": bool, "null": type(None), "any": object, "Float32Array": list}
    if member in basic:
        return basic[member]
    if member in ("ArrayBuffer", "ArrayBufferView", "Buffer"):
        return bytes
    if member.endswith("[]") or member.startswith("Array<"):
        return list
    if member.endswith(("Callback", "Observer")):
        return bool
    if member in surface().enums:
        return str if isinstance(next(iter(surface().enums[member].values())), str) else int
    return dict

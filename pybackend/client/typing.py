"""What the generated calls are typed with."""

from collections.abc import Callable, Sequence

View = bool | None
"""Where the SDK takes an element of the page: `True` to have frames (`frames()`), `None` to do without."""

Callback = Callable[..., object] | bool | None
"""Where the SDK takes a function: anything but `None` and `False` asks for the events that it stands for."""

Binary = bytes | bytearray | memoryview

Numbers = Sequence[float]

Strings = Sequence[str]

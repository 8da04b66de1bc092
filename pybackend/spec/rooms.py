"""How a room is named: by app, by kind of id, by id. Room 123 and room "123" are different rooms."""

from dataclasses import dataclass
from enum import StrEnum


class RoomKind(StrEnum):
    """Which of the two name spaces an id belongs to."""

    NUMBER = "number"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class RoomKey:
    """One room of one app. `id` is an int for NUMBER and a str for STRING."""

    app: int
    kind: RoomKind
    id: int | str

    def __str__(self) -> str:
        return f"room {self.id!r} of app {self.app}"

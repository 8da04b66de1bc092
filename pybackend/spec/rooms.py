"""How a room is named: by app, kind and id. The number 123 and the text "123" are two rooms."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LAST_NUMBER: Final = 4_294_967_294
"""Numbers of rooms go from 1 to this."""

TEXT: Final = re.compile(r"[A-Za-z0-9 !#$%&()+\-:;<=.>?@\[\]^_{}|~,]{1,64}")
TEXT_RULE: Final = "1 to 64 characters out of letters, digits, space and !#$%&()+-:;<=.>?@[]^_{}|~,"


class RoomKind(StrEnum):
    """The two namespaces of room ids."""

    NUMBER = "number"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class RoomKey:
    """One room of one app. `id` is an int for NUMBER and a str for STRING, and travels as that JSON type."""

    app: int
    kind: RoomKind
    id: int | str

    def __str__(self) -> str:
        return f"{self.app}/{self.kind}/{self.id}"

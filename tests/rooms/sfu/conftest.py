"""A running SFU, and a room of raw peers around it."""

from collections.abc import AsyncIterator

import pytest

from pybackend.rooms.sfu import EmbeddedSfu
from tests.rooms.sfu.peer import Room, room, running


@pytest.fixture
async def sfu() -> AsyncIterator[EmbeddedSfu]:
    async with running(EmbeddedSfu("127.0.0.1")) as started:
        yield started


@pytest.fixture
async def raw(sfu: EmbeddedSfu) -> AsyncIterator[Room]:
    with room(sfu) as here:
        yield here

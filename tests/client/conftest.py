"""The scripted backend, and a client attached to it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from pybackend.client import AsyncTRTCCloud, Deadlines, Options, TRTCCloud
from tests.client.peer import Peer

QUICK = Options(deadlines=Deadlines(connect=5.0, call=5.0))


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as peer:
        yield peer


@pytest.fixture
def cloud(peer: Peer) -> Iterator[TRTCCloud]:
    with TRTCCloud.attach(peer.endpoint, options=QUICK) as cloud:
        yield cloud


@pytest.fixture
async def async_cloud(peer: Peer) -> AsyncIterator[AsyncTRTCCloud]:
    async with await AsyncTRTCCloud.attach(peer.endpoint, options=QUICK) as cloud:
        yield cloud

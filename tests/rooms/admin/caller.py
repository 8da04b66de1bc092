"""A server API on a real port, rooms that note what is asked of them, and the official SDK as the caller."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from aiohttp import web
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.trtc.v20190722 import models
from tencentcloud.trtc.v20190722.trtc_client import TrtcClient

from pybackend.rooms.admin import AdminPolicy, admin_routes
from pybackend.spec.rooms import RoomKey, RoomKind

APP: Final = 1400000001
ID, KEY = "AKIDtest", "test-key"
NUMBER_ROOM: Final = RoomKey(APP, RoomKind.NUMBER, 123)
STRING_ROOM: Final = RoomKey(APP, RoomKind.STRING, "123")


@dataclass
class Rooms:
    """`RoomControl` with two rooms, 123 and "123", and one user in each."""

    users: dict[RoomKey, set[str]] = field(default_factory=lambda: {NUMBER_ROOM: {"anna"}, STRING_ROOM: {"anna"}})
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    broken: bool = False

    def knows_app(self, sdk_app_id: int) -> bool:
        return sdk_app_id == APP

    async def remove_users(self, room: RoomKey, users: Sequence[str], ban_s: float) -> bool:
        self.asked.append(("remove", room, tuple(users), ban_s))
        return room in self.users

    async def dismiss(self, room: RoomKey) -> bool:
        if self.broken:
            raise RuntimeError("secret of the inside")
        self.asked.append(("dismiss", room))
        return room in self.users

    async def block(self, room: RoomKey, user: str, *, audio: bool, video: bool) -> bool | None:
        self.asked.append(("block", room, user, audio, video))
        return user in self.users[room] if room in self.users else None


@dataclass(frozen=True)
class Service:
    """A running server API."""

    rooms: Rooms
    port: int

    async def sdk(
        self,
        action: str,
        params: Mapping[str, Any],
        *,
        secret_id: str = ID,
        key: str = KEY,
        method: str = "POST",
        **more: Any,
    ) -> Any:
        """Has the official SDK call an action; returns its response object or raises its exception."""
        return await asyncio.to_thread(self._sdk, action, params, secret_id, key, method, more)

    def _sdk(
        self, action: str, params: Mapping[str, Any], secret_id: str, key: str, method: str, more: Mapping[str, Any]
    ) -> Any:
        http = HttpProfile(protocol="http", endpoint=f"127.0.0.1:{self.port}", reqMethod=method)
        profile = ClientProfile(httpProfile=http, signMethod="TC3-HMAC-SHA256")
        for name, value in more.items():
            setattr(profile, name, value)
        client = TrtcClient(Credential(secret_id, key), "ap-beijing", profile)
        if not hasattr(client, action):  # the SDK of the other region has it, this one only by name
            return client.call_json(action, dict(params))
        request = getattr(models, f"{action}Request")()
        for name, value in params.items():
            setattr(request, name, value)
        return getattr(client, action)(request)


@asynccontextmanager
async def serving(*, max_line: int = 8190, **more: Any) -> AsyncIterator[Service]:
    """A server API with further arguments of `admin_routes`."""
    rooms = Rooms()
    application = web.Application()
    application.add_routes(admin_routes(rooms, {ID: KEY}, **more))
    runner = web.AppRunner(application, max_line_size=max_line, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Service(rooms, runner.addresses[0][1])
    finally:
        await runner.cleanup()


@pytest.fixture
async def service(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    """With the limits that hold in earnest, except that calls are not counted."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with serving(policy=AdminPolicy(burst=1000)) as running:
        yield running

"""The room service as one program: signalling, server API, metrics, and the media engine's process."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from pybackend import __version__
from pybackend.core.usersig import UserSigError, verify
from pybackend.spec.protocol import Refusal, Refused

from .admin import admin_routes
from .config import RoomsConfig
from .journal import RoomNews
from .media import MediaEngine
from .metrics import Metrics
from .rooms import RoomPolicy, Rooms
from .sfu import EmbeddedSfu
from .signalling import signalling_handler
from .webhooks import RoomWebhooks

logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running service is reached."""

    signal: str
    admin: str
    metrics: str


def verifier(apps: dict[int, str]) -> Any:
    """Checks a user's signature against the keys of the apps. What is wrong goes to the log; the app is told one code."""

    def check(app: int, user: str, user_sig: str) -> None:
        if app not in apps:
            raise Refused(Refusal.UNKNOWN_APP, f"sdkAppId {app}: not an app of this room service")
        try:
            verify(user_sig, sdk_app_id=app, secret_key=apps[app], user_id=user)
        except UserSigError as error:
            logger.info("%s: userSig refused: %s", user, error)
            raise Refused(Refusal.BAD_SIGNATURE, "userSig does not verify") from None

    return check


async def _sweep(rooms: Rooms) -> None:
    while True:
        await asyncio.sleep(rooms.sweep())


def _application(rooms: Rooms, media: MediaEngine, metrics: Metrics, config: RoomsConfig) -> web.Application:
    app = web.Application(client_max_size=10 * 1024 * 1024)
    app.router.add_get("/signal", signalling_handler(rooms, media))
    app.router.add_get("/healthz", _healthy)
    app.router.add_get("/metrics", metrics.handle)
    app.add_routes(admin_routes(rooms_control(rooms, config), config.admins))
    return app


async def _healthy(_: web.Request) -> web.Response:
    return web.json_response({"ok": True, "version": __version__})


def rooms_control(rooms: Rooms, config: RoomsConfig) -> "Control":
    """The server API's view of the rooms."""
    return Control(rooms, config)


class Control:
    """`RoomControl` of the server API: the rooms, and which apps there are."""

    def __init__(self, rooms: Rooms, config: RoomsConfig) -> None:
        self._apps = config.apps
        self.remove_users = rooms.remove_users
        self.dismiss = rooms.dismiss
        self.block = rooms.block

    def knows_app(self, sdk_app_id: int) -> bool:
        return sdk_app_id in self._apps


def _tls(config: RoomsConfig) -> ssl.SSLContext | None:
    if not config.tls_cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(config.tls_cert, config.tls_key or None)
    return context


@contextlib.asynccontextmanager
async def room_service(config: RoomsConfig) -> AsyncIterator[Addresses]:
    """A running room service; it stops in order at the end of the block."""
    media = EmbeddedSfu(config.media_address or config.host, config.media_port, config.advertise or None)
    metrics = Metrics(media.statistics)
    async with contextlib.AsyncExitStack() as stack:
        hooks = await stack.enter_async_context(RoomWebhooks(config.webhook, config.webhook_key))

        def news(item: RoomNews) -> None:
            metrics.count(item)
            hooks.post(item)

        rooms = Rooms(media, verifier(dict(config.apps)), news, RoomPolicy(member_timeout_s=config.member_timeout_s))
        metrics.gauge(rooms.counts)
        await media.start()
        stack.push_async_callback(media.stop)
        runner = web.AppRunner(_application(rooms, media, metrics, config), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        tls = _tls(config)
        site = web.TCPSite(runner, config.host, config.port, ssl_context=tls)
        await site.start()
        sweeper = asyncio.create_task(_sweep(rooms), name="sweeping rooms")
        stack.callback(sweeper.cancel)
        port = runner.addresses[0][1]
        host = f"[{config.host}]" if ":" in config.host else config.host
        secure = "s" if tls else ""
        yield Addresses(
            f"ws{secure}://{host}:{port}/signal",
            f"http{secure}://{host}:{port}/",
            f"http{secure}://{host}:{port}/metrics",
        )

"""`pybackend serve`: the backend."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from . import program

if TYPE_CHECKING:
    from pybackend.devices import DeviceInfo, Opener


def _rooms_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r}: a ws:// or wss:// address expected")
    return text


def _camera(text: str) -> Path:
    if not text.startswith("file:"):
        raise argparse.ArgumentTypeError(f"{text!r}: file:PATH expected")
    path = Path(text.removeprefix("file:"))
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{text!r}: there is no such file")
    return path


def _endpoint(text: str) -> str:
    if not text.startswith(("ipc://", "tcp://")):
        raise argparse.ArgumentTypeError(f"{text!r}: ipc://PATH or tcp://ADDRESS:PORT expected")
    return text


def add_parser(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser("serve", help="the backend: devices and media, served as JSON-RPC over ZeroMQ")
    parser.add_argument("--rooms", required=True, type=_rooms_url, metavar="WS_URL", help="the room service")
    parser.add_argument("--endpoint", type=_endpoint, help="default: a fresh ipc path (Windows: tcp)")
    parser.add_argument("--virtual-devices", action="store_true", help="virtual devices in place of real ones")
    parser.add_argument(
        "--camera",
        type=_camera,
        action="append",
        default=[],
        metavar="file:PATH",
        help="a clip as a camera; may be repeated",
    )
    parser.add_argument("--ice-server", action="append", default=[], metavar="URL", help="stun: or turn: server")
    parser.add_argument("--parent-watch", action="store_true", help="end when stdin ends; its first line is JSON")
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a further origin of pages that draw frames",
    )
    parser.set_defaults(run=run)


def run(
    options: argparse.Namespace, devices: "Sequence[DeviceInfo]" = (), openers: "Mapping[str, Opener] | None" = None
) -> int:
    """Serves until told to stop, or until the parent is gone. `devices` and `openers` are further ones, of tests."""
    program.few_arenas()
    program.log_to_stderr()
    return program.run(_serve(options, tuple(devices), dict(openers or {})), watches_descriptors=True)


async def _serve(options: argparse.Namespace, devices: "tuple[DeviceInfo, ...]", openers: "dict[str, Opener]") -> int:
    from pybackend.engine.backend import BackendConfig
    from pybackend.rpc.endpoint import EndpointError
    from pybackend.rpc.parent import ParentError
    from pybackend.rpc.service import ServeConfig, backend_service

    config = ServeConfig(
        BackendConfig(options.rooms, tuple(options.ice_server), openers),
        options.endpoint or "",
        options.virtual_devices,
        tuple(options.camera),
        options.parent_watch,
        tuple(options.allow_origin),
        devices,
    )
    stop = program.stop_event()
    try:
        async with backend_service(config) as (ready, gone):
            program.say_ready(ready)
            await program.first(stop, gone)
    except (EndpointError, ParentError) as error:
        return program.fail(str(error))
    return 0

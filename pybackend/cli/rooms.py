"""`pybackend rooms`: the room service."""

import argparse
from pathlib import Path
from typing import Any

from . import program
from .arguments import app_key, key_pair, port, positive_seconds


def add_parser(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser("rooms", help="the room service: rooms, members, media forwarding, server API")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=port, help="0 takes a free one")
    parser.add_argument("--app", type=app_key, action="append", metavar="SDKAPPID:SECRETKEY", help="may be repeated")
    parser.add_argument("--admin", type=key_pair, action="append", metavar="SECRETID:SECRETKEY", help="may be repeated")
    parser.add_argument("--config", type=Path, metavar="FILE.toml", help="keys and flags from a file of mode 0600")
    parser.add_argument("--media-address", metavar="ADDR", help="where media arrives (default: --host)")
    parser.add_argument("--media-port", type=port, metavar="N", help="UDP; 0 takes a free one")
    parser.add_argument("--advertise", metavar="ADDR", help="what clients are told in place of the media address")
    parser.add_argument("--tls-cert", metavar="FILE")
    parser.add_argument("--tls-key", metavar="FILE")
    parser.add_argument("--engine", default="embedded", metavar="embedded|janus=WS_URL,…", help="what forwards media")
    parser.add_argument("--store", default="memory", metavar="memory|redis://…", help="where rooms are kept")
    parser.add_argument("--webhook", metavar="URL", help="where room and media events are posted")
    parser.add_argument("--webhook-key", metavar="KEY", help="signs them")
    parser.add_argument(
        "--member-timeout", type=positive_seconds, metavar="SECONDS", help="silence after which a member is gone (10)"
    )
    parser.set_defaults(run=run)


_FLAGS = {
    "host": "host",
    "port": "port",
    "media_address": "media_address",
    "media_port": "media_port",
    "advertise": "advertise",
    "tls_cert": "tls_cert",
    "tls_key": "tls_key",
    "webhook": "webhook",
    "webhook_key": "webhook_key",
    "member_timeout": "member_timeout_s",
}
"""Flags → entries of the configuration; a flag wins over the file."""


def run(options: argparse.Namespace) -> int:
    """Serves until told to stop."""
    from pybackend.rooms.config import ConfigError, RoomsConfig, load, with_dev_keys

    if options.engine != "embedded":
        return program.fail(f"--engine: {options.engine!r} is not supported yet; embedded is")
    if options.store != "memory":
        return program.fail(f"--store: {options.store!r} is not supported yet; memory is")
    if options.tls_key and not options.tls_cert:
        return program.fail("--tls-key: needs --tls-cert")
    try:
        entries: dict[str, Any] = load(options.config) if options.config else {}
    except ConfigError as error:
        return program.fail(str(error))
    entries |= {entry: getattr(options, flag) for flag, entry in _FLAGS.items() if getattr(options, flag) is not None}
    entries["apps"] = {**entries.get("apps", {}), **dict(options.app or [])}
    entries["admins"] = {**entries.get("admins", {}), **dict(options.admin or [])}
    program.log_to_stderr()
    return program.run(_serve(with_dev_keys(RoomsConfig(**entries))))


async def _serve(config: Any) -> int:
    import os

    from pybackend import __version__
    from pybackend.rooms.media import MediaError
    from pybackend.rooms.service import room_service

    stop = program.stop_event()
    try:
        async with room_service(config) as addresses:
            line = {
                "ready": True,
                "pid": os.getpid(),
                "signal": addresses.signal,
                "admin": addresses.admin,
                "metrics": addresses.metrics,
                "version": __version__,
            }
            program.say_ready(line | ({"dev": config.dev.to_json()} if config.dev else {}))
            await stop.wait()
    except MediaError:
        return program.fail(f"cannot forward media on {config.media_address or config.host}: see above")
    except OSError as error:
        return program.fail(f"cannot serve on {config.host}: {error.strerror or error}")
    return 0

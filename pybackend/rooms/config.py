"""What a room service is started with, from flags and from a TOML file."""

import dataclasses
import math
import secrets
import stat
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

DEV_APP: Final = 1400000001


class ConfigError(Exception):
    """The configuration cannot be used; the text says which entry and why."""


@dataclass(frozen=True, slots=True)
class DevKeys:
    """The keys that a service without any makes for itself; they are printed in its ready line."""

    sdk_app_id: int
    secret_key: str
    secret_id: str
    admin_key: str

    @staticmethod
    def generate() -> "DevKeys":
        """A fresh set."""
        return DevKeys(DEV_APP, secrets.token_hex(32), f"AKID{secrets.token_hex(16)}", secrets.token_hex(16))

    def to_json(self) -> dict[str, Any]:
        """As the ready line has it."""
        return {
            "sdkAppId": self.sdk_app_id,
            "secretKey": self.secret_key,
            "secretId": self.secret_id,
            "adminKey": self.admin_key,
        }


@dataclass(frozen=True, slots=True)
class RoomsConfig:
    """Everything; addresses are those of CONTRACT's flags of the same names."""

    host: str = "127.0.0.1"
    port: int = 0
    apps: Mapping[int, str] = field(default_factory=dict)
    admins: Mapping[str, str] = field(default_factory=dict)
    media_address: str = ""
    media_port: int = 0
    advertise: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    webhook: str = ""
    webhook_key: str = ""
    member_timeout_s: float = 10.0
    dev: DevKeys | None = None


Fits = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _port(value: Any) -> bool:
    return type(value) is int and 0 <= value <= 65535


def _seconds(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value < math.inf


def _keys(value: Any) -> bool:
    return isinstance(value, dict) and all(name and _text(key) for name, key in value.items())


def _apps(value: Any) -> bool:
    return _keys(value) and all(app.isascii() and app.isdigit() and 0 < int(app) < 2**32 for app in value)


_ENTRIES: Final[Mapping[str, tuple[Fits, str]]] = {
    "apps": (_apps, "a table from sdkAppId (a number) to its secret key"),
    "admins": (_keys, "a table from secret id to key"),
    **dict.fromkeys(
        ("host", "media_address", "advertise", "tls_cert", "tls_key", "webhook", "webhook_key"), (_text, "a text")
    ),
    **dict.fromkeys(("port", "media_port"), (_port, "a port, 0 to 65535,")),
    "member_timeout_s": (_seconds, "seconds, more than 0,"),
}


def with_dev_keys(config: RoomsConfig) -> RoomsConfig:
    """Dev mode: a service that was given neither app nor admin keys makes a pair of each."""
    if config.apps or config.admins:
        return config
    dev = DevKeys.generate()
    return dataclasses.replace(
        config, apps={dev.sdk_app_id: dev.secret_key}, admins={dev.secret_id: dev.admin_key}, dev=dev
    )


def load(path: Path) -> dict[str, Any]:
    """The fields of a RoomsConfig from a TOML file, which only its owner may read.

    `[apps]` maps sdkAppId to secret key, `[admins]` secret id to key; the other entries are flags with underscores.
    """
    try:
        if sys.platform != "win32" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError(f"--config {path}: holds keys and may be read by others; run: chmod 600 {path}")
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"--config {path}: {error}") from None
    for name, value in raw.items():
        if name not in _ENTRIES:
            raise ConfigError(f"--config {path}: {name}: no such entry; there are {', '.join(_ENTRIES)}")
        fits, expected = _ENTRIES[name]
        if not fits(value):
            raise ConfigError(f"--config {path}: {name}: {expected} expected")
    return raw | {"apps": {int(app): key for app, key in raw.get("apps", {}).items()}}

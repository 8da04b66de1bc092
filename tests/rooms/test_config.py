import dataclasses
import sys
from pathlib import Path

import pytest

from pybackend.rooms.config import _ENTRIES, ConfigError, RoomsConfig, load, with_dev_keys

GOOD = """
host = "127.0.0.2"
port = 8080
member_timeout_s = 7.5
tls_cert = "cert.pem"

[apps]
1400000001 = "first key"
1400000002 = "second key"

[admins]
AKID1 = "admin key"
"""


def written(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "rooms.toml"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def test_a_file(tmp_path: Path) -> None:
    config = RoomsConfig(**load(written(tmp_path, GOOD)))
    assert (config.host, config.port, config.member_timeout_s) == ("127.0.0.2", 8080, 7.5)
    assert config.apps == {1400000001: "first key", 1400000002: "second key"}
    assert config.admins == {"AKID1": "admin key"}
    assert with_dev_keys(config) is config


def test_every_entry_of_the_configuration_can_be_in_the_file() -> None:
    assert set(_ENTRIES) == {field.name for field in dataclasses.fields(RoomsConfig)} - {"dev"}


@pytest.mark.skipif(sys.platform == "win32", reason="no modes there")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_may_read(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigError, match=r"chmod 600"):
        load(written(tmp_path, GOOD, mode))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hots = 'x'", "hots: no such entry; there are apps, admins, host"),
        ("port = 'x'", "port: a port, 0 to 65535, expected"),
        ("port = true", "port: a port"),
        ("port = 70000", "port: a port"),
        ("host = 5", "host: a text expected"),
        ("member_timeout_s = 0", "member_timeout_s: seconds"),
        ("member_timeout_s = inf", "member_timeout_s: seconds"),
        ("apps = 5", "apps: a table"),
        ("[apps]\nname = 'key'", "apps: a table"),
        ("[apps]\n5 = 5", "apps: a table"),
        ("[apps]\n0 = 'key'", "apps: a table"),
        ("admins = ['x']", "admins: a table"),
        ("[admins]\nx = ''", "admins: a table"),
        ("this is not TOML", "rooms.toml: "),
    ],
)
def test_one_clear_line_for_what_cannot_be_used(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(f"--config {path}: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.toml")


def test_dev_keys_are_made_where_there_are_none() -> None:
    one, other = with_dev_keys(RoomsConfig()), with_dev_keys(RoomsConfig())
    assert one.dev is not None
    assert other.dev is not None
    assert one.dev.secret_key != other.dev.secret_key
    assert one.apps == {one.dev.sdk_app_id: one.dev.secret_key}
    assert one.admins == {one.dev.secret_id: one.dev.admin_key}
    assert set(one.dev.to_json()) == {"sdkAppId", "secretKey", "secretId", "adminKey"}
    assert with_dev_keys(RoomsConfig(apps={1: "key"})).dev is None

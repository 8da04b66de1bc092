"""What a command line may say, and `pybackend usersig`."""

import argparse
from collections.abc import Callable
from typing import Any

import pytest
from TLSSigAPIv2 import TLSSigAPIv2

from pybackend.cli import usersig
from pybackend.cli.arguments import app_key, http_url, key_pair, port, positive_int, positive_seconds, user_id
from pybackend.core.usersig import verify

GOOD: list[tuple[Callable[[str], Any], str, Any]] = [
    (app_key, "1400000001:a:b", (1400000001, "a:b")),
    (app_key, "4294967295:k", (4294967295, "k")),
    (key_pair, "AKID:k:1", ("AKID", "k:1")),
    (port, "0", 0),
    (port, "65535", 65535),
    (positive_seconds, "0.5", 0.5),
    (positive_int, "86400", 86400),
    (user_id, "anna", "anna"),
    (http_url, "https://example.com:8443/hook?a=1", "https://example.com:8443/hook?a=1"),
    (http_url, "http://[::1]:80/", "http://[::1]:80/"),
]
BAD: list[tuple[Callable[[str], Any], str]] = [
    *(
        (app_key, text)
        for text in ("", "1", "1:", ":k", "x:k", "0:k", "-1:k", "4294967296:k", "1.5:k", "١:k", "0" * 30 + "1:k")
    ),
    *((key_pair, text) for text in ("", "id", "id:", ":key")),
    *((port, text) for text in ("", "x", "-1", "65536", "1e3", "٣", "000000012", "9" * 5000)),
    *((positive_seconds, text) for text in ("", "x", "0", "-1", "nan", "inf")),
    *((positive_int, text) for text in ("", "0", "-1", "1.5", "9" * 5000)),
    *((user_id, text) for text in ("", "a\nb")),
    *(
        (http_url, text)
        for text in ("", "x", "ftp://x", "http://", "http://x:y/", "http://x:99999/", "http://a b/", "http://[x/")
    ),
]


@pytest.mark.parametrize(("kind", "text", "value"), GOOD)
def test_good(kind: Callable[[str], Any], text: str, value: Any) -> None:
    assert kind(text) == value


@pytest.mark.parametrize(("kind", "text"), BAD)
def test_bad(kind: Callable[[str], Any], text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"^expected "):
        kind(text)


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    usersig.add_parser(parser.add_subparsers())
    return parser.parse_args(["usersig", *words])


def test_usersig_prints_what_verifies(capsys: pytest.CaptureFixture[str]) -> None:
    args = parse("--app", "1400000001:k", "--user", "anna")
    assert args.run(args) == 0
    printed = capsys.readouterr().out.strip()
    verify(printed, sdk_app_id=1400000001, secret_key="k", user_id="anna")
    assert abs(len(printed) - len(TLSSigAPIv2(1400000001, "k").gen_sig("anna", 86400))) < 40


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--user", "anna"], "--app"),
        (["--app", "1:secret"], "--user"),
        (["--app", "secret", "--user", "anna"], "argument --app: expected SDKAPPID:SECRETKEY"),
        (["--app", "1:secret", "--user", "anna", "--expire", "soon"], "argument --expire: expected a whole number"),
    ],
)
def test_bad_arguments_end_with_2(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The last line says what is wrong, and no secret."""
    with pytest.raises(SystemExit) as caught:
        parse(*words)
    assert caught.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert told in last
    assert "secret" not in last

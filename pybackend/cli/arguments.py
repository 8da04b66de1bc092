"""Types of command-line arguments, for argparse's `type=`. Each refuses with one line that says what was expected."""

import argparse
import math
from urllib.parse import urlsplit


def _whole(text: str, digits: int) -> int:
    """The number that a text of so many digits at most stands for, or -1."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else -1


def key_pair(text: str) -> tuple[str, str]:
    """`ID:KEY`."""
    name, _, key = text.partition(":")
    if not name or not key:
        raise argparse.ArgumentTypeError("expected ID:KEY")
    return name, key


def app_key(text: str) -> tuple[int, str]:
    """`SDKAPPID:SECRETKEY`."""
    app, _, key = text.partition(":")
    number = _whole(app, 10)
    if not 0 < number < 2**32 or not key:
        raise argparse.ArgumentTypeError("expected SDKAPPID:SECRETKEY, SDKAPPID a number from 1 to 4294967295")
    return number, key


def user_id(text: str) -> str:
    """Anything but nothing; control characters would forge lines of what is signed."""
    if not text or not text.isprintable():
        raise argparse.ArgumentTypeError("expected a user id without control characters")
    return text


def positive_int(text: str) -> int:
    """A whole number from 1."""
    number = _whole(text, 15)
    if number < 1:
        raise argparse.ArgumentTypeError("expected a whole number, 1 or more")
    return number


def positive_seconds(text: str) -> float:
    """Seconds, more than 0."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError("expected seconds, more than 0")
    return seconds


def port(text: str) -> int:
    """0 to 65535."""
    number = _whole(text, 5)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("expected a port, 0 to 65535")
    return number


def http_url(text: str) -> str:
    """Where something is posted."""
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and text.isprintable()
    except ValueError:
        fits = False
    if not fits or " " in text:
        raise argparse.ArgumentTypeError("expected http://… or https://…")
    return text

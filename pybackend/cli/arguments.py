"""Types of command-line arguments, for argparse's `type=`. Each refuses with one line that says what was expected."""

import argparse
import math


def key_pair(text: str) -> tuple[str, str]:
    """`ID:KEY`."""
    name, _, key = text.partition(":")
    if not name or not key:
        raise argparse.ArgumentTypeError("expected ID:KEY")
    return name, key


def app_key(text: str) -> tuple[int, str]:
    """`SDKAPPID:SECRETKEY`."""
    app, _, key = text.partition(":")
    if not (app.isascii() and app.isdigit() and 0 < int(app[:11]) < 2**32) or not key:
        raise argparse.ArgumentTypeError("expected SDKAPPID:SECRETKEY, SDKAPPID a number from 1 to 4294967295")
    return int(app), key


def user_id(text: str) -> str:
    """Anything but nothing; control characters would forge lines of what is signed."""
    if not text or not text.isprintable():
        raise argparse.ArgumentTypeError("expected a user id without control characters")
    return text


def positive_int(text: str) -> int:
    """A whole number from 1."""
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text) > 0):
        raise argparse.ArgumentTypeError("expected a whole number, 1 or more")
    return int(text)


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
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= 65535):
        raise argparse.ArgumentTypeError("expected a port, 0 to 65535")
    return int(text)

"""`pybackend usersig`: prints a UserSig, for scripts and for trying things out."""

import argparse
from typing import TYPE_CHECKING, Any

from pybackend.core.usersig import generate

from .arguments import app_key, positive_int, user_id

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Subparsers = Any


def add_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser("usersig", help="print a UserSig", description="Prints a UserSig.")
    parser.add_argument(
        "--app", type=app_key, required=True, metavar="SDKAPPID:SECRETKEY", help="the app, and the key that signs"
    )
    parser.add_argument("--user", type=user_id, required=True, metavar="ID", help="the user to vouch for")
    parser.add_argument(
        "--expire", type=positive_int, default=86400, metavar="SECONDS", help="how long it is good for (default: 86400)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Does what the parsed arguments ask; returns the exit code."""
    app, key = args.app
    print(generate(app, key, args.user, args.expire))
    return 0

"""The commands. Each module has `add_parser`, which sets `run`; nothing heavy is imported before a command runs."""

import argparse
import sys
from collections.abc import Sequence

from pybackend import __version__

from . import call, doctor, rooms, serve, usersig


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(prog="pybackend", description="An open, self-hosted stand-in for trtc-electron-sdk.")
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (serve, rooms, call, usersig, doctor):
        module.add_parser(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; its exit status."""
    options = parser().parse_args(arguments)
    status: int = options.run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())

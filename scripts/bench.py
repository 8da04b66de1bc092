"""Measures what users feel, each figure as a ratio to a reference of the same run.

python3 scripts/bench.py [NAME…] [--json]
"""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import machine

NAMES = {
    "rpc": "a call over ZeroMQ, against a bare echo",
    "sfu": "CPU per forwarded packet, against a bare sendto",
    "call": "enter to first picture, exit to free devices",
    "shell": "a 720p picture in a page: drawn, how old, what it costs",
    "sound": "microphone to speaker, and how far picture and sound are apart",
}


def main() -> int:
    """Prints a table, or with --json one object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="; ".join(f"{name}: {text}" for name, text in NAMES.items())
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    for name in options.names:
        if name not in NAMES:
            print(f"bench.py: {name!r}: no such benchmark; there are {', '.join(NAMES)}", file=sys.stderr)
            return 2
    machine.enter_venv()
    figures: dict[str, Any] = {}
    for name in options.names or NAMES:
        machine.say(f"{name}: {NAMES[name]} …")
        found = importlib.import_module(f"scripts.benches.{name}").measure()
        figures |= found
        if not options.json:
            for what, figure in found.items():
                print(
                    f"{what:<24} {figure.value:>9.2f} {figure.unit:<4} {figure.ratio:>7.2f} × {figure.compared_with}"
                    f" ({figure.reference:.2f} {figure.unit})",
                    flush=True,
                )
    if options.json:
        print(json.dumps({name: figure.to_json() for name, figure in figures.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

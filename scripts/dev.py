"""Starts everything: a room service, the shell, and its backend. With --headless two backends call each other instead.

Nothing has to be installed before but Python, and Node.js for the shell.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import machine


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--headless", action="store_true", help="two backends call each other; prints a timeline")
    parser.add_argument(
        "--camera",
        action="append",
        default=[],
        metavar="PATH",
        help="a clip in place of the test card; may be given twice",
    )
    parser.add_argument("--real-devices", action="store_true", help="this machine's devices in place of virtual ones")
    parser.add_argument(
        "--shell",
        choices=["electron", "browser"],
        help="the Electron app, or its page in a browser; default: Electron where there is one (on Windows the browser)",
    )
    parser.add_argument("--json", action="store_true", help="with --headless: the timeline as JSON lines")
    parser.add_argument("--svg", metavar="FILE", help="with --headless: the timeline as a picture, too")
    return parser.parse_args()


def main() -> int:
    """The exit status: with --headless, 0 only if everything happened."""
    options = arguments()
    for path in options.camera:
        if not Path(path).is_file():
            print(f"dev.py: --camera: there is no file {path}", file=sys.stderr)
            return 2
    machine.enter_venv()
    if options.headless:
        from scripts import headless

        return headless.play(options.camera, as_json=options.json, svg=options.svg)
    from scripts import window

    return window.run(options.camera, real_devices=options.real_devices, shell=options.shell)


if __name__ == "__main__":
    sys.exit(main())

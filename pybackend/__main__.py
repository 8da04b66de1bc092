"""`python -m pybackend`, and the whole of a frozen backend."""

import runpy
import sys

from pybackend.cli import main


def run() -> int:
    """The exit status. A frozen program is its own interpreter, so its children are started as `pybackend -m MODULE`, too."""
    if getattr(sys, "frozen", False) and sys.argv[1:2] == ["-m"]:
        _, _, module = sys.argv[:3]
        del sys.argv[1:3]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return 0
    return main()


if __name__ == "__main__":
    sys.exit(run())

"""`python -m pybackend`."""

import sys

from pybackend.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""`scripts/test.py` leaves no test out."""

import argparse

from scripts import machine
from scripts.test import STAGES


def test_every_javascript_test_is_in_one_stage() -> None:
    options = argparse.Namespace(rest=[], soak=False)
    named = [word for stage in STAGES for word in stage.command(options) if word.endswith(".test.js")]
    assert sorted(named) == sorted(str(path) for path in machine.SHELL.glob("test/**/*.test.js"))
